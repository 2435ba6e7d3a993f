/* Seeks by rank, byte offset and key agree with a scan, at every document. */
#include "store/tree/tree_cursor.h"
#include "tests/harness/test_store.h"

#include "base/file.h"
#include "base/key.h"
#include "tests/unit/store/store_model.h"
#include "tests/unit/store/tree_model.h"

/* Documents whose ids are strings: `same` equal bytes, then a number, so that keys may be cut. */
static void add_docs(struct model_docs *docs, size_t count, size_t same, size_t pad,
		     uint64_t stream)
{
	struct harness_rng rng = harness_rng_of(stream);

	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf id = {0};
		size_t at = harness_doc_open(&doc);

		memset(buf_room(&id, same + 1), 'k', same);
		id.len = same;
		/* Even numbers only, so that there are keys between. */
		buf_printf(&id, "%08zu", 2 * i);
		if (i % 5 == 0)
			buf_add_str(&id, "longer");
		harness_doc_string_bytes(&doc, "_id", buf_bytes(&id));
		harness_doc_binary_random(&doc, "pad", harness_rng_below(&rng, 2 * pad), &rng);
		if (i % 97 == 0)
			harness_doc_binary_random(&doc, "more", 40000, &rng);
		harness_doc_close(&doc, at);
		tree_model_add(docs, buf_bytes(&doc));
	}
	tree_model_sort(docs);
}

static void next_is(struct tree_cursor *cursor, const struct model_docs *docs, size_t i,
		    uint64_t offset)
{
	struct error e = {0};
	struct bytes doc;

	assert_int_equal(tree_cursor_rank(cursor), i);
	assert_int_equal(tree_cursor_offset(cursor), offset);
	if (i == docs->count) {
		assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 0);
		assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 0);
		assert_int_equal(tree_cursor_rank(cursor), i);
		return;
	}
	assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 1);
	ASSERT_BYTES(doc, tree_model_doc(docs, i));
	assert_int_equal(tree_cursor_rank(cursor), i + 1);
	assert_int_equal(tree_cursor_offset(cursor), offset + doc.len);
}

static void seek_everywhere(struct store *store, const struct tree_root *root,
			    const struct model_docs *docs)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct error e = {0};
	uint64_t offset = 0, into = 77;

	for (size_t i = 0; i <= docs->count; i++) {
		bool some = i < docs->count;
		size_t len = some ? docs->doc[i].len : 0;

		assert_int_equal(ASSERT_OK(tree_cursor_seek_rank(cursor, i, &e)), some);
		next_is(cursor, docs, i, offset);
		assert_int_equal(ASSERT_OK(tree_cursor_seek_offset(cursor, offset, &into, &e)),
				 some);
		assert_int_equal(into, 0);
		next_is(cursor, docs, i, offset);
		if (some) {
			assert_int_equal(ASSERT_OK(tree_cursor_seek_offset(cursor, offset + len - 1,
									   &into, &e)),
					 1);
			assert_int_equal(into, len - 1);
			next_is(cursor, docs, i, offset);
		}
		if (some && root->kind == TREE_KEYED) {
			OWNED(buf_release) struct buf key = {0};

			assert_int_equal(ASSERT_OK(tree_cursor_seek_key(
						 cursor, buf_bytes(&docs->doc[i].key), &e)),
					 1);
			next_is(cursor, docs, i, offset);
			/* Just behind it and just before it. */
			buf_add_bytes(&key, buf_bytes(&docs->doc[i].key));
			buf_add_u8(&key, 0);
			assert_int_equal(
				ASSERT_OK(tree_cursor_seek_key(cursor, buf_bytes(&key), &e)), 0);
			next_is(cursor, docs, i + 1, offset + len);
			key.len -= 2;
			assert_int_equal(
				ASSERT_OK(tree_cursor_seek_key(cursor, buf_bytes(&key), &e)), 0);
			next_is(cursor, docs, i, offset);
		}
		offset += len;
	}
	assert_int_equal(ASSERT_OK(tree_cursor_seek_rank(cursor, UINT64_MAX, &e)), 0);
	next_is(cursor, docs, docs->count, offset);
	assert_int_equal(ASSERT_OK(tree_cursor_seek_offset(cursor, UINT64_MAX, &into, &e)), 0);
	next_is(cursor, docs, docs->count, offset);
	if (root->kind == TREE_KEYED) {
		assert_int_equal(ASSERT_OK(tree_cursor_seek_key(cursor, bytes_of(NULL, 0), &e)), 0);
		next_is(cursor, docs, 0, 0);
		assert_int_equal(ASSERT_OK(tree_cursor_seek_key(cursor, bytes_str("\xff"), &e)), 0);
		next_is(cursor, docs, docs->count, offset);
	}
}

static void seek_in(size_t count, size_t same, size_t pad, uint64_t stream)
{
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root root;

	add_docs(&docs, count, same, pad, stream);
	root = tree_model_build(store, TREE_KEYED, &docs);
	assert_true(count < 2000 || root.height >= 2);
	tree_model_check(store, &root, &docs);
	seek_everywhere(store, &root, &docs);
	tree_model_docs_release(&docs);
	store_close(store);
}

static void seeks_agree_with_a_scan_at_every_document(void **state)
{
	(void)state;
	seek_in(4000, 10, 600, 131);
}

static void seeks_agree_where_keys_are_longer_than_separators(void **state)
{
	(void)state;
	seek_in(2500, 300, 400, 132);
	/* Keys of 253 to 270 bytes: cut at, before and after the limit. */
	for (size_t same = 244; same < 258; same += 2)
		seek_in(60, same, 200, 133 + same);
}

