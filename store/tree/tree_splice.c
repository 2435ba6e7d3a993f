#include "store/tree/tree_splice.h"

#include "base/bson.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_walk.h"

struct splice {
	struct store *store;
	struct tree_root old;
	struct tree_builder *builder;
	tree_splice_changes next;
	void *ctx;
	bool some; /* `change` is the next one */
	struct tree_splice_change change;
	uint64_t rank;	  /* of the next old document */
	uint64_t skip_to; /* old documents before this one go */
	uint64_t offset;  /* of old document `rank` */
	/*
	 * The document before old document `rank` is the one that was added last, so that leaves end where
	 * they did: the end of a ranked leaf depends on two documents.
	 */
	bool joined;
	/* What was added last is the old document before this one, in a child; 0: no. */
	uint64_t unseen;
	struct tree_walk_ahead ahead;
};

static int pull(struct splice *s, struct error *e)
{
	struct tree_splice_change change;
	int found = s->next(s->ctx, &change, e);

	if (found < 0)
		return found;
	if (found == 1 &&
	    (change.rank < s->rank || change.rank < s->skip_to || change.rank > s->old.count ||
	     change.removed > s->old.count - change.rank))
		return error_set(e, ERR_INVALID, "changes of a tree are out of order");
	s->some = found == 1;
	s->change = change;
	return 0;
}

/* The builder must know the document before the next one, of a child that was put in whole. */
static int follow(struct splice *s, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bytes doc;
	int found;

	if (s->unseen == 0)
		return 0;
	cursor = tree_cursor_new(s->store, &s->old);
	found = tree_cursor_seek_rank(cursor, s->unseen - 1, e);
	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found < 0)
		return found;
	tree_builder_follow(s->builder, doc);
	s->unseen = 0;
	return 0;
}

static int add(struct splice *s, struct bytes doc, struct error *e)
{
	if (follow(s, e) < 0)
		return e->code;
	tree_builder_stand(s->builder, s->offset);
	return tree_builder_add(s->builder, bytes_of(NULL, 0), doc, e);
}

/* The next change, which is one at `rank`. */
static int apply_one(struct splice *s, struct error *e)
{
	s->skip_to = s->rank + s->change.removed;
	if (s->change.doc.len > 0) {
		if (add(s, s->change.doc, e) < 0)
			return e->code;
		s->joined = false;
	}
	return pull(s, e);
}

static int apply(struct splice *s, struct error *e)
{
	while (s->some && s->change.rank == s->rank)
		if (apply_one(s, e) < 0)
			return e->code;
	return 0;
}

static int splice_document(struct splice *s, struct bytes doc, struct error *e)
{
	if (apply(s, e) < 0)
		return e->code;
	if (s->rank < s->skip_to) {
		s->joined = false;
	} else {
		if (add(s, doc, e) < 0)
			return e->code;
		s->joined = true;
	}
	s->rank++;
	s->offset += doc.len;
	return 0;
}

static int splice_leaf(void *ctx, const struct tree_root *root, const struct tree_walk_at *at,
		       bool whole, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct splice *s = ctx;
	struct bytes docs;

	(void)whole;
	tree_walk_wish(s->store, &s->ahead, at);
	if (tree_walk_leaf(s->store, root, &chunk, e) < 0)
		return e->code;
	docs = chunk->plain;
	while (docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, e);

		if (len < 0 || splice_document(s, bytes_of(docs.at, (size_t)len), e) < 0)
			return e->code;
		docs.at += len;
		docs.len -= (size_t)len;
	}
	return 0;
}

static bool touches(void *ctx, const struct tree_walk_at *at)
{
	const struct splice *s = ctx;

	if (s->skip_to > at->rank)
		return true;
	return s->some && (at->is_last || s->change.rank < at->rank + at->child->count);
}

/* All of it goes, nothing comes. */
static int skips(void *ctx, const struct tree_walk_at *at, struct error *e)
{
	struct splice *s = ctx;
	uint64_t end = at->rank + at->child->count;

	while (s->some && s->change.rank == at->rank && s->change.doc.len == 0)
		if (apply_one(s, e) < 0)
			return e->code;
	if (s->skip_to < end || (s->some && s->change.rank < end))
		return 0;
	s->rank = end;
	s->offset += at->child->bytes;
	s->joined = false;
	return 1;
}

static int put_whole(void *ctx, uint8_t level, const struct tree_child *child, struct error *e)
{
	struct splice *s = ctx;

	s->rank += child->count;
	s->offset += child->bytes;
	s->joined = true;
	s->unseen = s->rank;
	return tree_builder_add_child(s->builder, level, child, e);
}

static bool is_joined(void *ctx)
{
	const struct splice *s = ctx;

	return s->old.kind == TREE_RANKED && s->joined;
}

static bool some_left(void *ctx)
{
	const struct splice *s = ctx;

	return s->some || s->skip_to > s->rank;
}

static int run(struct splice *s, struct tree_root *ret, struct error *e)
{
	const struct tree_walk walk = {.store = s->store,
				       .builder = s->builder,
				       .ctx = s,
				       .touches = touches,
				       .some_left = some_left,
				       .joined = is_joined,
				       .put_whole = put_whole,
				       .leaf = splice_leaf,
				       .skips = skips};

	if (pull(s, e) < 0)
		return e->code;
	if (!s->some && s->old.kind == TREE_RANKED) {
		*ret = s->old;
		return 0;
	}
	if (tree_walk_run(&walk, &s->old, e) < 0 || apply(s, e) < 0)
		return e->code;
	return tree_walk_finish(&walk, ret, e);
}

int tree_splice(struct store_writer *writer, const struct tree_root *old,
		const struct writer_prefix *prefix, tree_splice_changes next, void *ctx,
		struct tree_root *ret, struct error *e)
{
	struct tree_build_options options = {.kind = TREE_RANKED, .prefix = prefix};
	struct splice s = {.store = store_writer_store(writer),
			   .old = *old,
			   .next = next,
			   .ctx = ctx,
			   .joined = true};
	int code;

	if (old->kind == TREE_RANKED)
		options.old = old;
	s.builder = tree_builder_new(writer, &options);
	code = run(&s, ret, e);
	tree_builder_free(s.builder);
	return code;
}
