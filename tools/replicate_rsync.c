/* Calling rsync: see replicate_job.h. Prefix: replicate_ */
#include "tools/replicate_job.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/texts.h"
#include "tools/replicate_dest.h"

const char *replicate_local(const char *path)
{
	return path[0] == '/' ? "" : "./";
}

void replicate_words(const struct replicate_job *job, struct child_words *ret)
{
	const char *dest = job->options->dest;
	bool remote = replicate_dest_is_remote(dest);

	child_add(ret, "rsync");
	/* Owners are of this machine. */
	child_add(ret, "-rpt");
	/* So are links: to another disk, of which the copy would have nothing. Not without need: see below. */
	if (job->follows)
		child_add(ret, "--copy-links");
	/* What its owner can't read here, by mistake, can be read there. */
	child_add(ret, "--chmod=Du+rwx,Fu+r");
	/* A key that may run rrsync only, there, may use neither of these. */
	if (remote && !replicate_dest_is_plain(dest))
		child_add(ret, "--secluded-args");
	child_add(ret, "--ignore-missing-args");
	if (job->options->ssh != NULL)
		child_add_printf(ret, "--rsh=%s", job->options->ssh);
}

/* What it wrote about why: the first line, which may be ssh's. The last one only repeats the exit code. */
static int tell_failure(int status, struct buf *err, struct error *e)
{
	const char *text = buf_text(err);
	size_t begin = strspn(text, "\r\n"), len = strcspn(text + begin, "\r\n");

	return error_set(e, ERR_REMOTE, "rsync ended with %d: %.*s", status, (int)len,
			 text + begin);
}

int replicate_rsync(const struct replicate_job *job, const struct child_words *words, bool shows,
		    struct buf *out, struct error *e)
{
	OWNED(buf_release) struct buf err = {0};
	int status = child_run(words, shows, job->options->progress, out, &err, e);

	if (status < 0)
		return status;
	if (status == 130 || status == 20)
		return error_set(e, ERR_CANCELLED, "interrupted");
	/* 24: files vanished. */
	return status == 0 || status == 24 ? 0 : tell_failure(status, &err, e);
}

uint64_t replicate_stat(struct buf *out, const char *label)
{
	const char *at = strstr(buf_text(out), label);
	uint64_t number = 0;

	if (at == NULL)
		return 0;
	for (at += strlen(label); *at != '\0' && *at != '\n'; at++) {
		if (*at >= '0' && *at <= '9')
			number = number * 10 + (uint64_t)(*at - '0');
		else if (*at != ',' && *at != ' ')
			break;
	}
	return number;
}

int replicate_write_list(const struct replicate_job *job, const char *name, struct bytes list,
			 char **ret, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/%s", job->tmp, name);

	if (file_put(path, job->tmp, list, e) < 0)
		return e->code;
	*ret = TAKE(path);
	return 0;
}

void replicate_add_differences(struct buf *out, struct buf *ret)
{
	for (const char *at = buf_text(out); *at != '\0';) {
		const char *end = strchrnul(at, '\n');

		if (end - at > 12 && (at[0] == '<' || at[0] == '>') && at[1] == 'f') {
			buf_add(ret, at + 12, (size_t)(end - at - 12));
			buf_add(ret, "", 1);
		}
		at = *end == '\0' ? end : end + 1;
	}
}

void replicate_words_asking(const struct replicate_job *job, struct child_words *words)
{
	replicate_words(job, words);
	child_add(words, "--dry-run");
	child_add(words, "--itemize-changes");
}

void replicate_words_spared(const struct replicate_job *job, struct child_words *words)
{
	if (job->spared == NULL)
		return;
	child_add(words, "--from0");
	child_add_printf(words, "--exclude-from=%s%s", replicate_local(job->spared), job->spared);
}
