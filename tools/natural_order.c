#include "tools/natural_order.h"

#include <stdlib.h>

#include "base/siphash.h"
#include "store/snapshot/catalog_order.h"

struct came {
	uint64_t hash;
	uint32_t number;
};

struct natural_order {
	uint64_t count, came, sorted;
	struct came *keys; /* as they came */
	uint64_t *hashes;  /* in the order of the tree */
};

void natural_order_free(struct natural_order *n)
{
	if (n == NULL)
		return;
	free(n->keys);
	free(n->hashes);
	free(n);
}

struct natural_order *natural_order_new(uint64_t count)
{
	struct natural_order *n;

	if (count > CATALOG_ORDER_DOCS_MAX)
		return NULL;
	n = xcalloc(1, sizeof(*n));
	n->count = count;
	n->keys = xcalloc(count + 1, sizeof(*n->keys));
	n->hashes = xcalloc(count + 1, sizeof(*n->hashes));
	return n;
}

static uint64_t hash_of(struct bytes key)
{
	static const uint8_t seed[SIPHASH_KEY_LEN] = "natural order";

	return siphash24(seed, key);
}

void natural_order_came(struct natural_order *n, struct bytes key)
{
	if (n->came < n->count)
		n->keys[n->came] = (struct came){hash_of(key), (uint32_t)n->came};
	n->came++;
}

void natural_order_sorted(struct natural_order *n, struct bytes key)
{
	if (n->sorted < n->count)
		n->hashes[n->sorted] = hash_of(key);
	n->sorted++;
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = ((const struct came *)a)->hash;
	uint64_t y = ((const struct came *)b)->hash;

	return x < y ? -1 : x > y;
}

void natural_order_pack(struct natural_order *n, struct buf *ret)
{
	OWNED(free) uint32_t *ranks = xcalloc(n->count + 1, sizeof(*ranks));

	if (n->came != n->count || n->sorted != n->count || n->count == 0)
		return;
	qsort(n->keys, n->count, sizeof(*n->keys), by_hash);
	for (uint64_t i = 1; i < n->count; i++)
		if (n->keys[i - 1].hash == n->keys[i].hash)
			return;
	for (uint64_t i = 0; i < n->count; i++) {
		struct came wanted = {.hash = n->hashes[i]};
		const struct came *key =
			bsearch(&wanted, n->keys, n->count, sizeof(*n->keys), by_hash);

		if (key == NULL)
			return;
		ranks[key->number] = (uint32_t)i;
	}
	(void)catalog_order_pack(ranks, n->count, ret);
}
