/*
 * fs_xattr.h - the extended attributes user.yester.*: facts about collections, documents, snapshots.
 *
 * Threads: any.
 */
#ifndef FS_FS_XATTR_H
#define FS_FS_XATTR_H

#include "fs/fs_node.h"

#define FS_XATTR_PREFIX "user.yester."

/* Append the value of attribute `name` of a loaded node. 1, or 0 when it has none of that name. */
MUST_CHECK int fs_xattr_get(struct fs *fs, const struct fs_node *node, const char *name,
			    struct buf *ret);

/* Append the names of the attributes that are listed of the node (loaded or not), each with its NUL: of a document none. */
void fs_xattr_list(const struct fs_node *node, struct buf *ret);

#endif
