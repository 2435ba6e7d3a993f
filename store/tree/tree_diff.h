/*
 * tree_diff.h - what differs between two keyed trees, reading only what differs.
 *
 * Threads: pure over immutable trees.
 */
#ifndef STORE_TREE_TREE_DIFF_H
#define STORE_TREE_TREE_DIFF_H

#include "store/store.h"
#include "store/tree/tree.h"

/* One difference; an empty slice: there is no such document on that side. Valid during the call. */
typedef int (*tree_diff_each)(void *ctx, struct bytes key, struct bytes old_doc,
			      struct bytes new_doc, struct error *e);

/*
 * Call `each` for every key whose document differs, in key order. A negative return of `each`
 * ends it and is returned. ERR_INVALID: a tree is not keyed.
 */
MUST_CHECK int tree_diff(struct store *store, const struct tree_root *old_root,
			 const struct tree_root *new_root, tree_diff_each each, void *ctx,
			 struct error *e);

#endif
