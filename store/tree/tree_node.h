/*
 * tree_node.h - the bytes of a node: a list of leaves or nodes, with sums.
 *
 *	"YN" version level kind 0, varint children
 *	32-byte id of each child
 *	for each child: varint documents, varint bytes, flags; in keyed trees varint length
 *	and bytes of its separator
 *
 * docs/format/tree.md has the table. Threads: pure; a parsed node is immutable.
 */
#ifndef STORE_TREE_TREE_NODE_H
#define STORE_TREE_TREE_NODE_H

#include "base/buf.h"
#include "store/tree/tree.h"

#define TREE_NODE_CHILDREN_MAX 1024
/* A separator is a key cut to TREE_SEP_CUT bytes; one that was cut has a hash of the key after it. */
#define TREE_SEP_CUT 256
#define TREE_SEP_HASH 16
#define TREE_SEP_MAX (TREE_SEP_CUT + TREE_SEP_HASH)

struct tree_child {
	struct chunk_id id;
	struct bytes sep; /* of the last document below; empty in ranked trees */
	bool forced;	  /* the last leaf below was ended by its size, not by its content */
	uint64_t count;	  /* documents below */
	uint64_t bytes;	  /* BSON bytes below */
};

/*
 * Invariants of a parsed node:
 * 1. 1 <= n <= TREE_NODE_CHILDREN_MAX, each child has count >= 1 and bytes >= 5.
 * 2. before[i] and offset[i] are the sums of count and bytes of the children before i, i = 0..n.
 * 3. Separators do not descend.
 */
struct tree_node {
	uint8_t level; /* 1: children are leaves */
	uint8_t kind;
	uint32_t n;
	struct tree_child *child;
	uint64_t *before; /* n + 1 */
	uint64_t *offset; /* n + 1 */
};

/*
 * Parse a node of this kind and level whose sums are `count` and `bytes`. Separators point into
 * `from`. ERR_CORRUPT, ERR_UNSUPPORTED.
 */
MUST_CHECK int tree_node_parse(struct bytes from, const struct tree_root *expect,
			       struct tree_node *ret, struct error *e);
void tree_node_release(struct tree_node *node);

/* Append the bytes of a node. */
void tree_node_encode(uint8_t kind, uint8_t level, const struct tree_child *children, size_t n,
		      struct buf *ret);

/* Append the separator of a document with this key. */
void tree_node_separator(struct bytes key, struct buf *ret);

/*
 * Order of a separator and a key: < 0, > 0, or 0: equal, or the same in the first TREE_SEP_CUT
 * bytes and at least one of them longer, which only the documents can tell.
 */
int tree_node_compare(struct bytes sep, struct bytes key, bool *ret_exact);

/* The root that child `i` of `node` is. */
struct tree_root tree_node_child_root(const struct tree_node *node, size_t i);

#endif
