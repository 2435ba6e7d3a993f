#include "fs/fs_node.h"

#include "fs/fs_at.h"
#include "fs/fs_doc.h"
#include "fs/fs_oplog.h"
#include "fs/fs_span.h"
#include "store/snapshot/catalog_secret.h"

void fs_node_init(struct fs_node *node)
{
	*node = (struct fs_node){.inode = {.kind = FS_KIND_FIXED}};
	catalog_entry_init(&node->entry);
}

void fs_node_release(struct fs_node *node)
{
	moment_release(node->moment);
	catalog_entry_release(&node->entry);
	buf_release(&node->doc);
}

void fs_node_point(struct fs_node *ret, struct fs_inode inode, struct moment *moment)
{
	struct moment *old = ret->moment;

	ret->inode = inode;
	ret->moment = moment != NULL ? moment_hold(moment) : NULL;
	ret->loaded = false;
	moment_release(old);
}

enum fs_kind fs_node_kind_of(enum fs_form form)
{
	return (enum fs_kind)(FS_KIND_BSON + (int)form);
}

bool fs_node_has_form(const struct fs *fs, const struct catalog_entry *entry, enum fs_form form)
{
	if (fs->hide_credentials &&
	    catalog_secret_is(bytes_of(entry->ns, entry->db_len), catalog_entry_coll(entry)))
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

	node->loaded = false;
	if (rc <= 0)
		return rc;
	if (inode.kind == FS_KIND_DATABASE)
		return 1;
	return fs_node_has_form(fs, &node->entry, (enum fs_form)(inode.kind - FS_KIND_BSON));
}

/* Why documents can't be told is of this namespace only: an error of input, as damage is. */
static int untold(const struct fs_node *node, struct error *e)
{
	if (e->code != ERR_IO && e->code != ERR_NOMEM && e->code != ERR_CANCELLED)
		e->code = ERR_CORRUPT;
	return error_wrap(e, "%s", node->entry.ns);
}

static int resolve(struct fs_node *node, struct error *e)
{
	if (!node->loaded && moment_resolve(node->moment, &node->entry, e) < 0)
		return untold(node, e);
	node->loaded = true;
	return 1;
}

bool fs_node_is_dear(const struct fs_node *node)
{
	switch (node->inode.kind) {
	case FS_KIND_BSON:
	case FS_KIND_JSON:
	case FS_KIND_DOCS:
		return node->inode.slot >= FS_INODE_POINTS && !node->loaded &&
		       moment_is_dear(node->moment, &node->entry);
	default:
		return false;
	}
}

int fs_node_load(struct fs *fs, struct fs_node *node, struct error *e)
{
	switch (node->inode.kind) {
	case FS_KIND_MOMENT:
		return node->moment != NULL ? 1 : fs_moment(fs, node->inode.slot, &node->moment, e);
	case FS_KIND_BSON:
	case FS_KIND_JSON:
	case FS_KIND_DOCS:
	case FS_KIND_DOC_JSON:
	case FS_KIND_DOC_BSON:
		return resolve(node, e);
	default:
		return 1;
	}
}

uint32_t fs_node_slot(const struct fs_node *node)
{
	return fs_inode_is_document(node->inode) || fs_inode_is_keyed(node->inode)
		       ? node->folder.slot
		       : node->inode.slot;
}

/* A document, by its id. */
static int find_document(struct fs *fs, struct fs_inode inode, struct fs_node *ret, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	int rc;

	if (!fs_folders_find(fs->folders, inode.slot, &ret->folder))
		return 0;
	rc = fs_moment(fs, ret->folder.slot, &moment, e);
	if (rc <= 0)
		return rc;
	fs_node_point(ret, inode, moment);
	rc = load_entry(fs, ret, ret->folder, e);
	if (rc == 1)
		rc = resolve(ret, e);
	return rc == 1 ? inode.rank < ret->entry.root.count : rc;
}

/* A document that was found by its `_id`, by its id. */
static int find_keyed(struct fs *fs, struct fs_inode inode, struct fs_node *ret, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	int rc;

	buf_reset(&ret->doc);
	if (!fs_keyed_find(fs->keyed, inode, &ret->folder, &ret->doc))
		return 0;
	rc = fs_moment(fs, ret->folder.slot, &moment, e);
	if (rc <= 0)
		return rc;
	fs_node_point(ret, inode, moment);
	return load_entry(fs, ret, ret->folder, e);
}

