#include "fs/fs_dir.h"

#include "fs/fs_at.h"
#include "fs/fs_oplog.h"
#include "fs/fs_span.h"

/* Position 0 is ".", 1 is ".."; what follows counts from 2. */
#define FIRST 2

void fs_dir_entry_init(struct fs_dir_entry *entry)
{
	*entry = (struct fs_dir_entry){.next = 0};
	fs_node_init(&entry->node);
}

void fs_dir_entry_release(struct fs_dir_entry *entry)
{
	tree_names_free(entry->docs);
	buf_release(&entry->name);
	fs_node_release(&entry->node);
}

static int next_dots(const struct fs_node *dir, uint64_t position, struct fs_dir_entry *ret,
		     struct error *e)
{
	uint64_t parent;
	int rc;

	ret->is_dots = true;
	ret->next = position + 1;
	buf_add_str(&ret->name, position == 0 ? "." : "..");
	fs_node_point(&ret->node, dir->inode, NULL);
	if (position == 0)
		return 1;
	rc = fs_node_parent(dir, &parent, e);
	if (rc < 0)
		return rc;
	ret->node.inode = fs_inode_unpack(parent);
	return 1;
}

/* One of few names, some of which may be absent. */
static int next_of_names(struct fs *fs, const struct fs_node *dir, const char *const *names,
			 size_t count, uint64_t at, struct fs_dir_entry *ret, struct error *e)
{
	for (; at < count; at++) {
		int rc = fs_node_child(fs, dir, bytes_str(names[at]), &ret->node, e);

		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		buf_add_str(&ret->name, names[at]);
		ret->next = FIRST + at + 1;
		return 1;
	}
	return 0;
}

