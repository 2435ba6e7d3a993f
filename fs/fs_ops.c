#include "fs/fs_ops.h"

#include <errno.h>
#include <pthread.h>
#include <sys/statvfs.h>

#include "fs/fs_errno.h"
#include "fs/fs_xattr.h"

#define READ_AHEAD_MAX (1U << 20) /* bytes that we ask the kernel to read ahead */
#define BLOCK_SIZE 4096		  /* of statfs */

struct scratch {
	void *at;
	size_t size;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void free_scratch(void *value)
{
	struct scratch *scratch = value;

	free(scratch->at);
	free(scratch);
}

static void make_scratch_key(void)
{
	pthread_key_create(&scratch_key, free_scratch);
}

void *fs_ops_scratch(size_t size)
{
	struct scratch *scratch;

	pthread_once(&scratch_once, make_scratch_key);
	scratch = pthread_getspecific(scratch_key);
	if (scratch == NULL) {
		scratch = xcalloc(1, sizeof(*scratch));
		pthread_setspecific(scratch_key, scratch);
	}
	if (scratch->size < size) {
		free(scratch->at);
		scratch->at = xmalloc(size);
		scratch->size = size;
	}
	return scratch->at;
}

void fs_ops_fail(fuse_req_t req, fuse_ino_t ino, int rc, const struct error *e)
{
	struct fs *fs = fuse_req_userdata(req);
	int code = rc == 0 ? ESTALE : fs_errno_of(e);

	/* Not damage, but gone: of a path the kernel then looks again, and finds what is there now. */
	if ((code == EIO || (rc < 0 && e->code == ERR_NOT_FOUND)) && fs_is_forgotten(fs, ino))
		code = ESTALE;
	if (rc < 0 && code != ESTALE && code != ENOENT && code != EINTR)
		fs_log_problem(fs->log, "a request failed", e);
	fuse_reply_err(req, code);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	static const unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_READDIRPLUS |
				       FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_PARALLEL_DIROPS |
				       FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_ASYNC_DIO;
	static const unsigned unwanted = FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ |
					 FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE;

	(void)userdata;
	/* libfuse up to 3.16.1 keeps PARALLEL_DIROPS to itself: the kernel then locks a folder while a
	 * name in it is looked up, so a lookup must not take long. */
	conn->want |= conn->capable & wanted;
	conn->want &= ~unwanted;
	conn->max_readahead = READ_AHEAD_MAX;
	conn->max_background = 64;
	conn->congestion_threshold = 48;
}

int fs_ops_fill(struct fs *fs, struct fs_node *node, struct fuse_entry_param *ret, struct error *e)
{
	*ret = (struct fuse_entry_param){
		.ino = fs_inode_pack(node->inode),
		.generation = 1, /* an id never means anything else */
		.entry_timeout = fs_node_name_seconds(node->inode),
		.attr_timeout = fs_node_attr_seconds(node->inode),
	};
	if (!fs_node_stat_is_dear(node))
		return fs_node_stat(fs, node, &ret->attr, e);
	/* A name is not worth a replay, for which the kernel would keep the folder locked: who wants
	 * to know the size asks for it. */
	fs_node_stat_cheap(fs, node, &ret->attr);
	ret->attr_timeout = 0;
	return 0;
}

/* Can there be such a name later? */
static bool may_come(const struct fs_node *parent, struct bytes name)
{
	if (parent->inode.kind == FS_KIND_SPAN)
		return true;
	if (parent->inode.kind != FS_KIND_FIXED)
		return false;
	switch (parent->inode.rank) {
	case FS_FIXED_AT:
	case FS_FIXED_SNAPSHOTS:
	case FS_FIXED_TIMELINE:
	case FS_FIXED_OPLOG:
		return true;
	default:
		return bytes_equal(name, bytes_str("latest"));
	}
}

/* Reply that there is no such name; where there never will be, the kernel may remember it. */
static void reply_absent(fuse_req_t req, const struct fs_node *parent, struct bytes name)
{
	struct fuse_entry_param absent = {.ino = 0, .entry_timeout = FS_NODE_FOR_EVER};

	if (may_come(parent, name))
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &absent);
}

/* What NFS servers ask for: the node itself, which may be a file, or the folder that a folder is in. */
static bool is_dots(struct bytes name)
{
	return bytes_equal(name, bytes_str(".")) || bytes_equal(name, bytes_str(".."));
}

