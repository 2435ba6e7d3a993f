#include "tools/verify_compare.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "store/tree/extsort.h"
#include "tools/live_reply.h"

#define SORT_MEMORY (32 * MIB)

/* One side: its next document and that one's key. */
struct side {
	struct bytes doc;
	struct buf key;
	bool more;
};

static void side_release(struct side *side)
{
	buf_release(&side->key);
}
DEFINE_OWNED_STRUCT(struct side, side_release);

/* Their documents: as the server lists them, or sorted. */
struct theirs {
	mongoc_cursor_t *cursor;
	struct extsort *sorted; /* or NULL */
	const struct verify_compare_sink *sink;
};

static int cursor_next(struct theirs *t, struct bytes *ret, struct error *e)
{
	const bson_t *doc;
	bson_error_t why;

	if (live_reply_next(t->cursor, &doc)) {
		*ret = bytes_of(bson_get_data(doc), doc->len);
		return 1;
	}
	if (live_reply_error(t->cursor, &why))
		return t->sink->failed(t->sink->ctx, &why, e);
	return 0;
}

static int key_of_theirs(struct bytes doc, struct buf *ret, struct error *e)
{
	return key_of_document(doc, ret, e) < 0 ? error_wrap(e, "a document that the server sent")
						: 0;
}

static int sort_theirs(struct theirs *t, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc;
	int more;

	while ((more = cursor_next(t, &doc, e)) > 0) {
		buf_reset(&key);
		if (key_of_theirs(doc, &key, e) < 0 ||
		    extsort_add(t->sorted, buf_bytes(&key), doc, e) < 0)
			return e->code;
	}
	return more < 0 ? more : extsort_finish(t->sorted, e);
}

static int next_theirs(struct theirs *t, struct side *side, struct error *e)
{
	struct bytes key;
	int more = t->sorted != NULL ? extsort_next(t->sorted, &key, &side->doc, e)
				     : cursor_next(t, &side->doc, e);

	side->more = more > 0;
	buf_reset(&side->key);
	if (more <= 0)
		return more;
	if (t->sorted != NULL)
		buf_add_bytes(&side->key, key);
	else if (key_of_theirs(side->doc, &side->key, e) < 0)
		return e->code;
	return 0;
}

/* Ours end with the part. */
struct ours {
	struct tree_cursor *cursor;
	uint64_t left;
	const struct verify_compare_sink *sink;
};

static int next_ours(struct ours *o, struct side *side, struct error *e)
{
	int more = o->left == 0 ? 0 : tree_cursor_next(o->cursor, &side->doc, e);

	side->more = more > 0;
	buf_reset(&side->key);
	if (more <= 0)
		return more;
	o->left--;
	if (o->sink->step != NULL && o->sink->step(o->sink->ctx, side->doc.len, e) < 0)
		return e->code;
	return MIN_OF(key_of_document(side->doc, &side->key, e), 0);
}

static int merge(struct ours *o, struct theirs *t, struct error *e)
{
	OWNED(side_release) struct side a = {0};
	OWNED(side_release) struct side b = {0};
	const struct bytes none = {0};

	if (next_ours(o, &a, e) < 0 || next_theirs(t, &b, e) < 0)
		return e->code;
	while (a.more || b.more) {
		int order = !a.more   ? 1
			    : !b.more ? -1
				      : bytes_compare(buf_bytes(&a.key), buf_bytes(&b.key));
		bool same = order == 0 && bytes_equal(a.doc, b.doc);

		if (!same && o->sink->differs(o->sink->ctx, order <= 0 ? a.doc : none,
					      order >= 0 ? b.doc : none, e) < 0)
			return e->code;
		if ((order <= 0 && next_ours(o, &a, e) < 0) ||
		    (order >= 0 && next_theirs(t, &b, e) < 0))
			return e->code;
	}
	return 0;
}