static int next_of_snapshots(struct fs *fs, uint64_t at, struct fs_dir_entry *ret, struct error *e)
{
	struct fs_inode inode = {.kind = FS_KIND_MOMENT};

	for (; at < FS_INODE_SLOTS; at = (uint64_t)inode.slot + 1) {
		int rc;

		buf_reset(&ret->name);
		if (!fs_tree_next(fs->tree, (uint32_t)at, &inode.slot, &ret->name))
			return 0;
		rc = fs_node_find(fs, fs_inode_pack(inode), &ret->node, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue; /* forgotten in between */
		ret->next = FIRST + (uint64_t)inode.slot + 1;
		return 1;
	}
	return 0;
}

/* 0 is prelude.json; 1 + rank the database of that namespace, which is its first. */
static int next_of_moment(const struct fs_node *dir, uint64_t at, struct fs_dir_entry *ret,
			  struct error *e)
{
	OWNED(buf_release) struct buf after = {0};
	struct fs_node *node = &ret->node;
	uint64_t rank;
	int rc;

	fs_node_point(node, (struct fs_inode){.kind = FS_KIND_PRELUDE, .slot = dir->inode.slot},
		      dir->moment);
	if (at == 0 && moment_snapshot(dir->moment)->server_version != NULL) {
		buf_add_str(&ret->name, "prelude.json");
		ret->next = FIRST + 1;
		return 1;
	}
	node->inode.kind = FS_KIND_DATABASE;
	node->inode.rank = at == 0 ? 0 : at - 1;
	rc = moment_entry(dir->moment, node->inode.rank, &node->entry, e);
	if (rc <= 0)
		return rc;
	/* "db/" comes after every "db.collection" and before all that is not of this database. */
	buf_add(&after, node->entry.ns, node->entry.db_len);
	buf_add_u8(&after, '.' + 1);
	rc = moment_seek(dir->moment, buf_bytes(&after), &rank, e);
	if (rc < 0)
		return rc;
	fs_name_db(bytes_of(node->entry.ns, node->entry.db_len), &ret->name);
	ret->next = FIRST + 1 + rank;
	return 1;
}

static bool is_same_db(const struct catalog_entry *a, const struct catalog_entry *b)
{
	return a->db_len == b->db_len && memcmp(a->ns, b->ns, a->db_len) == 0;
}

/* Four positions for each namespace, one for each form. */
static int next_of_db(struct fs *fs, const struct fs_node *dir, uint64_t at,
		      struct fs_dir_entry *ret, struct error *e)
{
	struct fs_node *node = &ret->node;
	uint64_t rank = MAX_OF(at / FS_FORM_COUNT, dir->inode.rank);
	enum fs_form form = rank == at / FS_FORM_COUNT ? at % FS_FORM_COUNT : FS_FORM_BSON;

	fs_node_point(node, dir->inode, dir->moment);
	for (;; rank++, form = FS_FORM_BSON) {
		int rc = moment_entry(dir->moment, rank, &node->entry, e);

		if (rc <= 0)
			return rc;
		if (!is_same_db(&node->entry, &dir->entry))
			return 0;
		while (form < FS_FORM_COUNT &&
		       !(fs_node_is_listed(fs, form) && fs_node_has_form(fs, &node->entry, form)))
			form++;
		if (form < FS_FORM_COUNT)
			break;
	}
	node->inode.kind = fs_node_kind_of(form);
	node->inode.rank = rank;
	fs_name_file(catalog_entry_coll(&node->entry), form, &ret->name);
	ret->next = FIRST + rank * FS_FORM_COUNT + form + 1;
	return 1;
}

/* One position for each document, its rank. */
static int next_of_docs(struct fs *fs, const struct fs_node *dir, uint64_t at,
			struct fs_dir_entry *ret, struct error *e)
{
	struct fs_inode inode = {.kind = FS_KIND_DOC_JSON, .rank = at};
	uint64_t folder = fs_inode_pack(dir->inode);
	int rc;

	if (ret->docs == NULL || fs_inode_pack(ret->docs_folder) != folder) {
		tree_names_free(ret->docs);
		ret->docs = tree_names_new(moment_store(dir->moment), &dir->entry.root);
		ret->docs_folder = dir->inode;
	}
	if (at >= FS_INODE_RANKS)
		return 0;
	rc = tree_names_at(ret->docs, at, &ret->name, NULL, e);
	if (rc == 1)
		rc = fs_folders_slot(fs->folders, dir->inode, &inode.slot, e) < 0 ? e->code : 1;
	if (rc <= 0)
		return rc;
	buf_add_str(&ret->name, ".json");
	if (ret->node.moment == dir->moment)
		ret->node.inode = inode;
	else
		fs_node_point(&ret->node, inode, dir->moment);
	ret->next = FIRST + at + 1;
	return 1;
}

static int next_of_at(struct fs *fs, uint64_t at, struct fs_dir_entry *ret, struct error *e)
{
	int rc = fs_at_next(fs, at, &ret->name, &ret->node, &ret->next, e);

	ret->next += FIRST;
	return rc;
}

static int next_of_span(struct fs *fs, const struct fs_node *dir, uint64_t at,
			struct fs_dir_entry *ret, struct error *e)
{
	int rc = fs_span_next(fs, dir->inode, at, &ret->name, &ret->node, &ret->next, e);

	ret->next += FIRST;
	return rc;
}

/* The .bson and the .json, when there is a stream. */
static int next_of_oplog(struct fs *fs, uint64_t at, struct fs_dir_entry *ret, struct error *e)
{
	struct fs_inode inode = fs_inode_fixed(at == 0 ? FS_FIXED_OPLOG_BSON : FS_FIXED_OPLOG_JSON);

	if (at > 1 || !fs_oplog_name(fs, at == 1, &ret->name))
		return 0;
	ret->next = FIRST + at + 1;
	return fs_node_find(fs, fs_inode_pack(inode), &ret->node, e);
}

static int next_of_fixed(struct fs *fs, const struct fs_node *dir, uint64_t at,
			 struct fs_dir_entry *ret, struct error *e)
{
	static const char *const root[] = {"README.txt", "at",	  "latest", "snapshots",
					   "timeline",	 "oplog", ".yester"};
	static const char *const yester[] = {"gaps.json", "progress.json", "ranges.json",
					     "snapshots.json", "status.json"};

	switch (dir->inode.rank) {
	case FS_FIXED_ROOT:
		return next_of_names(fs, dir, root, COUNT_OF(root), at, ret, e);
	case FS_FIXED_YESTER:
		return next_of_names(fs, dir, yester, COUNT_OF(yester), at, ret, e);
	case FS_FIXED_AT:
		return next_of_at(fs, at, ret, e);
	case FS_FIXED_TIMELINE:
		return next_of_span(fs, dir, at, ret, e);
	case FS_FIXED_OPLOG:
		return next_of_oplog(fs, at, ret, e);
	default:
		return next_of_snapshots(fs, at, ret, e);
	}
}

int fs_dir_next(struct fs *fs, const struct fs_node *dir, uint64_t position,
		struct fs_dir_entry *ret, struct error *e)
{
	buf_reset(&ret->name);
	ret->is_dots = false;
	if (position < FIRST)
		return next_dots(dir, position, ret, e);
	position -= FIRST;
	switch (dir->inode.kind) {
	case FS_KIND_FIXED:
		return next_of_fixed(fs, dir, position, ret, e);
	case FS_KIND_SPAN:
		return next_of_span(fs, dir, position, ret, e);
	case FS_KIND_MOMENT:
		return next_of_moment(dir, position, ret, e);
	case FS_KIND_DATABASE:
		return next_of_db(fs, dir, position, ret, e);
	case FS_KIND_DOCS:
		return next_of_docs(fs, dir, position, ret, e);
	default:
		return 0;
	}
}
