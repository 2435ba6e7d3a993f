/*
 * extsort.h - sort any number of (key, document) pairs in bounded memory.
 *
 * Pairs are ordered by key, then by document bytes. What does not fit is spilled to an
 * unnamed temporary file in runs and merged. Threads: one at a time.
 */
#ifndef STORE_TREE_EXTSORT_H
#define STORE_TREE_EXTSORT_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

struct extsort; /* opaque */

/* Spills go to `tmp_dir`; about `memory` bytes are used before that. */
struct extsort *extsort_new(const char *tmp_dir, size_t memory);
void extsort_free(struct extsort *sort);
DEFINE_OWNED(struct extsort *, extsort_free);

/* Copy a pair in. ERR_IO (spill), ERR_NOMEM. Not after extsort_finish(). */
MUST_CHECK int extsort_add(struct extsort *sort, struct bytes key, struct bytes doc,
			   struct error *e);

/* No more pairs: now extsort_next(). */
MUST_CHECK int extsort_finish(struct extsort *sort, struct error *e);

/* 1 and the next pair, valid until the next call; 0 at the end. ERR_IO, ERR_CORRUPT (a spill that
 * does not read back as written). */
MUST_CHECK int extsort_next(struct extsort *sort, struct bytes *ret_key, struct bytes *ret_doc,
			    struct error *e);

uint64_t extsort_count(const struct extsort *sort);
/* Bytes that it holds in memory. NULL: none. */
size_t extsort_memory(const struct extsort *sort);

#endif