/* A child by name, or one of the above. */
static int find_child(struct fs *fs, const struct fs_node *parent, struct bytes name,
		      struct fs_node *ret, struct error *e)
{
	uint64_t id = fs_inode_pack(parent->inode);
	int rc;

	if (bytes_equal(name, bytes_str(".")))
		return fs_node_find(fs, id, ret, e);
	if (!fs_node_is_folder(parent))
		return error_set(e, ERR_IO, "not a folder");
	if (!is_dots(name))
		return fs_node_child(fs, parent, name, ret, e);
	rc = fs_node_parent(parent, &id, e);
	return rc < 0 ? rc : fs_node_find(fs, id, ret, e);
}

/*
 * A document at a moment whose collection was not replayed: one that has a key in its name is looked
 * for alone, in a thread that may take some time. True when the request waits for something.
 */
static bool lookup_waits(struct fs_ops_request *request, const struct fs_node *parent)
{
	struct fs_inode moment = {.kind = FS_KIND_MOMENT, .slot = parent->inode.slot};

	if (parent->inode.kind != FS_KIND_DOCS || !fs_node_is_dear(parent) ||
	    is_dots(bytes_str(request->name)))
		return false;
	if (!fs_node_is_keyed(parent, bytes_str(request->name)))
		fs_ops_wait(request, parent->inode);
	else if (!request->aside)
		fs_ops_wait(request, moment);
	else
		return false;
	return true;
}

/* Answer about a child that was looked for: rc as fs_node_child()'s. */
static void reply_child(struct fs_ops_request *request, const struct fs_node *parent,
			struct fs_node *child, int rc, struct error *e)
{
	struct fs *fs = fuse_req_userdata(request->req);
	struct fuse_entry_param entry;

	if (rc > 0)
		rc = fs_ops_fill(fs, child, &entry, e) < 0 ? e->code : 1;
	if (rc < 0)
		fs_ops_fail(request->req, request->ino, rc, e);
	else if (rc == 0)
		reply_absent(request->req, parent, bytes_str(request->name));
	else
		fuse_reply_entry(request->req, &entry);
}

static void lookup(struct fs_ops_request *request)
{
	struct fs *fs = fuse_req_userdata(request->req);
	OWNED(fs_node_release) struct fs_node parent;
	OWNED(fs_node_release) struct fs_node child;
	struct error e;
	int rc;

	fs_node_init(&parent);
	fs_node_init(&child);
	rc = fs_node_find(fs, request->ino, &parent, &e);
	if (rc > 0 && lookup_waits(request, &parent))
		return;
	if (rc > 0 && !fs_node_is_dear(&parent))
		rc = fs_node_load(fs, &parent, &e);
	if (rc <= 0) {
		fs_ops_fail(request->req, request->ino, rc, &e);
		return;
	}
	rc = find_child(fs, &parent, bytes_str(request->name), &child, &e);
	reply_child(request, &parent, &child, rc, &e);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent_id, const char *name)
{
	struct fs_ops_request request = {
		.req = req,
		.ino = parent_id,
		.name = (char *)(uintptr_t)name,
		.answer = lookup,
	};

	fs_ops_answer(&request, true);
}

static void getattr(struct fs_ops_request *request)
{
	struct fs *fs = fuse_req_userdata(request->req);
	OWNED(fs_node_release) struct fs_node node;
	struct stat attr;
	struct error e;
	int rc;

	fs_node_init(&node);
	rc = fs_node_find(fs, request->ino, &node, &e);
	if (rc > 0 && fs_node_stat_is_dear(&node)) {
		fs_ops_wait(request, node.inode);
		return;
	}
	if (rc > 0)
		rc = fs_node_stat(fs, &node, &attr, &e) < 0 ? e.code : 1;
	if (rc <= 0)
		fs_ops_fail(request->req, request->ino, rc, &e);
	else
		fuse_reply_attr(request->req, &attr, fs_node_attr_seconds(node.inode));
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct fs_ops_request request = {.req = req, .ino = ino, .answer = getattr};

	(void)info;
	fs_ops_answer(&request, false);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fuse_req_userdata(req);
	OWNED(fs_node_release) struct fs_node node;
	OWNED(buf_release) struct buf target = {0};
	struct error e;
	int rc;

	fs_node_init(&node);
	fs_refresh(fs, ino);
	rc = fs_node_find(fs, ino, &node, &e);
	if (rc > 0 && fs_node_type(&node) != S_IFLNK)
		rc = error_set(&e, ERR_INVALID, "not a link");
	if (rc > 0)
		rc = fs_node_text(fs, &node, &target, &e) < 0 ? e.code : 1;
	if (rc <= 0)
		fs_ops_fail(req, ino, rc, &e);
	else
		fuse_reply_readlink(req, buf_text(&target));
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fuse_req_userdata(req);
	struct fs_tree_facts facts = {0};
	struct statvfs answer;

	fs_refresh(fs, ino);
	fs_tree_facts_get(fs->tree, &facts);
	answer = (struct statvfs){
		.f_bsize = BLOCK_SIZE,
		.f_frsize = BLOCK_SIZE,
		.f_blocks = (facts.bytes + BLOCK_SIZE - 1) / BLOCK_SIZE,
		.f_files = facts.collections,
		.f_namemax = 255,
		.f_flag = ST_RDONLY | ST_NOSUID,
	};
	fs_tree_facts_release(&facts);
	fuse_reply_statfs(req, &answer);
}

