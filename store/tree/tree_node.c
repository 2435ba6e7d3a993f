#include "store/tree/tree_node.h"

#include <inttypes.h>

#define NODE_VERSION 1
#define NODE_HEADER 6
#define FLAG_FORCED 1

void tree_node_separator(struct bytes key, struct buf *ret)
{
	struct chunk_id hash;

	buf_add(ret, key.at, MIN_OF(key.len, (size_t)TREE_SEP_CUT));
	if (key.len <= TREE_SEP_CUT)
		return;
	hash = chunk_id_of(key);
	buf_add(ret, hash.at, TREE_SEP_HASH);
}

int tree_node_compare(struct bytes sep, struct bytes key, bool *ret_exact)
{
	bool sep_cut = sep.len > TREE_SEP_CUT, key_long = key.len > TREE_SEP_CUT;
	struct bytes a = bytes_of(sep.at, MIN_OF(sep.len, (size_t)TREE_SEP_CUT));
	struct bytes b = bytes_of(key.at, MIN_OF(key.len, (size_t)TREE_SEP_CUT));
	int order = bytes_compare(a, b);

	*ret_exact = true;
	if (order != 0)
		return order;
	/* The same start: a cut one is longer than one that ends here. */
	if (sep_cut != key_long)
		return sep_cut ? 1 : -1;
	*ret_exact = !sep_cut;
	return 0;
}

void tree_node_encode(uint8_t kind, uint8_t level, const struct tree_child *children, size_t n,
		      struct buf *ret)
{
	const uint8_t header[NODE_HEADER] = {'Y', 'N', NODE_VERSION, level, kind, 0};

	buf_add(ret, header, sizeof(header));
	buf_add_varint(ret, n);
	for (size_t i = 0; i < n; i++)
		buf_add(ret, children[i].id.at, CHUNK_ID_LEN);
	for (size_t i = 0; i < n; i++) {
		buf_add_varint(ret, children[i].count);
		buf_add_varint(ret, children[i].bytes);
		buf_add_u8(ret, children[i].forced ? FLAG_FORCED : 0);
		if (kind == TREE_RANKED)
			continue;
		buf_add_varint(ret, children[i].sep.len);
		buf_add_bytes(ret, children[i].sep);
	}
}

static bool take(struct bytes *from, size_t len, const uint8_t **ret)
{
	if (from->len < len)
		return false;
	*ret = from->at;
	from->at += len;
	from->len -= len;
	return true;
}

static bool parse_child(struct bytes *from, uint8_t kind, struct tree_child *ret)
{
	const uint8_t *flags;
	uint64_t len;

	if (!get_varint(from, &ret->count) || !get_varint(from, &ret->bytes) ||
	    !take(from, 1, &flags) || *flags > FLAG_FORCED)
		return false;
	ret->forced = *flags == FLAG_FORCED;
	if (kind == TREE_RANKED)
		return true;
	if (!get_varint(from, &len) || len > TREE_SEP_MAX || !take(from, len, &ret->sep.at))
		return false;
	ret->sep.len = len;
	return true;
}

/* The children and their sums; false when anything is out of order. */
static bool parse_children(struct bytes from, const uint8_t *ids, struct tree_node *node)
{
	for (size_t i = 0; i < node->n; i++) {
		struct tree_child *child = &node->child[i];
		bool exact;

		memcpy(child->id.at, ids + i * CHUNK_ID_LEN, CHUNK_ID_LEN);
		if (!parse_child(&from, node->kind, child) || child->count == 0 ||
		    child->bytes / 5 < child->count)
			return false;
		if (__builtin_add_overflow(node->before[i], child->count, &node->before[i + 1]) ||
		    __builtin_add_overflow(node->offset[i], child->bytes, &node->offset[i + 1]))
			return false;
		if (i > 0 && node->kind == TREE_KEYED &&
		    tree_node_compare(node->child[i - 1].sep, child->sep, &exact) > 0)
			return false;
	}
	return from.len == 0;
}

int tree_node_parse(struct bytes from, const struct tree_root *expect, struct tree_node *ret,
		    struct error *e)
{
	struct tree_node node = {0};
	const uint8_t *header, *ids;
	uint64_t n;

	if (!take(&from, NODE_HEADER, &header) || header[0] != 'Y' || header[1] != 'N')
		return error_set(e, ERR_CORRUPT, "a tree node does not begin like one");
	if (header[2] != NODE_VERSION)
		return error_set(e, ERR_UNSUPPORTED,
				 "tree node of version %u, this program knows %u", header[2],
				 NODE_VERSION);
	node.level = header[3];
	node.kind = header[4];
	if (node.level != expect->height || node.kind != expect->kind)
		return error_set(e, ERR_CORRUPT,
				 "tree node of level %u kind %u where %u and %u is "
				 "expected",
				 node.level, node.kind, expect->height, expect->kind);
	if (!get_varint(&from, &n) || n == 0 || n > TREE_NODE_CHILDREN_MAX ||
	    !take(&from, n * CHUNK_ID_LEN, &ids))
		return error_set(e, ERR_CORRUPT, "tree node with a wrong number of children");
	node.n = (uint32_t)n;
	node.child = xcalloc(n, sizeof(*node.child));
	node.before = xcalloc(2 * (n + 1), sizeof(*node.before));
	node.offset = node.before + n + 1;
	if (!parse_children(from, ids, &node) || node.before[n] != expect->count ||
	    node.offset[n] != expect->bytes) {
		tree_node_release(&node);
		return error_set(e, ERR_CORRUPT,
				 "tree node whose children do not fit: %" PRIu64
				 " documents and %" PRIu64 " bytes are expected",
				 expect->count, expect->bytes);
	}
	*ret = node;
	return 0;
}

void tree_node_release(struct tree_node *node)
{
	free(node->child);
	free(node->before);
	*node = (struct tree_node){0};
}

struct tree_root tree_node_child_root(const struct tree_node *node, size_t i)
{
	return (struct tree_root){.id = node->child[i].id,
				  .kind = node->kind,
				  .height = (uint8_t)(node->level - 1),
				  .count = node->child[i].count,
				  .bytes = node->child[i].bytes};
}
