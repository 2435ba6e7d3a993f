/* What a node is to the kernel: type, size, times, content. Prefix: fs_node_ */
#include "base/ejson_pieces.h"
#include "fs/fs_at.h"
#include "fs/fs_doc.h"
#include "fs/fs_oplog.h"
#include "fs/fs_span.h"
#include "fs/fs_status.h"
#include "fs/fs_text.h"
#include "store/snapshot/catalog_secret.h"

#define BLOCK_SIZE (128 * 1024) /* what a reader should ask for at once */

static mode_t type_of_fixed(uint64_t rank)
{
	switch (rank) {
	case FS_FIXED_LATEST:
		return S_IFLNK;
	case FS_FIXED_ROOT:
	case FS_FIXED_SNAPSHOTS:
	case FS_FIXED_AT:
	case FS_FIXED_TIMELINE:
	case FS_FIXED_OPLOG:
	case FS_FIXED_YESTER:
		return S_IFDIR;
	default:
		return S_IFREG;
	}
}

mode_t fs_node_type(const struct fs_node *node)
{
	switch (node->inode.kind) {
	case FS_KIND_FIXED:
		return type_of_fixed(node->inode.rank);
	case FS_KIND_MOMENT:
	case FS_KIND_DATABASE:
	case FS_KIND_DOCS:
		return S_IFDIR;
	case FS_KIND_LINK:
		return S_IFLNK;
	case FS_KIND_SPAN:
		return fs_span_is_link(node->inode) ? S_IFLNK : S_IFDIR;
	default:
		return S_IFREG;
	}
}

bool fs_node_is_folder(const struct fs_node *node)
{
	return fs_node_type(node) == S_IFDIR;
}

/* README.txt, status.json and the target of `latest`: what the list of snapshots decides. */
static int facts_text(struct fs *fs, enum fs_fixed which, struct buf *ret, struct error *e)
{
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};

	fs_tree_facts_get(fs->tree, &facts);
	if (which == FS_FIXED_STATUS_JSON)
		return fs_status_mount(fs, &facts, ret, e);
	if (which == FS_FIXED_README)
		return fs_status_readme(fs, &facts, ret, e);
	if (facts.latest.len == 0)
		return error_set(e, ERR_NOT_FOUND, "there is no snapshot any more");
	buf_add_str(ret, "snapshots/");
	buf_add_bytes(ret, buf_bytes(&facts.latest));
	return 0;
}

static int fixed_text(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *e)
{
	switch (node->inode.rank) {
	case FS_FIXED_README:
	case FS_FIXED_LATEST:
	case FS_FIXED_STATUS_JSON:
		return facts_text(fs, (enum fs_fixed)node->inode.rank, ret, e);
	case FS_FIXED_SNAPSHOTS_JSON:
		return fs_status_snapshots(fs, ret, e);
	case FS_FIXED_RANGES_JSON:
		return fs_status_ranges(fs, ret, e);
	case FS_FIXED_GAPS_JSON:
		return fs_status_gaps(fs, ret, e);
	case FS_FIXED_PROGRESS_JSON:
		fs_visits_json(fs->visits, ret);
		return 0;
	default:
		return 0;
	}
}

int fs_node_text(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *e)
{
	switch (node->inode.kind) {
	case FS_KIND_FIXED:
		return fixed_text(fs, node, ret, e);
	case FS_KIND_PRELUDE:
		fs_text_prelude(moment_snapshot(node->moment), ret);
		return 0;
	case FS_KIND_METADATA:
		return fs_text_metadata(&node->entry, ret, e);
	case FS_KIND_LINK:
		if (fs_at_target(fs, node->inode, ret) == 0)
			return error_set(e, ERR_NOT_FOUND, "the snapshot is not there any more");
		return 0;
	case FS_KIND_SPAN:
		fs_span_target(fs, node->inode, ret);
		return 0;
	default:
		return 0;
	}
}

