/* The list of what waits to be deleted: what is read of one that is damaged, odd, or a newer program's. */
#include "store/condemned.h"

#include "tests/unit/store/store_model.h"

/* A list's file as another program, or one that makes mistakes, would write it: the hash in its name is right. */
static void put_list(struct store *store, const struct buf *content)
{
	struct chunk_id hash = chunk_id_of(buf_bytes(content));
	char hex[CHUNK_ID_HEX + 1], name[200];
	struct error e = {0};

	chunk_id_hex(&hash, hex);
	snprintf(name, sizeof(name), "prune/%020d-%s.condemned", 5, hex);
	ASSERT_OK(store->backend->ops->put(store->backend, name, buf_bytes(content), &e));
}

/* Each is version 1, with an array of documents "files" of one file; `how` is what is wrong. */
static void odd_list(int how, struct buf *ret)
{
	size_t doc = harness_doc_open(ret), array, one;

	if (how != 1)
		harness_doc_int32(ret, "version", how == 2 ? 9 : 1);
	array = harness_doc_open_array(ret, "files");
	if (how == 3)
		harness_doc_int32(ret, "0", 7);
	one = harness_doc_open_sub(ret, "1");
	if (how != 4)
		harness_doc_string(ret, "name", "oplog/a/one.segment");
	if (how == 5)
		harness_doc_int32(ret, "since", 1);
	else if (how != 6)
		harness_doc_int64(ret, "since", 1);
	harness_doc_close(ret, one);
	harness_doc_close(ret, array);
	harness_doc_close(ret, doc);
	if (how == 7)
		ret->at[doc + 4] = 0x42;
	if (how == 8)
		ret->at[doc] ^= 1;
}

static void a_list_that_makes_no_sense_counts_as_none(void **state)
{
	(void)state;
	for (int how = 0; how <= 8; how++) {
		struct store *store = store_model_open(store_model_init());
		OWNED(condemned_release) struct condemned found = {0};
		OWNED(buf_release) struct buf content = {0};
		struct error e = {0};
		int code;

		odd_list(how, &content);
		put_list(store, &content);
		code = condemned_read(store, &found, &e);
		/* A newer program's is one that nothing may be done without. */
		if (how == 2) {
			ASSERT_ERROR_TEXT(code, ERR_UNSUPPORTED,
					  "version 9 is from a newer program");
		} else {
			ASSERT_OK(code);
			assert_int_equal(found.file_count, how == 0);
			assert_int_equal(found.number, 5);
		}
		store_close(store);
	}
}

static void files_beside_the_list_are_none(void **state)
{
	static const char *const names[] = {
		"prune/readme",
		"prune/0000000000000000000x-"
		"0000000000000000000000000000000000000000000000000000000000000000.condemned",
		"prune/99999999999999999999-"
		"0000000000000000000000000000000000000000000000000000000000000000.condemned",
		"prune/00000000000000000009-"
		"000000000000000000000000000000000000000000000000000000000000000x.condemned",
	};
	struct store *store = store_model_open(store_model_init());
	OWNED(condemned_release) struct condemned found = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ASSERT_OK(store->backend->ops->put(store->backend, names[i], bytes_str("x"), &e));
	ASSERT_OK(condemned_read(store, &found, &e));
	assert_int_equal(found.number, 0);
	store_close(store);
}

/* Whoever can write into a store (a hostile far side) could else have anybody's files removed by it. */
static void a_list_with_names_outside_the_store_counts_as_none(void **state)
{
	static const char *const names[] = {"oplog/../../letter", "chunks/../../letter",
					    "../letter",	  "config",
					    "oplog/..",		  "snapshots/letter"};
	struct store *store = store_model_open(store_model_init());
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct condemned list = {0}, found = {0};

		condemned_add_file(&list, "oplog/..of/a.journal", 1);
		condemned_add_file(&list, names[i], 1);
		ASSERT_OK(condemned_write(store, &list, &e));
		ASSERT_OK(condemned_read(store, &found, &e));
		assert_int_equal(found.file_count, 0);
		condemned_release(&list);
		condemned_release(&found);
		/* Without it the list is one. */
		condemned_add_file(&list, "oplog/..of/a.journal", 1);
		ASSERT_OK(condemned_write(store, &list, &e));
		ASSERT_OK(condemned_read(store, &found, &e));
		assert_int_equal(found.file_count, 1);
		condemned_release(&list);
		condemned_release(&found);
	}
	store_close(store);
}

static void what_was_let_go_is_in_a_list_without_anything_else(void **state)
{
	OWNED(condemned_release) struct condemned found = {0};
	struct condemned list = {.let_go = UINT64_C(0x5f5e100000000007)};
	struct store *store = store_model_open(store_model_init());
	struct error e = {0};

	(void)state;
	ASSERT_OK(condemned_write(store, &list, &e));
	ASSERT_OK(condemned_read(store, &found, &e));
	assert_int_equal(found.let_go, list.let_go);
	assert_int_equal(found.number, 1);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_that_makes_no_sense_counts_as_none),
		cmocka_unit_test(files_beside_the_list_are_none),
		cmocka_unit_test(a_list_with_names_outside_the_store_counts_as_none),
		cmocka_unit_test(what_was_let_go_is_in_a_list_without_anything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
