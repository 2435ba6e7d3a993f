#include "fs/fs.h"

#include "base/buf.h"
#include "fs/fs_handles.h"
#include "fs/fs_node.h"

#define JSON_CACHE_MAX (32 * MIB) /* of rendered leaves */

/* Open what a node needs: its moment, the documents of its collection. */
static int open_for(void *ctx, uint64_t id, struct error *e)
{
	OWNED(fs_node_release) struct fs_node node;
	struct fs *fs = ctx;
	int rc;

	fs_node_init(&node);
	rc = fs_node_find(fs, id, &node, e);
	return rc > 0 ? fs_node_load(fs, &node, e) : rc;
}

static void name_for(void *ctx, uint64_t id, struct buf *ret)
{
	struct fs *fs = ctx;
	struct timeline_point point;

	if (fs_points_find(fs->points, fs_inode_unpack(id).slot, &point))
		buf_add_str(ret, point.name);
}

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
	fs->json_cache = MIN_OF(options->cache_bytes / 2, (size_t)JSON_CACHE_MAX);
	pthread_mutex_init(&fs->json_lock, NULL);
	fs->folders = fs_folders_new();
	fs->keyed = fs_keyed_new(store_params(store)->seed);
	fs->places = fs_long_new(store_params(store)->seed);
	fs->journals = fs_journals_new(fs->canonical ? EJSON_LINE_CANONICAL : EJSON_LINE_RELAXED);
	fs->handles = fs_handles_new();
	fs->texts = fs_texts_new();
	fs->turns = fs_turns_new();
	rc = fs_tree_new(store, &fs->tree, e);
	if (rc >= 0)
		rc = timeline_open(store, &fs->timeline, e);
	if (rc < 0)
		return rc;
	fs->visits = fs_visits_new(&(struct fs_visit_opener){open_for, name_for, fs});
	fs->points = fs_points_new(fs->timeline, fs_visits_progress(fs->visits));
	*ret = TAKE(fs);
	return 0;
}

void fs_free(struct fs *fs)
{
	if (fs == NULL)
		return;
	if (fs->visits != NULL)
		fs_visits_stop(fs->visits);
	for (size_t i = 0; i < fs->json_count; i++)
		tree_json_free(fs->json[i].json);
	free(fs->json);
	fs_points_free(fs->points);
	fs_visits_free(fs->visits);
	fs_handles_free(fs->handles); /* they hold moments */
	fs_texts_free(fs->texts);
	fs_turns_free(fs->turns);
	fs_tree_free(fs->tree);
	timeline_close(fs->timeline);
	fs_folders_free(fs->folders);
	fs_keyed_free(fs->keyed);
	fs_long_free(fs->places);
	fs_journals_free(fs->journals);
	pthread_mutex_destroy(&fs->json_lock);
	free(fs->store_path);
	free(fs);
}

int fs_moment(struct fs *fs, uint32_t slot, struct moment **ret, struct error *e)
{
	if (slot < FS_INODE_POINTS)
		return fs_tree_moment(fs->tree, slot, ret, e);
	return fs_points_moment(fs->points, slot, ret, e);
}

struct tree_json *fs_json(struct fs *fs, struct store *store)
{
	struct tree_json *json;
	size_t i = 0;

	pthread_mutex_lock(&fs->json_lock);
	while (i < fs->json_count && fs->json[i].store != store)
		i++;
	/* A few in all: a timeline has one cache, and another one each time its folder is deleted. */
	if (i == fs->json_count) {
		fs->json = xrealloc(fs->json, (i + 1) * sizeof(*fs->json));
		fs->json[fs->json_count++] = (struct fs_json_of){
			store, tree_json_new(store, fs->canonical ? EJSON_CANONICAL : EJSON_RELAXED,
					     fs->json_cache)};
	}
	json = fs->json[i].json;
	pthread_mutex_unlock(&fs->json_lock);
	return json;
}

static void refresh_now(struct fs *fs)
{
	struct error e;
	int changed;

	/* Moments that are open may stand on a snapshot that was forgotten. */
	changed = fs_tree_refresh(fs->tree, &e);
	if (changed > 0)
		fs_points_close(fs->points);
	if (changed >= 0)
		changed = timeline_refresh(fs->timeline, &e);
	if (changed < 0)
		fs_log_problem(fs->log, "the list of snapshots was not read again", &e);
}

void fs_refresh(struct fs *fs, uint64_t id)
{
	bool lazy = fs_inode_unpack(id).kind != FS_KIND_FIXED;

	if (!lazy || fs_tree_is_due(fs->tree))
		refresh_now(fs);
}

/* What a node is in: a moment's slot, where its id has another; false: it is in none, or nobody knows. */
static bool find_moment_of(struct fs *fs, struct fs_inode *inode)
{
	if (fs_inode_is_document(*inode))
		return fs_folders_find(fs->folders, inode->slot, inode);
	if (fs_inode_is_keyed(*inode))
		return fs_keyed_find(fs->keyed, *inode, inode, NULL);
	return inode->kind != FS_KIND_FIXED && inode->kind != FS_KIND_SPAN;
}

bool fs_is_forgotten(struct fs *fs, uint64_t id)
{
	struct fs_inode inode = fs_inode_unpack(id);
	OWNED(buf_release) struct buf name = {0};
	struct timeline_point point;

	if (!find_moment_of(fs, &inode))
		return false;
	refresh_now(fs);
	if (inode.slot < FS_INODE_POINTS)
		return !fs_tree_name(fs->tree, inode.slot, &name);
	return fs_points_find(fs->points, inode.slot, &point) &&
	       !timeline_has_base(fs->timeline, &point);
}
