#include "store/tree/tree_edit.h"

#include "base/bson_check.h"
#include "base/key.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_cursor.h"

struct edit {
	struct store *store;
	struct tree_builder *builder;
	tree_changes next;
	void *ctx;
	bool some; /* `change` is the next one to apply */
	struct tree_change change;
	struct buf change_key, last_key, key, doc;
};

/* Copy the next change: it must live while the tree is walked. */
static int pull(struct edit *edit, struct error *e)
{
	struct tree_change change;
	bool first = !edit->some;
	int found;

	buf_reset(&edit->last_key);
	buf_add_bytes(&edit->last_key, edit->change.key);
	found = edit->next(edit->ctx, &change, e);
	if (found < 0)
		return found;
	edit->some = found == 1;
	if (found == 0)
		return 0;
	if (!first && bytes_compare(change.key, buf_bytes(&edit->last_key)) <= 0)
		return error_set(e, ERR_INVALID, "changes of a tree are out of order");
	buf_reset(&edit->change_key);
	buf_add_bytes(&edit->change_key, change.key);
	buf_reset(&edit->doc);
	buf_add_bytes(&edit->doc, change.doc);
	edit->change.key = buf_bytes(&edit->change_key);
	edit->change.doc = buf_bytes(&edit->doc);
	return 1;
}

static int apply(struct edit *edit, struct error *e)
{
	if (edit->change.doc.len > 0 &&
	    tree_builder_add(edit->builder, edit->change.key, edit->change.doc, e) < 0)
		return e->code;
	return pull(edit, e) < 0 ? e->code : 0;
}

/* Changes whose key is below `key` are inserts; one that is equal replaces the document. */
static int merge_document(struct edit *edit, struct bytes key, struct bytes doc, struct error *e)
{
	while (edit->some) {
		int order = bytes_compare(edit->change.key, key);

		if (order > 0)
			break;
		if (order == 0)
			return apply(edit, e);
		if (apply(edit, e) < 0)
			return e->code;
	}
	return tree_builder_add(edit->builder, key, doc, e);
}

static int walk_leaf(struct edit *edit, const struct tree_root *leaf, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(edit->store, leaf);
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		buf_reset(&edit->key);
		if (key_of_document(doc, &edit->key, e) < 0 ||
		    merge_document(edit, buf_bytes(&edit->key), doc, e) < 0)
			return e->code;
	}
	return found;
}

/* Does the next change fall into the child, or could it (where its separator is cut)? */
static bool touches(const struct edit *edit, const struct tree_child *child, bool is_last)
{
	bool exact;
	int order;

	if (!edit->some)
		return false;
	if (is_last)
		return true;
	order = tree_node_compare(child->sep, edit->change.key, &exact);
	return order > 0 || order == 0;
}

/*
 * A leaf that was ended by its size depends on the document after it: when the next child is
 * changed (or is made anew because the builder is not at an end there), it is made anew, too.
 */
static bool depends_on_next(const struct edit *edit, const struct tree_node *node, size_t i,
			    bool is_last)
{
	if (!node->child[i].forced || !edit->some)
		return false;
	return i + 1 == node->n ? !is_last
				: touches(edit, &node->child[i + 1], is_last && i + 2 == node->n);
}

static int walk_node(struct edit *edit, const struct tree_root *root, bool is_last,
		     struct error *e);

static int walk_child(struct edit *edit, const struct tree_node *node, size_t i, bool is_last,
		      struct error *e)
{
	struct tree_root child = tree_node_child_root(node, i);
	bool last = is_last && i + 1 == node->n;

	if (!touches(edit, &node->child[i], last) && !depends_on_next(edit, node, i, is_last) &&
	    tree_builder_is_clean(edit->builder, node->level))
		return tree_builder_add_child(edit->builder, node->level, &node->child[i], e);
	return child.height == 0 ? walk_leaf(edit, &child, e) : walk_node(edit, &child, last, e);
}

static int walk_node(struct edit *edit, const struct tree_root *root, bool is_last, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	int code = 0;

	if (store_get(edit->store, &root->id, &chunk, e) < 0 ||
	    tree_node_parse(chunk->plain, root, &node, e) < 0)
		return e->code;
	for (size_t i = 0; i < node.n && code == 0; i++)
		code = walk_child(edit, &node, i, is_last, e);
	tree_node_release(&node);
	return code;
}

static int walk_all(struct edit *edit, const struct tree_root *old, struct error *e)
{
	int code = 0;

	if (old->count > 0 && old->height == 0)
		code = walk_leaf(edit, old, e);
	else if (old->count > 0)
		code = walk_node(edit, old, true, e);
	while (code == 0 && edit->some)
		code = apply(edit, e);
	return code;
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

int tree_edit(struct store_writer *writer, const struct tree_root *old,
	      const struct writer_prefix *prefix, tree_changes next, void *ctx,
	      struct tree_root *ret, struct error *e)
{
	struct tree_build_options options = {.kind = TREE_KEYED, .old = old, .prefix = prefix};
	struct edit edit = {.store = store_writer_store(writer), .next = next, .ctx = ctx};
	int code;

	if (old->kind != TREE_KEYED)
		return error_set(e, ERR_INVALID, "an edit by key of a collection of natural order");
	code = pull(&edit, e);
	if (code == 0) {
		*ret = *old;
	} else if (code == 1) {
		edit.builder = tree_builder_new(writer, &options);
		code = walk_all(&edit, old, e);
		if (code == 0)
			code = tree_builder_finish(edit.builder, ret, e);
		if (code == 0)
			code = unwrap(edit.store, ret, e);
	}
	tree_builder_free(edit.builder);
	buf_release(&edit.change_key);
	buf_release(&edit.last_key);
	buf_release(&edit.key);
	buf_release(&edit.doc);
	return code;
}
