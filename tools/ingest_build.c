#include "tools/ingest_build.h"

#include "base/bson_check.h"
#include "base/key.h"
#include "store/tree/extsort.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_prefix.h"
#include "tools/natural_order.h"

#define SORT_MEMORY (48 * MIB)
#define HEAD_PLACES 8 /* of a sample of what comes first */
#define LOOK                                                                                       \
	(4 * MIB) /* bytes of documents whose order is looked at though there is an older version */

int ingest_build_is_natural(struct bytes coll, struct bytes options, bool *ret, struct error *e)
{
	return catalog_is_natural(coll, options, ret, e);
}

static int check_cancelled(const struct ingest_build *build, struct error *e)
{
	const struct progress *p = build->progress;

	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* Calls `each` for every document of the spool, in natural order. */
static int each_document(const struct ingest_build *build, struct spool *spool,
			 int (*each)(void *ctx, struct bytes key, struct bytes doc,
				     struct error *e),
			 void *ctx, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	struct progress_pace pace = {0};
	struct bytes docs;
	int found;

	spool_rewind(spool);
	while ((found = spool_next(spool, &docs, e)) == 1) {
		for (size_t done = 0; done < docs.len;) {
			int64_t len =
				bson_next(bytes_of(docs.at + done, docs.len - done), docs.len, e);
			struct bytes doc = bytes_of(docs.at + done, len < 0 ? 0 : (size_t)len);

			buf_reset(&key);
			if (len < 0 || key_of_document(doc, &key, e) < 0 ||
			    each(ctx, buf_bytes(&key), doc, e) < 0)
				return e->code;
			if (progress_is_due(&pace, doc.len) && check_cancelled(build, e) < 0)
				return e->code;
			done += (size_t)len;
		}
	}
	return found;
}

static int add_to_tree(void *ctx, struct bytes key, struct bytes doc, struct error *e)
{
	return tree_builder_add(ctx, key, doc, e);
}

/* Documents on their way into the order of keys, and where each of a small collection came from. */
struct sorting {
	struct extsort *sort;
	struct natural_order *natural; /* or NULL */
};

static int add_to_sort(void *ctx, struct bytes key, struct bytes doc, struct error *e)
{
	struct sorting *s = ctx;

	if (s->natural != NULL)
		natural_order_came(s->natural, key);
	return extsort_add(s->sort, key, doc, e);
}

static int build_sorted(struct ingest_build *build, struct spool *spool, uint64_t count,
			struct tree_builder *builder, struct error *e)
{
	OWNED(extsort_free)
	struct extsort *sort = extsort_new(store_writer_tmp(build->writer), SORT_MEMORY);
	OWNED(natural_order_free) struct natural_order *natural = natural_order_new(count);
	struct sorting sorting = {sort, natural};
	struct bytes key, doc;
	struct progress_pace pace = {0};
	int found;

	if (each_document(build, spool, add_to_sort, &sorting, e) < 0 ||
	    extsort_finish(sort, e) < 0)
		return e->code;
	while ((found = extsort_next(sort, &key, &doc, e)) == 1) {
		if (natural != NULL)
			natural_order_sorted(natural, key);
		if (tree_builder_add(builder, key, doc, e) < 0 ||
		    (progress_is_due(&pace, doc.len) && check_cancelled(build, e) < 0))
			return e->code;
	}
	if (found == 0 && natural != NULL)
		natural_order_pack(natural, &build->order);
	return found;
}

/* 1 and a prefix, 0 when the collection is better without. */
static int choose_prefix(const struct ingest_build *build, struct spool *spool, uint64_t bytes,
			 struct writer_prefix **ret, struct error *e)
{
	OWNED(buf_release) struct buf sample = {0};
	struct error ignored;

	if (build->old != NULL && tree_prefix_of(build->writer, build->old, ret, &ignored) == 1)
		return 1;
	if (bytes < TREE_PREFIX_FROM)
		return 0;
	if (spool_sample(spool, TREE_PREFIX_LEN, &sample, e) < 0)
		return e->code;
	return tree_prefix_make(build->writer, buf_bytes(&sample), ret, e);
}

static struct tree_builder *builder_of(struct ingest_build *build, enum tree_kind kind)
{
	struct tree_build_options options = {.kind = kind, .prefix = build->prefix};

	if (build->old != NULL && build->old->kind == kind)
		options.old = build->old;
	return tree_builder_new(build->writer, &options);
}

/*
 * Do the documents have an _id, strictly ascending, at least those of the first `most` bytes? A look at their
 * first bytes only: what is not sound is not sorted, either, and whoever checks the documents says so.
 */
static bool is_sorted(struct bytes whole, size_t most)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf last = {0};
	const uint8_t *begin = whole.at;
	struct error ignored;

	while (whole.len > 0 && (size_t)(whole.at - begin) < most) {
		int64_t len = bson_next(whole, whole.len, &ignored);
		struct buf swap = last;

		last = key;
		key = swap;
		buf_reset(&key);
		if (len <= 0 ||
		    key_of_document(bytes_of(whole.at, (size_t)len), &key, &ignored) != 1 ||
		    (last.len > 0 && bytes_compare(buf_bytes(&last), buf_bytes(&key)) >= 0))
			return false;
		whole.at += len;
		whole.len -= (size_t)len;
	}
	return true;
}

