/*
 * recorded.h - a file of tests/query/record.py: the collections in a store, and the commands behind them with their replies.
 *
 * The collections are the file's first documents; they become the one snapshot of a store in a temporary folder.
 */
#ifndef TESTS_UNIT_QUERY_RECORDED_H
#define TESTS_UNIT_QUERY_RECORDED_H

#include <zlib.h>

#include "base/bson_check.h"
#include "base/key.h"
#include "oplog/moment.h"
#include "query/value.h"
#include "store/snapshot/catalog_order.h"
#include "store/snapshot/commit.h"
#include "store/tree/tree_build.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

#define RECORDED_MAX (16 * MIB)
#define RECORDED_PIECE (64 * KIB)
#define RECORDED_DB "unit"
#define RECORDED_ORDER_MAX 1000

struct recorded {
	struct buf file;
	struct bytes rest; /* the first command and its reply, and all behind it */
	struct store *store;
	struct moment *moment;
};

static inline void recorded_add_tree(struct store_writer *writer, struct bytes docs, bool natural,
				     struct tree_root *ret)
{
	struct tree_build_options options = {.kind = natural ? TREE_RANKED : TREE_KEYED};
	OWNED(tree_builder_free) struct tree_builder *builder = tree_builder_new(writer, &options);
	struct bson_fields fields = bson_fields(docs);
	OWNED(buf_release) struct buf key = {0};
	struct bson_field field;
	struct error e = {0};

	while (ASSERT_OK(bson_fields_next(&fields, &field, &e)) == 1) {
		buf_reset(&key);
		if (!natural)
			assert_int_equal(ASSERT_OK(key_of_document(field.value, &key, &e)), 1);
		ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), field.value, &e));
	}
	ASSERT_OK(tree_builder_finish(builder, ret, &e));
}

static inline enum catalog_type recorded_type(struct bytes word)
{
	return bytes_equal(word, bytes_str("view"))	    ? CATALOG_VIEW
	       : bytes_equal(word, bytes_str("timeseries")) ? CATALOG_TIMESERIES
							    : CATALOG_COLLECTION;
}

/* The natural order, where it is another one than that of the tree. */
static inline void recorded_add_order(struct bytes from, struct catalog_entry *entry)
{
	struct value order = value_get(from, bytes_str("order"));
	uint32_t ranks[RECORDED_ORDER_MAX];
	size_t count = 0;
	struct bson_fields fields = bson_fields(order.data);
	struct bson_field field;
	struct error e = {0};

	if (order.type != BSON_KIND_ARRAY)
		return;
	for (; ASSERT_OK(bson_fields_next(&fields, &field, &e)) == 1; count++) {
		assert_true(count < RECORDED_ORDER_MAX);
		ranks[count] = get_le32(field.value.at);
	}
	assert_int_equal(count, entry->root.count);
	assert_int_equal(catalog_order_pack(ranks, count, &entry->order), 1);
	entry->order_of = entry->root.id;
}

static inline void recorded_add_collection(struct store_writer *writer,
					   struct tree_builder *catalog, struct bytes from,
					   struct snapshot *snapshot)
{
	OWNED(catalog_entry_release) struct catalog_entry entry;
	OWNED(buf_release) struct buf doc = {0}, key = {0};
	struct bytes name = value_get(from, bytes_str("collection")).data;
	struct error e = {0};
	bool natural;

	catalog_entry_init(&entry);
	entry.ns = xprintf("%s.%.*s", RECORDED_DB, (int)name.len, (const char *)name.at);
	entry.ns_len = strlen(entry.ns);
	entry.db_len = strlen(RECORDED_DB);
	entry.type = recorded_type(value_get(from, bytes_str("type")).data);
	entry.has_metadata = true;
	buf_add_bytes(&entry.options, value_get(from, bytes_str("options")).data);
	buf_add_bytes(&entry.indexes, value_get(from, bytes_str("indexes")).data);
	ASSERT_OK(catalog_is_natural(name, buf_bytes(&entry.options), &natural, &e));
	recorded_add_tree(writer, value_get(from, bytes_str("docs")).data, natural, &entry.root);
	recorded_add_order(from, &entry);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	assert_int_equal(ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e)), 1);
	ASSERT_OK(tree_builder_add(catalog, buf_bytes(&key), buf_bytes(&doc), &e));
	snapshot->documents += entry.root.count;
	snapshot->bytes += entry.root.bytes;
	snapshot->collections++;
}

/* The next document of the corpus; false at its end. */
static inline bool recorded_next(struct bytes *rest, struct bytes *ret)
{
	struct error e = {0};
	int64_t len;

	if (rest->len == 0)
		return false;
	len = ASSERT_OK(bson_next(*rest, rest->len, &e));
	*ret = bytes_of(rest->at, (size_t)len);
	ASSERT_OK(bson_check(*ret, BSON_CHECK_STRUCTURE, &e));
	*rest = bytes_of(rest->at + len, rest->len - (size_t)len);
	return true;
}

static inline void recorded_fill(struct recorded *r)
{
	struct tree_build_options options = {.kind = TREE_KEYED};
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct bytes rest = buf_bytes(&r->file), doc;
	struct tree_builder *catalog;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(r->store, &writer, &e));
	catalog = tree_builder_new(writer, &options);
	for (r->rest = rest; recorded_next(&rest, &doc); r->rest = rest) {
		if (value_get(doc, bytes_str("collection")).type != BSON_KIND_STRING)
			break;
		recorded_add_collection(writer, catalog, doc, &snapshot);
	}
	ASSERT_OK(tree_builder_finish(catalog, &snapshot.catalog, &e));
	tree_builder_free(catalog);
	snapshot.name = xstrdup("one");
	snapshot.time = 1700000000;
	snapshot.created_us = snapshot.time * 1000000;
	snapshot.source = xstrdup("dump");
	snapshot.server_version = xstrdup("6.0.27");
	snapshot.tool = xstrdup("yester 0.1.0");
	ASSERT_OK(commit_snapshot(writer, &snapshot, &e));
}

static inline void recorded_read(struct recorded *r, const char *path)
{
	gzFile file = gzopen(path, "rb");
	int len;

	assert_non_null(file);
	do {
		len = gzread(file, buf_room(&r->file, RECORDED_PIECE), RECORDED_PIECE);
		assert_true(len >= 0);
		r->file.len += (size_t)len;
		assert_true(r->file.len < RECORDED_MAX);
	} while (len > 0);
	gzclose(file);
}

static inline void recorded_open(struct recorded *r, const char *file)
{
	struct store_options options = {.cache_bytes = 4 * MIB, .threads = 1};
	OWNED(snapshots_release) struct snapshot_list snapshots = {0};
	const char *path = harness_path(harness_tmpdir(), "store");
	struct store_params params;
	struct error e = {0};

	recorded_read(r, file);
	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(path, &params, &e));
	ASSERT_OK(test_store_open(path, &options, &r->store, &e));
	recorded_fill(r);
	ASSERT_OK(snapshots_read(r->store, &snapshots, NULL, &e));
	ASSERT_OK(moment_open(r->store, &snapshots.at[0], &r->moment, &e));
}

static inline void recorded_close(struct recorded *r)
{
	moment_release(r->moment);
	store_close(r->store);
	buf_release(&r->file);
}

#endif
