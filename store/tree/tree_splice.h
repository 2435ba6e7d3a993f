/*
 * tree_splice.h - a batch of changes to a tree of natural order, by rank: a new root that shares what
 * did not change.
 *
 * The result is the root that tree_build would give for the changed documents. Reads and writes only
 * near the changes; what is removed is not read at all but for the leaf that it ends in.
 *
 * Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_SPLICE_H
#define STORE_TREE_TREE_SPLICE_H

#include "store/store_writer.h"
#include "store/tree/tree.h"

/*
 * From document number `rank` of the old tree on `removed` documents go, and `doc`, unless it is empty,
 * comes in their place. A rank of the old tree's count appends.
 */
struct tree_splice_change {
	uint64_t rank, removed;
	struct bytes doc;
};

/*
 * The next change: 1, 0 at the end; valid until the next call. In order of ranks, and behind what was
 * removed before; several may put documents at one rank.
 */
typedef int (*tree_splice_changes)(void *ctx, struct tree_splice_change *ret, struct error *e);

/*
 * Apply changes. `prefix` as in tree_build.h. A keyed tree is taken in the order of its keys; the new one
 * is always ranked. The new chunks are known to others after the writer's flush. ERR_INVALID: changes
 * out of order or behind the end.
 */
MUST_CHECK int tree_splice(struct store_writer *writer, const struct tree_root *old,
			   const struct writer_prefix *prefix, tree_splice_changes next, void *ctx,
			   struct tree_root *ret, struct error *e);

#endif