int verify_compare_keyed(const struct verify_compare_part *part, mongoc_cursor_t *cursor,
			 bool unsorted, const char *tmp_dir, const struct verify_compare_sink *sink,
			 struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *tree = tree_cursor_new(part->store, part->root);
	OWNED(extsort_free) struct extsort *sorted = NULL;
	struct ours o = {.cursor = tree, .left = part->count, .sink = sink};
	struct theirs t = {.cursor = cursor, .sink = sink};

	if (part->first > 0 && tree_cursor_seek_rank(tree, part->first, e) < 0)
		return e->code;
	if (unsorted) {
		t.sorted = sorted = extsort_new(tmp_dir, SORT_MEMORY);
		if (sort_theirs(&t, e) < 0)
			return e->code;
	}
	return merge(&o, &t, e);
}

int verify_compare_natural(const struct verify_compare_part *part, mongoc_cursor_t *cursor,
			   const struct verify_compare_sink *sink, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *tree = tree_cursor_new(part->store, part->root);
	struct theirs t = {.cursor = cursor, .sink = sink};
	struct bytes ours = {0}, theirs = {0};
	bool waits = false; /* theirs, as ours was known to be absent */
	int a = 1, b = 1;

	for (;;) {
		a = a == 0 ? 0 : tree_cursor_next(tree, &ours, e);
		if (a >= 0 && b > 0 && !waits)
			b = cursor_next(&t, &theirs, e);
		if (a < 0 || b < 0)
			return e->code;
		if (a == 0 && b == 0)
			return 0;
		if (a == 0)
			ours = (struct bytes){0};
		if (b == 0)
			theirs = (struct bytes){0};
		waits = a > 0 && !bytes_equal(ours, theirs) && sink->is_absent != NULL &&
			sink->is_absent(sink->ctx, ours);
		if (!waits && !bytes_equal(ours, theirs) &&
		    sink->differs(sink->ctx, ours, theirs, e) < 0)
			return e->code;
		if (sink->step != NULL && sink->step(sink->ctx, ours.len, e) < 0)
			return e->code;
	}
}

/* The _id of the document at that rank, which is valid as long as the cursor stands. 1; 0 there is none. */
int verify_compare_id_at(struct tree_cursor *tree, uint64_t rank, struct bson_field *ret,
			 struct error *e)
{
	struct bytes doc;
	int found = tree_cursor_seek_rank(tree, rank, e);

	if (found > 0)
		found = tree_cursor_next(tree, &doc, e);
	return found > 0 ? bson_find(doc, "_id", ret, e) : found;
}

int verify_compare_has_parts(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *tree = tree_cursor_new(store, root);
	struct bson_field id;
	int found = root->count == 0 ? 0 : verify_compare_id_at(tree, root->count - 1, &id, e);

	return found <= 0 ? (found < 0 ? found : 1) : id.type != BSON_KIND_MAX_KEY;
}

/* The bound `name` is the _id at that rank. */
static int add_bound(const struct verify_compare_part *part, const char *name, uint64_t rank,
		     struct buf *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *tree = tree_cursor_new(part->store, part->root);
	struct bson_field id;
	size_t begin;
	int found = verify_compare_id_at(tree, rank, &id, e);

	if (found <= 0)
		return found;
	begin = bson_build_open(ret, name);
	bson_build_value(ret, "_id", id.type, id.value);
	bson_build_end(ret, begin);
	return 0;
}

int verify_compare_bounds(const struct verify_compare_part *part, struct buf *ret_fields,
			  struct error *e)
{
	uint64_t end = part->first + part->count;
	size_t begin = bson_build_open(ret_fields, "hint");

	bson_build_int32(ret_fields, "_id", 1);
	bson_build_end(ret_fields, begin);
	if (part->first > 0 && add_bound(part, "min", part->first, ret_fields, e) < 0)
		return e->code;
	if (end < part->root->count && add_bound(part, "max", end, ret_fields, e) < 0)
		return e->code;
	return 0;
}