/* Reply with an attribute or the list of them, or with its length when `size` is 0. */
static void reply_xattr(fuse_req_t req, const struct buf *value, size_t size)
{
	if (size == 0)
		fuse_reply_xattr(req, value->len);
	else if (size < value->len)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, (const char *)value->at, value->len);
}

static void getxattr(struct fs_ops_request *request)
{
	struct fs *fs = fuse_req_userdata(request->req);
	OWNED(fs_node_release) struct fs_node node;
	OWNED(buf_release) struct buf value = {0};
	bool waits = false;
	struct error e;
	int rc;

	fs_node_init(&node);
	rc = fs_node_find(fs, request->ino, &node, &e);
	if (rc > 0)
		rc = fs_ops_load(request, &node, &waits, &e);
	if (waits)
		return;
	if (rc <= 0)
		fs_ops_fail(request->req, request->ino, rc, &e);
	else if (fs_xattr_get(fs, &node, request->name, &value) == 0)
		fuse_reply_err(request->req, ENODATA);
	else
		reply_xattr(request->req, &value, request->size);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct fs_ops_request request = {
		.req = req,
		.ino = ino,
		.name = (char *)(uintptr_t)name,
		.size = size,
		.answer = getxattr,
	};

	/* `ls -l` asks for security.* and ACLs of each file: no need to look at it. */
	if (strncmp(name, FS_XATTR_PREFIX, strlen(FS_XATTR_PREFIX)) != 0)
		fuse_reply_err(req, ENODATA);
	else
		fs_ops_answer(&request, true);
}

static void listxattr(struct fs_ops_request *request)
{
	struct fs *fs = fuse_req_userdata(request->req);
	OWNED(fs_node_release) struct fs_node node;
	OWNED(buf_release) struct buf names = {0};
	struct error e;
	int rc;

	fs_node_init(&node);
	rc = fs_node_find(fs, request->ino, &node, &e);
	if (rc <= 0) {
		fs_ops_fail(request->req, request->ino, rc, &e);
		return;
	}
	fs_xattr_list(&node, &names);
	reply_xattr(request->req, &names, request->size);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct fs_ops_request request = {.req = req, .ino = ino, .size = size, .answer = listxattr};

	fs_ops_answer(&request, false);
}

const struct fuse_lowlevel_ops fs_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.readlink = op_readlink,
	.open = fs_ops_open,
	.read = fs_ops_read,
	.release = fs_ops_release,
	.opendir = fs_ops_opendir,
	.readdir = fs_ops_readdir,
	.readdirplus = fs_ops_readdirplus,
	.releasedir = fs_ops_releasedir,
	.statfs = op_statfs,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.setattr = fs_ops_refuse_setattr,
	.mknod = fs_ops_refuse_mknod,
	.mkdir = fs_ops_refuse_mkdir,
	.create = fs_ops_refuse_create,
	.unlink = fs_ops_refuse_name,
	.rmdir = fs_ops_refuse_name,
	.symlink = fs_ops_refuse_symlink,
	.rename = fs_ops_refuse_rename,
	.link = fs_ops_refuse_link,
	.setxattr = fs_ops_refuse_setxattr,
	.removexattr = fs_ops_refuse_name,
};
