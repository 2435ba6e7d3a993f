/*
 * ejson_pieces.h - the text of documents in pieces: however long it gets, little of it is in memory.
 *
 * A document of 16 MiB can have a text of gigabytes: its fields may be two bytes each, and 200
 * levels of indentation before every one. What renders into a buffer is ejson.h; this
 * gives the same bytes, one piece after the other.
 *
 * Threads: pure; one object belongs to one thread at a time.
 */
#ifndef BASE_EJSON_PIECES_H
#define BASE_EJSON_PIECES_H

#include "base/cleanup.h"
#include "base/ejson.h"

enum ejson_form {
	EJSON_LINE_RELAXED,   /* ejson_write() */
	EJSON_LINE_CANONICAL, /* the same */
	EJSON_PRETTY,	      /* ejson_pretty() */
};

struct ejson_pieces; /* opaque */

/*
 * The text of `docs`, documents that lie back to back, which must outlive it: each in `form`
 * with a newline behind.
 */
struct ejson_pieces *ejson_pieces_new(struct bytes docs, enum ejson_form form);
void ejson_pieces_free(struct ejson_pieces *pieces);
DEFINE_OWNED(struct ejson_pieces *, ejson_pieces_free);

/* The documents lie at `docs` now: the same bytes, of which those at the old place may be gone already. */
void ejson_pieces_move(struct ejson_pieces *pieces, struct bytes docs);

/* Give back the room of what ejson_pieces_next() gave last, which is gone then. */
void ejson_pieces_rest(struct ejson_pieces *pieces);

/*
 * 1 and what comes next, valid until the next call: a good 64 KiB, only the last one is less; more
 * where a binary, a regular expression or a DBPointer is longer by itself. 0 at the end.
 * ERR_CORRUPT, ERR_LIMIT, ERR_NOMEM as ejson_write(); nothing comes after an error.
 */
MUST_CHECK int ejson_pieces_next(struct ejson_pieces *pieces, struct bytes *ret, struct error *e);

/* The number of bytes of all pieces, without keeping any. Errors as above. */
MUST_CHECK int ejson_pieces_size(struct bytes docs, enum ejson_form form, uint64_t *ret,
				 struct error *e);

#endif
