/*
 * fs_ops.h - the kernel's requests, answered: find, check, call, reply once.
 *
 * Threads: any; the session's user data is the struct fs.
 * Prefix: fs_ops_ (also of fs_ops_*.c).
 */
#ifndef FS_FS_OPS_H
#define FS_FS_OPS_H

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

#include "fs/fs_node.h"

/* The table for fuse_session_new(). */
extern const struct fuse_lowlevel_ops fs_ops;

/*
 * Reply that the operation on `ino` failed: `rc` < 0 with *e, or 0 for a node that is gone (ESTALE). What can no longer be
 * read because its snapshot was forgotten is gone, too.
 */
void fs_ops_fail(fuse_req_t req, fuse_ino_t ino, int rc, const struct error *e);

/* Fill the answer about a node that was found: all that the kernel is to know, and for how long. */
MUST_CHECK int fs_ops_fill(struct fs *fs, struct fs_node *node, struct fuse_entry_param *ret,
			   struct error *e);

/* Memory for one reply, this thread's until its next call. */
void *fs_ops_scratch(size_t size);

/* A request, so that it can be answered later. */
struct fs_ops_request {
	struct fs_visit_job job; /* first; of fs_ops_wait() */
	fuse_req_t req;
	fuse_ino_t ino;
	char *name; /* of lookups and attributes */
	size_t size;
	struct fuse_file_info info;
	void (*answer)(struct fs_ops_request *request);
	bool aside; /* it is answered in a thread that may take some time */
};

/*
 * Answer: now, or in another thread when the moment that node `ino` (with `inside`: what is in that
 * folder) needs is open. The request is copied for that.
 */
void fs_ops_answer(struct fs_ops_request *request, bool inside);

/* Answer (again) when `inode` has been loaded. */
void fs_ops_wait(const struct fs_ops_request *request, struct fs_inode inode);

/* fs_node_load(), or fs_ops_wait() when that has to replay: then *ret_waits, and nothing more is to be done. */
MUST_CHECK int fs_ops_load(struct fs_ops_request *request, struct fs_node *node, bool *ret_waits,
			   struct error *e);

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

/* fs_ops_refuse.c: EROFS for all that would change something */
void fs_ops_refuse_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int which,
			   struct fuse_file_info *info);
void fs_ops_refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			 dev_t device);
void fs_ops_refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void fs_ops_refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			  struct fuse_file_info *info);
/* Taking a file, a folder or an attribute away. */
void fs_ops_refuse_name(fuse_req_t req, fuse_ino_t ino, const char *name);
void fs_ops_refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void fs_ops_refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to,
			  const char *to_name, unsigned flags);
void fs_ops_refuse_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t to, const char *to_name);
void fs_ops_refuse_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			    size_t size, int flags);

#endif
