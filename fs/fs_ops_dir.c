/* The operations on folders. Prefix: fs_ops_ */
#include <errno.h>
#include <pthread.h>

#include "fs/fs_dir.h"
#include "fs/fs_handles.h"
#include "fs/fs_ops.h"

/* Names that the kernel may keep of one folder of documents. */
#define KEPT_NAMES_MAX 100000

/* An open folder. The kernel asks for one part after the other; the lock is for who does not. */
struct folder {
	struct fs_handle handle;
	struct fs_node node;
	pthread_mutex_t lock;
	struct fs_dir_entry entry; /* the last one; under `lock` */
};

static struct folder *folder_of(const struct fuse_file_info *info)
{
	return (struct folder *)(uintptr_t)info->fh;
}

static struct folder *new_folder(void)
{
	struct folder *folder = xmalloc(sizeof(*folder));

	fs_node_init(&folder->node);
	fs_dir_entry_init(&folder->entry);
	pthread_mutex_init(&folder->lock, NULL);
	return folder;
}

static void free_folder(struct folder *folder)
{
	pthread_mutex_destroy(&folder->lock);
	fs_dir_entry_release(&folder->entry);
	fs_node_release(&folder->node);
	free(folder);
}

static void close_folder(struct fs_handle *handle)
{
	free_folder((struct folder *)(void *)handle);
}

/* May the kernel keep the listing? Only what never changes, and not millions of names. */
static bool may_cache(const struct fs_node *node)
{
	return node->inode.kind != FS_KIND_FIXED && node->inode.kind != FS_KIND_SPAN &&
	       (node->inode.kind != FS_KIND_DOCS || node->entry.root.count <= KEPT_NAMES_MAX);
}

static void open_folder(struct fs_ops_request *request)
{
	struct fs *fs = fuse_req_userdata(request->req);
	struct folder *folder = new_folder();
	bool waits = false;
	struct error e;
	int rc = fs_node_find(fs, request->ino, &folder->node, &e);

	if (rc > 0)
		rc = fs_ops_load(request, &folder->node, &waits, &e);
	if (waits) {
		free_folder(folder);
		return;
	}
	if (rc > 0 && fs_node_is_folder(&folder->node)) {
		request->info.fh = (uintptr_t)folder;
		request->info.cache_readdir = may_cache(&folder->node);
		request->info.keep_cache = request->info.cache_readdir;
		fs_handles_add(fs->handles, &folder->handle, close_folder);
		/* Interrupted: there will be no release. */
		if (fuse_reply_open(request->req, &request->info) < 0)
			fs_handles_close(fs->handles, &folder->handle);
		return;
	}
	if (rc > 0)
		fuse_reply_err(request->req, ENOTDIR);
	else
		fs_ops_fail(request->req, request->ino, rc, &e);
	free_folder(folder);
}

void fs_ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct fs_ops_request request = {
		.req = req, .ino = ino, .info = *info, .answer = open_folder};

	fs_ops_answer(&request, true);
}

void fs_ops_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct fs *fs = fuse_req_userdata(req);

	(void)ino;
	fs_handles_close(fs->handles, &folder_of(info)->handle);
	fuse_reply_err(req, 0);
}

/* What the kernel learns of an entry: with `plus` all, otherwise number and type. */
static void fill_entry(struct fs *fs, struct fs_dir_entry *entry, bool plus,
		       struct fuse_entry_param *ret)
{
	struct error e;

	/* Of millions of documents nobody wants to know all that: without a node the kernel takes the
	 * name alone. A damaged one is listed all the same; who looks closer gets the error. */
	if (plus && !entry->is_dots && !fs_inode_is_document(entry->node.inode) &&
	    fs_ops_fill(fs, &entry->node, ret, &e) == 0)
		return;
	*ret = (struct fuse_entry_param){
		.generation = 1,
		.attr.st_ino = fs_inode_pack(entry->node.inode),
		.attr.st_mode = entry->is_dots ? S_IFDIR : fs_node_type(&entry->node),
	};
}

/* Append an entry to the reply; false when it has no room. */
static bool add_entry(fuse_req_t req, char *reply, size_t size, size_t *len,
		      struct fs_dir_entry *entry, bool plus)
{
	struct fuse_entry_param answer;
	size_t needed;

	fill_entry(fuse_req_userdata(req), entry, plus, &answer);
	if (plus)
		needed =
			fuse_add_direntry_plus(req, reply + *len, size - *len,
					       buf_text(&entry->name), &answer, (off_t)entry->next);
	else
		needed = fuse_add_direntry(req, reply + *len, size - *len, buf_text(&entry->name),
					   &answer.attr, (off_t)entry->next);
	if (needed > size - *len)
		return false;
	*len += needed;
	return true;
}

static void list(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *info, bool plus)
{
	struct fs *fs = fuse_req_userdata(req);
	struct folder *folder = folder_of(info);
	char *reply = fs_ops_scratch(size);
	uint64_t position = (uint64_t)offset;
	size_t len = 0;
	struct error e;
	int rc;

	pthread_mutex_lock(&folder->lock);
	for (;;) {
		rc = fs_dir_next(fs, &folder->node, position, &folder->entry, &e);
		if (rc <= 0 || !add_entry(req, reply, size, &len, &folder->entry, plus))
			break;
		position = folder->entry.next;
	}
	pthread_mutex_unlock(&folder->lock);
	/* An error is told when nothing else is: the reader asks again from there. */
	if (rc < 0 && len == 0)
		fs_ops_fail(req, fs_inode_pack(folder->node.inode), rc, &e);
	else
		fuse_reply_buf(req, reply, len);
}

void fs_ops_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *info)
{
	(void)ino;
	list(req, size, offset, info, false);
}

void fs_ops_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			struct fuse_file_info *info)
{
	(void)ino;
	list(req, size, offset, info, true);
}
