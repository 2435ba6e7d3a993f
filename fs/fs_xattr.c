#include "fs/fs_xattr.h"

#include <inttypes.h>

/* Append the value when the node has it. */
typedef bool add_value(const struct fs_node *node, struct buf *ret);

/* The tree of a collection, or the catalog of a snapshot. */
static const struct tree_root *root_of(const struct fs_node *node)
{
	return node->inode.kind == FS_KIND_BSON ? &node->entry.root
						: &moment_snapshot(node->moment)->catalog;
}

static bool add_count(const struct fs_node *node, struct buf *ret)
{
	buf_printf(ret, "%" PRIu64,
		   node->inode.kind == FS_KIND_BSON ? node->entry.root.count
						    : moment_snapshot(node->moment)->documents);
	return true;
}

static bool add_bytes(const struct fs_node *node, struct buf *ret)
{
	buf_printf(ret, "%" PRIu64,
		   node->inode.kind == FS_KIND_BSON ? node->entry.root.bytes
						    : moment_snapshot(node->moment)->bytes);
	return true;
}

static bool add_root(const struct fs_node *node, struct buf *ret)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(&root_of(node)->id, hex);
	buf_add_str(ret, hex);
	return true;
}

static bool add_moment(const struct fs_node *node, struct buf *ret)
{
	char text[SNAPSHOT_TIME_LEN + 1];

	snapshot_time_text(moment_snapshot(node->moment)->time, text);
	buf_add_str(ret, text);
	return true;
}

static bool add_uuid(const struct fs_node *node, struct buf *ret)
{
	if (node->inode.kind != FS_KIND_BSON || !node->entry.has_uuid)
		return false;
	for (size_t i = 0; i < sizeof(node->entry.uuid); i++)
		buf_printf(ret, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			   (unsigned)node->entry.uuid[i]);
	return true;
}

static const struct {
	const char *name;
	add_value *add;
} attributes[] = {
	{FS_XATTR_PREFIX "count", add_count}, {FS_XATTR_PREFIX "bytes", add_bytes},
	{FS_XATTR_PREFIX "root", add_root},   {FS_XATTR_PREFIX "moment", add_moment},
	{FS_XATTR_PREFIX "uuid", add_uuid},
};

static bool has_attributes(const struct fs_node *node)
{
	return node->inode.kind == FS_KIND_BSON || node->inode.kind == FS_KIND_MOMENT;
}

int fs_xattr_get(const struct fs_node *node, const char *name, struct buf *ret)
{
	for (size_t i = 0; has_attributes(node) && i < COUNT_OF(attributes); i++)
		if (strcmp(name, attributes[i].name) == 0)
			return attributes[i].add(node, ret);
	return 0;
}

void fs_xattr_list(const struct fs_node *node, struct buf *ret)
{
	OWNED(buf_release) struct buf value = {0};

	for (size_t i = 0; has_attributes(node) && i < COUNT_OF(attributes); i++)
		if (attributes[i].add(node, &value))
			buf_add(ret, attributes[i].name, strlen(attributes[i].name) + 1);
}