/* Is there this node in this mount, now? */
static bool has_fixed(struct fs *fs, uint64_t which)
{
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};
	OWNED(buf_release) struct buf name = {0};

	switch (which) {
	case FS_FIXED_LATEST:
		fs_tree_facts_get(fs->tree, &facts);
		return facts.latest.len > 0;
	case FS_FIXED_OPLOG:
		return !fs->hide_credentials;
	case FS_FIXED_OPLOG_BSON:
	case FS_FIXED_OPLOG_JSON:
		return !fs->hide_credentials && fs_oplog_name(fs, false, &name);
	default:
		return which >= FS_FIXED_ROOT && which <= FS_FIXED_LAST;
	}
}

static int find_fixed(struct fs *fs, struct fs_inode inode, struct fs_node *ret)
{
	if (inode.slot != 0 || !has_fixed(fs, inode.rank))
		return 0;
	fs_node_point(ret, inode, NULL);
	return 1;
}

int fs_node_find(struct fs *fs, uint64_t id, struct fs_node *ret, struct error *e)
{
	struct fs_inode inode = fs_inode_unpack(id);
	OWNED(moment_release) struct moment *moment = NULL;
	int rc;

	switch (inode.kind) {
	case FS_KIND_FIXED:
		return find_fixed(fs, inode, ret);
	case FS_KIND_MOMENT:
	case FS_KIND_LINK:
		return fs_at_find(fs, inode, ret, e);
	case FS_KIND_SPAN:
		return fs_span_find(fs, inode, ret, e);
	case FS_KIND_DOC_JSON:
	case FS_KIND_DOC_BSON:
		return find_document(fs, inode, ret, e);
	case FS_KIND_KEY_JSON:
	case FS_KIND_KEY_BSON:
		return find_keyed(fs, inode, ret, e);
	case FS_KIND_PRELUDE:
	case FS_KIND_DATABASE:
	case FS_KIND_BSON:
	case FS_KIND_METADATA:
	case FS_KIND_JSON:
	case FS_KIND_DOCS:
		break;
	default:
		return 0;
	}
	rc = fs_moment(fs, inode.slot, &moment, e);
	if (rc <= 0)
		return rc;
	fs_node_point(ret, inode, moment);
	if (inode.kind == FS_KIND_PRELUDE)
		return inode.rank == 0 && moment_snapshot(moment)->server_version != NULL;
	return load_entry(fs, ret, inode, e);
}

/* The nodes whose names are always the same, and the folder that they are in. */
static const struct {
	const char *name;
	enum fs_fixed which;
	enum fs_fixed parent;
} fixed[] = {
	{"README.txt", FS_FIXED_README, FS_FIXED_ROOT},
	{"latest", FS_FIXED_LATEST, FS_FIXED_ROOT},
	{"snapshots", FS_FIXED_SNAPSHOTS, FS_FIXED_ROOT},
	{"at", FS_FIXED_AT, FS_FIXED_ROOT},
	{"timeline", FS_FIXED_TIMELINE, FS_FIXED_ROOT},
	{"oplog", FS_FIXED_OPLOG, FS_FIXED_ROOT},
	{".yester", FS_FIXED_YESTER, FS_FIXED_ROOT},
	{"status.json", FS_FIXED_STATUS_JSON, FS_FIXED_YESTER},
	{"snapshots.json", FS_FIXED_SNAPSHOTS_JSON, FS_FIXED_YESTER},
	{"ranges.json", FS_FIXED_RANGES_JSON, FS_FIXED_YESTER},
	{"gaps.json", FS_FIXED_GAPS_JSON, FS_FIXED_YESTER},
	{"progress.json", FS_FIXED_PROGRESS_JSON, FS_FIXED_YESTER},
};

