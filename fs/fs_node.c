#include "fs/fs_node.h"

#include "fs/fs_doc.h"
#include "fs/fs_secret.h"
#include "fs/fs_status.h"
#include "fs/fs_text.h"

#define BLOCK_SIZE (128 * 1024) /* what a reader should ask for at once */

void fs_node_init(struct fs_node *node)
{
	*node = (struct fs_node){.inode = {.kind = FS_KIND_FIXED}};
	catalog_entry_init(&node->entry);
}

void fs_node_release(struct fs_node *node)
{
	moment_release(node->moment);
	catalog_entry_release(&node->entry);
}

void fs_node_point(struct fs_node *ret, struct fs_inode inode, struct moment *moment)
{
	struct moment *old = ret->moment;

	ret->inode = inode;
	ret->moment = moment != NULL ? moment_hold(moment) : NULL;
	moment_release(old);
}

enum fs_kind fs_node_kind_of(enum fs_form form)
{
	return (enum fs_kind)(FS_KIND_BSON + (int)form);
}

bool fs_node_has_form(const struct fs *fs, const struct catalog_entry *entry, enum fs_form form)
{
	if (fs->hide_credentials && fs_secret_is(entry))
		return false;
	return form == FS_FORM_METADATA ? entry->has_metadata : entry->type == CATALOG_COLLECTION;
}

bool fs_node_is_listed(const struct fs *fs, enum fs_form form)
{
	switch (form) {
	case FS_FORM_JSON:
		return (fs->show & FS_OPTIONS_SHOW_JSON) != 0;
	case FS_FORM_DOCS:
		return (fs->show & FS_OPTIONS_SHOW_DOCS) != 0;
	default:
		return (fs->show & FS_OPTIONS_SHOW_BSON) != 0;
	}
}

/* Is there this node in the moment that *node has? Loads its entry. */
static int load_entry(struct fs *fs, struct fs_node *node, struct fs_inode inode, struct error *e)
{
	int rc = moment_entry(node->moment, inode.rank, &node->entry, e);

	if (rc <= 0)
		return rc;
	if (inode.kind == FS_KIND_DATABASE)
		return 1;
	return fs_node_has_form(fs, &node->entry, (enum fs_form)(inode.kind - FS_KIND_BSON));
}

/* A document, by its id. */
static int find_document(struct fs *fs, struct fs_inode inode, struct fs_node *ret, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	int rc;

	if (!fs_folders_find(fs->folders, inode.slot, &ret->folder))
		return 0;
	rc = fs_tree_moment(fs->tree, ret->folder.slot, &moment, e);
	if (rc <= 0)
		return rc;
	fs_node_point(ret, inode, moment);
	rc = load_entry(fs, ret, ret->folder, e);
	return rc == 1 ? inode.rank < ret->entry.root.count : rc;
}

static int find_fixed(struct fs_inode inode, struct fs_node *ret)
{
	if (inode.rank < FS_FIXED_ROOT || inode.rank > FS_FIXED_SNAPSHOTS_JSON || inode.slot != 0)
		return 0;
	fs_node_point(ret, inode, NULL);
	return 1;
}

int fs_node_find(struct fs *fs, uint64_t id, struct fs_node *ret, struct error *e)
{
	struct fs_inode inode = fs_inode_unpack(id);
	OWNED(moment_release) struct moment *moment = NULL;
	int rc;

	if (inode.kind == FS_KIND_FIXED)
		return find_fixed(inode, ret);
	if (fs_inode_is_document(inode))
		return find_document(fs, inode, ret, e);
	if (inode.kind > FS_KIND_DOCS)
		return 0;
	rc = fs_tree_moment(fs->tree, inode.slot, &moment, e);
	if (rc <= 0)
		return rc;
	fs_node_point(ret, inode, moment);
	switch (inode.kind) {
	case FS_KIND_MOMENT:
		return inode.rank == 0;
	case FS_KIND_PRELUDE:
		return inode.rank == 0 && moment_snapshot(moment)->server_version != NULL;
	default:
		return load_entry(fs, ret, inode, e);
	}
}

