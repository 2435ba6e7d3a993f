/*
 * spill.h - an unnamed temporary file: what does not fit in memory, of documents most often.
 *
 * Every file of that kind is one of these: so that once this process has a key, nothing readable reaches a disk by them. Their key is
 * random, of each file, and kept in memory only.
 *
 * Threads: one at a time; spill_encrypt_all() any.
 */
#ifndef STORE_CRYPT_SPILL_H
#define STORE_CRYPT_SPILL_H

#include "base/buf.h"
#include "base/error.h"

struct spill; /* opaque */

/* From now on the spills that are made in this process are encrypted (AES-256-CTR), whatever they are for. */
void spill_encrypt_all(void);

/* Make one in folder `dir`; `what` ("sort spill") is for messages and must outlive it. ERR_IO. */
MUST_CHECK int spill_new(const char *dir, const char *what, struct spill **ret, struct error *e);
void spill_free(struct spill *spill);
DEFINE_OWNED(struct spill *, spill_free);

/* Append what is in `bytes`, which is empty afterwards, its memory kept. ERR_IO. */
MUST_CHECK int spill_write(struct spill *spill, struct buf *bytes, struct error *e);
/* Read exactly `len` bytes that were written at `at`. ERR_IO, ERR_CORRUPT: there are fewer. */
MUST_CHECK int spill_read(struct spill *spill, uint64_t at, uint8_t *ret, size_t len,
			  struct error *e);
/* What lies in [from, upto) is not read any more: its room on the disk may be used. */
void spill_forget(struct spill *spill, uint64_t from, uint64_t upto);
/* Bytes that were written. */
uint64_t spill_size(const struct spill *spill);

#endif
