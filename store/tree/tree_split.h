/*
 * tree_split.h - where leaves and nodes end: decided by content and seed alone.
 *
 * DESIGN 5. A keyed leaf ends after document d when SipHash-2-4(seed, key(d)) < size(d) << 49
 * (for the default leaf target; saturating), a ranked one by the hashes of the document and its
 * predecessor. A leaf is also ended before it would pass 8 targets. A node of level n ends after
 * a child when 1/128 of the hash space of (seed with its last byte xor n, separator or child id)
 * says so and it has at least 2 children, or when it has TREE_NODE_CHILDREN_MAX.
 *
 * After every end the state is the same: that is what makes the shape independent of history.
 * Threads: pure.
 */
#ifndef STORE_TREE_TREE_SPLIT_H
#define STORE_TREE_TREE_SPLIT_H

#include "store/config.h"
#include "store/tree/tree_node.h"

#define TREE_LEAF_MAX_TARGETS 8

/* Bytes above which a leaf of more than one document is ended. */
static inline size_t tree_split_leaf_max(const struct store_params *params)
{
	return (size_t)TREE_LEAF_MAX_TARGETS * params->leaf_target;
}

/* Does a keyed leaf end after the document with this key and size? */
bool tree_split_keyed(const struct store_params *params, struct bytes key, size_t size);

/*
 * Does a ranked leaf end after `doc`? *hash is that of the document before (0: there is none)
 * and becomes that of `doc`.
 */
bool tree_split_ranked(const struct store_params *params, struct bytes doc, uint64_t *hash);

/* Does a node of `level` end after this child, being its child number `n` (from 1)? */
bool tree_split_node(const struct store_params *params, uint8_t kind, uint8_t level,
		     const struct tree_child *child, size_t n);

#endif
