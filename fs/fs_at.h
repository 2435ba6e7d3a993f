/*
 * fs_at.h - at/: every moment by name, a folder under the name that we print, links under others.
 *
 * What is asked for by name exists when the timeline can reach it; what is listed are links only
 * (snapshots, the last operation, the ends of the ranges), so that who walks through all folders
 * never walks through history.
 *
 * Threads: any.
 */
#ifndef FS_FS_AT_H
#define FS_FS_AT_H

#include "fs/fs_node.h"

/* Load what `name` means into *ret (initialised): 1, or 0 when no moment of that name can be reached. */
MUST_CHECK int fs_at_child(struct fs *fs, struct bytes name, struct fs_node *ret, struct error *e);

/*
 * The listed entry at `position` (0: the first) or the next one behind it, its name appended: 1 and
 * the position after it; 0 at the end.
 */
MUST_CHECK int fs_at_next(struct fs *fs, uint64_t position, struct buf *ret_name,
			  struct fs_node *ret, uint64_t *ret_next, struct error *e);

/* Load the moment's folder or link that is in at/ or snapshots/: 1, 0 when it is gone. */
MUST_CHECK int fs_at_find(struct fs *fs, struct fs_inode inode, struct fs_node *ret,
			  struct error *e);

/* Append where a link of at/ leads. 1, or 0 when that is gone. */
MUST_CHECK int fs_at_target(struct fs *fs, struct fs_inode link, struct buf *ret);

#endif
