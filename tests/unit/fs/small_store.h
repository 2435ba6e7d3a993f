/*
 * small_store.h - a store on disk with snapshots of a few small collections, for tests of fs/.
 */
#ifndef TESTS_UNIT_FS_SMALL_STORE_H
#define TESTS_UNIT_FS_SMALL_STORE_H

#include "base/key.h"
#include "fs/fs.h"
#include "oplog/stream_add.h"
#include "store/snapshot/commit.h"
#include "store/tree/tree_build.h"

#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

/* One namespace of a snapshot; those of a snapshot are given in byte order of db.coll. */
struct small_entry {
	const char *db;
	const char *coll;
	int documents;
	enum catalog_type type;
	bool no_metadata;
};

struct small_store {
	const char *path;
	struct store *store;
};

static inline void small_store_open(struct small_store *s)
{
	struct store_options options = {.cache_bytes = 4 * MIB, .threads = 1};
	struct store_params params;
	struct error e = {0};

	s->path = harness_path(harness_tmpdir(), "store");
	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(s->path, &params, &e));
	ASSERT_OK(test_store_open(s->path, &options, &s->store, &e));
}

static inline void small_store_add_doc(struct tree_builder *builder, struct bytes doc)
{
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};

	assert_int_equal(ASSERT_OK(key_of_document(doc, &key, &e)), 1);
	ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), doc, &e));
}

/* The tree of a collection with documents {_id: 0}, {_id: 1}, ... */
static inline struct tree_root small_store_tree(struct store_writer *writer, int documents)
{
	struct tree_build_options options = {.kind = TREE_KEYED};
	OWNED(tree_builder_free) struct tree_builder *builder = tree_builder_new(writer, &options);
	OWNED(buf_release) struct buf doc = {0};
	struct tree_root root = {.kind = TREE_KEYED};
	struct error e = {0};

	for (int i = 0; i < documents; i++) {
		buf_reset(&doc);
		harness_doc_of_int32(&doc, i);
		small_store_add_doc(builder, buf_bytes(&doc));
	}
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	return root;
}

static inline void small_store_add_entry(struct store_writer *writer, struct tree_builder *catalog,
					 const struct small_entry *from, struct snapshot *snapshot)
{
	static const uint8_t nothing[5] = {5};
	OWNED(catalog_entry_release) struct catalog_entry entry;
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	catalog_entry_init(&entry);
	entry.ns = xprintf("%s.%s", from->db, from->coll);
	entry.ns_len = strlen(entry.ns);
	entry.db_len = strlen(from->db);
	entry.type = from->type;
	entry.has_metadata = !from->no_metadata;
	entry.root = small_store_tree(writer, from->documents);
	buf_add(&entry.options, nothing, sizeof(nothing));
	buf_add(&entry.indexes, nothing, sizeof(nothing));
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	small_store_add_doc(catalog, buf_bytes(&doc));
	snapshot->documents += entry.root.count;
	snapshot->bytes += entry.root.bytes;
	snapshot->collections++;
}

/* Add a snapshot: an exact one of that optime, or with increment 0 one that is not. */
static inline void small_store_exact(struct small_store *s, const char *name, uint64_t seconds,
				     uint32_t increment, const struct small_entry *entries,
				     size_t count)
{
	struct tree_build_options options = {.kind = TREE_KEYED};
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct tree_builder *catalog;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(s->store, &writer, &e));
	catalog = tree_builder_new(writer, &options);
	for (size_t i = 0; i < count; i++)
		small_store_add_entry(writer, catalog, &entries[i], &snapshot);
	ASSERT_OK(tree_builder_finish(catalog, &snapshot.catalog, &e));
	tree_builder_free(catalog);
	snapshot.name = xstrdup(name);
	snapshot.time = seconds;
	snapshot.created_us = seconds * 1000000;
	snapshot.exact = increment != 0;
	if (snapshot.exact)
		snapshot.optime = (struct optime){(uint32_t)seconds, increment};
	snapshot.source = xstrdup("dump");
	snapshot.server_version = xstrdup("6.0.27");
	snapshot.tool = xstrdup("yester 0.1.0");
	ASSERT_OK(commit_snapshot(writer, &snapshot, &e));
}

/* Add an inexact snapshot; `seconds` is also what orders it among others. */
static inline void small_store_snapshot(struct small_store *s, const char *name, uint64_t seconds,
					const struct small_entry *entries, size_t count)
{
	small_store_exact(s, name, seconds, 0, entries, count);
}

/* Append an oplog entry: the insert of {_id: id} into `ns`, or a noop when that is NULL. */
static inline void small_store_entry(struct buf *ret, uint32_t seconds, uint32_t increment,
				     const char *ns, int32_t id)
{
	static const uint8_t uuid[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	size_t doc = harness_doc_open(ret);
	size_t o;

	harness_doc_string(ret, "op", ns != NULL ? "i" : "n");
	harness_doc_string(ret, "ns", ns != NULL ? ns : "");
	harness_doc_timestamp(ret, "ts", seconds, increment);
	harness_doc_int64(ret, "t", 1);
	harness_doc_int64(ret, "v", 2);
	if (ns != NULL)
		harness_doc_binary(ret, "ui", 4, bytes_of(uuid, sizeof(uuid)));
	o = harness_doc_open_sub(ret, "o");
	if (ns != NULL)
		harness_doc_int32(ret, "_id", id);
	harness_doc_close(ret, o);
	harness_doc_close(ret, doc);
}

/* Add a slice of entries to the stream. */
static inline void small_store_oplog(struct small_store *s, struct bytes entries)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(s->store, &writer, &e));
	ASSERT_OK(stream_add_begin(writer, &add, &e));
	ASSERT_OK(stream_add_slice(add, "slice", &e));
	while (entries.len > 0) {
		int64_t len = ASSERT_OK(bson_next(entries, entries.len, &e));

		ASSERT_OK(stream_add_entry(add, bytes_of(entries.at, (size_t)len), &e));
		entries.at += len;
		entries.len -= (size_t)len;
	}
	ASSERT_OK(stream_add_finish(add, &added, &e));
	stream_add_free(TAKE(add)); /* before the writer */
}

/* Take the manifest of the snapshot with this id away, as `yester forget` will. */
static inline void small_store_forget(struct small_store *s, const struct chunk_id *id)
{
	char hex[CHUNK_ID_HEX + 1];
	char path[4096];

	chunk_id_hex(id, hex);
	snprintf(path, sizeof(path), "%s/snapshots/%s", s->path, hex);
	assert_int_equal(unlink(path), 0);
}

#endif
