/*
 * ejson_reader.h - the text of documents as a file that is too long to be kept: bytes at any offset.
 *
 * It renders from the beginning (ejson_pieces.h) and keeps what it made last. Who reads on from
 * there, or a little before it, is served at once; who goes back further waits until
 * it has come there again. Memory: twice EJSON_READER_KEPT and the longest piece; of one that rests a few KiB. The
 * documents are with the caller, who need not hold them between two reads.
 *
 * Threads: any; one after the other.
 */
#ifndef BASE_EJSON_READER_H
#define BASE_EJSON_READER_H

#include "base/ejson_pieces.h"

/* Readers ahead of each other by less than this do not send each other back. */
#define EJSON_READER_KEPT (2 * MIB)

struct ejson_reader; /* opaque */

struct ejson_reader *ejson_reader_new(enum ejson_form form);
void ejson_reader_free(struct ejson_reader *reader);
DEFINE_OWNED(struct ejson_reader *, ejson_reader_free);

/*
 * Copy up to `len` bytes from byte `offset` of the text of `docs` (as in ejson_pieces_new()) into `ret`; *ret_len is less than
 * `len` only at the end. They are the same bytes each time, wherever they lie. Errors as ejson_pieces_next().
 */
MUST_CHECK int ejson_reader_read(struct ejson_reader *reader, struct bytes docs, uint64_t offset,
				 void *ret, size_t len, size_t *ret_len, struct error *e);

/* The same without the documents: false where more is needed than what is kept. */
bool ejson_reader_read_kept(struct ejson_reader *reader, uint64_t offset, void *ret, size_t len,
			    size_t *ret_len);

/* Render and keep up to `len` bytes behind what was read last. What fails is told by the read that needs it. */
void ejson_reader_go_on(struct ejson_reader *reader, struct bytes docs, size_t len);

/* The bytes that it keeps. */
size_t ejson_reader_kept(const struct ejson_reader *reader);

/*
 * Keep only what lies behind the last read, or with `all` nothing: the next read goes on where the last one ended, but can't go
 * back. False, and nothing is done, when somebody reads just now.
 */
bool ejson_reader_rest(struct ejson_reader *reader, bool all);

#endif
