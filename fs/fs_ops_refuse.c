/*
 * All that would change something. The kernel refuses it by itself, as the mount is read-only; but root can take that away (mount -i -o
 * remount,rw), and then "Function not implemented" would be the answer. Prefix: fs_ops_
 */
#include <errno.h>

#include "fs/fs_ops.h"

void fs_ops_refuse_setattr(fuse_req_t req, fuse_ino_t ino UNUSED, struct stat *attr UNUSED,
			   int which UNUSED, struct fuse_file_info *info UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_mknod(fuse_req_t req, fuse_ino_t parent UNUSED, const char *name UNUSED,
			 mode_t mode UNUSED, dev_t device UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_mkdir(fuse_req_t req, fuse_ino_t parent UNUSED, const char *name UNUSED,
			 mode_t mode UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_create(fuse_req_t req, fuse_ino_t parent UNUSED, const char *name UNUSED,
			  mode_t mode UNUSED, struct fuse_file_info *info UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_name(fuse_req_t req, fuse_ino_t ino UNUSED, const char *name UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_symlink(fuse_req_t req, const char *target UNUSED, fuse_ino_t parent UNUSED,
			   const char *name UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_rename(fuse_req_t req, fuse_ino_t parent UNUSED, const char *name UNUSED,
			  fuse_ino_t to UNUSED, const char *to_name UNUSED, unsigned flags UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_link(fuse_req_t req, fuse_ino_t ino UNUSED, fuse_ino_t to UNUSED,
			const char *to_name UNUSED)
{
	fuse_reply_err(req, EROFS);
}

void fs_ops_refuse_setxattr(fuse_req_t req, fuse_ino_t ino UNUSED, const char *name UNUSED,
			    const char *value UNUSED, size_t size UNUSED, int flags UNUSED)
{
	fuse_reply_err(req, EROFS);
}
