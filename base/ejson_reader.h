/*
 * ejson_reader.h - the text of documents as a file that is too long to be kept: bytes at any offset.
 *
 * It renders from the beginning (ejson_pieces.h) and keeps what it made last. Who reads on from
 * there, or a little before it, is served at once; who goes back further waits until
 * it has come there again. Memory: twice EJSON_READER_KEPT and the longest piece.
 *
 * Threads: any; one after the other.
 */
#ifndef BASE_EJSON_READER_H
#define BASE_EJSON_READER_H

#include "base/ejson_pieces.h"

/* Readers ahead of each other by less than this do not send each other back. */
#define EJSON_READER_KEPT (2 * MIB)

struct ejson_reader; /* opaque */

/* A reader of the text of `docs` (as in ejson_pieces_new()), which must outlive it. */
struct ejson_reader *ejson_reader_new(struct bytes docs, enum ejson_form form);
void ejson_reader_free(struct ejson_reader *reader);
DEFINE_OWNED(struct ejson_reader *, ejson_reader_free);

/*
 * Copy up to `len` bytes from byte `offset` into `ret`; *ret_len is less than `len` only at the end.
 * Errors as ejson_pieces_next().
 */
MUST_CHECK int ejson_reader_read(struct ejson_reader *reader, uint64_t offset, void *ret,
				 size_t len, size_t *ret_len, struct error *e);

#endif
