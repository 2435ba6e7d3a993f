#include "tools/copy_oplog.h"

#include <inttypes.h>

#include "base/texts.h"
#include "oplog/stream_add.h"
#include "oplog/stream_note.h"
#include "tools/copy_left.h"

/* Entries that can't be read, from the last one that could be. */
struct hole {
	uint64_t lost;
	char *file;	  /* of the first of them */
	struct error why; /* the same */
};

struct job {
	const struct copy_oplog *options;
	struct stream_add *add;
	struct progress_pace pace;
	struct hole hole;
	uint64_t last; /* the entry of the range that was copied last; 0: none yet */
};

static void job_release(struct job *job)
{
	stream_add_free(job->add);
	free(job->hole.file);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static void add_end(struct buf *ret, const char *word, uint64_t ts)
{
	if (ts != 0)
		buf_printf(ret, " %s %" PRIu32 ".%" PRIu32, word, entry_seconds(ts),
			   entry_increment(ts));
}

/* What was lost lies between these two; 0: the range begins or ends with it. */
static void tell_hole(struct job *job, uint64_t after, uint64_t before)
{
	OWNED(buf_release) struct buf text = {0};
	struct hole *hole = &job->hole;

	if (hole->lost == 0)
		return;
	buf_printf(&text, "%s: %" PRIu64 " entr%s of the oplog", hole->file, hole->lost,
		   hole->lost == 1 ? "y" : "ies");
	add_end(&text, "after", after);
	add_end(&text, after != 0 && before != 0 ? "and before" : "before", before);
	buf_printf(&text, ": %s", hole->why.text);
	texts_add(job->options->left, buf_text(&text));
	free(hole->file);
	*hole = (struct hole){0};
}

/* Pass what `e` says can't be read: 1. A negative code: that is no harm, or there is no way on. */
static int pass(struct job *job, struct stream_cursor *cursor, bool again, struct error *e)
{
	OWNED(free) char *file = NULL;
	uint64_t lost;

	if (!error_is_harm(e))
		return e->code;
	file = stream_cursor_pass(cursor, &lost);
	if (lost == 0)
		return again ? e->code : 1;
	if (job->hole.lost == 0) {
		job->hole.file = TAKE(file);
		job->hole.why = *e;
	}
	job->hole.lost += lost;
	return stream_add_slice(job->add, store_path(job->options->from), e) < 0 ? e->code : 1;
}

static int copy_entry(struct job *job, struct bytes doc, struct error *e)
{
	uint64_t after = job->last;

	if (stream_add_entry(job->add, doc, e) < 0)
		return e->code;
	job->last = stream_add_last(job->add).ts;
	tell_hole(job, after, job->last);
	*job->options->bytes += doc.len;
	return progress_is_due(&job->pace, doc.len)
		       ? progress_go_on(job->options->progress, "copying the oplog",
					*job->options->bytes, 0, e)
		       : 0;
}

static int copy_range(struct job *job, struct stream *stream, const struct stream_range *range,
		      struct error *e)
{
	OWNED(stream_cursor_free) struct stream_cursor *cursor = stream_cursor_new(stream, NULL);
	bool again = false;
	struct bytes doc;
	int found;

	job->last = 0;
	if (stream_add_slice(job->add, store_path(job->options->from), e) < 0)
		return e->code;
	/* That its first entry can't be read is met once more by the first step. */
	found = stream_cursor_seek(cursor, range->first.ts, e);
	if (found < 0 && !error_is_harm(e))
		return found;
	while ((found = stream_cursor_next(cursor, &doc, e)) != 0) {
		if (found < 0 && pass(job, cursor, again, e) < 0)
			return e->code;
		again = found < 0;
		if (found == 1 && copy_entry(job, doc, e) < 0)
			return e->code;
	}
	tell_hole(job, job->last, 0);
	return 0;
}

int copy_oplog(const struct copy_oplog *options, uint64_t *ret_entries, struct error *e)
{
	OWNED(job_release) struct job job = {.options = options};
	OWNED(stream_close) struct stream *stream = NULL;
	struct stream_added added;
	size_t skipped;

	if (stream_open(options->from, &stream, &skipped, e) < 0 ||
	    (skipped > 0 && copy_left_oplog(options->from, options->left, e) < 0))
		return e->code;
	if (stream_range_count(stream) == 0)
		return 0;
	if (stream_add_begin(options->writer, &job.add, e) < 0)
		return e->code;
	for (size_t i = 0; i < stream_range_count(stream); i++)
		if (copy_range(&job, stream, stream_range(stream, i), e) < 0)
			return e->code;
	if (stream_add_finish(job.add, &added, e) < 0)
		return e->code;
	*ret_entries = added.entries;
	return stream_notes_copy(options->from, store_writer_store(options->writer), e);
}