static int child_of_root(struct fs *fs, struct bytes name, struct fs_node *ret)
{
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};

	if (bytes_equal(name, bytes_str("README.txt")))
		return find_fixed(fs_inode_fixed(FS_FIXED_README), ret);
	if (bytes_equal(name, bytes_str("snapshots")))
		return find_fixed(fs_inode_fixed(FS_FIXED_SNAPSHOTS), ret);
	if (bytes_equal(name, bytes_str(".yester")))
		return find_fixed(fs_inode_fixed(FS_FIXED_YESTER), ret);
	if (!bytes_equal(name, bytes_str("latest")))
		return 0;
	fs_tree_facts_get(fs->tree, &facts);
	return facts.latest.len > 0 ? find_fixed(fs_inode_fixed(FS_FIXED_LATEST), ret) : 0;
}

static int child_of_yester(struct bytes name, struct fs_node *ret)
{
	if (bytes_equal(name, bytes_str("status.json")))
		return find_fixed(fs_inode_fixed(FS_FIXED_STATUS_JSON), ret);
	if (bytes_equal(name, bytes_str("snapshots.json")))
		return find_fixed(fs_inode_fixed(FS_FIXED_SNAPSHOTS_JSON), ret);
	return 0;
}

static int child_of_snapshots(struct fs *fs, struct bytes name, struct fs_node *ret,
			      struct error *e)
{
	struct fs_inode inode = {.kind = FS_KIND_MOMENT};

	if (!fs_tree_find(fs->tree, name, &inode.slot))
		return 0;
	return fs_node_find(fs, fs_inode_pack(inode), ret, e);
}

/* The first namespace of database `db`. */
static int find_db(struct fs_node *ret, struct bytes db, struct error *e)
{
	OWNED(buf_release) struct buf first = {0};
	int rc;

	buf_add_bytes(&first, db);
	buf_add_u8(&first, '.');
	rc = moment_seek(ret->moment, buf_bytes(&first), &ret->inode.rank, e);
	if (rc >= 0)
		rc = moment_entry(ret->moment, ret->inode.rank, &ret->entry, e);
	if (rc <= 0)
		return rc;
	return bytes_equal(bytes_of(ret->entry.ns, ret->entry.db_len), db);
}

/* The database whose escaped name is `name`: only forged input has any, so all are tried. */
static int find_escaped_db(struct fs_node *ret, struct bytes name, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	for (ret->inode.rank = 0;;) {
		int rc = moment_entry(ret->moment, ret->inode.rank, &ret->entry, e);

		if (rc <= 0)
			return rc;
		buf_reset(&text);
		fs_name_db(bytes_of(ret->entry.ns, ret->entry.db_len), &text);
		if (bytes_equal(buf_bytes(&text), name))
			return 1;
		buf_reset(&text);
		buf_add(&text, ret->entry.ns, ret->entry.db_len);
		buf_add_u8(&text, '.' + 1);
		rc = moment_seek(ret->moment, buf_bytes(&text), &ret->inode.rank, e);
		if (rc < 0)
			return rc;
	}
}

static int child_of_moment(const struct fs_node *parent, struct bytes name, struct fs_node *ret,
			   struct error *e)
{
	struct fs_inode inode = {.kind = FS_KIND_PRELUDE, .slot = parent->inode.slot};

	fs_node_point(ret, inode, parent->moment);
	if (bytes_equal(name, bytes_str("prelude.json")))
		return moment_snapshot(parent->moment)->server_version != NULL;
	ret->inode.kind = FS_KIND_DATABASE;
	if (fs_name_db_is_plain(name))
		return find_db(ret, name, e);
	return fs_name_db_is_escaped(name) ? find_escaped_db(ret, name, e) : 0;
}

/* Among the namespaces that begin with `ns`, the one whose file is called `name`. */
static int find_shortened(struct fs_node *ret, struct bytes ns, struct bytes name,
			  enum fs_form form, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	int rc = moment_seek(ret->moment, ns, &ret->inode.rank, e);

	for (; rc >= 0; ret->inode.rank++) {
		rc = moment_entry(ret->moment, ret->inode.rank, &ret->entry, e);
		if (rc <= 0)
			return rc;
		if (ret->entry.ns_len < ns.len || memcmp(ret->entry.ns, ns.at, ns.len) != 0)
			return 0;
		buf_reset(&text);
		fs_name_file(catalog_entry_coll(&ret->entry), form, &text);
		if (bytes_equal(buf_bytes(&text), name))
			return 1;
	}
	return rc;
}

