/*
 * check_trees.h - the part of a check that walks from a manifest down to the leaves' places.
 *
 * Threads: pure over a store.
 */
#ifndef STORE_CHECK_TREES_H
#define STORE_CHECK_TREES_H

#include "store/store.h"

struct check_trees_sums {
	uint64_t collections, documents, bytes;
};

/*
 * Check the manifest file `name` of `size` bytes: its hash, its trees, and that its sums are those of
 * its catalog. 1 sound, 0 not a manifest's name; ERR_CORRUPT says what is wrong.
 */
MUST_CHECK int check_trees_manifest(struct store *store, const char *name, uint64_t size,
				    struct check_trees_sums *ret, struct error *e);

#endif
