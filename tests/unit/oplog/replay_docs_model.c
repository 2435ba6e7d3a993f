#include "tests/unit/oplog/replay_docs_model.h"
#include "tests/harness/test_store.h"

#include "base/key.h"
#include "store/tree/extsort.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_cursor.h"

static struct store *new_store(void)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	struct store_params params;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	memset(params.seed, 7, sizeof(params.seed));
	params.leaf_target = 4096;
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, NULL, &store, &e));
	return store;
}

static struct bytes first_of(struct bytes *docs)
{
	struct error e = {0};
	int64_t len = ASSERT_OK(bson_next(*docs, docs->len, &e));
	struct bytes doc = bytes_of(docs->at, (size_t)len);

	docs->at += len;
	docs->len -= (size_t)len;
	return doc;
}

/* A tree made anew. */
static struct tree_root build(struct store_writer *writer, struct bytes docs, enum tree_kind kind)
{
	const struct tree_build_options options = {.kind = kind};
	OWNED(tree_builder_free) struct tree_builder *builder = tree_builder_new(writer, &options);
	OWNED(extsort_free)
	struct extsort *sort = extsort_new(store_writer_tmp(writer), 16 * MIB);
	OWNED(buf_release) struct buf key = {0};
	struct bytes sorted_key, doc;
	struct tree_root root;
	struct error e = {0};
	uint64_t rank = 0;

	while (docs.len > 0) {
		doc = first_of(&docs);
		buf_reset(&key);
		if (kind == TREE_RANKED)
			put_be64(buf_room(&key, 8), rank++), key.len = 8;
		else
			assert_int_equal(ASSERT_OK(key_of_document(doc, &key, &e)), 1);
		ASSERT_OK(extsort_add(sort, buf_bytes(&key), doc, &e));
	}
	ASSERT_OK(extsort_finish(sort, &e));
	while (ASSERT_OK(extsort_next(sort, &sorted_key, &doc, &e)) == 1)
		ASSERT_OK(tree_builder_add(builder, sorted_key, doc, &e));
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	return root;
}

static enum tree_kind kind_of(struct bytes options)
{
	struct error e = {0};
	bool natural;

	ASSERT_OK(catalog_is_natural(bytes_str("c"), options, &natural, &e));
	return natural ? TREE_RANKED : TREE_KEYED;
}

void replay_docs_model_begin(struct replay_docs_model *m, const char *options, struct bytes base,
			     size_t memory)
{
	const struct replay_catalog_options catalog_options = {0};
	struct catalog_entry entry;
	struct error e = {0};

	*m = (struct replay_docs_model){.store = new_store(), .rules = {.major = 6}};
	ASSERT_OK(store_writer_begin(m->store, &m->writer, &e));
	catalog_entry_init(&entry);
	entry.ns = xstrdup("test.c");
	entry.ns_len = 6;
	entry.db_len = 4;
	text_doc(&entry.options, options != NULL ? options : "{}");
	entry.root = build(m->writer, base, kind_of(buf_bytes(&entry.options)));
	ASSERT_OK(store_writer_flush(m->writer, &e));
	m->catalog = replay_catalog_new(&catalog_options);
	ASSERT_OK(replay_catalog_load(m->catalog, &entry, &e));
	m->slot = replay_catalog_slot(m->catalog, 0);
	m->docs = replay_docs_new(store_writer_tmp(m->writer), memory);
	catalog_entry_release(&entry);
}

void replay_docs_model_end(struct replay_docs_model *m)
{
	replay_docs_free(m->docs);
	replay_catalog_free(m->catalog);
	store_writer_end(m->writer);
	store_close(m->store);
}

void replay_docs_model_op(struct replay_docs_model *m, char letter, struct bytes o, struct bytes o2,
			  bool upsert)
{
	struct entry entry = {.op = letter == 'i'   ? ENTRY_INSERT
				    : letter == 'u' ? ENTRY_UPDATE
						    : ENTRY_DELETE,
			      .ns = bytes_str("test.c"),
			      .db = bytes_str("test"),
			      .coll = bytes_str("c"),
			      .o = o,
			      .o2 = o2,
			      .upsert = upsert};
	struct error e = {0};

	m->rules.sequence++;
	m->rules.ts = entry_ts(1700000000, (uint32_t)m->rules.sequence);
	entry.at.ts = m->rules.ts;
	ASSERT_OK(replay_docs_add(m->docs, m->slot, &entry, &m->rules, &e));
}

void replay_docs_model_finish(struct replay_docs_model *m, size_t memory)
{
	struct error e = {0};

	ASSERT_OK(replay_docs_finish(m->docs, m->catalog, m->writer, NULL, &e));
	ASSERT_OK(store_writer_flush(m->writer, &e));
	replay_docs_free(m->docs);
	m->docs = replay_docs_new(store_writer_tmp(m->writer), memory);
}

void replay_docs_model_read(struct replay_docs_model *m, struct buf *ret)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(m->store, &m->slot->entry.root);
	struct error e = {0};
	struct bytes doc;

	while (ASSERT_OK(tree_cursor_next(cursor, &doc, &e)) == 1)
		buf_add_bytes(ret, doc);
}

void replay_docs_model_check(struct replay_docs_model *m, struct bytes docs)
{
	const struct tree_root *root = &m->slot->entry.root;
	struct tree_root expected =
		build(m->writer, docs, kind_of(buf_bytes(&m->slot->entry.options)));
	OWNED(buf_release) struct buf found = {0};
	struct error e = {0};

	ASSERT_OK(store_writer_flush(m->writer, &e));
	if (tree_root_equal(root, &expected) && root->height == expected.height)
		return;
	replay_docs_model_read(m, &found);
	assert_int_equal(root->count, expected.count);
	assert_int_equal(root->bytes, expected.bytes);
	if (expected.kind == TREE_RANKED)
		ASSERT_BYTES(buf_bytes(&found), docs);
	fail_msg("the documents may be right, the tree is not the one that they have");
}
