#include "oplog/piece_cursor.h"

#include "oplog/stream_internal.h"

struct piece_cursor {
	struct store *store;
	const struct piece *piece;
	struct tree_cursor *tree; /* of a sealed one */
	/* of a journal's: */
	uint64_t rank;
	struct buf frame; /* what is at and behind `rank` in its frame, from `at` on */
	size_t at;
};

struct piece_cursor *piece_cursor_new(struct store *store, const struct piece *piece)
{
	struct piece_cursor *c = xcalloc(1, sizeof(*c));

	c->store = store;
	c->piece = piece;
	if (piece->journal == NULL)
		c->tree = tree_cursor_new(store, &piece->segment.root);
	return c;
}

void piece_cursor_free(struct piece_cursor *c)
{
	if (c == NULL)
		return;
	tree_cursor_free(c->tree);
	buf_release(&c->frame);
	free(c);
}

uint64_t piece_cursor_rank(const struct piece_cursor *c)
{
	return c->tree != NULL ? tree_cursor_rank(c->tree) : c->rank;
}

/* The entry at `at` of the frame, without a step. */
static int frame_entry(const struct piece_cursor *c, struct bytes *ret, struct error *e)
{
	struct bytes rest = bytes_of(c->frame.at + c->at, c->frame.len - c->at);
	int64_t len = bson_next(rest, ENTRY_MAX_LEN, e);

	if (len == 0)
		error_set(e, ERR_CORRUPT, "a frame ends too early");
	if (len <= 0)
		return error_wrap(e, "%s", c->piece->journal->path);
	*ret = bytes_of(rest.at, (size_t)len);
	return 0;
}

/* Have the frame that `rank` is in, and stand before it. */
static int load_frame(struct piece_cursor *c, struct error *e)
{
	const struct journal *journal = c->piece->journal;
	uint64_t rank = c->piece->skip + c->rank;
	size_t frame = journal_frame_of_rank(journal, rank);
	struct bytes doc;

	buf_reset(&c->frame);
	c->at = 0;
	if (journal_read_frame(journal, frame, &c->frame, e) < 0)
		return e->code;
	for (uint64_t i = journal->frames[frame].rank; i < rank; i++) {
		if (frame_entry(c, &doc, e) < 0)
			return e->code;
		c->at += doc.len;
	}
	return 0;
}

int piece_cursor_seek(struct piece_cursor *c, uint64_t rank, struct error *e)
{
	if (c->tree != NULL)
		return tree_cursor_seek_rank(c->tree, rank, e);
	c->rank = MIN_OF(rank, c->piece->segment.entries);
	buf_reset(&c->frame);
	c->at = 0;
	return c->rank == rank && rank < c->piece->segment.entries;
}

int piece_cursor_next(struct piece_cursor *c, struct bytes *ret, struct error *e)
{
	if (c->tree != NULL)
		return tree_cursor_next(c->tree, ret, e);
	if (c->rank >= c->piece->segment.entries)
		return 0;
	if ((c->at >= c->frame.len && load_frame(c, e) < 0) || frame_entry(c, ret, e) < 0)
		return e->code;
	c->at += ret->len;
	c->rank++;
	return 1;
}

void piece_cursor_pass(struct piece_cursor *c, uint64_t *ret_lost)
{
	const struct journal *journal = c->piece->journal;
	OWNED(buf_release) struct buf payload = {0};
	struct error ignored;
	uint64_t end = c->rank;

	if (c->tree != NULL) {
		tree_cursor_pass(c->tree, ret_lost);
		return;
	}
	if (c->rank < c->piece->segment.entries) {
		size_t frame = journal_frame_of_rank(journal, c->piece->skip + c->rank);
		const struct journal_frame *f = &journal->frames[frame];

		if (journal_read_frame(journal, frame, &payload, &ignored) < 0)
			end = MIN_OF(f->rank + f->count - c->piece->skip,
				     c->piece->segment.entries);
	}
	*ret_lost = end - c->rank;
	c->rank = end;
	buf_reset(&c->frame);
	c->at = 0;
}