static bool is_oplog_file(const struct fs_node *node)
{
	return fs_inode_is_fixed(node->inode, FS_FIXED_OPLOG_BSON) ||
	       fs_inode_is_fixed(node->inode, FS_FIXED_OPLOG_JSON);
}

static int changed_of_collection(const struct fs_node *node, uint64_t *ret, struct error *e)
{
	return moment_changed(node->moment, bytes_of(node->entry.ns, node->entry.ns_len), ret, e);
}

/* Seconds since 1970 of its last change. */
static int changed_of(struct fs *fs, const struct fs_node *node, uint64_t *ret, struct error *e)
{
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};

	switch (node->inode.kind) {
	case FS_KIND_FIXED:
		fs_tree_facts_get(fs->tree, &facts);
		*ret = facts.changed;
		return 0;
	case FS_KIND_MOMENT:
	case FS_KIND_LINK:
	case FS_KIND_SPAN:
		*ret = node->time;
		return 0;
	case FS_KIND_METADATA:
	case FS_KIND_DOCS:
		/* To look for it may mean to replay, which names alone are not worth. */
		if (node->inode.slot < FS_INODE_POINTS)
			return changed_of_collection(node, ret, e);
		*ret = moment_snapshot(node->moment)->time;
		return 0;
	case FS_KIND_PRELUDE:
	case FS_KIND_DATABASE:
	case FS_KIND_KEY_JSON:
	case FS_KIND_KEY_BSON:
		*ret = moment_snapshot(node->moment)->time;
		return 0;
	default:
		return changed_of_collection(node, ret, e);
	}
}

/* The size of a document's file, which the tree has unless it is damaged. */
static int size_of_document(const struct fs_node *node, uint64_t *ret, struct error *e)
{
	struct store *store = moment_store(node->moment);
	const struct tree_root *root = &node->entry.root;
	uint64_t offset;
	int rc = node->inode.kind == FS_KIND_DOC_BSON
			 ? fs_doc_place(store, root, node->inode.rank, &offset, ret, e)
			 : fs_doc_pretty_size(store, root, node->inode.rank, ret, e);

	return rc == 0 ? error_set(e, ERR_CORRUPT, "a collection is shorter than its count") : rc;
}

/* Of a collection's .bson or .json. */
static int size_of_documents(struct fs *fs, struct fs_node *node, uint64_t *ret, struct error *e)
{
	int rc = fs_node_load(fs, node, e);

	if (rc < 0)
		return rc;
	if (node->inode.kind == FS_KIND_JSON)
		return tree_json_size(fs_json(fs, moment_store(node->moment)), &node->entry.root,
				      ret, e);
	*ret = node->entry.root.bytes;
	return 0;
}

static int size_of(struct fs *fs, struct fs_node *node, uint64_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	int rc;

	*ret = 0;
	if (fs_node_is_folder(node))
		return 0;
	if (node->inode.kind == FS_KIND_BSON || node->inode.kind == FS_KIND_JSON)
		return size_of_documents(fs, node, ret, e);
	if (fs_inode_is_document(node->inode))
		return size_of_document(node, ret, e);
	if (node->inode.kind == FS_KIND_KEY_JSON)
		return ejson_pieces_size(buf_bytes(&node->doc), EJSON_PRETTY, ret, e);
	if (node->inode.kind == FS_KIND_KEY_BSON) {
		*ret = node->doc.len;
		return 0;
	}
	rc = fs_node_text(fs, node, &text, e);
	if (rc >= 0)
		*ret = text.len;
	return rc;
}

bool fs_node_stat_is_dear(const struct fs_node *node)
{
	return node->inode.kind != FS_KIND_DOCS && fs_node_is_dear(node);
}

