#include "fs/fs_xattr.h"

#include <inttypes.h>

/* Append the value when the node has it. */
typedef bool add_value(const struct fs_node *node, struct buf *ret);

/* A collection, in a form that has all of it? */
static bool is_collection(const struct fs_node *node)
{
	return node->inode.kind == FS_KIND_BSON || node->inode.kind == FS_KIND_JSON ||
	       node->inode.kind == FS_KIND_DOCS;
}

static bool add_u64(struct buf *ret, uint64_t value)
{
	buf_printf(ret, "%" PRIu64, value);
	return true;
}

static bool add_count(const struct fs_node *node, struct buf *ret)
{
	if (fs_inode_is_document(node->inode))
		return false;
	return add_u64(ret, is_collection(node) ? node->entry.root.count
						: moment_snapshot(node->moment)->documents);
}

static bool add_bytes(const struct fs_node *node, struct buf *ret)
{
	if (fs_inode_is_document(node->inode))
		return false;
	return add_u64(ret, is_collection(node) ? node->entry.root.bytes
						: moment_snapshot(node->moment)->bytes);
}

/* Of the tree of a collection, or of the catalog of a snapshot. */
static bool add_root(const struct fs_node *node, struct buf *ret)
{
	char hex[CHUNK_ID_HEX + 1];

	if (fs_inode_is_document(node->inode))
		return false;
	chunk_id_hex(is_collection(node) ? &node->entry.root.id
					 : &moment_snapshot(node->moment)->catalog.id,
		     hex);
	buf_add_str(ret, hex);
	return true;
}

/* Of a document: its number in the order of the collection, from 0. */
static bool add_rank(const struct fs_node *node, struct buf *ret)
{
	return fs_inode_is_document(node->inode) && add_u64(ret, node->inode.rank);
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
	if (node->inode.kind == FS_KIND_MOMENT || !node->entry.has_uuid)
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
	{FS_XATTR_PREFIX "uuid", add_uuid},   {FS_XATTR_PREFIX "rank", add_rank},
};

static bool has_attributes(const struct fs_node *node)
{
	return is_collection(node) || fs_inode_is_document(node->inode) ||
	       node->inode.kind == FS_KIND_MOMENT;
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
