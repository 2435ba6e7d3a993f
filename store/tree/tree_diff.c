#include "store/tree/tree_diff.h"

#include "base/bson_check.h"
#include "base/key.h"
#include "store/tree/tree_node.h"
#include "store/tree/tree_walk.h"

struct step {
	struct chunk *chunk;
	struct tree_node node;
	size_t child; /* the next one */
};

/*
 * One side. Between chunks: `next` is the root of what comes next, if any. Within a leaf:
 * `leaf` holds it and `doc` and `key` are the current document's.
 */
struct side {
	struct store *store;
	struct step steps[TREE_HEIGHT_MAX + 1];
	int depth; /* of steps in use */
	bool some;
	struct tree_root next;
	struct chunk *leaf;
	size_t at;
	struct bytes doc;
	struct buf key;
};

static void side_release(struct side *side)
{
	for (int i = 0; i < side->depth; i++) {
		tree_node_release(&side->steps[i].node);
		chunk_release(side->steps[i].chunk);
	}
	chunk_release(side->leaf);
	buf_release(&side->key);
}

/* Go past `next`: to the next child of the deepest node that has one. */
static void skip(struct side *side)
{
	while (side->depth > 0) {
		struct step *step = &side->steps[side->depth - 1];

		if (step->child < step->node.n) {
			side->next = tree_node_child_root(&step->node, step->child++);
			return;
		}
		tree_node_release(&step->node);
		chunk_release(step->chunk);
		side->depth--;
	}
	side->some = false;
}

/* `next` is a node: its first child becomes `next`. */
static int descend(struct side *side, struct error *e)
{
	struct step *step = &side->steps[side->depth];

	*step = (struct step){0};
	if (store_get(side->store, &side->next.id, &step->chunk, e) < 0)
		return e->code;
	if (tree_node_parse(step->chunk->plain, &side->next, &step->node, e) < 0) {
		chunk_release(step->chunk);
		return e->code;
	}
	side->depth++;
	skip(side);
	return 0;
}

/* The document at side->at, or out of the leaf at its end. */
static int settle(struct side *side, struct error *e)
{
	struct bytes leaf = side->leaf->plain;
	int64_t len;

	if (side->at == leaf.len) {
		chunk_release(TAKE(side->leaf));
		skip(side);
		return 0;
	}
	len = bson_next(bytes_of(leaf.at + side->at, leaf.len - side->at), leaf.len, e);
	if (len < 0)
		return e->code;
	side->doc = bytes_of(leaf.at + side->at, (size_t)len);
	buf_reset(&side->key);
	return key_of_document(side->doc, &side->key, e) < 0 ? e->code : 0;
}

/* Into the leaf that `next` is, or down to the first one below it. */
static int enter_leaf(struct side *side, struct error *e)
{
	while (side->next.height > 0)
		if (descend(side, e) < 0)
			return e->code;
	if (tree_walk_leaf(side->store, &side->next, &side->leaf, e) < 0)
		return e->code;
	side->at = 0;
	return settle(side, e);
}

static int next_document(struct side *side, struct error *e)
{
	side->at += side->doc.len;
	return settle(side, e);
}

static bool at_end(const struct side *side)
{
	return side->leaf == NULL && !side->some;
}

/* Both stand between chunks: skip what is the same, go down where it is not. */
static int compare_chunks(struct side *a, struct side *b, struct error *e)
{
	if (chunk_id_equal(&a->next.id, &b->next.id)) {
		skip(a);
		skip(b);
		return 0;
	}
	if (a->next.height == 0 && b->next.height == 0) {
		if (enter_leaf(a, e) < 0)
			return e->code;
		return enter_leaf(b, e);
	}
	if (a->next.height >= b->next.height && descend(a, e) < 0)
		return e->code;
	/* a->next is a child now; b goes down, too, when it stood as high. */
	if (b->next.height > a->next.height)
		return descend(b, e);
	return 0;
}

static int compare_documents(struct side *a, struct side *b, tree_diff_each each, void *ctx,
			     struct error *e)
{
	const struct bytes none = {0};
	int order;

	if (a->leaf == NULL && a->some)
		return enter_leaf(a, e);
	if (b->leaf == NULL && b->some)
		return enter_leaf(b, e);
	order = a->leaf == NULL	  ? 1
		: b->leaf == NULL ? -1
				  : bytes_compare(buf_bytes(&a->key), buf_bytes(&b->key));
	if (order < 0) {
		if (each(ctx, buf_bytes(&a->key), a->doc, none, e) < 0)
			return e->code;
		return next_document(a, e);
	}
	if (order > 0) {
		if (each(ctx, buf_bytes(&b->key), none, b->doc, e) < 0)
			return e->code;
		return next_document(b, e);
	}
	if (!bytes_equal(a->doc, b->doc) && each(ctx, buf_bytes(&a->key), a->doc, b->doc, e) < 0)
		return e->code;
	if (next_document(a, e) < 0)
		return e->code;
	return next_document(b, e);
}

int tree_diff(struct store *store, const struct tree_root *old_root,
	      const struct tree_root *new_root, tree_diff_each each, void *ctx, struct error *e)
{
	struct side *sides = xcalloc(2, sizeof(*sides));
	struct side *a = &sides[0], *b = &sides[1];
	int code = 0;

	*a = (struct side){.store = store, .some = old_root->count > 0, .next = *old_root};
	*b = (struct side){.store = store, .some = new_root->count > 0, .next = *new_root};
	if ((a->some && old_root->kind != TREE_KEYED) || (b->some && new_root->kind != TREE_KEYED))
		code = error_set(e, ERR_INVALID, "a diff by key of a collection of natural order");
	while (code == 0 && !(at_end(a) && at_end(b))) {
		if (a->leaf == NULL && b->leaf == NULL && a->some && b->some)
			code = compare_chunks(a, b, e);
		else
			code = compare_documents(a, b, each, ctx, e);
	}
	side_release(a);
	side_release(b);
	free(sides);
	return code < 0 ? code : 0;
}