static int child_of_db(struct fs *fs, const struct fs_node *parent, struct bytes name,
		       struct fs_node *ret, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct fs_inode inode = {.slot = parent->inode.slot};
	enum fs_name_found found;
	enum fs_form form;
	int rc;

	buf_add(&ns, parent->entry.ns, parent->entry.db_len + 1);
	found = fs_name_parse(name, &form, &ns);
	if (found == FS_NAME_NONE)
		return 0;
	inode.kind = fs_node_kind_of(form);
	fs_node_point(ret, inode, parent->moment);
	if (found == FS_NAME_EXACT)
		rc = moment_find(ret->moment, buf_bytes(&ns), &ret->inode.rank, &ret->entry, e);
	else
		rc = find_shortened(ret, buf_bytes(&ns), name, form, e);
	return rc == 1 ? fs_node_has_form(fs, &ret->entry, form) : rc;
}

/* A document, by its name. */
static int child_of_docs(struct fs *fs, const struct fs_node *parent, struct bytes name,
			 struct fs_node *ret, struct error *e)
{
	static const size_t ending = sizeof(".json") - 1;
	struct fs_inode inode = {.kind = FS_KIND_DOC_JSON};
	int rc;

	if (name.len <= ending)
		return 0;
	name.len -= ending;
	if (memcmp(name.at + name.len, ".bson", ending) == 0)
		inode.kind = FS_KIND_DOC_BSON;
	else if (memcmp(name.at + name.len, ".json", ending) != 0)
		return 0;
	rc = fs_doc_find(moment_store(parent->moment), &parent->entry.root, name, &inode.rank, e);
	if (rc == 1 && inode.rank >= FS_INODE_RANKS)
		return error_set(e, ERR_LIMIT, "document number %llu is beyond what can be shown",
				 (unsigned long long)inode.rank);
	if (rc == 1 && fs_folders_slot(fs->folders, parent->inode, &inode.slot, e) < 0)
		return e->code;
	return rc == 1 ? find_document(fs, inode, ret, e) : rc;
}

int fs_node_child(struct fs *fs, const struct fs_node *parent, struct bytes name,
		  struct fs_node *ret, struct error *e)
{
	switch (parent->inode.kind) {
	case FS_KIND_FIXED:
		if (parent->inode.rank == FS_FIXED_ROOT)
			return child_of_root(fs, name, ret);
		if (parent->inode.rank == FS_FIXED_SNAPSHOTS)
			return child_of_snapshots(fs, name, ret, e);
		return parent->inode.rank == FS_FIXED_YESTER ? child_of_yester(name, ret) : 0;
	case FS_KIND_MOMENT:
		return child_of_moment(parent, name, ret, e);
	case FS_KIND_DATABASE:
		return child_of_db(fs, parent, name, ret, e);
	case FS_KIND_DOCS:
		return child_of_docs(fs, parent, name, ret, e);
	default:
		return 0;
	}
}

int fs_node_parent(const struct fs_node *node, uint64_t *ret_id, struct error *e)
{
	struct fs_inode parent = fs_inode_fixed(FS_FIXED_ROOT);

	if (fs_inode_is_document(node->inode)) {
		parent = node->folder;
	} else if (fs_inode_is_fixed(node->inode, FS_FIXED_STATUS_JSON) ||
		   fs_inode_is_fixed(node->inode, FS_FIXED_SNAPSHOTS_JSON)) {
		parent = fs_inode_fixed(FS_FIXED_YESTER);
	} else if (node->inode.kind == FS_KIND_MOMENT) {
		parent = fs_inode_fixed(FS_FIXED_SNAPSHOTS);
	} else if (node->inode.kind == FS_KIND_PRELUDE || node->inode.kind == FS_KIND_DATABASE) {
		parent = (struct fs_inode){.kind = FS_KIND_MOMENT, .slot = node->inode.slot};
	} else if (node->inode.kind != FS_KIND_FIXED) {
		int rc;

		parent = (struct fs_inode){.kind = FS_KIND_DATABASE, .slot = node->inode.slot};
		rc = moment_seek(node->moment, bytes_of(node->entry.ns, node->entry.db_len + 1),
				 &parent.rank, e);
		if (rc < 0)
			return rc;
	}
	*ret_id = fs_inode_pack(parent);
	return 0;
}

static mode_t type_of_fixed(uint64_t rank)
{
	switch (rank) {
	case FS_FIXED_LATEST:
		return S_IFLNK;
	case FS_FIXED_README:
	case FS_FIXED_STATUS_JSON:
	case FS_FIXED_SNAPSHOTS_JSON:
		return S_IFREG;
	default:
		return S_IFDIR;
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
	default:
		return S_IFREG;
	}
}

