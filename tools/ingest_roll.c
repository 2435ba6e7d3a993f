#include "tools/ingest_roll.h"

#include <time.h>

#include "oplog/replay.h"
#include "oplog/stream_add.h"
#include "store/tree/tree_cursor.h"

#define BUSY_POLL_NS 20000000

int ingest_roll_last(struct store_writer *writer, const struct snapshot *snapshot,
		     struct optime *ret, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bytes doc;
	struct entry entry;
	int found;

	/* Its chunks are not known to readers before. */
	if (store_writer_flush(writer, e) < 0)
		return e->code;
	cursor = tree_cursor_new(store_writer_store(writer), &snapshot->oplog);
	found = tree_cursor_seek_rank(cursor, snapshot->oplog.count - 1, e);
	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found != 1)
		return found;
	/* What is no entry is told when the oplog is replayed. */
	if (entry_parse(doc, &entry, e) < 0)
		return 0;
	*ret = (struct optime){entry_seconds(entry.at.ts), entry_increment(entry.at.ts)};
	return 1;
}

static int next_entry(void *ctx, struct bytes *ret, struct error *e)
{
	return tree_cursor_next(ctx, ret, e);
}

/* The snapshot keeps what it is called and where it is from; the rest is the replay's. */
static void take_result(struct snapshot *snapshot, const struct replay_result *result)
{
	snapshot->exact = true;
	snapshot->optime = result->snapshot.optime;
	snapshot->needed_from = result->snapshot.needed_from;
	snapshot->time = snapshot->optime.seconds;
	snapshot->catalog = result->snapshot.catalog;
	snapshot->changes = result->snapshot.changes;
	snapshot->collections = result->snapshot.collections;
	snapshot->documents = result->snapshot.documents;
	snapshot->bytes = result->snapshot.bytes;
}

/* What is wrong with the oplog leaves the dump as it is; what is wrong with the machine does not. */
static bool is_of_oplog(int code)
{
	return code == ERR_UNSUPPORTED || code == ERR_CORRUPT || code == ERR_NO_TIME ||
	       code == ERR_LIMIT;
}

int ingest_roll_run(struct store_writer *writer, struct snapshot *snapshot,
		    const struct progress *progress, struct buf *ret_why, struct error *e)
{
	OWNED(replay_result_release) struct replay_result result = {0};
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct replay_options options = {
		.writer = writer,
		.base = snapshot,
		.to = UINT64_MAX,
		.fuzzy = true,
		.progress = progress,
		.total = snapshot->oplog.count,
	};
	int code;

	if (store_writer_flush(writer, e) < 0)
		return e->code;
	cursor = tree_cursor_new(store_writer_store(writer), &snapshot->oplog);
	options.source.next = next_entry;
	options.source.ctx = cursor;
	code = replay_run(&options, &result, e);
	if (code < 0 && !is_of_oplog(code))
		return code;
	if (code < 0) {
		buf_add_str(ret_why, e->text);
		return 0;
	}
	if (result.stop_count > 0) {
		buf_add_str(ret_why, result.stops[0].why);
		return 0;
	}
	if (result.undecided) {
		buf_add_str(ret_why, "a prepared transaction is not decided within oplog.bson");
		return 0;
	}
	if (result.stranger != NULL) {
		struct error lacks;

		error_set(&lacks, ERR_CORRUPT,
			  "%s is not in the dump and was written to: it was made when the "
			  "collections had been listed, before the oplog begins",
			  result.stranger);
		buf_add_str(ret_why, lacks.text);
		return 0;
	}
	take_result(snapshot, &result);
	return 1;
}

static int add_entries(struct stream_add *add, struct tree_cursor *cursor, struct error *e)
{
	struct stream_added added;
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1)
		if (stream_add_entry(add, doc, e) < 0)
			return e->code;
	return found < 0 ? found : stream_add_finish(add, &added, e);
}

/* Somebody else may be adding to the stream: that is short, and waited for. */
static int begin_adding(struct store_writer *writer, const struct progress *progress,
			struct stream_add **ret, struct error *e)
{
	const struct timespec pause = {.tv_nsec = BUSY_POLL_NS};
	int code;

	while ((code = stream_add_begin(writer, ret, e)) == ERR_BUSY) {
		if (progress_cancelled(progress))
			return error_set(e, ERR_CANCELLED, "interrupted");
		nanosleep(&pause, NULL);
	}
	return code;
}

int ingest_roll_keep(struct store_writer *writer, const struct snapshot *snapshot,
		     const struct progress *progress, struct buf *ret_why, struct error *e)
{
	OWNED(stream_add_free) struct stream_add *add = NULL;
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	int code;

	if (store_writer_flush(writer, e) < 0 || begin_adding(writer, progress, &add, e) < 0 ||
	    stream_add_slice(add, "oplog.bson", e) < 0)
		return e->code;
	cursor = tree_cursor_new(store_writer_store(writer), &snapshot->oplog);
	code = add_entries(add, cursor, e);
	if (code == 0)
		return 1;
	if (!is_of_oplog(code))
		return code;
	buf_add_str(ret_why, e->text);
	return 0;
}
