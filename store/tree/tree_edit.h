/*
 * tree_edit.h - a batch of changes to a keyed tree: a new root that shares what did not change.
 *
 * The result is the root that tree_build would give for the changed documents: that is the
 * invariant of DESIGN 5, and what the tests prove. Reads and writes only near the changes. Trees of
 * natural order: tree_splice.h.
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

/* What becomes of a document. */
enum tree_edit_result {
	TREE_EDIT_KEEP,	  /* it stays as it is, or absent */
	TREE_EDIT_PUT,	  /* another one is in its place */
	TREE_EDIT_REMOVE, /* it goes; absence is fine */
};

/* Changes that depend on the document before, which is found on the way: no look-up is needed. */
struct tree_edit_source {
	/* The next key, ascending, none twice: 1, 0 at the end. It lives until the next call. */
	int (*next)(void *ctx, struct bytes *ret_key, struct error *e);
	/*
	 * Asked once after each next(): what becomes of the document `old` (empty: there is none), an
	 * enum tree_edit_result or an error. *ret is the new one, which has the same key and lives until
	 * the next call of either. Equal bytes are no change.
	 */
	int (*apply)(void *ctx, struct bytes old, struct bytes *ret, struct error *e);
	void *ctx;
};

/* As tree_edit(). When nothing changes the root is the old one, and nothing is written. */
MUST_CHECK int tree_edit_with(struct store_writer *writer, const struct tree_root *old,
			      const struct writer_prefix *prefix,
			      const struct tree_edit_source *source, struct tree_root *ret,
			      struct error *e);

#endif
