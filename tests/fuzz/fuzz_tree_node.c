/* The bytes of a tree node; what parses is encoded to the same bytes, and its sums and order hold. */
#include "tests/fuzz/fuzz.h"

#include "store/tree/tree_node.h"

/* Sums that fit: the first parse of a node does not know them. */
static bool guess(struct bytes from, struct tree_root *ret)
{
	struct bytes rest;
	uint64_t n, value;

	if (from.len < 7)
		return false;
	ret->height = from.at[3];
	ret->kind = from.at[4];
	rest = bytes_of(from.at + 6, from.len - 6);
	if (!get_varint(&rest, &n) || n > TREE_NODE_CHILDREN_MAX || rest.len < n * CHUNK_ID_LEN)
		return false;
	rest.at += n * CHUNK_ID_LEN;
	rest.len -= n * CHUNK_ID_LEN;
	for (uint64_t i = 0; i < n; i++) {
		if (!get_varint(&rest, &value))
			return false;
		ret->count += value;
		if (!get_varint(&rest, &value) || rest.len == 0)
			return false;
		ret->bytes += value;
		rest.at++;
		rest.len--;
		if (ret->kind == TREE_RANKED)
			continue;
		if (!get_varint(&rest, &value) || value > rest.len)
			return false;
		rest.at += value;
		rest.len -= value;
	}
	return true;
}

static void try_node(struct bytes from, const struct tree_root *expect)
{
	OWNED(buf_release) struct buf again = {0};
	struct tree_node node;
	struct error e = {0};
	bool exact;

	if (tree_node_parse(from, expect, &node, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT || e.code == ERR_UNSUPPORTED);
		return;
	}
	FUZZ_REQUIRE(node.n >= 1 && node.n <= TREE_NODE_CHILDREN_MAX);
	FUZZ_REQUIRE(node.before[node.n] == expect->count && node.offset[node.n] == expect->bytes);
	for (uint32_t i = 0; i < node.n; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		FUZZ_REQUIRE(child.count >= 1 && child.bytes / 5 >= child.count);
		FUZZ_REQUIRE(node.before[i + 1] > node.before[i]);
		FUZZ_REQUIRE(i == 0 || node.kind != TREE_KEYED ||
			     tree_node_compare(node.child[i - 1].sep, node.child[i].sep, &exact) <=
				     0);
	}
	tree_node_encode(node.kind, node.level, node.child, node.n, &again);
	/* The byte behind the kind is not looked at. */
	FUZZ_REQUIRE(again.len == from.len);
	again.at[5] = from.at[5];
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&again), from));
	tree_node_release(&node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_root expect = {0};

	if (guess(bytes_of(data, size), &expect))
		try_node(bytes_of(data, size), &expect);
	expect = (struct tree_root){.height = 1, .count = 3, .bytes = 300};
	try_node(bytes_of(data, size), &expect);
	return 0;
}
