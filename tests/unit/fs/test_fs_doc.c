#include "fs/fs_doc.h"

#include "base/bson.h"
#include "base/clock.h"
#include "base/ejson.h"
#include "base/id_name.h"
#include "store/tree/tree_names.h"
#include "tests/unit/fs/small_store.h"

enum { DOCS = 3000 };

/* Document number `i`: numbers, every other one twice; strings; long strings that begin alike, every tenth twice. */
static void add_document(struct buf *ret, int i)
{
	size_t open = harness_doc_open(ret);
	char text[500];

	if (i < DOCS / 3) {
		harness_doc_int32(ret, "_id", i - i % 10 % 2);
	} else if (i < 2 * DOCS / 3) {
		snprintf(text, sizeof(text), "key %06d\n/%%", i);
		harness_doc_string(ret, "_id", text);
	} else {
		memset(text, 'l', 400);
		snprintf(text + 400, sizeof(text) - 400, "%06d", i - (i % 10 == 1));
		harness_doc_string(ret, "_id", text);
	}
	harness_doc_int32(ret, "number", i);
	harness_doc_close(ret, open);
}

/* A collection of `count` of them, from number `from` on, in a new store. */
static struct tree_root open_some(struct small_store *s, enum tree_kind kind, int from, int count)
{
	struct tree_build_options options = {.kind = kind};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(tree_builder_free) struct tree_builder *builder = NULL;
	OWNED(buf_release) struct buf doc = {0};
	struct tree_root root = {.kind = kind};
	struct error e = {0};

	small_store_open(s);
	ASSERT_OK(store_writer_begin(s->store, &writer, &e));
	builder = tree_builder_new(writer, &options);
	for (int i = from; i < from + count; i++) {
		buf_reset(&doc);
		add_document(&doc, i);
		small_store_add_doc(builder, buf_bytes(&doc));
	}
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	return root;
}

static struct tree_root open_collection(struct small_store *s, enum tree_kind kind)
{
	return open_some(s, kind, 0, DOCS);
}

/* Append a document: 1, or 0 when there are not so many. */
static int read_doc(struct store *store, const struct tree_root *root, uint64_t rank,
		    struct buf *ret, struct error *e)
{
	struct tree_piece held;
	int rc = fs_doc_hold(store, root, rank, &held, e);

	if (rc != 1)
		return rc;
	buf_add_bytes(ret, held.bytes);
	chunk_release(held.chunk);
	return 1;
}

/* Every listed name is found, is another one each time, and means the document of its place. */
static void check_names(struct small_store *s, const struct tree_root *root, int expected_by_rank)
{
	OWNED(tree_names_free) struct tree_names *list = tree_names_new(s->store, root);
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf expected = {0};
	OWNED(fs_long_free) struct fs_long *places = fs_long_new(store_params(s->store)->seed);
	struct error e = {0};
	uint64_t rank = 0;
	int by_rank = 0;

	for (uint64_t i = 0; i < root->count; i++) {
		uint64_t found = UINT64_MAX;

		buf_reset(&name);
		buf_reset(&doc);
		buf_reset(&expected);
		assert_int_equal(ASSERT_OK(tree_names_at(list, i, &name, NULL, &e)), 1);
		assert_true(name.len <= ID_NAME_MAX);
		assert_int_equal(ASSERT_OK(fs_doc_find(s->store, root, places, buf_bytes(&name),
						       &found, &e)),
				 1);
		assert_true(found == i);
		assert_int_equal(ASSERT_OK(read_doc(s->store, root, i, &doc, &e)), 1);
		add_document(&expected, (int)i);
		ASSERT_BYTES(buf_bytes(&doc), buf_bytes(&expected));
		by_rank += memcmp(name.at, "%rank,", 6) == 0;
	}
	buf_reset(&name);
	assert_int_equal(ASSERT_OK(tree_names_at(list, root->count, &name, NULL, &e)), 0);
	assert_int_equal(ASSERT_OK(read_doc(s->store, root, root->count, &doc, &e)), 0);
	assert_int_equal(by_rank, expected_by_rank);
	id_name_of_rank(root->count, &name);
	assert_int_equal(
		ASSERT_OK(fs_doc_find(s->store, root, places, buf_bytes(&name), &rank, &e)), 0);
}

static void each_document_of_a_keyed_collection_has_its_name(void **state)
{
	struct small_store s;
	struct tree_root root;

	(void)state;
	root = open_collection(&s, TREE_KEYED);
	check_names(&s, &root, DOCS / 3 / 2 + DOCS / 3 / 10);
	store_close(s.store);
}

