/*
 * tree_edit.h - a batch of changes to a tree: a new root that shares what did not change.
 *
 * The result is the root that tree_build would give for the changed documents: that is the
 * invariant of DESIGN 5, and what the tests prove. Reads and writes only near the changes.
 *
 * Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_EDIT_H
#define STORE_TREE_TREE_EDIT_H

#include "store/store_writer.h"
#include "store/tree/tree.h"

/* One change: what the document with this key is to be. */
struct tree_change {
	struct bytes key;
	struct bytes doc; /* empty: it is deleted (absence is fine) */
};

/* The next change in ascending order of keys, no key twice: 1, 0 at the end. Valid until the next call. */
typedef int (*tree_changes)(void *ctx, struct tree_change *ret, struct error *e);

/*
 * Apply changes to a keyed tree. `prefix` as in tree_build.h. The new chunks are known to
 * others after the writer's flush. ERR_INVALID: not keyed, or changes out of order.
 */
MUST_CHECK int tree_edit(struct store_writer *writer, const struct tree_root *old,
			 const struct writer_prefix *prefix, tree_changes next, void *ctx,
			 struct tree_root *ret, struct error *e);

#endif
