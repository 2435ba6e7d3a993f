#include "store/tree/tree_split.h"

#include "base/siphash.h"

#define NODE_SHIFT 57 /* 2^57 of 2^64: one in 128 */

/* hash < size / target of the hash space, without overflow. */
static bool falls(uint64_t hash, size_t size, uint32_t target)
{
	unsigned shift = 64 - (unsigned)__builtin_ctz(target);

	return size >= target || hash < (uint64_t)size << shift;
}

bool tree_split_keyed(const struct store_params *params, struct bytes key, size_t size)
{
	return falls(siphash24(params->seed, key), size, params->leaf_target);
}

bool tree_split_ranked(const struct store_params *params, struct bytes doc, uint64_t *hash)
{
	uint8_t pair[16];

	put_le64(pair, *hash);
	*hash = siphash24(params->seed, doc);
	put_le64(pair + 8, *hash);
	return falls(siphash24(params->seed, bytes_of(pair, sizeof(pair))), doc.len,
		     params->leaf_target);
}

bool tree_split_node(const struct store_params *params, uint8_t kind, uint8_t level,
		     const struct tree_child *child, size_t n)
{
	uint8_t seed[STORE_SEED_LEN];
	struct bytes what = kind == TREE_KEYED ? child->sep : bytes_of(child->id.at, CHUNK_ID_LEN);

	if (n >= TREE_NODE_CHILDREN_MAX)
		return true;
	if (n < 2)
		return false;
	memcpy(seed, params->seed, sizeof(seed));
	seed[sizeof(seed) - 1] ^= level;
	return siphash24(seed, what) < (uint64_t)1 << NODE_SHIFT;
}
