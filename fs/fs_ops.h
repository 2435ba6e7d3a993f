/*
 * fs_ops.h - the kernel's requests, answered: find, check, call, reply once.
 *
 * Threads: any; the session's user data is the struct fs.
 * Prefix: fs_ops_ (also of fs_ops_dir.c and fs_ops_file.c).
 */
#ifndef FS_FS_OPS_H
#define FS_FS_OPS_H

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

#include "fs/fs_node.h"

/* The table for fuse_session_new(). */
extern const struct fuse_lowlevel_ops fs_ops;

/* Reply that the operation failed: `rc` < 0 with *e, or 0 for a node that is gone (ESTALE). */
void fs_ops_fail(fuse_req_t req, int rc, const struct error *e);

/* Memory for one reply, this thread's until its next call. */
void *fs_ops_scratch(size_t size);

/* fs_ops_dir.c */
void fs_ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);
void fs_ops_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *info);
void fs_ops_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			struct fuse_file_info *info);
void fs_ops_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);

/* fs_ops_file.c */
void fs_ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);
void fs_ops_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		 struct fuse_file_info *info);
void fs_ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);

#endif
