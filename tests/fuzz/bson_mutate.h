/*
 * bson_mutate.h - changes of a BSON document that leave it BSON: for targets whose input is one.
 *
 * A change takes an element, at any depth, and puts another value there, renames, removes, repeats, wraps it and so on; lengths follow.
 * What it puts there comes from a table of edges, or from documents that the target lends: the better they fit, the further it gets.
 *
 * Threads: one at a time.
 */
#ifndef TESTS_FUZZ_BSON_MUTATE_H
#define TESTS_FUZZ_BSON_MUTATE_H

#include "base/buf.h"

#define BSON_MUTATE_WORDS 2048

/* What a target lends. Names that begin with a $ are given another such name. */
struct bson_mutate_from {
	struct bytes *docs;
	size_t count;
	struct bytes words[BSON_MUTATE_WORDS]; /* a hash table; bson_mutate_lend() fills it */
	size_t word_count;
};

/* Lend a document; it has passed bson_check() and outlives `from`. */
void bson_mutate_lend(struct bson_mutate_from *from, struct bytes doc);
void bson_mutate_release(struct bson_mutate_from *from);

/* A changed `doc` into `ret`; the same seed makes the same change. One that is no BSON is replaced by one that was lent. */
void bson_mutate(const struct bson_mutate_from *from, struct bytes doc, uint64_t seed,
		 struct buf *ret);

#endif
