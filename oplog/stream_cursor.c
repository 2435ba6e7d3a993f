/* Walking a stream: see stream.h. Prefix: stream_ */
#include <assert.h>
#include <string.h>

#include "oplog/postings.h"
#include "oplog/stream_internal.h"

/* Entries up to which going on is faster than looking up where the next one lies. */
#define STEPS_MAX 48

struct stream_cursor {
	struct stream *stream;
	size_t at;		    /* the segment it stands in */
	size_t end;		    /* the first piece behind the range */
	struct piece_cursor *piece; /* of piece `at`, or NULL */
	bool filtered;
	struct stream_filter filter; /* its UUIDs are the cursor's */
	bool listed;		     /* `ranks` is what the filter takes of piece `at` */
	struct buf ranks;	     /* of uint32_t */
	size_t next;		     /* the first of these that is not behind */
};

/* A whole number in one of its three types; false for anything else. */
static bool whole_number(const struct bson_field *field, int64_t *ret)
{
	double number;

	if (field->type == BSON_KIND_INT32) {
		*ret = (int32_t)get_le32(field->value.at);
		return true;
	}
	if (field->type == BSON_KIND_INT64) {
		*ret = (int64_t)get_le64(field->value.at);
		return true;
	}
	if (field->type != BSON_KIND_DOUBLE)
		return false;
	number = get_le_double(field->value.at);
	if (!(number >= -1 && number < 9e15) || number != (double)(int64_t)number)
		return false;
	*ret = (int64_t)number;
	return true;
}

int stream_optime(struct bytes doc, struct entry_optime *ret, struct error *e)
{
	struct entry_optime at = {.term = -1};
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field, ts = {0}, term = {0};
	int found;

	/* The first one of each name, as bson_find() has it. */
	while ((ts.type == 0 || term.type == 0) &&
	       (found = bson_fields_next(&fields, &field, e)) != 0) {
		if (found < 0)
			return found;
		if (field.name.len > 2 || field.name.len == 0 || field.name.at[0] != 't')
			continue;
		if (field.name.len == 1 && term.type == 0)
			term = field;
		else if (field.name.len == 2 && field.name.at[1] == 's' && ts.type == 0)
			ts = field;
	}
	if (ts.type != BSON_KIND_TIMESTAMP)
		return error_set(e, ERR_CORRUPT, "it is no oplog entry: it has no timestamp ts");
	at.ts = get_le64(ts.value.at);
	if (at.ts == 0)
		return error_set(e, ERR_CORRUPT, "it is no oplog entry: its timestamp is zero");
	if (term.type != 0 && !whole_number(&term, &at.term))
		return error_set(e, ERR_CORRUPT, "its term t has type 0x%02x", term.type);
	*ret = at;
	return 0;
}

struct stream_cursor *stream_cursor_new(struct stream *stream, const struct stream_filter *filter)
{
	struct stream_cursor *cursor = xcalloc(1, sizeof(*cursor));
	uint8_t(*uuids)[16];

	cursor->stream = stream;
	cursor->end = stream->range_count == 0 ? 0 : stream->range_begin[1];
	if (filter == NULL)
		return cursor;
	uuids = xmalloc((filter->uuid_count + 1) * sizeof(*uuids));
	if (filter->uuid_count > 0)
		memcpy(uuids, filter->uuids, filter->uuid_count * sizeof(*uuids));
	cursor->filtered = true;
	cursor->filter = *filter;
	cursor->filter.uuids = (const uint8_t(*)[16])uuids;
	return cursor;
}

void stream_cursor_free(struct stream_cursor *cursor)
{
	if (cursor == NULL)
		return;
	piece_cursor_free(cursor->piece);
	free((void *)(uintptr_t)cursor->filter.uuids);
	buf_release(&cursor->ranks);
	free(cursor);
}

/* Stand before the first entry of piece `at` that the filter takes. */
static int enter(struct stream_cursor *cursor, size_t at, struct error *e)
{
	const struct piece *piece = &cursor->stream->pieces[at];
	struct store *store = cursor->stream->store;

	piece_cursor_free(TAKE(cursor->piece));
	buf_reset(&cursor->ranks);
	cursor->next = 0;
	cursor->listed = false;
	cursor->at = at;
	if (at == cursor->stream->count)
		return 0;
	cursor->piece = piece_cursor_new(store, piece);
	if (!cursor->filtered || piece->segment.postings.count == 0)
		return 0;
	if (postings_find(store, &piece->segment.postings, &cursor->filter, &cursor->ranks, e) < 0)
		return e->code;
	cursor->listed = true;
	return 0;
}

