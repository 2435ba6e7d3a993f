/* Counting entries without reading them. Prefix: stream_ */
#include <inttypes.h>

#include "oplog/stream_internal.h"

/* Entries of the stream up to `ts`. The one behind that is not looked at: it may be damaged. */
static int count_upto(struct stream *stream, uint64_t ts, uint64_t *ret, struct error *e)
{
	size_t at = stream_find_piece(stream->pieces, stream->count, ts);
	OWNED(piece_cursor_free) struct piece_cursor *cursor = NULL;
	uint64_t count = 0;

	for (size_t i = 0; i < at; i++)
		count += stream->pieces[i].segment.entries;
	if (at < stream->count) {
		int exact;

		cursor = piece_cursor_new(stream->store, &stream->pieces[at]);
		exact = piece_cursor_seek_ts(cursor, ts, e);
		if (exact < 0)
			return exact;
		count += piece_cursor_rank(cursor) + (exact == 1);
	}
	*ret = count;
	return 0;
}

int stream_count(struct stream *stream, uint64_t after, uint64_t upto, uint64_t *ret,
		 struct error *e)
{
	uint64_t begin, end;

	if (count_upto(stream, after, &begin, e) < 0 || count_upto(stream, upto, &end, e) < 0)
		return e->code;
	*ret = end > begin ? end - begin : 0;
	return 0;
}

int stream_last_upto(struct stream *stream, uint64_t ts, uint64_t *ret, struct error *e)
{
	size_t at = stream_find_piece(stream->pieces, stream->count, ts);
	OWNED(piece_cursor_free) struct piece_cursor *cursor = NULL;
	struct entry_optime found;
	struct bytes doc;
	uint64_t rank = 0;
	int rc;

	if (at < stream->count) {
		cursor = piece_cursor_new(stream->store, &stream->pieces[at]);
		rc = piece_cursor_seek_ts(cursor, ts, e);
		if (rc < 0)
			return rc;
		rank = piece_cursor_rank(cursor);
		if (rc == 1) {
			*ret = ts;
			return 1;
		}
	}
	if (rank == 0) {
		*ret = at == 0 ? 0 : stream->pieces[at - 1].segment.last.ts;
		return at > 0;
	}
	if (piece_cursor_seek(cursor, rank - 1, e) < 0)
		return e->code;
	rc = piece_cursor_next(cursor, &doc, e);
	if (rc == 0)
		return error_set(e, ERR_CORRUPT, "entry %" PRIu64 " of a segment is missing",
				 rank - 1);
	if (rc < 0 || stream_optime(doc, &found, e) < 0)
		return e->code;
	*ret = found.ts;
	return 1;
}
