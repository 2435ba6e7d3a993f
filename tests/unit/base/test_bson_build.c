#include "base/bson_build.h"

#include "base/bson_check.h"
#include "tests/harness/harness.h"

/* The bytes are those of bsonspec.org, not of another builder. */
static void a_nested_document_has_the_bytes_of_the_specification(void **state)
{
	static const uint8_t expected[] = {
		0x30, 0,   0, 0,				/* length */
		0x10, 'a', 0, 1,    0, 0, 0,			/* int32 */
		0x03, 'b', 0, 0x0c, 0, 0, 0,			/* document */
		0x08, 't', 0, 1,				/* bool */
		0x0a, 'n', 0, 0,				/* null, end */
		0x02, 's', 0, 3,    0, 0, 0, 'h', 'i', 0,	/* string */
		0x11, 'o', 0, 2,    0, 0, 0, 1,	  0,   0, 0, 0, /* timestamp, end */
	};
	OWNED(buf_release) struct buf b = {0};
	size_t doc = bson_build_begin(&b), sub;

	(void)state;
	bson_build_int32(&b, "a", 1);
	sub = bson_build_open(&b, "b");
	bson_build_bool(&b, "t", true);
	bson_build_null(&b, "n");
	bson_build_end(&b, sub);
	bson_build_string(&b, "s", bytes_str("hi"));
	bson_build_timestamp(&b, "o", 1, 2);
	bson_build_end(&b, doc);
	ASSERT_BYTES(buf_bytes(&b), bytes_of(expected, sizeof(expected)));
}

static void every_kind_of_field_passes_the_check_and_is_found(void **state)
{
	static const char *const names[] = {"d", "i", "when", "bin", "list", "any"};
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};
	size_t doc = bson_build_begin(&b), list;

	(void)state;
	bson_build_double(&b, "d", 1.5);
	bson_build_int64(&b, "i", INT64_MIN);
	bson_build_date(&b, "when", -1);
	bson_build_binary(&b, "bin", 4, bytes_str("0123456789abcdef"));
	list = bson_build_open_array(&b, "list");
	bson_build_end(&b, list);
	bson_build_value(&b, "any", BSON_KIND_DOCUMENT, bson_build_empty());
	bson_build_end(&b, doc);
	ASSERT_OK(bson_check(buf_bytes(&b), BSON_CHECK_FULL, &e));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct bson_field field;

		assert_int_equal(ASSERT_OK(bson_find(buf_bytes(&b), names[i], &field, &e)), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nested_document_has_the_bytes_of_the_specification),
		cmocka_unit_test(every_kind_of_field_passes_the_check_and_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
