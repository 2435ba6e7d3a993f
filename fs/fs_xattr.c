#include "fs/fs_xattr.h"

#include <inttypes.h>

/* A collection, in a form that has all of it? */
static bool is_collection(const struct fs_node *node)
{
	return node->inode.kind == FS_KIND_BSON || node->inode.kind == FS_KIND_JSON ||
	       node->inode.kind == FS_KIND_DOCS;
}

static bool has_rank(const struct fs_node *node)
{
	return fs_inode_is_document(node->inode);
}

/* Of a moment as a whole nothing is known that would not have to be replayed first. */
static bool has_totals(const struct fs_node *node)
{
	return is_collection(node) ||
	       (node->inode.kind == FS_KIND_MOMENT && node->inode.slot < FS_INODE_POINTS);
}

static bool is_any(const struct fs_node *node UNUSED)
{
	return true;
}

/* At a moment that is no snapshot? */
static bool is_of_point(const struct fs_node *node)
{
	return fs_node_slot(node) >= FS_INODE_POINTS;
}

static bool has_optime(const struct fs_node *node)
{
	return is_of_point(node) || moment_snapshot(node->moment)->exact;
}

static bool has_uuid(const struct fs_node *node)
{
	return node->inode.kind != FS_KIND_MOMENT && node->entry.has_uuid;
}

static void add_count(struct fs *fs UNUSED, const struct fs_node *node, struct buf *ret)
{
	buf_printf(ret, "%" PRIu64,
		   is_collection(node) ? node->entry.root.count
				       : moment_snapshot(node->moment)->documents);
}

static void add_bytes(struct fs *fs UNUSED, const struct fs_node *node, struct buf *ret)
{
	buf_printf(ret, "%" PRIu64,
		   is_collection(node) ? node->entry.root.bytes
				       : moment_snapshot(node->moment)->bytes);
}

static void add_id(const struct chunk_id *id, struct buf *ret)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(id, hex);
	buf_add_str(ret, hex);
}

/* Of the tree of a collection, or of the catalog of a moment. */
static void add_root(struct fs *fs UNUSED, const struct fs_node *node, struct buf *ret)
{
	add_id(is_collection(node) ? &node->entry.root.id
				   : &moment_snapshot(node->moment)->catalog.id,
	       ret);
}

/* Of a document: its number in the order of the collection, from 0. */
static void add_rank(struct fs *fs UNUSED, const struct fs_node *node, struct buf *ret)
{
	buf_printf(ret, "%" PRIu64, node->inode.rank);
}

static void add_moment(struct fs *fs, const struct fs_node *node, struct buf *ret)
{
	char text[SNAPSHOT_TIME_LEN + 1];
	struct timeline_point point;

	if (fs_points_find(fs->points, fs_node_slot(node), &point)) {
		buf_add_str(ret, point.name);
		return;
	}
	snapshot_time_text(moment_snapshot(node->moment)->time, text);
	buf_add_str(ret, text);
}

/* Of a moment: the last operation that it shows. */
static void add_optime(struct fs *fs UNUSED, const struct fs_node *node, struct buf *ret)
{
	struct optime optime = moment_snapshot(node->moment)->optime;

	buf_printf(ret, "%" PRIu32 ".%" PRIu32, optime.seconds, optime.increment);
}

/* The snapshot that it was replayed from. */
static void add_base(struct fs *fs, const struct fs_node *node, struct buf *ret)
{
	struct timeline_point point;

	if (fs_points_find(fs->points, fs_node_slot(node), &point))
		add_id(&point.base, ret);
}

static void add_uuid(struct fs *fs UNUSED, const struct fs_node *node, struct buf *ret)
{
	for (size_t i = 0; i < sizeof(node->entry.uuid); i++)
		buf_printf(ret, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			   (unsigned)node->entry.uuid[i]);
}

/* Of collections, documents and the folders of moments. */
static const struct {
	const char *name;
	bool (*has)(const struct fs_node *node);
	void (*add)(struct fs *fs, const struct fs_node *node, struct buf *ret);
} attributes[] = {
	{FS_XATTR_PREFIX "count", has_totals, add_count},
	{FS_XATTR_PREFIX "bytes", has_totals, add_bytes},
	{FS_XATTR_PREFIX "root", has_totals, add_root},
	{FS_XATTR_PREFIX "moment", is_any, add_moment},
	{FS_XATTR_PREFIX "optime", has_optime, add_optime},
	{FS_XATTR_PREFIX "base", is_of_point, add_base},
	{FS_XATTR_PREFIX "uuid", has_uuid, add_uuid},
	{FS_XATTR_PREFIX "rank", has_rank, add_rank},
};

/*
 * Of a document they are told to who asks by name. `cp -a` and the like take all that is listed, each by two requests, which would be
 * most of what the copy of a small file takes.
 */
static bool is_listed(const struct fs_node *node)
{
	return is_collection(node) || node->inode.kind == FS_KIND_MOMENT;
}

static bool has_attributes(const struct fs_node *node)
{
	return is_listed(node) || has_rank(node) || fs_inode_is_keyed(node->inode);
}

int fs_xattr_get(struct fs *fs, const struct fs_node *node, const char *name, struct buf *ret)
{
	for (size_t i = 0; has_attributes(node) && i < COUNT_OF(attributes); i++) {
		if (strcmp(name, attributes[i].name) != 0)
			continue;
		if (!attributes[i].has(node))
			return 0;
		attributes[i].add(fs, node, ret);
		return 1;
	}
	return 0;
}

void fs_xattr_list(const struct fs_node *node, struct buf *ret)
{
	for (size_t i = 0; is_listed(node) && i < COUNT_OF(attributes); i++)
		if (attributes[i].has(node))
			buf_add(ret, attributes[i].name, strlen(attributes[i].name) + 1);
}
