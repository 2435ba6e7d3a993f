/*
 * fs.h - a mounted file system: what all its operations share.
 *
 * It knows no FUSE; fs_ops.h puts it behind the kernel's requests.
 * Threads: any; the fields do not change after fs_new().
 */
#ifndef FS_FS_H
#define FS_FS_H

#include <stdint.h>
#include <sys/types.h>

#include "fs/fs_folders.h"
#include "fs/fs_log.h"
#include "fs/fs_options.h"
#include "fs/fs_tree.h"
#include "store/tree/tree_json.h"

struct fs {
	struct store *store; /* borrowed */
	struct fs_tree *tree;
	struct fs_folders *folders;
	struct tree_json *json;
	struct fs_log *log; /* borrowed */
	char *store_path;   /* as README.txt prints it */
	uid_t uid;	    /* owner of all that is shown */
	gid_t gid;
	uid_t mounter_uid; /* owner of users, roles and keys */
	gid_t mounter_gid;
	mode_t umask;
	bool guard_credentials; /* others may look: users, roles and keys are the mounter's alone */
	bool hide_credentials;	/* ... and not even listed */
	unsigned show;		/* what is listed, of enum fs_options_show */
	bool canonical;		/* the mode of .json files */
};

/* A file system over `store`; both it and `log` must outlive it. */
MUST_CHECK int fs_new(struct store *store, struct fs_log *log, const struct fs_options *options,
		      struct fs **ret, struct error *e);
void fs_free(struct fs *fs);
DEFINE_OWNED(struct fs *, fs_free);

/*
 * Look for new and forgotten snapshots before answering about node `id`: at once where the answer
 * is about the list itself, at most once a second inside a snapshot. What fails is logged.
 */
void fs_refresh(struct fs *fs, uint64_t id);

#endif
