/* Damaged journals: see stream_repair.h. Prefix: stream_repair_ */
#include <inttypes.h>

#include "oplog/stream_internal.h"
#include "oplog/stream_repair.h"
#include "oplog/stream_tail.h"
#include "store/prune.h"
#include "store/store_writer.h"

/* Entries that a damaged journal does not give. */
struct lost {
	uint64_t before;      /* ts of the last one that is sound before them; 0: there is none */
	uint64_t first, last; /* their ts; last UINT64_MAX: not known, they go on to the end */
	uint64_t count;	      /* 0: not known */
};

struct job {
	struct store *store;
	const struct repair_options *options;
	struct store_writer *writer;
	char *stream;	 /* its name */
	struct buf lost; /* of struct lost, of the journal that is looked at */
	uint64_t harmed; /* journals of which something is lost for good */
};

static void job_release(struct job *job)
{
	store_writer_end(job->writer);
	buf_release(&job->lost);
	free(job->stream);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static void tell(const struct job *job, const char *name, const char *what)
{
	OWNED(free) char *text = xprintf("%s %s", name, what);

	job->options->tell(job->options->tell_ctx, text);
}

static void add_lost(struct job *job, uint64_t before, uint64_t first, uint64_t last,
		     uint64_t count)
{
	const struct lost lost = {before, first, last, count};

	buf_add(&job->lost, &lost, sizeof(lost));
}

/* Nothing in it can be read: what the stream has up to the end of the second in which it was made came before it, so a backup's part. */
static int lose_all(struct job *job, uint64_t number, struct error *e)
{
	OWNED(stream_close) struct stream *stream = NULL;
	uint64_t before = 0;

	if (stream_open_without(job->store, number, &stream, e) < 0 ||
	    stream_last_upto(stream, (number / 1000000) << 32 | UINT32_MAX, &before, e) < 0)
		return e->code;
	add_lost(job, before, before + 1, UINT64_MAX, 0);
	return 1;
}

/* What of it is damaged: 1 something is, 0 nothing. */
static int look_at(struct job *job, const char *path, uint64_t number, struct error *e)
{
	OWNED(journal_release) struct journal *journal = NULL;
	uint64_t before = 0;
	int code = journal_open_frames(path, store_keys(job->store), &journal, e);

	buf_reset(&job->lost);
	if (code < 0)
		return code == ERR_CORRUPT ? lose_all(job, number, e) : code;
	if (journal->info.prev.known)
		before = journal->info.prev.at.ts;
	for (size_t i = 0; i < journal->frame_count; i++) {
		const struct journal_frame *frame = &journal->frames[i];
		OWNED(buf_release) struct buf payload = {0};

		code = journal_read_frame(journal, i, &payload, e);
		if (code == ERR_CORRUPT)
			add_lost(job, before, frame->first_ts, frame->last_ts, frame->count);
		else if (code < 0)
			return code;
		else
			before = frame->last_ts;
	}
	if (journal->damaged != 0)
		add_lost(job, before, before + 1, UINT64_MAX, 0);
	return job->lost.len > 0;
}

/* The copy's entries from the one before on, up to one behind: both ends prove that they belong there. */
static int add_from(struct stream_add *add, struct stream *theirs, const struct lost *lost,
		    struct error *e)
{
	OWNED(stream_cursor_free) struct stream_cursor *cursor = stream_cursor_new(theirs, NULL);
	struct entry_optime at = {0};
	struct bytes doc;
	int found = stream_cursor_seek(cursor, lost->before > 0 ? lost->before : lost->first, e);

	if (found < 0 || stream_add_slice(add, "the copy", e) < 0)
		return e->code;
	while (at.ts <= lost->last && (found = stream_cursor_next(cursor, &doc, e)) == 1)
		if (stream_optime(doc, &at, e) < 0 || stream_add_entry(add, doc, e) < 0)
			return e->code;
	return found < 0 ? found : 0;
}

static int fetch(struct job *job, const char *name, struct error *e)
{
	const struct lost *lost = (const struct lost *)(const void *)job->lost.at;
	OWNED(stream_close) struct stream *theirs = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	OWNED(free) char *text = NULL;
	struct stream_added added;
	struct error why;

	if (stream_open(job->options->from, &theirs, NULL, e) < 0 ||
	    stream_add_begin(job->writer, &add, e) < 0)
		return e->code;
	for (size_t i = 0; i < job->lost.len / sizeof(*lost); i++) {
		if (add_from(add, theirs, &lost[i], &why) == 0)
			continue;
		if (error_is_lack(&why)) {
			*e = why;
			return e->code;
		}
		tell(job, name, "can't be mended from the copy:");
		job->options->tell(job->options->tell_ctx, why.text);
		return 0;
	}
	if (stream_add_finish(add, &added, e) < 0)
		return e->code;
	text = xprintf("%s: %" PRIu64 " entries came from the copy", name, added.entries);
	if (added.entries > 0)
		job->options->tell(job->options->tell_ctx, text);
	return 0;
}

/* What is lost and is still nowhere. */
static int tell_rest(struct job *job, const char *name, struct error *e)
{
	const struct lost *lost = (const struct lost *)(const void *)job->lost.at;
	OWNED(stream_close) struct stream *stream = NULL;
	bool harmed = false;

	if (stream_open(job->store, &stream, NULL, e) < 0)
		return e->code;
	for (size_t i = 0; i < job->lost.len / sizeof(*lost); i++) {
		bool open = lost[i].last == UINT64_MAX;
		const struct stream_range *range =
			stream_range_at(stream, open ? lost[i].before : lost[i].first);
		OWNED(free) char *text = NULL;

		if (range != NULL &&
		    (open ? range->last.ts > lost[i].before : range->last.ts >= lost[i].last))
			continue;
		harmed = true;
		text = open ? xprintf("%s: what came after %" PRIu32 ".%" PRIu32
				      " in it can't be read",
				      name, entry_seconds(lost[i].before),
				      entry_increment(lost[i].before))
			    : xprintf("%s: %" PRIu64 " entries can't be read: from %" PRIu32
				      ".%" PRIu32 " to %" PRIu32 ".%" PRIu32,
				      name, lost[i].count, entry_seconds(lost[i].first),
				      entry_increment(lost[i].first), entry_seconds(lost[i].last),
				      entry_increment(lost[i].last));
		job->options->tell(job->options->tell_ctx, text);
	}
	job->harmed += harmed;
	return 0;
}

static int repair_one(struct job *job, uint64_t number, struct error *e)
{
	OWNED(free)
	char *folder = xprintf("%s/" STREAM_FOLDER "%s", store_path(job->store), job->stream);
	OWNED(free) char *path = journal_path(folder, number);
	OWNED(free) char *sealed = stream_file_sealed(job->stream, number);
	const char *name = path + strlen(store_path(job->store)) + 1;
	const char *const files[] = {name, sealed};
	const struct prune_forget what = {
		.files = files, .file_count = COUNT_OF(files), .now_us = job->options->now_us};
	struct stream_added added;
	int damaged = look_at(job, path, number, e);

	if (damaged < 1)
		return damaged;
	tell(job, name, "is damaged");
	/* What is sound becomes segments; what is in segments already is found to be. Sealed it is when nothing is lost. */
	if (stream_tail_seal(job->writer, number, &added, e) < 0 ||
	    (job->options->from != NULL &&
	     (fetch(job, name, e) < 0 || stream_tail_seal(job->writer, number, &added, e) < 0)) ||
	    tell_rest(job, name, e) < 0)
		return e->code;
	/* The journal first: alone it would be read again, the other is nothing without it. */
	return prune_forget(job->store, &what, e);
}

static int find_name(void *ctx, const char *file, uint64_t size UNUSED, struct error *e UNUSED)
{
	struct job *job = ctx;
	struct stream_file parsed = stream_file_parse(file);

	if (parsed.kind != STREAM_FILE_OTHER && job->stream == NULL)
		job->stream = xstrndup((const char *)parsed.stream.at, parsed.stream.len);
	return 0;
}

int stream_repair_journals(struct store *store, const struct repair_options *options,
			   uint64_t *ret_harmed, struct error *e)
{
	OWNED(job_release) struct job job = {.store = store, .options = options};
	struct backend *files = store_stream_files(store);
	OWNED(buf_release) struct buf numbers = {0};
	OWNED(fd_close) int lock = -1;
	struct error busy;
	const uint64_t *number;

	*ret_harmed = 0;
	if (files->ops->list(files, "oplog", find_name, &job, e) < 0 ||
	    stream_tail_numbers(store, &numbers, e) < 0)
		return e->code;
	if (numbers.len == 0)
		return 0;
	if (store_stream_lock(store, STORE_STREAM_TAIL, &lock, &busy) < 0) {
		if (busy.code != ERR_BUSY)
			return *e = busy, e->code;
		tell(&job, "a tail follows:", "journals were not looked at");
		return 0;
	}
	if (store_writer_begin(store, &job.writer, e) < 0)
		return e->code;
	number = (const uint64_t *)(const void *)numbers.at;
	for (size_t i = 0; i < numbers.len / sizeof(*number); i++)
		if (repair_one(&job, number[i], e) < 0)
			return e->code;
	*ret_harmed = job.harmed;
	return 0;
}
