#include "oplog/moment.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "store/store_writer.h"
#include "store/tree/tree_build.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

/* In byte order, as the catalog has them; some databases begin like others. */
static const char *const names[] = {"a.b",	  "a-b.c",	 "admin.users",
				    "shop.\x01",  "shop.orders", "shop.orders.old",
				    "shop.users", "shop2.x",	 "sho\xc3\xa4p.y"};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A tree of documents { _id: name, changed: … } or of catalog entries. */
static struct tree_root build(struct store_writer *writer, const char *const *sorted, size_t count,
			      bool entries)
{
	const struct tree_build_options options = {.kind = TREE_KEYED};
	struct tree_builder *builder = tree_builder_new(writer, &options);
	struct tree_root root;
	struct error e = {0};

	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};

		if (entries) {
			struct catalog_entry entry = {.ns = (char *)(uintptr_t)sorted[i],
						      .ns_len = strlen(sorted[i]),
						      .db_len = strcspn(sorted[i], "."),
						      .has_metadata = i % 2 == 0};

			ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
		} else {
			size_t at = bson_build_begin(&doc);

			bson_build_string(&doc, "_id", bytes_str(sorted[i]));
			bson_build_int64(&doc, "changed", (int64_t)(1000 + i));
			bson_build_end(&doc, at);
		}
		ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
		ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	tree_builder_free(builder);
	return root;
}

struct fixture {
	struct store *store;
	struct moment *moment;
	const char *sorted[600];
	size_t count;
	char room[600][48];
};

/* `more` collections of a database "many" beside those above. */
static void make(struct fixture *f, size_t more)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	struct snapshot snapshot = {.name = (char *)(uintptr_t) "one", .time = 77};
	struct store_writer *writer = NULL;
	struct store_params params;
	struct error e = {0};

	*f = (struct fixture){0};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		f->sorted[f->count++] = names[i];
	for (size_t i = 0; i < more; i++) {
		snprintf(f->room[i], sizeof(f->room[i]), "many.collection%zu", i);
		f->sorted[f->count++] = f->room[i];
	}
	qsort(f->sorted, f->count, sizeof(f->sorted[0]), by_text);
	ASSERT_OK(store_params_default(&params, &e));
	params.leaf_target = 4096;
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, NULL, &f->store, &e));
	ASSERT_OK(store_writer_begin(f->store, &writer, &e));
	snapshot.catalog = build(writer, f->sorted, f->count, true);
	/* Not all have a time of change. */
	snapshot.changes = build(writer, f->sorted, f->count / 2, false);
	ASSERT_OK(store_writer_flush(writer, &e));
	store_writer_end(writer);
	ASSERT_OK(moment_open(f->store, &snapshot, &f->moment, &e));
}

static void drop(struct fixture *f)
{
	moment_release(f->moment);
	store_close(f->store);
}

static void every_namespace_has_its_rank_entry_and_name(void **state)
{
	struct fixture f;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	uint64_t rank = 0;
	struct error e = {0};

	(void)state;
	for (size_t more = 0; more <= 500; more += 500) {
		make(&f, more);
		assert_int_equal(moment_count(f.moment), f.count);
		assert_ptr_equal(moment_store(f.moment), f.store);
		assert_string_equal(moment_snapshot(f.moment)->name, "one");
		for (size_t i = 0; i < f.count; i++) {
			struct bytes ns = bytes_str(f.sorted[i]);

			assert_int_equal(ASSERT_OK(moment_entry(f.moment, i, &entry, &e)), 1);
			assert_string_equal(entry.ns, f.sorted[i]);
			assert_int_equal(entry.has_metadata, i % 2 == 0);
			assert_int_equal(ASSERT_OK(moment_find(f.moment, ns, &rank, &entry, &e)),
					 1);
			assert_int_equal(rank, i);
			assert_string_equal(entry.ns, f.sorted[i]);
			assert_int_equal(ASSERT_OK(moment_find(f.moment, ns, NULL, NULL, &e)), 1);
		}
		assert_int_equal(ASSERT_OK(moment_entry(f.moment, f.count, &entry, &e)), 0);
		assert_int_equal(ASSERT_OK(moment_entry(f.moment, UINT64_MAX, &entry, &e)), 0);
		drop(&f);
	}
}

static void a_seek_finds_the_first_that_is_not_less(void **state)
{
	static const char *const texts[] = {
		"",	 "a",		"a.",		"a.b",	 "a.c",	  "a/",	  "shop",
		"shop.", "shop.orders", "shop.orders.", "shop/", "shop0", "\xff", "\x01"};
	struct fixture f;
	struct error e = {0};

	(void)state;
	make(&f, 200);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		uint64_t rank = 9999, expected = 0;

		while (expected < f.count && strcmp(f.sorted[expected], texts[i]) < 0)
			expected++;
		ASSERT_OK(moment_seek(f.moment, bytes_str(texts[i]), &rank, &e));
		assert_int_equal(rank, expected);
	}
	drop(&f);
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
	static const char *const texts[] = {"",	   "a", "a.", "a.bb", "shop.order", "shop.orders ",
					    "zz.z"};
	struct fixture f;
	struct error e = {0};

	(void)state;
	make(&f, 0);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(
			ASSERT_OK(moment_find(f.moment, bytes_str(texts[i]), NULL, NULL, &e)), 0);
	/* With a NUL, which no C string would show. */
	assert_int_equal(ASSERT_OK(moment_find(f.moment, bytes_of("a.b\0", 4), NULL, NULL, &e)), 0);
	drop(&f);
}

static void a_collection_changed_when_it_did_or_with_the_snapshot(void **state)
{
	struct fixture f;
	uint64_t seconds = 0;
	struct error e = {0};

	(void)state;
	make(&f, 30);
	for (size_t i = 0; i < f.count; i++) {
		ASSERT_OK(moment_changed(f.moment, bytes_str(f.sorted[i]), &seconds, &e));
		assert_int_equal(seconds, i < f.count / 2 ? 1000 + i : 77);
	}
	drop(&f);
}

static void an_empty_moment_has_nothing(void **state)
{
	struct fixture f;
	struct snapshot empty = {.name = (char *)(uintptr_t) "none"};
	OWNED(moment_release) struct moment *moment = NULL;
	uint64_t rank = 1;
	struct error e = {0};

	(void)state;
	make(&f, 0);
	ASSERT_OK(moment_open(f.store, &empty, &moment, &e));
	assert_int_equal(moment_count(moment), 0);
	assert_int_equal(ASSERT_OK(moment_find(moment, bytes_str("a.b"), NULL, NULL, &e)), 0);
	ASSERT_OK(moment_seek(moment, bytes_str("a"), &rank, &e));
	assert_int_equal(rank, 0);
	assert_ptr_equal(moment_hold(moment), moment);
	moment_release(moment);
	moment_release(NULL);
	moment_release(TAKE(moment));
	drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_namespace_has_its_rank_entry_and_name),
		cmocka_unit_test(a_seek_finds_the_first_that_is_not_less),
		cmocka_unit_test(a_name_that_is_not_there_is_not_found),
		cmocka_unit_test(a_collection_changed_when_it_did_or_with_the_snapshot),
		cmocka_unit_test(an_empty_moment_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
