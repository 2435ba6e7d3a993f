#include "tools/diff_ranked.h"

#include "base/key.h"
#include "store/tree/extsort.h"
#include "store/tree/tree_cursor.h"

#define SORT_MEMORY (24 * MIB) /* of each side */

/* One side, sorted by key, then by bytes. A document without `_id` has an empty key. */
struct side {
	struct extsort *sort;
	bool some;
	struct bytes key, doc;
};

static void side_release(struct side *side)
{
	extsort_free(side->sort);
}
DEFINE_OWNED_STRUCT(struct side, side_release);

static int side_next(struct side *side, struct error *e)
{
	int more = extsort_next(side->sort, &side->key, &side->doc, e);

	side->some = more > 0;
	return more;
}

static int side_read(struct side *side, struct store *store, const struct tree_root *root,
		     const char *tmp_dir, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc;
	int more;

	side->sort = extsort_new(tmp_dir, SORT_MEMORY);
	while ((more = tree_cursor_next(cursor, &doc, e)) > 0) {
		buf_reset(&key);
		if (key_of_document(doc, &key, e) < 0 ||
		    extsort_add(side->sort, buf_bytes(&key), doc, e) < 0)
			return e->code;
	}
	if (more < 0 || extsort_finish(side->sort, e) < 0)
		return e->code;
	return side_next(side, e);
}

/* < 0: the old document is gone; > 0: the new one came; 0: it is the same one, perhaps changed. */
static int order(const struct side *a, const struct side *b)
{
	int by_key;

	if (!a->some || !b->some)
		return a->some ? -1 : 1;
	by_key = bytes_compare(a->key, b->key);
	if (by_key != 0 || a->key.len > 0)
		return by_key;
	return bytes_compare(a->doc, b->doc);
}

int64_t diff_ranked(struct store *store, const struct tree_root *old_root,
		    const struct tree_root *new_root, const char *tmp_dir, tree_diff_each each,
		    void *ctx, struct error *e)
{
	OWNED(side_release) struct side a = {0};
	OWNED(side_release) struct side b = {0};
	const struct bytes nothing = {0};
	int64_t count = 0;

	if (side_read(&a, store, old_root, tmp_dir, e) < 0 ||
	    side_read(&b, store, new_root, tmp_dir, e) < 0)
		return e->code;
	while (a.some || b.some) {
		int by = order(&a, &b);

		if (by != 0 || !bytes_equal(a.doc, b.doc)) {
			count++;
			if (each(ctx, by <= 0 ? a.key : b.key, by <= 0 ? a.doc : nothing,
				 by >= 0 ? b.doc : nothing, e) < 0)
				return e->code;
		}
		if (by <= 0 && side_next(&a, e) < 0)
			return e->code;
		if (by >= 0 && side_next(&b, e) < 0)
			return e->code;
	}
	return count;
}
