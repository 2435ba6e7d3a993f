/* What was sent: see replicate_job.h. Prefix: replicate_ */
#include "tools/replicate_job.h"

#include "base/file.h"
#include "base/texts.h"
#include "tools/status_file.h"

/* Names of damaged files, a line each. They are no secret: who sees the store's folder sees them. */
#define KNOWN_FILE "replicate.damaged"
#define KNOWN_MAX (16 * MIB)

/* What was found before, as texts. That it can't be read says nothing of what is sent now. */
static void read_known(struct replicate_job *job, struct buf *ret)
{
	OWNED(free) char *path = status_file_path(job->store, KNOWN_FILE);
	struct error ignored;

	if (file_read(path, KNOWN_MAX, ret, &ignored) != 1) {
		buf_reset(ret);
		return;
	}
	for (size_t i = 0; i < ret->len; i++)
		if (ret->at[i] == '\n')
			ret->at[i] = '\0';
	if (ret->len > 0 && ret->at[ret->len - 1] != '\0')
		buf_reset(ret);
}

static void write_known(struct replicate_job *job, bool was_there)
{
	OWNED(buf_release) struct buf lines = {0};
	struct error ignored;
	const char *name;

	for (size_t at = 0; (name = texts_next(&job->damaged, &at)) != NULL;)
		buf_printf(&lines, "%s\n", name);
	if (lines.len == 0 && !was_there)
		return;
	(void)(status_file_put_open(job->store, KNOWN_FILE, buf_bytes(&lines), &ignored) < 0);
}

int replicate_prove_sent(struct replicate_job *job, struct error *e)
{
	OWNED(buf_release) struct buf known = {0};
	OWNED(buf_release) struct buf sound = {0};

	read_known(job, &known);
	if (replicate_prove(job, &known, &sound, e) < 0)
		return e->code;
	buf_reset(&sound);
	if (job->options->verify == REPLICATE_QUICK &&
	    replicate_prove(job, &job->sent, &sound, e) < 0)
		return e->code;
	write_known(job, known.len > 0);
	return 0;
}
