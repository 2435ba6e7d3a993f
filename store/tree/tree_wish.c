#include "store/tree/tree_wish.h"

void tree_wish(struct store *store, const struct tree_node *node, size_t from, size_t end)
{
	struct chunk_id ids[STORE_PREFETCH_MAX];

	end = MIN_OF(end, node->n);
	while (from < end) {
		size_t count = 0;

		while (from < end && count < STORE_PREFETCH_MAX)
			ids[count++] = node->child[from++].id;
		store_prefetch_several(store, ids, count);
	}
}