int ingest_build_ahead(struct ingest_build *build, struct spool *spool, struct bytes whole,
		       struct error *e)
{
	size_t most = SIZE_MAX;

	if (build->natural)
		return 0;
	/*
	 * With an older version a look at the beginning will do: what is built for nothing then is mostly
	 * there already, or a small difference.
	 */
	if (build->old != NULL && build->old->kind == TREE_KEYED)
		most = LOOK;
	if (!is_sorted(whole, most))
		return 0;
	if (choose_prefix(build, spool, whole.len, &build->prefix, e) < 0)
		return e->code;
	build->ahead = builder_of(build, TREE_KEYED);
	spool_watch(spool, add_to_tree, build->ahead);
	return 0;
}

/* Whole documents from several places. */
static int sample_head(struct bytes head, size_t want, struct buf *ret, struct error *e)
{
	size_t at = 0, taken = 0, place = 0;

	while (at < head.len && place < HEAD_PLACES) {
		int64_t len = bson_next(bytes_of(head.at + at, head.len - at), head.len, e);

		if (len < 0)
			return e->code;
		if (at >= head.len / HEAD_PLACES * place) {
			buf_add(ret, head.at + at, (size_t)len);
			taken += (size_t)len;
		}
		if (taken >= want / HEAD_PLACES) {
			taken = 0;
			place++;
		}
		at += (size_t)len;
	}
	return 0;
}

int ingest_build_in_order(struct ingest_build *build, struct spool *spool, struct bytes head,
			  struct error *e)
{
	OWNED(buf_release) struct buf sample = {0};
	struct error ignored;
	int found = 0;

	if (build->natural)
		return 0;
	if (build->old != NULL)
		found = tree_prefix_of(build->writer, build->old, &build->prefix, &ignored);
	if (found != 1 && head.len >= TREE_PREFIX_FROM &&
	    (sample_head(head, TREE_PREFIX_LEN, &sample, e) < 0 ||
	     tree_prefix_make(build->writer, buf_bytes(&sample), &build->prefix, e) < 0))
		return e->code;
	build->ahead = builder_of(build, TREE_KEYED);
	spool_watch(spool, add_to_tree, build->ahead);
	spool_only_watch(spool);
	return 0;
}

void ingest_build_release(struct ingest_build *build)
{
	tree_builder_free(build->ahead);
	writer_prefix_free(build->prefix);
	buf_release(&build->order);
	*build = (struct ingest_build){0};
}

static int build_all(struct ingest_build *build, struct spool *spool,
		     const struct spool_facts *facts, struct tree_root *ret, struct error *e)
{
	OWNED(tree_builder_free) struct tree_builder *builder = TAKE(build->ahead);
	enum tree_kind kind = build->natural || facts->without_id ? TREE_RANKED : TREE_KEYED;

	if (builder != NULL && facts->ascending && !facts->without_id)
		return tree_builder_finish(builder, ret, e);
	tree_builder_free(TAKE(builder));
	if (build->prefix == NULL &&
	    choose_prefix(build, spool, facts->bytes, &build->prefix, e) < 0)
		return e->code;
	builder = builder_of(build, kind);
	if (kind == TREE_RANKED || facts->ascending) {
		if (each_document(build, spool, add_to_tree, builder, e) < 0)
			return e->code;
	} else if (build_sorted(build, spool, facts->count, builder, e) < 0) {
		return e->code;
	}
	return tree_builder_finish(builder, ret, e);
}

int ingest_build_run(struct ingest_build *build, struct spool *spool, struct tree_root *ret,
		     struct error *e)
{
	struct spool_facts facts;

	spool_facts(spool, &facts);
	if (build_all(build, spool, &facts, ret, e) < 0)
		return e->code;
	if (ret->count != facts.count || ret->bytes != facts.bytes)
		return error_set(e, ERR_CORRUPT, "%llu documents went in, %llu came out",
				 (unsigned long long)facts.count, (unsigned long long)ret->count);
	return 0;
}
