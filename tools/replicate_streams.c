/* The oplog there: see replicate_job.h. Prefix: replicate_ */
#include <string.h>

#include "base/texts.h"
#include "oplog/stream.h"
#include "tools/replicate_job.h"

static int list_with(struct replicate_job *job, bool follows, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};

	replicate_words(job, &words);
	if (follows)
		child_add(&words, "--copy-links");
	child_add(&words, "--list-only");
	child_add(&words, "--no-human-readable");
	child_add(&words, "--include=/oplog/");
	child_add(&words, "--include=/oplog/*/");
	child_add(&words, "--include=/oplog/*/*");
	child_add(&words, "--exclude=*");
	child_add(&words, job->there);
	return replicate_rsync(job, &words, false, &job->listed, e);
}

/* The files of the oplog there, also where that is a link, unless it is a place whose links are not followed (rrsync). */
static int list_there(struct replicate_job *job, struct error *e)
{
	int code = list_with(job, true, e);

	if (code != ERR_REMOTE || job->follows)
		return code;
	buf_reset(&job->listed);
	return list_with(job, false, e);
}

/* "-rw-------         12,345 2026/11/22 23:27:07 oplog/s/00000001795251817000.journal": the stream of a file. */
static bool stream_of_line(const char *line, struct bytes *ret)
{
	const char *blank = strrchr(line, ' ');

	return line[0] == '-' && blank != NULL && stream_file_stream(blank + 1, ret);
}

static int refuse(const struct replicate_job *job, struct bytes here, struct bytes there,
		  struct error *e)
{
	error_set(
		e, ERR_REFUSED,
		"%s: the oplog there (oplog/%.*s) was begun apart from the one here (oplog/%.*s): "
		"together nobody could read either",
		job->options->dest, (int)there.len, (const char *)there.at, (int)here.len,
		(const char *)here.at);
	return error_hint(
		e, "'yester copy' from there to here, or from here to there, brings into one "
		   "store what both have; the folder of the other's oplog can be moved away "
		   "then");
}

/* Is there a file of another stream than `here`? */
static int look_there(struct replicate_job *job, struct bytes here, struct error *e)
{
	struct bytes there;

	for (const char *at = buf_text(&job->listed); *at != '\0';) {
		const char *end = strchrnul(at, '\n');
		OWNED(free) char *line = xstrndup(at, (size_t)(end - at));

		if (stream_of_line(line, &there) && !bytes_equal(here, there))
			return refuse(job, here, there, e);
		at = *end == '\0' ? end : end + 1;
	}
	return 0;
}

int replicate_streams(struct replicate_job *job, struct error *e)
{
	struct bytes before = {0}, here;
	const char *name;

	if (job->is_new || job->oplog.len == 0)
		return 0;
	if (list_there(job, e) < 0)
		return e->code;
	/* Mostly of one stream: its files are listed one after the other. */
	for (size_t at = 0; (name = texts_next(&job->oplog, &at)) != NULL;) {
		if (!stream_file_stream(name, &here) || bytes_equal(here, before))
			continue;
		if (look_there(job, here, e) < 0)
			return e->code;
		before = here;
	}
	return 0;
}