static void seeks_work_in_the_smallest_trees(void **state)
{
	(void)state;
	for (size_t count = 0; count < 4; count++)
		seek_in(count, 1, 10, 140 + count);
}

static void a_tree_in_natural_order_is_sought_by_rank_and_offset_only(void **state)
{
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct harness_rng rng = harness_rng_of(145);
	struct tree_root root;
	struct tree_cursor *cursor;
	struct error e = {0};

	(void)state;
	add_docs(&docs, 2000, 10, 600, 146);
	harness_rng_shuffle(&rng, docs.doc, docs.count, sizeof(docs.doc[0]));
	root = tree_model_build(store, TREE_RANKED, &docs);
	tree_model_check(store, &root, &docs);
	seek_everywhere(store, &root, &docs);
	cursor = tree_cursor_new(store, &root);
	ASSERT_ERROR(tree_cursor_seek_key(cursor, bytes_str("x"), &e), ERR_INVALID);
	tree_cursor_free(cursor);
	tree_model_docs_release(&docs);
	store_close(store);
}

static void leaf_after_leaf_gives_all_bytes_from_where_the_cursor_stands(void **state)
{
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root root;
	OWNED(buf_release) struct buf all = {0};
	struct error e = {0};

	(void)state;
	add_docs(&docs, 1500, 10, 600, 147);
	root = tree_model_build(store, TREE_KEYED, &docs);
	for (size_t i = 0; i < docs.count; i++)
		buf_add_bytes(&all, tree_model_doc(&docs, i));
	for (size_t from = 0; from <= docs.count; from += 37) {
		OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, &root);
		struct bytes leaf;
		uint64_t at;
		int found;

		ASSERT_OK(tree_cursor_seek_rank(cursor, from, &e));
		at = tree_cursor_offset(cursor);
		while ((found = ASSERT_OK(tree_cursor_next_leaf(cursor, &leaf, &e))) == 1) {
			assert_true(leaf.len > 0);
			ASSERT_BYTES(leaf, bytes_of(all.at + at, leaf.len));
			at += leaf.len;
			assert_int_equal(tree_cursor_offset(cursor), at);
		}
		assert_int_equal(at, all.len);
		assert_int_equal(tree_cursor_rank(cursor), docs.count);
	}
	tree_model_docs_release(&docs);
	store_close(store);
}

/* A cursor that met damage gives errors, not a crash, and goes on once the damage is mended. */
static void a_cursor_survives_chunks_that_can_not_be_read(void **state)
{
	const char *dir = store_model_init();
	const struct store_options options = {.cache_bytes = 1};
	struct store *store = store_model_open(dir);
	struct model_docs docs = {0};
	struct model_files packs;
	struct tree_root root;
	struct tree_cursor *cursor;
	struct error e = {0};
	struct bytes doc;
	uint64_t into;

	(void)state;
	add_docs(&docs, 400, 10, 600, 148);
	root = tree_model_build(store, TREE_KEYED, &docs);
	store_close(store);
	store = NULL;
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	store_model_files(harness_path(dir, "chunks"), &packs);
	cursor = tree_cursor_new(store, &root);
	assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 1);
	for (size_t p = 0; p < packs.count; p++) {
		OWNED(buf_release) struct buf content = {0};
		OWNED(buf_release) struct buf bad = {0};

		store_model_read_file(packs.path[p], &content);
		buf_add_bytes(&bad, buf_bytes(&content));
		for (size_t i = 40; i < bad.len; i++)
			bad.at[i] ^= 0x55;
		store_model_write_file(packs.path[p], buf_bytes(&bad));
		for (int again = 0; again < 3; again++) {
			int found;

			while ((found = tree_cursor_next(cursor, &doc, &e)) == 1)
				;
			assert_true(found <= 0);
			(void)!tree_cursor_next_leaf(cursor, &doc, &e);
			if (tree_cursor_seek_rank(cursor, 200, &e) < 0)
				(void)!tree_cursor_next(cursor, &doc, &e);
			if (tree_cursor_seek_offset(cursor, 2000, &into, &e) < 0)
				(void)!tree_cursor_next(cursor, &doc, &e);
			if (tree_cursor_seek_key(cursor, buf_bytes(&docs.doc[30].key), &e) < 0)
				(void)!tree_cursor_next_leaf(cursor, &doc, &e);
		}
		store_model_write_file(packs.path[p], buf_bytes(&content));
		ASSERT_OK(tree_cursor_seek_rank(cursor, 0, &e));
		for (size_t i = 0; i < docs.count; i++) {
			assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 1);
			ASSERT_BYTES(doc, tree_model_doc(&docs, i));
		}
		ASSERT_OK(tree_cursor_seek_rank(cursor, 1, &e));
	}
	tree_cursor_free(cursor);
	store_model_files_release(&packs);
	tree_model_docs_release(&docs);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeks_agree_with_a_scan_at_every_document),
		cmocka_unit_test(seeks_agree_where_keys_are_longer_than_separators),
		cmocka_unit_test(seeks_work_in_the_smallest_trees),
		cmocka_unit_test(a_tree_in_natural_order_is_sought_by_rank_and_offset_only),
		cmocka_unit_test(leaf_after_leaf_gives_all_bytes_from_where_the_cursor_stands),
		cmocka_unit_test(a_cursor_survives_chunks_that_can_not_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
