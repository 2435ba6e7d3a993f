#include "store/tree/tree_prefix.h"

#include "store/tree/tree_node.h"

int tree_prefix_of(struct store_writer *writer, const struct tree_root *old,
		   struct writer_prefix **ret, struct error *e)
{
	struct store *store = store_writer_store(writer);
	struct tree_root at = *old;

	if (at.count == 0)
		return 0;
	while (at.height > 0) {
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct tree_node node;

		if (store_get(store, &at.id, &chunk, e) < 0 ||
		    tree_node_parse(chunk->plain, &at, &node, e) < 0)
			return e->code;
		at = tree_node_child_root(&node, 0);
		tree_node_release(&node);
	}
	return store_writer_prefix_of(writer, &at.id, ret, e);
}

int tree_prefix_make(struct store_writer *writer, struct bytes sample, struct writer_prefix **ret,
		     struct error *e)
{
	if (sample.len < TREE_PREFIX_LEN / 4)
		return 0;
	return store_writer_prefix(writer, sample, ret, e) < 0 ? e->code : 1;
}
