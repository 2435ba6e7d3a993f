#include "store/tree/tree_hint.h"

#include "store/tree/tree_node.h"

/* One node on the path, and the child that is current. */
struct step {
	struct chunk *chunk;
	struct tree_node node;
	size_t child;
	uint64_t offset; /* of the node's first byte in the tree */
};

struct tree_hint {
	struct store *store;
	struct tree_root root;
	bool broken;				/* a node could not be read: no more hints */
	struct step steps[TREE_HEIGHT_MAX + 1]; /* by level; those from `valid` up are loaded */
	uint8_t valid;
};

struct tree_hint *tree_hint_new(struct store *store, const struct tree_root *old)
{
	struct tree_hint *hint = xcalloc(1, sizeof(*hint));

	hint->store = store;
	if (old != NULL)
		hint->root = *old;
	hint->valid = (uint8_t)(hint->root.height + 1);
	return hint;
}

static void step_release(struct step *step)
{
	if (step->chunk == NULL)
		return;
	tree_node_release(&step->node);
	chunk_release(step->chunk);
	*step = (struct step){0};
}

void tree_hint_free(struct tree_hint *hint)
{
	if (hint == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(hint->steps); i++)
		step_release(&hint->steps[i]);
	free(hint);
}

static bool load(struct tree_hint *hint, uint8_t level, const struct tree_root *root,
		 uint64_t offset)
{
	struct step *step = &hint->steps[level];
	struct error ignored;

	step_release(step);
	if (store_get(hint->store, &root->id, &step->chunk, &ignored) < 0)
		return false;
	if (tree_node_parse(step->chunk->plain, root, &step->node, &ignored) < 0) {
		chunk_release(step->chunk);
		step->chunk = NULL;
		return false;
	}
	step->offset = offset;
	return true;
}

/* Go on to the child that covers the place asked for; true when that is another one. */
static bool advance(struct tree_hint *hint, struct step *step, struct bytes sep, uint64_t offset)
{
	size_t start = step->child;
	bool exact;

	while (step->child + 1 < step->node.n) {
		const struct tree_child *child = &step->node.child[step->child];

		if (hint->root.kind == TREE_KEYED) {
			if (tree_node_compare(child->sep, sep, &exact) >= 0)
				break;
		} else if (step->offset + step->node.offset[step->child + 1] > offset) {
			break;
		}
		step->child++;
	}
	return step->child != start;
}

/*
 * Is the place behind all of the older tree? What comes there is new: a chunk that nothing is known of
 * but that it stood last would make a bad base, and trying it takes long.
 */
static bool is_behind(const struct tree_hint *hint, struct bytes sep, uint64_t offset)
{
	const struct step *top = &hint->steps[hint->root.height];
	bool exact;

	if (hint->root.kind != TREE_KEYED)
		return offset >= hint->root.bytes;
	return tree_node_compare(top->node.child[top->node.n - 1].sep, sep, &exact) < 0;
}

bool tree_hint_find(struct tree_hint *hint, uint8_t level, struct bytes sep, uint64_t offset,
		    struct chunk_id *ret, uint64_t *ret_bytes)
{
	uint64_t bytes;

	if (hint->broken || hint->root.count == 0 || level > hint->root.height)
		return false;
	for (uint8_t at = hint->root.height; at > level; at--) {
		struct step *step = &hint->steps[at];
		bool moved = false;

		if (hint->valid > at) {
			const struct step *above = &hint->steps[at + 1];
			struct tree_root root =
				at == hint->root.height
					? hint->root
					: tree_node_child_root(&above->node, above->child);
			uint64_t begin = at == hint->root.height
						 ? 0
						 : above->offset + above->node.offset[above->child];

			hint->broken = !load(hint, at, &root, begin);
			if (hint->broken)
				return false;
			hint->valid = at;
		}
		if (level == 0 && at == hint->root.height && is_behind(hint, sep, offset))
			return false;
		moved = advance(hint, step, sep, offset);
		if (moved)
			hint->valid = at;
	}
	if (level == hint->root.height) {
		*ret = hint->root.id;
		bytes = hint->root.bytes;
	} else {
		const struct step *above = &hint->steps[level + 1];

		*ret = above->node.child[above->child].id;
		bytes = above->node.child[above->child].bytes;
	}
	if (ret_bytes != NULL)
		*ret_bytes = bytes;
	return true;
}