static size_t end_of_range(const struct stream *stream, size_t piece)
{
	for (size_t i = 0; i < stream->range_count; i++)
		if (piece < stream->range_begin[i + 1])
			return stream->range_begin[i + 1];
	return stream->count;
}

/* Pass what the filter takes before entry `rank`. */
static void pass_ranks(struct stream_cursor *cursor, uint64_t rank)
{
	const uint32_t *ranks = (const uint32_t *)(const void *)cursor->ranks.at;
	size_t low = 0, high = cursor->ranks.len / sizeof(*ranks);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ranks[middle] >= rank)
			high = middle;
		else
			low = middle + 1;
	}
	cursor->next = low;
}

int stream_cursor_seek(struct stream_cursor *cursor, uint64_t ts, struct error *e)
{
	const struct stream *stream = cursor->stream;
	size_t at = stream_find_piece(stream->pieces, stream->count, ts);
	int exact;

	cursor->end = end_of_range(stream, at);
	if (enter(cursor, at, e) < 0)
		return e->code;
	if (at == stream->count)
		return 0;
	exact = piece_cursor_seek_ts(cursor->piece, ts, e);
	if (exact >= 0 && cursor->listed)
		pass_ranks(cursor, piece_cursor_rank(cursor->piece));
	return exact;
}

/* The next entry that the filter takes of this piece. */
static int next_listed(struct stream_cursor *cursor, struct bytes *ret, struct error *e)
{
	const uint32_t *ranks = (const uint32_t *)(const void *)cursor->ranks.at;
	uint64_t now = piece_cursor_rank(cursor->piece), rank;
	int found = 1;

	if (cursor->next == cursor->ranks.len / sizeof(*ranks))
		return 0;
	rank = ranks[cursor->next];
	if (rank < now || rank - now > STEPS_MAX)
		found = piece_cursor_seek(cursor->piece, rank, e);
	else
		for (; found == 1 && now < rank; now++)
			found = piece_cursor_next(cursor->piece, ret, e);
	if (found == 1)
		found = piece_cursor_next(cursor->piece, ret, e);
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "postings name an entry that is not there");
	if (found == 1)
		cursor->next++;
	return found;
}

int stream_cursor_next(struct stream_cursor *cursor, struct bytes *ret, struct error *e)
{
	while (cursor->at < cursor->end) {
		int found;

		if (cursor->piece == NULL && enter(cursor, cursor->at, e) < 0)
			return e->code;
		found = cursor->listed ? next_listed(cursor, ret, e)
				       : piece_cursor_next(cursor->piece, ret, e);
		if (found != 0)
			return found;
		if (cursor->at + 1 == cursor->end)
			return 0;
		if (enter(cursor, cursor->at + 1, e) < 0)
			return e->code;
	}
	return 0;
}

char *stream_cursor_pass(struct stream_cursor *cursor, uint64_t *ret_lost)
{
	const struct stream *stream = cursor->stream;
	const struct piece *piece = &stream->pieces[cursor->at];

	assert(!cursor->filtered && cursor->piece != NULL);
	piece_cursor_pass(cursor->piece, ret_lost);
	return piece->journal == NULL ? stream_file_segment(stream->name, &piece->segment.id)
				      : xprintf(STREAM_FOLDER "%s/%s", stream->name,
						strrchr(piece->journal->path, '/') + 1);
}

/* Is the entry more than a sign of life? */
static int is_operation(struct bytes doc, struct error *e)
{
	struct bson_field op;
	struct bytes text;
	int found = bson_find(doc, "op", &op, e);

	if (found != 1 || op.type != BSON_KIND_STRING)
		return found < 0 ? found : 1;
	if (bson_text(op.value, &text, e) < 0)
		return e->code;
	return !bytes_equal(text, bytes_str("n"));
}

int stream_next_second(struct stream *stream, uint32_t from, uint32_t *ret, struct error *e)
{
	OWNED(stream_cursor_free) struct stream_cursor *cursor = stream_cursor_new(stream, NULL);
	uint64_t ts = entry_ts(from, 0);

	while (stream_cursor_seek(cursor, ts, e) >= 0) {
		struct entry_optime at;
		struct bytes doc;
		int found;

		if (cursor->at == stream->count)
			return 0;
		while ((found = stream_cursor_next(cursor, &doc, e)) == 1 &&
		       (found = is_operation(doc, e)) == 0)
			;
		if (found < 0 || (found == 1 && stream_optime(doc, &at, e) < 0))
			return e->code;
		if (found == 1) {
			*ret = entry_seconds(at.ts);
			return 1;
		}
		ts = stream->pieces[cursor->end - 1].segment.last.ts + 1;
	}
	return e->code;
}
