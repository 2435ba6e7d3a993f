/*
 * fs_dir.h - what is in a folder, one entry after the other, from any position.
 *
 * A position says what comes next (a rank, a slot), not how many were before: it stays right
 * when snapshots come and go. What an entry keeps between calls makes the next one faster, and
 * changes nothing else.
 *
 * Threads: a folder's node is only read; an entry belongs to one thread.
 */
#ifndef FS_FS_DIR_H
#define FS_FS_DIR_H

#include "fs/fs_node.h"
#include "store/tree/tree_names.h"

struct fs_dir_entry {
	struct buf name;
	struct fs_node node;
	uint64_t next; /* position after it */
	bool is_dots;  /* "." or "..": of the node only the inode is set */
	/* Where the walk through a folder of documents is; of their nodes only inode and moment are set. */
	struct tree_names *docs;
	struct fs_inode docs_folder;
};

void fs_dir_entry_init(struct fs_dir_entry *entry);
void fs_dir_entry_release(struct fs_dir_entry *entry);
DEFINE_OWNED_STRUCT(struct fs_dir_entry, fs_dir_entry_release);

/* The entry of folder `dir`, which is loaded, at `position` (0: the first) into *ret, which is reused. 0 at the end. */
MUST_CHECK int fs_dir_next(struct fs *fs, const struct fs_node *dir, uint64_t position,
			   struct fs_dir_entry *ret, struct error *e);

#endif
