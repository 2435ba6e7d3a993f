#include "store/tree/tree_edit.h"

#include "base/bson.h"
#include "base/key.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_walk.h"

/* A changed leaf is reckoned to grow by one of so many parts. */
#define MORE_SHARE 8

struct edit {
	struct store *store;
	struct tree_builder *builder;
	const struct tree_edit_source *source;
	bool some;	  /* `key` is the next one to apply */
	struct bytes key; /* the source's */
	bool changed;	  /* anything, so far */
	struct tree_walk_ahead ahead;
	struct buf last_key, doc_key;
};

/* A leaf while its documents are gone through. */
struct leaf {
	struct bytes docs;
	size_t run;	 /* where the documents begin that were kept and are not added yet */
	uint64_t count;	 /* of them */
	size_t last_len; /* of the last of them */
	size_t at;	 /* the document at hand */
	bool changed;	 /* it can't be put in whole any more */
	bool told;	 /* the builder knows of it */
	const struct tree_child *child;
};

static int pull(struct edit *edit, struct error *e)
{
	bool first = !edit->some;
	int found;

	buf_reset(&edit->last_key);
	buf_add_bytes(&edit->last_key, edit->key);
	found = edit->source->next(edit->source->ctx, &edit->key, e);
	edit->some = found == 1;
	if (found == 1 && !first && bytes_compare(edit->key, buf_bytes(&edit->last_key)) <= 0)
		return error_set(e, ERR_INVALID, "changes of a tree are out of order");
	return found;
}

/* Before any of its documents: so much does the builder know of the sizes of its own leaf. */
static void tell(struct edit *edit, struct leaf *leaf)
{
	struct chunk_facts facts = {0};
	struct error ignored;

	if (leaf->told)
		return;
	leaf->told = true;
	tree_builder_expect(edit->builder, leaf->docs.len + leaf->docs.len / MORE_SHARE);
	if (store_facts(edit->store, &leaf->child->id, &facts, &ignored) != 1)
		facts.renderer = 0;
	tree_builder_sum_open(edit->builder, &facts);
}

/* What was kept goes to the builder: the end of a leaf is not in it. */
static int flush_run(struct edit *edit, struct leaf *leaf, struct error *e)
{
	struct tree_run run = {.docs = bytes_of(leaf->docs.at + leaf->run, leaf->at - leaf->run),
			       .count = leaf->count,
			       .last_len = leaf->last_len};

	tell(edit, leaf);
	leaf->changed = true;
	leaf->run = leaf->at;
	leaf->count = 0;
	return tree_builder_add_run(edit->builder, &run, e);
}

/* Behind the last leaf all is new, and measured when it is encoded. */
static void tell_change(struct edit *edit, const struct leaf *leaf, struct bytes old,
			struct bytes now)
{
	if (leaf == NULL) {
		tree_builder_sum_unknown(edit->builder);
		return;
	}
	tree_builder_sum_change(edit->builder, old, now);
	if (old.len > 0 && leaf->at + old.len == leaf->docs.len)
		tree_builder_sum_close(edit->builder);
}

/*
 * Apply the next change to `old`, the document at leaf->at, or to none. *ret_kept: the document stays
 * as it is. `leaf` is NULL behind the last one.
 */
static int apply(struct edit *edit, struct leaf *leaf, struct bytes old, bool *ret_kept,
		 struct error *e)
{
	struct bytes doc = {0};
	int what = edit->source->apply(edit->source->ctx, old, &doc, e);

	if (what < 0)
		return what;
	if ((what == TREE_EDIT_PUT && bytes_equal(old, doc)) ||
	    (what == TREE_EDIT_REMOVE && old.len == 0))
		what = TREE_EDIT_KEEP;
	*ret_kept = what == TREE_EDIT_KEEP;
	if (what != TREE_EDIT_KEEP) {
		edit->changed = true;
		if (leaf != NULL && flush_run(edit, leaf, e) < 0)
			return e->code;
		tell_change(edit, leaf, old, what == TREE_EDIT_PUT ? doc : bytes_of(NULL, 0));
	}
	if (what == TREE_EDIT_PUT && tree_builder_add(edit->builder, edit->key, doc, e) < 0)
		return e->code;
	return pull(edit, e) < 0 ? e->code : 0;
}

/* The document at leaf->at of `len` bytes: changes with lesser keys are inserts, an equal one is its own. */
static int merge_document(struct edit *edit, struct leaf *leaf, size_t len, struct error *e)
{
	struct bytes doc = bytes_of(leaf->docs.at + leaf->at, len);
	bool kept = true;
	int order = 1;

	buf_reset(&edit->doc_key);
	if (edit->some && key_of_document(doc, &edit->doc_key, e) < 0)
		return e->code;
	while (edit->some && (order = bytes_compare(edit->key, buf_bytes(&edit->doc_key))) < 0)
		if (apply(edit, leaf, bytes_of(NULL, 0), &kept, e) < 0)
			return e->code;
	kept = true;
	if (edit->some && order == 0 && apply(edit, leaf, doc, &kept, e) < 0)
		return e->code;
	leaf->at += len;
	if (kept) {
		leaf->count++;
		leaf->last_len = len;
	} else {
		leaf->run = leaf->at;
	}
	return 0;
}

