#include "tools/tail_stream.h"

#include "oplog/stream_tail.h"
#include "store/snapshot/snapshots.h"
#include "tools/live_same.h"

int tail_stream_seal(struct store *store, uint64_t number, bool *left, uint64_t *ret_segments,
		     struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct stream_added added = {0};
	int code;

	if (number == 0 && !*left)
		return 0;
	if (store_writer_begin(store, &writer, e) < 0)
		return e->code;
	/* Each of those that were left is one segment, or nearly so. */
	code = *left ? stream_tail_seal_all(writer, e)
		     : stream_tail_seal(writer, number, &added, e);
	*left = code == ERR_BUSY;
	if (code < 0)
		return *left ? 0 : error_wrap(e, "sealing the journal");
	*ret_segments += added.segments + (uint64_t)code;
	return 0;
}

int tail_stream_last(struct store *store, struct entry_optime *ret_at, struct buf *ret_doc,
		     struct error *e)
{
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
	const struct stream_range *range;
	struct bytes doc;
	int found;

	if (stream_open(store, &stream, NULL, e) < 0)
		return e->code;
	if (stream_range_count(stream) == 0)
		return 0;
	range = stream_range(stream, stream_range_count(stream) - 1);
	cursor = stream_cursor_new(stream, NULL);
	found = stream_cursor_seek(cursor, range->last.ts, e);
	if (found == 1)
		found = stream_cursor_next(cursor, &doc, e);
	if (found < 0)
		return found;
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "the stream's last entry is not there");
	*ret_at = range->last;
	buf_reset(ret_doc);
	buf_add_bytes(ret_doc, doc);
	return 1;
}

int tail_stream_snapshots(struct store *store, uint64_t *ret_begin, uint64_t *ret_made,
			  struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	uint64_t begin = 0, made = 0;
	size_t skipped;

	if (snapshots_read(store, &list, &skipped, e) < 0)
		return e->code;
	for (size_t i = list.count; i-- > 0;) {
		const struct snapshot *s = &list.at[i];
		const struct optime *from =
			s->needed_from.seconds != 0 ? &s->needed_from : &s->optime;

		if (s->exact && begin == 0)
			begin = entry_ts(from->seconds, from->increment);
		if (!s->checkpoint)
			made = MAX_OF(made, s->created_us / 1000000);
	}
	*ret_begin = begin;
	*ret_made = made;
	return 0;
}

int tail_stream_begin(struct store *store, struct live *live, uint64_t *ret, struct error *e)
{
	uint64_t wanted, made;
	int found = 0;

	if (live_same_check(live, store, e) < 0 ||
	    tail_stream_snapshots(store, &wanted, &made, e) < 0)
		return e->code;
	if (wanted != 0)
		found = live_upto(live, wanted, ret, e);
	if (found < 0 || (found == 0 && live_newest(live, ret, e) < 0))
		return e->code;
	return found;
}
