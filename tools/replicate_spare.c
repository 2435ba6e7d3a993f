/* What is not sent: see replicate_job.h. Prefix: replicate_ */
#include "tools/replicate_job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/texts.h"
#include "oplog/journal.h"
#include "tools/replicate_sound.h"

static void note_damaged(struct replicate_job *job, const char *name)
{
	if (job->result.spared++ == 0)
		snprintf(job->result.first_spared, REPLICATE_NAME_MAX, "%s", name);
	texts_add(&job->skipped, name);
	texts_add(&job->damaged, name);
}

int replicate_prove(struct replicate_job *job, const struct buf *names, struct buf *ret_sound,
		    struct error *e)
{
	const char *name;

	for (size_t at = 0; (name = texts_next(names, &at)) != NULL;) {
		OWNED(free) char *path = xprintf("%s/%s", store_path(job->store), name);
		int sound;

		if (progress_cancelled(job->options->progress))
			return error_set(e, ERR_CANCELLED, "interrupted");
		if (texts_has(&job->skipped, name))
			continue;
		/* A prune may have taken it meanwhile. */
		if (access(path, F_OK) != 0 && errno == ENOENT)
			continue;
		sound = replicate_is_sound(job->store, name, e);
		if (sound < 0)
			return sound;
		if (sound == 1)
			texts_add(ret_sound, name);
		else
			note_damaged(job, name);
	}
	return 0;
}

/* What is there and is another one than here. */
static int find_others(struct replicate_job *job, struct buf *ret, struct error *e)
{
	static const char *const folders[] = {"keys", "chunks", "oplog", "snapshots"};
	const char *store = store_path(job->store);
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};

	if (job->is_new)
		return 0;
	replicate_words_asking(job, &words);
	child_add(&words, "--existing");
	child_add(&words, "--relative");
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		child_add_printf(&words, "%s%s/./%s", replicate_local(store), store, folders[i]);
	child_add(&words, job->there);
	if (replicate_rsync(job, &words, false, &out, e) < 0)
		return e->code;
	replicate_add_differences(&out, ret);
	return 0;
}

/* "-rw-------     12,345 2026/11/22 23:27:07 oplog/s/00000001795251817000.journal": is it a file of that name, longer than `size`? */
static bool is_longer(const char *line, size_t len, const char *name, uint64_t size)
{
	size_t name_len = strlen(name);
	uint64_t there = 0;

	if (len <= name_len || line[0] != '-' || line[len - name_len - 1] != ' ' ||
	    memcmp(line + len - name_len, name, name_len) != 0)
		return false;
	line += strcspn(line, " ");
	for (line += strspn(line, " "); (*line >= '0' && *line <= '9') || *line == ','; line++)
		if (*line != ',')
			there = there * 10 + (uint64_t)(*line - '0');
	return there > size;
}

static bool is_longer_there(struct buf *list, const char *name, uint64_t size)
{
	for (const char *line = buf_text(list); *line != '\0';) {
		const char *end = strchrnul(line, '\n');

		if (is_longer(line, (size_t)(end - line), name, size))
			return true;
		line = *end == '\0' ? end : end + 1;
	}
	return false;
}

/*
 * Journals only grow. One that is longer there holds entries that this store had, and has no more: it was brought back to an older
 * state, or repaired.
 */
static void spare_longer(struct replicate_job *job, const struct buf *names)
{
	const char *name;

	for (size_t at = 0; (name = texts_next(names, &at)) != NULL;) {
		OWNED(free) char *path = xprintf("%s/%s", store_path(job->store), name);
		uint64_t number;
		struct stat st;

		if (!journal_parse_name(strrchr(name, '/') + 1, &number) || stat(path, &st) != 0)
			continue;
		if (!is_longer_there(&job->listed, name, (uint64_t)st.st_size))
			continue;
		if (job->result.longer++ == 0)
			snprintf(job->result.first_longer, REPLICATE_NAME_MAX, "%s", name);
		texts_add(&job->skipped, name);
	}
}

int replicate_spare(struct replicate_job *job, struct error *e)
{
	OWNED(buf_release) struct buf others = {0};
	OWNED(buf_release) struct buf sound = {0};
	OWNED(buf_release) struct buf patterns = {0};
	const char *name;

	if (replicate_given_up(job->store, &job->skipped, e) < 0 ||
	    find_others(job, &others, e) < 0 || replicate_prove(job, &others, &sound, e) < 0)
		return e->code;
	spare_longer(job, &sound);
	/* Of rsync's patterns one that begins with a slash is a whole name. */
	for (size_t at = 0; (name = texts_next(&job->skipped, &at)) != NULL;) {
		buf_add(&patterns, "/", 1);
		texts_add(&patterns, name);
	}
	return patterns.len == 0
		       ? 0
		       : replicate_write_list(job, "spared", buf_bytes(&patterns), &job->spared, e);
}