/* The name of a document; returns if it is not by rank. */
static bool name_of(const struct small_store *s, const struct tree_root *root, uint64_t rank,
		    struct buf *ret)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};

	assert_int_equal(ASSERT_OK(read_doc(s->store, root, rank, &doc, &e)), 1);
	assert_int_equal(ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e)), 1);
	buf_reset(ret);
	id_name_of_key(buf_bytes(&key), ret);
	return rank % 10 != 1;
}

/* Without places each name is a walk through half of the others: 15,000 * 7,500 documents, twice. */
static void a_folder_of_long_names_is_not_walked_for_each_of_them(void **state)
{
	enum { LONG = 15000, STEP = 7919 };
	OWNED(fs_long_free) struct fs_long *places = NULL;
	OWNED(fs_long_free) struct fs_long *others = NULL;
	OWNED(buf_release) struct buf name = {0};
	uint64_t start = clock_ms(), found;
	struct error e = {0};
	struct small_store s;
	struct tree_root root;

	(void)state;
	root = open_some(&s, TREE_KEYED, DOCS, LONG);
	places = fs_long_new(store_params(s.store)->seed);
	others = fs_long_new(store_params(s.store)->seed);
	for (uint64_t i = 0; i < LONG; i++) {
		uint64_t mixed = i * STEP % LONG;

		found = LONG;
		if (name_of(&s, &root, i, &name))
			assert_int_equal(ASSERT_OK(fs_doc_find(s.store, &root, places,
							       buf_bytes(&name), &found, &e)),
					 1);
		assert_true(found == i || i % 10 == 1);
		found = LONG;
		if (name_of(&s, &root, mixed, &name))
			assert_int_equal(ASSERT_OK(fs_doc_find(s.store, &root, others,
							       buf_bytes(&name), &found, &e)),
					 1);
		assert_true(found == mixed || mixed % 10 == 1);
	}
	/* Nobody's name: all are looked at, and none is it. */
	name.at[name.len - 1] = name.at[name.len - 1] == 'a' ? 'b' : 'a';
	assert_int_equal(
		ASSERT_OK(fs_doc_find(s.store, &root, places, buf_bytes(&name), &found, &e)), 0);
	assert_true(clock_ms() - start < 60000);
	store_close(s.store);
}

static void documents_of_natural_order_go_by_rank(void **state)
{
	struct error e = {0};
	struct small_store s;
	struct tree_root root;
	uint64_t rank = 0;

	(void)state;
	root = open_collection(&s, TREE_RANKED);
	check_names(&s, &root, DOCS);
	/* A name by `_id` is found too, by a walk. */
	assert_int_equal(ASSERT_OK(fs_doc_find(s.store, &root, NULL, bytes_str("8"), &rank, &e)),
			 1);
	assert_int_equal(rank, 8);
	assert_int_equal(ASSERT_OK(fs_doc_find(s.store, &root, NULL, bytes_str("7"), &rank, &e)),
			 0);
	root.bytes = FS_DOC_SCAN_MAX + 1;
	assert_int_equal(ASSERT_OK(fs_doc_find(s.store, &root, NULL, bytes_str("8"), &rank, &e)),
			 0);
	store_close(s.store);
}

static void the_size_of_a_text_and_the_place_of_the_bytes_are_told(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf text = {0};
	uint64_t size = 0, offset = 0, len = 0, expected = 0;
	struct error e = {0};
	struct small_store s;
	struct tree_root root;

	(void)state;
	root = open_collection(&s, TREE_KEYED);
	for (uint64_t rank = 0; rank < DOCS; rank++) {
		buf_reset(&doc);
		buf_reset(&text);
		assert_int_equal(ASSERT_OK(read_doc(s.store, &root, rank, &doc, &e)), 1);
		ASSERT_OK(ejson_pretty(buf_bytes(&doc), &text, &e));
		assert_int_equal(ASSERT_OK(fs_doc_pretty_size(s.store, &root, rank, &size, &e)), 1);
		assert_int_equal(size, text.len + 1);
		assert_int_equal(ASSERT_OK(fs_doc_place(s.store, &root, rank, &offset, &len, &e)),
				 1);
		assert_true(offset == expected && len == doc.len);
		expected += len;
	}
	assert_int_equal(ASSERT_OK(fs_doc_pretty_size(s.store, &root, DOCS, &size, &e)), 0);
	assert_int_equal(ASSERT_OK(fs_doc_place(s.store, &root, DOCS, &offset, &len, &e)), 0);
	assert_int_equal(ASSERT_OK(read_doc(s.store, &root, DOCS, &doc, &e)), 0);
	store_close(s.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_document_of_a_keyed_collection_has_its_name),
		cmocka_unit_test(a_folder_of_long_names_is_not_walked_for_each_of_them),
		cmocka_unit_test(documents_of_natural_order_go_by_rank),
		cmocka_unit_test(the_size_of_a_text_and_the_place_of_the_bytes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
