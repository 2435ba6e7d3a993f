/*
 * piece_cursor.h - the pieces of a stream (a sealed segment, or entries that are still in a journal), and
 * walking through one as if there were no difference.
 *
 * Inside the files stream*.c only. Threads: a cursor belongs to one thread at a time.
 */
#ifndef OPLOG_PIECE_CURSOR_H
#define OPLOG_PIECE_CURSOR_H

#include "oplog/journal.h"
#include "oplog/segment.h"

/* Entries of a stream that follow each other. */
struct piece {
	struct segment segment;	 /* of a journal's: what it would be, without id and trees */
	struct journal *journal; /* NULL: it is sealed */
	uint64_t skip;		 /* of a journal: entries and */
	uint64_t skip_bytes;	 /* bytes before its first one */
};

struct piece_cursor; /* opaque */

/* A cursor before the piece's first entry; the piece must outlive it. It reads nothing yet. */
struct piece_cursor *piece_cursor_new(struct store *store, const struct piece *piece);
void piece_cursor_free(struct piece_cursor *cursor);
DEFINE_OWNED(struct piece_cursor *, piece_cursor_free);

/* Stand before entry `rank` of the piece: 1, or 0 at the end when there are not so many. */
MUST_CHECK int piece_cursor_seek(struct piece_cursor *cursor, uint64_t rank, struct error *e);

/* 1 and the next entry's document (valid until the cursor moves), 0 at the end. */
MUST_CHECK int piece_cursor_next(struct piece_cursor *cursor, struct bytes *ret, struct error *e);

/* After an error of piece_cursor_next(): as tree_cursor_pass(), of a journal over a frame. */
void piece_cursor_pass(struct piece_cursor *cursor, uint64_t *ret_lost);

/* The rank of the entry that piece_cursor_next() would return. */
uint64_t piece_cursor_rank(const struct piece_cursor *cursor);

/*
 * Stand before the first entry at or behind `ts`, which is at or before the piece's last one. 1 when it is of
 * that timestamp, 0 when it is later.
 */
MUST_CHECK int piece_cursor_seek_ts(struct piece_cursor *cursor, uint64_t ts, struct error *e);

/* Copy bytes of the piece's entries, as tree_read() does. */
MUST_CHECK int piece_cursor_read(struct store *store, const struct piece *piece, uint64_t offset,
				 void *ret, size_t len, size_t *ret_len, struct error *e);

#endif
