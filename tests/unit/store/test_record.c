#include "store/snapshot/record.h"

#include "base/bson_build.h"
#include "tests/harness/harness.h"

static void build(struct buf *b)
{
	const struct tree_root root = {
		.id = {{3}}, .kind = 1, .height = 4, .count = 5, .bytes = 60};
	size_t doc = bson_build_begin(b), sub;

	bson_build_int64(b, "int", 77);
	bson_build_int32(b, "int32", 77);
	bson_build_bool(b, "yes", true);
	bson_build_bool(b, "no", false);
	bson_build_string(b, "text", bytes_of("a\0b", 3));
	bson_build_binary(b, "bytes", 0, bytes_of("0123456789abcdef", 16));
	sub = bson_build_open(b, "sub");
	bson_build_null(b, "null");
	bson_build_end(b, sub);
	record_add_root(b, "root", &root);
	bson_build_end(b, doc);
}

static void fields_of_the_right_type_are_read(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	OWNED(free) char *text = NULL;
	uint8_t bytes[16];
	uint64_t value = 0;
	bool flag = false;
	struct bytes sub;
	struct tree_root root;
	size_t len = 0;
	struct error e = {0};

	(void)state;
	build(&b);
	assert_int_equal(ASSERT_OK(record_int(buf_bytes(&b), "int", &value, &e)), 1);
	assert_int_equal(value, 77);
	assert_int_equal(ASSERT_OK(record_bool(buf_bytes(&b), "yes", &flag, &e)), 1);
	assert_true(flag);
	assert_int_equal(ASSERT_OK(record_bool(buf_bytes(&b), "no", &flag, &e)), 1);
	assert_false(flag);
	assert_int_equal(ASSERT_OK(record_text(buf_bytes(&b), "text", &text, &len, &e)), 1);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(ASSERT_OK(record_binary(buf_bytes(&b), "bytes", bytes, 16, &e)), 1);
	assert_memory_equal(bytes, "0123456789abcdef", 16);
	assert_int_equal(ASSERT_OK(record_document(buf_bytes(&b), "sub", &sub, &e)), 1);
	assert_int_equal(sub.len, 5 + 6);
	assert_int_equal(ASSERT_OK(record_root(buf_bytes(&b), "root", &root, &e)), 1);
	assert_int_equal(root.kind, 1);
	assert_int_equal(root.height, 4);
	assert_int_equal(root.count, 5);
	assert_int_equal(root.bytes, 60);
	assert_int_equal(root.id.at[0], 3);
}

static void fields_that_are_not_there_are_absent(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	char *text;
	uint8_t bytes[16];
	uint64_t value;
	bool flag;
	struct bytes sub;
	struct tree_root root;
	struct error e = {0};

	(void)state;
	build(&b);
	assert_int_equal(ASSERT_OK(record_int(buf_bytes(&b), "in", &value, &e)), 0);
	assert_int_equal(ASSERT_OK(record_bool(buf_bytes(&b), "", &flag, &e)), 0);
	assert_int_equal(ASSERT_OK(record_text(buf_bytes(&b), "null", &text, NULL, &e)), 0);
	assert_int_equal(ASSERT_OK(record_binary(buf_bytes(&b), "x", bytes, 16, &e)), 0);
	assert_int_equal(ASSERT_OK(record_document(buf_bytes(&b), "x", &sub, &e)), 0);
	assert_int_equal(ASSERT_OK(record_root(buf_bytes(&b), "x", &root, &e)), 0);
	assert_int_equal(record_missing(&e, "x"), ERR_CORRUPT);
}

static void fields_of_another_type_are_errors(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	char *text;
	uint8_t bytes[32];
	uint64_t value;
	bool flag;
	struct bytes sub;
	struct tree_root root;
	struct error e = {0};

	(void)state;
	build(&b);
	ASSERT_ERROR_TEXT(record_int(buf_bytes(&b), "int32", &value, &e), ERR_CORRUPT, "int32");
	ASSERT_ERROR(record_bool(buf_bytes(&b), "int", &flag, &e), ERR_CORRUPT);
	ASSERT_ERROR(record_text(buf_bytes(&b), "bytes", &text, NULL, &e), ERR_CORRUPT);
	ASSERT_ERROR(record_binary(buf_bytes(&b), "bytes", bytes, 15, &e), ERR_CORRUPT);
	ASSERT_ERROR(record_binary(buf_bytes(&b), "bytes", bytes, 17, &e), ERR_CORRUPT);
	ASSERT_ERROR(record_binary(buf_bytes(&b), "text", bytes, 16, &e), ERR_CORRUPT);
	ASSERT_ERROR(record_document(buf_bytes(&b), "text", &sub, &e), ERR_CORRUPT);
	ASSERT_ERROR(record_root(buf_bytes(&b), "int", &root, &e), ERR_CORRUPT);
}

static void a_root_that_no_tree_has_is_an_error(void **state)
{
	static const struct tree_root bad[] = {
		{.id = {{1}}, .kind = 2, .count = 1, .bytes = 5},
		{.id = {{1}}, .height = TREE_HEIGHT_MAX + 1, .count = 1, .bytes = 5},
		{.id = {{1}}, .count = 0},
		{.count = 1, .bytes = 5},
	};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		OWNED(buf_release) struct buf b = {0};
		size_t doc = bson_build_begin(&b);
		struct tree_root root;

		record_add_root(&b, "root", &bad[i]);
		bson_build_end(&b, doc);
		ASSERT_ERROR(record_root(buf_bytes(&b), "root", &root, &e), ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_the_right_type_are_read),
		cmocka_unit_test(fields_that_are_not_there_are_absent),
		cmocka_unit_test(fields_of_another_type_are_errors),
		cmocka_unit_test(a_root_that_no_tree_has_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