/* Size and time of a file of oplog/. */
static int stat_oplog(struct fs *fs, const struct fs_node *node, uint64_t *ret_size,
		      uint64_t *ret_changed, struct error *e)
{
	OWNED(fs_oplog_close) struct fs_oplog *oplog = NULL;
	int rc = fs_oplog_open(fs, node->inode.rank == FS_FIXED_OPLOG_JSON, &oplog, e);

	if (rc < 0)
		return rc;
	*ret_size = fs_oplog_size(oplog);
	*ret_changed = fs_oplog_time(oplog);
	return 0;
}

/* Does it hold password hashes, and what else only who mounted may read? */
static bool is_secret(const struct fs_node *node)
{
	if (node->inode.kind == FS_KIND_FIXED)
		return node->inode.rank == FS_FIXED_OPLOG || is_oplog_file(node);
	return ((node->inode.kind >= FS_KIND_BSON && node->inode.kind <= FS_KIND_DOC_BSON) ||
		fs_inode_is_keyed(node->inode)) &&
	       catalog_secret_is(bytes_of(node->entry.ns, node->entry.db_len),
				 catalog_entry_coll(&node->entry));
}

/* Type, permissions and owner. */
static void set_owner(const struct fs *fs, const struct fs_node *node, struct stat *ret)
{
	mode_t type = fs_node_type(node);

	ret->st_mode = type | ((type == S_IFDIR ? 0555U : 0444U) & ~fs->umask);
	ret->st_uid = fs->uid;
	ret->st_gid = fs->gid;
	if (type == S_IFLNK)
		ret->st_mode = S_IFLNK | 0777;
	if (fs->guard_credentials && is_secret(node)) {
		ret->st_mode &= ~(mode_t)077;
		ret->st_uid = fs->mounter_uid;
		ret->st_gid = fs->mounter_gid;
	}
}

/* All attributes but what depends on the content. */
static void set_attributes(const struct fs *fs, const struct fs_node *node, uint64_t size,
			   uint64_t changed, struct stat *ret)
{
	*ret = (struct stat){
		.st_ino = fs_inode_pack(node->inode),
		.st_nlink = 1, /* of folders too: "not counted" */
		.st_size = (off_t)size,
		.st_blocks = (blkcnt_t)((size + 511) / 512),
		.st_blksize = BLOCK_SIZE,
		.st_mtim.tv_sec = (time_t)changed,
		.st_ctim.tv_sec = (time_t)changed,
		.st_atim.tv_sec = (time_t)changed,
	};
	set_owner(fs, node, ret);
}

int fs_node_stat(struct fs *fs, struct fs_node *node, struct stat *ret, struct error *e)
{
	uint64_t size = 0;
	uint64_t changed = 0;
	int rc;

	if (is_oplog_file(node)) {
		rc = stat_oplog(fs, node, &size, &changed, e);
	} else {
		rc = size_of(fs, node, &size, e);
		if (rc >= 0)
			rc = changed_of(fs, node, &changed, e);
	}
	if (rc >= 0)
		set_attributes(fs, node, size, changed, ret);
	return rc;
}

void fs_node_stat_cheap(const struct fs *fs, const struct fs_node *node, struct stat *ret)
{
	set_attributes(fs, node, 0, moment_snapshot(node->moment)->time, ret);
}

double fs_node_name_seconds(struct fs_inode inode)
{
	switch (inode.kind) {
	case FS_KIND_LINK: /* "latest" and the like mean something else soon */
		return 0;
	case FS_KIND_MOMENT: /* what can be forgotten is asked for anew after a second */
	case FS_KIND_SPAN:
		return 1;
	default:
		return FS_NODE_FOR_EVER;
	}
}

double fs_node_attr_seconds(struct fs_inode inode)
{
	if (inode.kind != FS_KIND_FIXED)
		return FS_NODE_FOR_EVER;
	/* Times of folders may lag a second behind; a size or a link's target must not. */
	return type_of_fixed(inode.rank) == S_IFDIR ? 1 : 0;
}
