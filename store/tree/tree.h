/*
 * tree.h - the collection tree: all documents of a collection, in key order, under one hash.
 *
 * Words and rules: DESIGN section 5, docs/format/tree.md. A tree is immutable; its root
 * names its whole content. There are two kinds: keyed (ordered by the key of `_id`) and
 * ranked (natural order kept: capped collections, collections without `_id`).
 */
#ifndef STORE_TREE_TREE_H
#define STORE_TREE_TREE_H

#include <stdbool.h>

#include "base/chunk_id.h"

enum tree_kind { TREE_KEYED = 0, TREE_RANKED = 1 };

struct tree_root {
	struct chunk_id id; /* zero when the tree is empty */
	uint8_t kind;	    /* an enum tree_kind */
	uint8_t height;	    /* 0: the root is a leaf; n: a node n levels above the leaves */
	uint64_t count;	    /* documents */
	uint64_t bytes;	    /* BSON bytes */
};

#define TREE_HEIGHT_MAX                                                                            \
	60 /* each level has at most half the entries of the one below, and one more */

/* Same content? Equal documents in equal order have equal roots (of one store). */
static inline bool tree_root_equal(const struct tree_root *a, const struct tree_root *b)
{
	return a->count == b->count && a->bytes == b->bytes && a->kind == b->kind &&
	       chunk_id_equal(&a->id, &b->id);
}

#endif
