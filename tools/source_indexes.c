#include "tools/source_indexes.h"

#include <inttypes.h>
#include <stdio.h>

#define INDEXES_MAX (64 * MIB) /* bytes of all index specs of a database */

struct source_index {
	struct {
		size_t at; /* offset in `docs` */
		size_t len;
	} doc, coll;
};

void source_indexes_release(struct source_indexes *indexes)
{
	buf_release(&indexes->docs);
	free(indexes->at);
	*indexes = (struct source_indexes){0};
}

/* The collection of an index spec: what follows the first dot of "ns". */
static int coll_of(struct bytes doc, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	const uint8_t *dot;
	int r = bson_find(doc, "ns", &field, e);

	if (r < 0)
		return r;
	if (r == 0 || field.type != BSON_KIND_STRING)
		return error_set(e, ERR_CORRUPT, "expected a text \"ns\" in an index, found none");
	r = bson_text(field.value, ret, e);
	if (r < 0)
		return r;
	dot = memchr(ret->at, '.', ret->len);
	if (dot == NULL)
		return error_set(
			e, ERR_CORRUPT,
			"expected database.collection as \"ns\" of an index, found \"%.*s\"",
			(int)MIN_OF(ret->len, 256), (const char *)ret->at);
	*ret = bytes_of(dot + 1, (size_t)(ret->at + ret->len - (dot + 1)));
	return 0;
}

/* Keep whole documents of the file. */
static int keep_docs(void *ctx, void *handle, struct bytes docs, uint64_t offset, struct error *e)
{
	struct source_indexes *indexes = ctx;
	const char *file = handle;
	size_t start = indexes->docs.len;
	int r = buf_reserve(&indexes->docs, docs.len, INDEXES_MAX, e);

	if (r < 0)
		return error_wrap(e, "%s", file);
	buf_add_bytes(&indexes->docs, docs);
	for (size_t at = start; at < indexes->docs.len;) {
		const uint8_t *doc = indexes->docs.at + at;
		size_t len = get_le32(doc); /* split before: it fits */
		struct bytes coll;

		r = coll_of(bytes_of(doc, len), &coll, e);
		if (r < 0)
			return error_wrap(e, "%s: document at offset %" PRIu64, file,
					  offset + (at - start));
		if ((indexes->count & (indexes->count - 1)) == 0) /* doubles */
			indexes->at = xrealloc(indexes->at, MAX_OF(2 * indexes->count, (size_t)1) *
								    sizeof(*indexes->at));
		indexes->at[indexes->count++] = (struct source_index){
			.doc = {at, len},
			.coll = {(size_t)(coll.at - indexes->docs.at), coll.len},
		};
		at += len;
	}
	return 0;
}

static int begin_file(void *ctx UNUSED, const struct source_ns *ns, void **ret_handle,
		      struct error *e UNUSED)
{
	*ret_handle = (void *)(uintptr_t)ns->file;
	return 0;
}

static int end_file(void *ctx UNUSED, void *handle UNUSED, struct error *e UNUSED)
{
	return 0;
}

static int compare_indexes(const void *a, const void *b, void *docs)
{
	const struct source_index *x = a;
	const struct source_index *y = b;
	const uint8_t *at = docs;
	int order = bytes_compare(bytes_of(at + x->coll.at, x->coll.len),
				  bytes_of(at + y->coll.at, y->coll.len));

	if (order != 0)
		return order;
	return x->doc.at < y->doc.at ? -1 : x->doc.at > y->doc.at;
}

int source_indexes_read(const struct source_job *job, const char *path, bool gzip,
			struct source_indexes *ret, struct error *e)
{
	OWNED(source_indexes_release) struct source_indexes indexes = {0};
	const struct source_sink sink = {
		.ctx = &indexes,
		.begin = begin_file,
		.docs = keep_docs,
		.end = end_file,
	};
	struct source_job inner = *job;
	struct source_ns ns = {.db = "", .coll = "system.indexes"};
	int r;

	inner.sink = &sink;
	r = source_docs_file(&inner, &ns, path, gzip, e);
	if (r < 0)
		return r;
	if (indexes.count > 0)
		qsort_r(indexes.at, indexes.count, sizeof(*indexes.at), compare_indexes,
			indexes.docs.at);
	*ret = indexes;
	indexes = (struct source_indexes){0};
	return 0;
}

/* Index of the first spec whose collection is not less than `coll`. */
static size_t find_first(const struct source_indexes *indexes, struct bytes coll)
{
	size_t low = 0;
	size_t high = indexes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct source_index *index = &indexes->at[middle];

		if (bytes_compare(bytes_of(indexes->docs.at + index->coll.at, index->coll.len),
				  coll) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void source_indexes_of(const struct source_indexes *indexes, struct bytes coll, struct buf *ret)
{
	size_t first = find_first(indexes, coll);
	size_t start = ret->len;

	for (size_t i = first; i < indexes->count; i++) {
		const struct source_index *index = &indexes->at[i];
		char key[24];

		if (!bytes_equal(bytes_of(indexes->docs.at + index->coll.at, index->coll.len),
				 coll))
			break;
		if (i == first)
			buf_add_le32(ret, 0);
		snprintf(key, sizeof(key), "%zu", i - first);
		buf_add_u8(ret, BSON_KIND_DOCUMENT);
		buf_add(ret, key, strlen(key) + 1);
		buf_add(ret, indexes->docs.at + index->doc.at, index->doc.len);
	}
	if (ret->len == start)
		return;
	buf_add_u8(ret, 0);
	put_le32(ret->at + start, (uint32_t)(ret->len - start));
}