static int child_of_oplog(struct fs *fs, struct bytes name, struct fs_node *ret)
{
	OWNED(buf_release) struct buf file = {0};

	for (int json = 0; json < 2; json++) {
		buf_reset(&file);
		if (fs_oplog_name(fs, json != 0, &file) && bytes_equal(buf_bytes(&file), name))
			return find_fixed(fs,
					  fs_inode_fixed(json != 0 ? FS_FIXED_OPLOG_JSON
								   : FS_FIXED_OPLOG_BSON),
					  ret);
	}
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

static int child_of_fixed(struct fs *fs, enum fs_fixed parent, struct bytes name,
			  struct fs_node *ret, struct error *e)
{
	switch (parent) {
	case FS_FIXED_SNAPSHOTS:
		return child_of_snapshots(fs, name, ret, e);
	case FS_FIXED_AT:
		return fs_at_child(fs, name, ret, e);
	case FS_FIXED_TIMELINE:
		return fs_span_child(fs, fs_inode_fixed(parent), name, ret, e);
	case FS_FIXED_OPLOG:
		return child_of_oplog(fs, name, ret);
	default:
		break;
	}
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		if (fixed[i].parent == parent && bytes_equal(name, bytes_str(fixed[i].name)))
			return find_fixed(fs, fs_inode_fixed(fixed[i].which), ret);
	return 0;
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

/* The extension of a document's file goes from *name: 1 and whether it is .json, 0 when it has none. */
static int take_ending(struct bytes *name, bool *ret_json)
{
	static const size_t ending = sizeof(".json") - 1;

	if (name->len <= ending)
		return 0;
	name->len -= ending;
	*ret_json = memcmp(name->at + name->len, ".json", ending) == 0;
	return *ret_json || memcmp(name->at + name->len, ".bson", ending) == 0;
}

bool fs_node_is_keyed(const struct fs_node *parent, struct bytes name)
{
	OWNED(buf_release) struct buf key = {0};
	bool json;

	return parent->entry.root.kind == TREE_KEYED && take_ending(&name, &json) == 1 &&
	       fs_keyed_key(name, &key) == 1;
}

/* The document with the key that `name` says, at a moment whose collection was not replayed. */
static int child_by_key(struct fs *fs, const struct fs_node *parent, struct bytes name, bool json,
			struct fs_node *ret, struct error *e)
{
	struct fs_inode inode = {.kind = json ? FS_KIND_KEY_JSON : FS_KIND_KEY_BSON};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf doc = {0};
	int rc;

	if (fs_keyed_key(name, &key) == 0)
		return 0;
	rc = moment_document(parent->moment, &parent->entry, buf_bytes(&key), &doc, e);
	if (rc <= 0)
		return rc < 0 ? untold(parent, e) : 0;
	if (!fs_keyed_add(fs->keyed, parent->inode, buf_bytes(&key), buf_bytes(&doc), &inode))
		return error_set(e, ERR_LIMIT, "%s: two documents would have one node id",
				 parent->entry.ns);
	/* Not by its id: documents of other threads may have taken its place meanwhile. */
	buf_reset(&ret->doc);
	buf_add_bytes(&ret->doc, buf_bytes(&doc));
	ret->folder = parent->inode;
	fs_node_point(ret, inode, parent->moment);
	return load_entry(fs, ret, ret->folder, e);
}

/* A document, by its name. */
static int child_of_docs(struct fs *fs, const struct fs_node *parent, struct bytes name,
			 struct fs_node *ret, struct error *e)
{
	struct fs_inode inode = {.kind = FS_KIND_DOC_JSON};
	bool json;
	int rc;

	if (take_ending(&name, &json) == 0)
		return 0;
	/* Not whether it is dear: that another thread may have changed meanwhile. */
	if (parent->inode.slot >= FS_INODE_POINTS && !parent->loaded)
		return child_by_key(fs, parent, name, json, ret, e);
	inode.kind = json ? FS_KIND_DOC_JSON : FS_KIND_DOC_BSON;
	rc = fs_doc_find(moment_store(parent->moment), &parent->entry.root, fs->places, name,
			 &inode.rank, e);
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
		return child_of_fixed(fs, (enum fs_fixed)parent->inode.rank, name, ret, e);
	case FS_KIND_SPAN:
		return fs_span_child(fs, parent->inode, name, ret, e);
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

static enum fs_fixed parent_of_fixed(uint64_t which)
{
	if (which == FS_FIXED_OPLOG_BSON || which == FS_FIXED_OPLOG_JSON)
		return FS_FIXED_OPLOG;
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		if (fixed[i].which == which)
			return fixed[i].parent;
	return FS_FIXED_ROOT;
}

int fs_node_parent(const struct fs_node *node, uint64_t *ret_id, struct error *e)
{
	struct fs_inode parent = {.slot = node->inode.slot};
	int rc = 0;

	switch (node->inode.kind) {
	case FS_KIND_FIXED:
		parent = fs_inode_fixed(parent_of_fixed(node->inode.rank));
		break;
	case FS_KIND_MOMENT:
		parent = fs_inode_fixed(node->inode.slot < FS_INODE_POINTS ? FS_FIXED_SNAPSHOTS
									   : FS_FIXED_AT);
		break;
	case FS_KIND_LINK:
		parent = fs_inode_fixed(FS_FIXED_AT);
		break;
	case FS_KIND_SPAN:
		parent = fs_span_parent(node->inode);
		break;
	case FS_KIND_DOC_JSON:
	case FS_KIND_DOC_BSON:
	case FS_KIND_KEY_JSON:
	case FS_KIND_KEY_BSON:
		parent = node->folder;
		break;
	case FS_KIND_PRELUDE:
	case FS_KIND_DATABASE:
		parent.kind = FS_KIND_MOMENT;
		break;
	default:
		parent.kind = FS_KIND_DATABASE;
		rc = moment_seek(node->moment, bytes_of(node->entry.ns, node->entry.db_len + 1),
				 &parent.rank, e);
	}
	if (rc < 0)
		return rc;
	*ret_id = fs_inode_pack(parent);
	return 0;
}