/* The last documents of a leaf. How it ended is known, unless the tree ended with it. */
static int finish_leaf(struct edit *edit, struct leaf *leaf, const struct tree_walk_at *at,
		       struct error *e)
{
	struct tree_run run = {.docs = bytes_of(leaf->docs.at + leaf->run, leaf->at - leaf->run),
			       .count = leaf->count,
			       .last_len = leaf->last_len,
			       .end = at->is_last	  ? TREE_RUN_UNKNOWN
				      : at->child->forced ? TREE_RUN_OPEN
							  : TREE_RUN_ENDS};

	tell(edit, leaf);
	tree_builder_sum_close(edit->builder);
	return tree_builder_add_run(edit->builder, &run, e);
}

static int edit_leaf(void *ctx, const struct tree_root *root, const struct tree_walk_at *at,
		     bool whole, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct edit *edit = ctx;
	struct leaf leaf = {.changed = !whole, .child = at->child};

	tree_walk_wish(edit->store, &edit->ahead, at);
	if (tree_walk_leaf(edit->store, root, &chunk, e) < 0)
		return e->code;
	leaf.docs = chunk->plain;
	while (leaf.at < leaf.docs.len) {
		int64_t len = bson_next(bytes_of(leaf.docs.at + leaf.at, leaf.docs.len - leaf.at),
					SIZE_MAX, e);

		if (len < 0 || merge_document(edit, &leaf, (size_t)len, e) < 0)
			return e->code;
	}
	/* The tree's last leaf ends with the tree: not if something may come behind it. */
	if (!leaf.changed && !(at->is_last && edit->some))
		return tree_builder_add_child(edit->builder, 1, at->child, e);
	return finish_leaf(edit, &leaf, at, e);
}

/* Does the next change fall into the child, or could it (where its separator is cut)? */
static bool touches(void *ctx, const struct tree_walk_at *at)
{
	struct edit *edit = ctx;
	bool exact;

	if (!edit->some)
		return false;
	return at->is_last || tree_node_compare(at->child->sep, edit->key, &exact) >= 0;
}

static int put_whole(void *ctx, uint8_t level, const struct tree_child *child, struct error *e)
{
	return tree_builder_add_child(((struct edit *)ctx)->builder, level, child, e);
}

static bool some_left(void *ctx)
{
	return ((struct edit *)ctx)->some;
}

static bool always(void *ctx)
{
	(void)ctx;
	return true;
}

static int run(struct edit *edit, const struct tree_root *old, struct tree_root *ret,
	       struct error *e)
{
	const struct tree_walk walk = {.store = edit->store,
				       .builder = edit->builder,
				       .ctx = edit,
				       .touches = touches,
				       .some_left = some_left,
				       .joined = always,
				       .put_whole = put_whole,
				       .leaf = edit_leaf};
	int code = tree_walk_run(&walk, old, e);

	while (code == 0 && edit->some) {
		bool kept;

		code = apply(edit, NULL, bytes_of(NULL, 0), &kept, e);
	}
	if (code == 0 && !edit->changed)
		*ret = *old;
	else if (code == 0)
		code = tree_walk_finish(&walk, ret, e);
	return code;
}

int tree_edit_with(struct store_writer *writer, const struct tree_root *old,
		   const struct writer_prefix *prefix, const struct tree_edit_source *source,
		   struct tree_root *ret, struct error *e)
{
	struct tree_build_options options = {
		.kind = TREE_KEYED, .old = old, .prefix = prefix, .sums = true};
	struct edit edit = {.store = store_writer_store(writer), .source = source};
	int code;

	if (old->kind != TREE_KEYED)
		return error_set(e, ERR_INVALID, "an edit by key of a collection of natural order");
	code = pull(&edit, e);
	if (code == 0) {
		*ret = *old;
	} else if (code == 1) {
		edit.builder = tree_builder_new(writer, &options);
		code = run(&edit, old, ret, e);
	}
	tree_builder_free(edit.builder);
	buf_release(&edit.last_key);
	buf_release(&edit.doc_key);
	return code;
}

/* Changes that are given whole. */
struct given {
	tree_changes next;
	void *ctx;
	struct tree_change change;
};

static int next_given(void *ctx, struct bytes *ret_key, struct error *e)
{
	struct given *given = ctx;
	int found = given->next(given->ctx, &given->change, e);

	if (found == 1)
		*ret_key = given->change.key;
	return found;
}

static int apply_given(void *ctx, struct bytes old, struct bytes *ret, struct error *e)
{
	struct given *given = ctx;

	(void)old;
	(void)e;
	*ret = given->change.doc;
	return given->change.doc.len == 0 ? TREE_EDIT_REMOVE : TREE_EDIT_PUT;
}

int tree_edit(struct store_writer *writer, const struct tree_root *old,
	      const struct writer_prefix *prefix, tree_changes next, void *ctx,
	      struct tree_root *ret, struct error *e)
{
	struct given given = {.next = next, .ctx = ctx};
	const struct tree_edit_source source = {next_given, apply_given, &given};

	return tree_edit_with(writer, old, prefix, &source, ret, e);
}