static int ts_at(struct piece_cursor *c, uint64_t rank, uint64_t *ret, struct error *e)
{
	struct entry_optime at;
	struct bytes doc;
	int found = piece_cursor_seek(c, rank, e);

	if (found == 1)
		found = piece_cursor_next(c, &doc, e);
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "a segment has fewer entries than its root says");
	if (found < 0 || stream_optime(doc, &at, e) < 0)
		return e->code;
	*ret = at.ts;
	return 0;
}

/* Where a search stands: what is before `low` is before its time, what is at or behind `high` is not. */
struct halves {
	uint64_t low, high;
};

/*
 * Entry `rank`, between the two, can't be read: on which side of what is lost with it is `ts`? An error when it lies in it; `e` is that of
 * entry `rank`.
 */
static int go_around(struct piece_cursor *c, uint64_t ts, uint64_t rank, struct halves *halves,
		     struct error *e)
{
	uint64_t begin, end, at, ignored;
	struct error why;

	tree_cursor_lost(c->tree, rank, &begin, &end);
	while (end > rank && end <= halves->high && ts_at(c, end, &at, &why) < 0) {
		uint64_t from = end;

		tree_cursor_lost(c->tree, from, &ignored, &end);
		if (end == from)
			return e->code;
	}
	if (end > rank && end <= halves->high && at <= ts) {
		halves->low = end;
		return 0;
	}
	if (begin <= halves->low || ts_at(c, begin - 1, &at, &why) < 0 || at < ts)
		return e->code;
	halves->high = begin - 1;
	return 0;
}

/* By halves, over the entries' timestamps. */
static int find_rank(struct piece_cursor *c, uint64_t ts, uint64_t *ret, struct error *e)
{
	struct halves halves = {.high = c->piece->segment.entries - 1};

	while (halves.low < halves.high) {
		uint64_t middle = halves.low + (halves.high - halves.low) / 2, at;

		if (ts_at(c, middle, &at, e) < 0) {
			if (!error_is_harm(e) || go_around(c, ts, middle, &halves, e) < 0)
				return e->code;
		} else if (at < ts) {
			halves.low = middle + 1;
		} else {
			halves.high = middle;
		}
	}
	*ret = halves.high;
	return 0;
}

int piece_cursor_seek_ts(struct piece_cursor *c, uint64_t ts, struct error *e)
{
	const struct segment *s = &c->piece->segment;
	struct entry_optime at;
	struct bytes doc;
	uint64_t rank = 0;
	int found;

	if (ts <= s->first.ts)
		return piece_cursor_seek(c, 0, e) < 0 ? e->code : ts == s->first.ts;
	if (c->tree != NULL) {
		if (find_rank(c, ts, &rank, e) < 0)
			return e->code;
	} else {
		if (journal_find(c->piece->journal, ts, &rank, e) < 0)
			return e->code;
		rank = rank < c->piece->skip ? 0 : rank - c->piece->skip;
	}
	found = piece_cursor_seek(c, rank, e);
	if (found == 1)
		found = piece_cursor_next(c, &doc, e);
	if (found == 1 && stream_optime(doc, &at, e) < 0)
		found = e->code;
	if (found != 1)
		return found;
	return piece_cursor_seek(c, rank, e) < 0 ? e->code : at.ts == ts;
}

/* Bytes of a journal, over its frames. */
static int read_journal(const struct journal *j, uint64_t offset, uint8_t *ret, size_t len,
			struct error *e)
{
	while (len > 0) {
		OWNED(buf_release) struct buf payload = {0};
		size_t frame = journal_frame_of_byte(j, offset), from, part;

		if (journal_read_frame(j, frame, &payload, e) < 0)
			return e->code;
		from = (size_t)(offset - j->frames[frame].begin);
		part = MIN_OF(len, payload.len - from);
		memcpy(ret, payload.at + from, part);
		ret += part;
		offset += part;
		len -= part;
	}
	return 0;
}

int piece_cursor_read(struct store *store, const struct piece *piece, uint64_t offset, void *ret,
		      size_t len, size_t *ret_len, struct error *e)
{
	uint64_t bytes = piece->segment.bytes;

	if (piece->journal == NULL)
		return tree_read(store, &piece->segment.root, offset, ret, len, 4, ret_len, e);
	len = offset >= bytes ? 0 : (size_t)MIN_OF((uint64_t)len, bytes - offset);
	*ret_len = len;
	return read_journal(piece->journal, piece->skip_bytes + offset, ret, len, e);
}
