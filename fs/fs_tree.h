/*
 * fs_tree.h - the snapshots that the mount knows, and the slot (part of the node id) of each.
 *
 * A slot comes from the snapshot's id, so it is the same after a remount; while mounted it never
 * means another snapshot, also when its own is forgotten. Moments are opened when they are first
 * needed, and a bounded number is kept open.
 *
 * Threads: any. What is handed out stays valid until it is given back, also when the snapshot
 * is forgotten meanwhile.
 */
#ifndef FS_FS_TREE_H
#define FS_FS_TREE_H

#include "oplog/moment.h"

struct fs_tree; /* opaque */

/* The snapshots of `store`, which must outlive the tree. */
MUST_CHECK int fs_tree_new(struct store *store, struct fs_tree **ret, struct error *e);
void fs_tree_free(struct fs_tree *tree);
DEFINE_OWNED(struct fs_tree *, fs_tree_free);

/*
 * Read the list again when it has changed: 1 when it was read. On an error the tree stays as it was.
 */
MUST_CHECK int fs_tree_refresh(struct fs_tree *tree, struct error *e);

/* Was the last look in another second than this? For who need not know at once. */
bool fs_tree_is_due(struct fs_tree *tree);

/* The moment in `slot`: 1 and a reference for moment_release(), 0 when it is forgotten or never was. */
MUST_CHECK int fs_tree_moment(struct fs_tree *tree, uint32_t slot, struct moment **ret,
			      struct error *e);

/* The slot of the snapshot with this folder name. */
bool fs_tree_find(struct fs_tree *tree, struct bytes name, uint32_t *ret_slot);

/* Append the folder name of the snapshot in `slot`; false when it is forgotten or never was. */
bool fs_tree_name(struct fs_tree *tree, uint32_t slot, struct buf *ret);

/* The first slot >= `from` and its folder name, appended. Order of slots, not of time. */
bool fs_tree_next(struct fs_tree *tree, uint32_t from, uint32_t *ret_slot, struct buf *ret_name);

/* Call `each` with all snapshots, oldest first; not from inside itself. A negative result ends it. */
typedef int fs_tree_visit(void *ctx, const struct snapshot *snapshot, struct error *e);
MUST_CHECK int fs_tree_each(struct fs_tree *tree, fs_tree_visit *each, void *ctx, struct error *e);

/* What README.txt, `latest` and statfs tell. */
struct fs_tree_facts {
	size_t count;	   /* snapshots */
	size_t skipped;	   /* manifests that are damaged or whose chunks are not there yet */
	struct buf latest; /* folder names; empty when there is none */
	struct buf oldest;
	uint64_t changed;     /* when the newest one was made, seconds since 1970 */
	uint64_t bytes;	      /* of the latest */
	uint64_t collections; /* of the latest */
};

/* Fill *ret, which is initialised to {0} and reused. */
void fs_tree_facts_get(struct fs_tree *tree, struct fs_tree_facts *ret);
void fs_tree_facts_release(struct fs_tree_facts *facts);
DEFINE_OWNED_STRUCT(struct fs_tree_facts, fs_tree_facts_release);

#endif