bool fs_node_is_folder(const struct fs_node *node)
{
	return fs_node_type(node) == S_IFDIR;
}

/* The part that the list of snapshots decides. */
static int fixed_text(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *e)
{
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};

	if (node->inode.rank == FS_FIXED_SNAPSHOTS_JSON)
		return fs_status_snapshots(fs, ret, e);
	fs_tree_facts_get(fs->tree, &facts);
	if (node->inode.rank == FS_FIXED_README) {
		fs_text_readme(fs->store_path, &facts, ret);
	} else if (node->inode.rank == FS_FIXED_STATUS_JSON) {
		return fs_status_mount(fs, &facts, ret, e);
	} else if (node->inode.rank == FS_FIXED_LATEST) {
		if (facts.latest.len == 0)
			return error_set(e, ERR_NOT_FOUND, "there is no snapshot any more");
		buf_add_str(ret, "snapshots/");
		buf_add_bytes(ret, buf_bytes(&facts.latest));
	}
	return 0;
}

/* A document, which the tree has unless it is damaged. */
static int document_text(const struct fs_node *node, struct buf *ret, struct error *e)
{
	struct store *store = moment_store(node->moment);
	const struct tree_root *root = &node->entry.root;
	int rc = node->inode.kind == FS_KIND_DOC_BSON
			 ? fs_doc_bson(store, root, node->inode.rank, ret, e)
			 : fs_doc_pretty(store, root, node->inode.rank, ret, e);

	return rc == 0 ? error_set(e, ERR_CORRUPT, "a collection is shorter than its count") : rc;
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
	case FS_KIND_DOC_JSON:
	case FS_KIND_DOC_BSON:
		return document_text(node, ret, e);
	default:
		return 0;
	}
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
	case FS_KIND_PRELUDE:
	case FS_KIND_DATABASE:
		*ret = moment_snapshot(node->moment)->time;
		return 0;
	default:
		return moment_changed(node->moment, bytes_of(node->entry.ns, node->entry.ns_len),
				      ret, e);
	}
}

static int size_of(struct fs *fs, const struct fs_node *node, uint64_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	int rc;

	*ret = 0;
	if (fs_node_is_folder(node))
		return 0;
	if (node->inode.kind == FS_KIND_BSON) {
		*ret = node->entry.root.bytes;
		return 0;
	}
	if (node->inode.kind == FS_KIND_JSON)
		return tree_json_size(fs->json, &node->entry.root, ret, e);
	rc = fs_node_text(fs, node, &text, e);
	if (rc >= 0)
		*ret = text.len;
	return rc;
}

/* Type, permissions and owner. */
static void set_owner(const struct fs *fs, const struct fs_node *node, struct stat *ret)
{
	mode_t type = fs_node_type(node);
	bool is_file = node->inode.kind >= FS_KIND_BSON;

	ret->st_mode = type | ((type == S_IFDIR ? 0555U : 0444U) & ~fs->umask);
	ret->st_uid = fs->uid;
	ret->st_gid = fs->gid;
	if (type == S_IFLNK)
		ret->st_mode = S_IFLNK | 0777;
	if (is_file && fs->guard_credentials && fs_secret_is(&node->entry)) {
		ret->st_mode &= ~(mode_t)077;
		ret->st_uid = fs->mounter_uid;
		ret->st_gid = fs->mounter_gid;
	}
}

int fs_node_stat(struct fs *fs, const struct fs_node *node, struct stat *ret, struct error *e)
{
	uint64_t size;
	uint64_t changed = 0;
	int rc = size_of(fs, node, &size, e);

	if (rc >= 0)
		rc = changed_of(fs, node, &changed, e);
	if (rc < 0)
		return rc;
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
	return 0;
}

double fs_node_name_seconds(struct fs_inode inode)
{
	/* A snapshot can be forgotten; its name is asked for anew after a second. */
	return inode.kind == FS_KIND_MOMENT ? 1 : FS_NODE_FOR_EVER;
}

double fs_node_attr_seconds(struct fs_inode inode)
{
	if (inode.kind != FS_KIND_FIXED)
		return FS_NODE_FOR_EVER;
	/* Times of folders may lag a second behind; a size or a link's target must not. */
	return type_of_fixed(inode.rank) == S_IFDIR ? 1 : 0;
}
