#include "fs/fs.h"

#include "base/buf.h"
#include "fs/fs_inode.h"

#define JSON_CACHE_MAX (32 * MIB) /* of rendered leaves */

int fs_new(struct store *store, struct fs_log *log, const struct fs_options *options,
	   struct fs **ret, struct error *e)
{
	OWNED(fs_free) struct fs *fs = xcalloc(1, sizeof(*fs));
	int rc;

	fs->store = store;
	fs->log = log;
	fs->store_path = xstrdup(options->store);
	fs->uid = options->uid;
	fs->gid = options->gid;
	fs->mounter_uid = getuid();
	fs->mounter_gid = getgid();
	fs->umask = options->umask;
	fs->guard_credentials = options->allow_other;
	fs->hide_credentials = options->allow_other && !options->credentials;
	fs->show = options->show != 0 ? options->show : FS_OPTIONS_SHOW_ALL;
	fs->canonical = options->canonical;
	fs->folders = fs_folders_new();
	fs->json = tree_json_new(store, options->canonical ? EJSON_CANONICAL : EJSON_RELAXED,
				 options->cache_bytes == 0 ? 0
							   : MIN_OF(options->cache_bytes / 2,
								    (size_t)JSON_CACHE_MAX));
	rc = fs_tree_new(store, &fs->tree, e);
	if (rc < 0)
		return rc;
	*ret = TAKE(fs);
	return 0;
}

void fs_free(struct fs *fs)
{
	if (fs == NULL)
		return;
	fs_tree_free(fs->tree);
	tree_json_free(fs->json);
	fs_folders_free(fs->folders);
	free(fs->store_path);
	free(fs);
}

void fs_refresh(struct fs *fs, uint64_t id)
{
	bool lazy = fs_inode_unpack(id).kind != FS_KIND_FIXED;
	struct error e;

	if (fs_tree_refresh(fs->tree, lazy, &e) < 0)
		fs_log_problem(fs->log, "the list of snapshots was not read again", &e);
}
