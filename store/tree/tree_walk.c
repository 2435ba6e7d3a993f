#include "store/tree/tree_walk.h"

#include "store/tree/tree_wish.h"

/*
 * Leaves that are decoded ahead at most. Half of them are asked for at a time: whoever has to be woken
 * for each leaf costs as much as its decoding.
 */
#define REACH_MAX 48

int tree_walk_leaf(struct store *store, const struct tree_root *root, struct chunk **ret,
		   struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;

	if (store_get(store, &root->id, &chunk, e) < 0)
		return e->code;
	if (chunk->plain.len != root->bytes)
		return error_set(e, ERR_CORRUPT, "a leaf has %zu bytes where %llu are expected",
				 chunk->plain.len, (unsigned long long)root->bytes);
	*ret = TAKE(chunk);
	return 0;
}

/* What was seen of the leaves up to this one, which is read: how far ahead it is worth to ask. */
static size_t reach(struct tree_walk_ahead *ahead, const struct tree_walk_at *at)
{
	uint64_t node = at->rank - at->node->before[at->index];
	size_t passed = at->index;

	if (node == ahead->node && at->index > ahead->last)
		passed -= ahead->last + 1;
	else
		ahead->wished = 0;
	ahead->node = node;
	ahead->last = at->index;
	ahead->credits -= MIN_OF(ahead->credits, passed);
	ahead->credits = MIN_OF(ahead->credits + 1, (size_t)REACH_MAX);
	return ahead->credits;
}

void tree_walk_wish(struct store *store, struct tree_walk_ahead *ahead,
		    const struct tree_walk_at *at)
{
	size_t next = at->index + 1, count;

	if (at->node == NULL)
		return;
	count = reach(ahead, at);
	if (ahead->wished > next + count / 2)
		return;
	tree_wish(store, at->node, MAX_OF(ahead->wished, next), next + count);
	ahead->wished = next + count;
}

static struct tree_walk_at child_at(const struct tree_node *node, size_t i,
				    const struct tree_walk_at *above)
{
	return (struct tree_walk_at){.child = &node->child[i],
				     .rank = above->rank + node->before[i],
				     .is_last = above->is_last && i + 1 == node->n,
				     .node = node,
				     .index = i};
}

/*
 * A leaf that was ended by its size depends on the document after it: when the next child is
 * changed (or is made anew because the builder is not at an end there), it is made anew, too.
 */
static bool depends_on_next(const struct tree_walk *walk, const struct tree_node *node, size_t i,
			    const struct tree_walk_at *above)
{
	struct tree_walk_at next;

	if (!node->child[i].forced || !walk->some_left(walk->ctx))
		return false;
	if (i + 1 == node->n)
		return !above->is_last;
	next = child_at(node, i + 1, above);
	return walk->touches(walk->ctx, &next);
}

/* Could the child be put in whole now? */
static int is_free(const struct tree_walk *walk, uint8_t level, struct error *e)
{
	if (!walk->joined(walk->ctx))
		return 0;
	if (level > 1 && tree_builder_settle(walk->builder, e) < 0)
		return e->code;
	return tree_builder_is_clean(walk->builder, level);
}

static int walk_node(const struct tree_walk *walk, const struct tree_root *root,
		     const struct tree_walk_at *at, struct error *e);

static int walk_child(const struct tree_walk *walk, const struct tree_node *node, size_t i,
		      const struct tree_walk_at *above, struct error *e)
{
	struct tree_root root = tree_node_child_root(node, i);
	struct tree_walk_at at = child_at(node, i, above);
	bool alone;
	int whole = 0;
	int skip = walk->skips == NULL ? 0 : walk->skips(walk->ctx, &at, e);

	if (skip != 0)
		return MIN_OF(skip, 0);
	alone = !depends_on_next(walk, node, i, above);
	if (alone && !walk->touches(walk->ctx, &at)) {
		whole = is_free(walk, node->level, e);
		if (whole != 0)
			return whole < 0 ? whole
					 : walk->put_whole(walk->ctx, node->level, at.child, e);
	}
	if (root.height > 0)
		return walk_node(walk, &root, &at, e);
	whole = alone ? is_free(walk, node->level, e) : 0;
	return whole < 0 ? whole : walk->leaf(walk->ctx, &root, &at, whole == 1, e);
}

static int walk_node(const struct tree_walk *walk, const struct tree_root *root,
		     const struct tree_walk_at *at, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	int code = 0;

	if (store_get(walk->store, &root->id, &chunk, e) < 0 ||
	    tree_node_parse(chunk->plain, root, &node, e) < 0)
		return e->code;
	for (size_t i = 0; i < node.n && code == 0; i++)
		code = walk_child(walk, &node, i, at, e);
	tree_node_release(&node);
	return code;
}

int tree_walk_run(const struct tree_walk *walk, const struct tree_root *old, struct error *e)
{
	struct tree_child child = {.id = old->id, .count = old->count, .bytes = old->bytes};
	const struct tree_walk_at top = {.child = &child, .is_last = true};

	if (old->count == 0)
		return 0;
	if (old->height > 0)
		return walk_node(walk, old, &top, e);
	return walk->leaf(walk->ctx, old, &top, false, e);
}

/*
 * A node with one child only stands at the end of a level. When all before it was deleted it
 * would be the root: a tree that is built anew has none such.
 */
static int unwrap(struct store *store, struct tree_root *root, struct error *e)
{
	while (root->height > 0) {
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct tree_root child;
		struct tree_node node;
		bool only;

		/* What the builder just wrote is not readable yet, and has more children. */
		if (!store_knows(store, &root->id))
			return 0;
		if (store_get(store, &root->id, &chunk, e) < 0 ||
		    tree_node_parse(chunk->plain, root, &node, e) < 0)
			return e->code;
		only = node.n == 1;
		child = tree_node_child_root(&node, 0);
		tree_node_release(&node);
		if (!only)
			return 0;
		*root = child;
	}
	return 0;
}

int tree_walk_finish(const struct tree_walk *walk, struct tree_root *ret, struct error *e)
{
	struct tree_root root;

	if (tree_builder_finish(walk->builder, &root, e) < 0 || unwrap(walk->store, &root, e) < 0)
		return e->code;
	*ret = root;
	return 0;
}
