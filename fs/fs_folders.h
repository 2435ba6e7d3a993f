/*
 * fs_folders.h - a slot for each folder of documents that was looked into: a part of the node ids
 * of the documents in it.
 *
 * A slot is hashed from the folder's own node id, so it is nearly always the same after a
 * remount; while mounted it never means another folder. 32 to 64 bytes a folder, none a document.
 *
 * Threads: any.
 */
#ifndef FS_FS_FOLDERS_H
#define FS_FS_FOLDERS_H

#include "base/cleanup.h"
#include "base/error.h"
#include "fs/fs_inode.h"

struct fs_folders; /* opaque */

struct fs_folders *fs_folders_new(void);
void fs_folders_free(struct fs_folders *folders);
DEFINE_OWNED(struct fs_folders *, fs_folders_free);

/* The slot of `folder` (FS_KIND_DOCS), given now when it has none. ERR_LIMIT: there are too many. */
MUST_CHECK int fs_folders_slot(struct fs_folders *folders, struct fs_inode folder,
			       uint32_t *ret_slot, struct error *e);

/* The folder that has this slot; false when none has. */
bool fs_folders_find(struct fs_folders *folders, uint32_t slot, struct fs_inode *ret);

#endif
