#include "base/ejson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void assert_text(struct buf *got, const char *want)
{
	assert_string_equal(buf_text(got), want);
}

static void the_pretty_form_is_indented_by_two(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};
	size_t start = make_begin(&doc), inner;

	(void)state;
	make_head(&doc, BSON_KIND_OBJECT_ID, "_id");
	buf_add(&doc, "\0\1\2\3\4\5\6\7\10\11\12\13", 12);
	make_head(&doc, BSON_KIND_ARRAY, "a\"");
	inner = make_begin(&doc);
	make_head(&doc, BSON_KIND_INT32, "0");
	buf_add_le32(&doc, 1);
	make_head(&doc, BSON_KIND_DOCUMENT, "1");
	make_single(&doc, BSON_KIND_NULL, "n", bytes_of(NULL, 0));
	make_end(&doc, inner);
	make_head(&doc, BSON_KIND_ARRAY, "e");
	make_nested(&doc, 1);
	make_head(&doc, BSON_KIND_DOCUMENT, "f");
	make_nested(&doc, 1);
	make_end(&doc, start);
	ASSERT_OK(ejson_pretty(buf_bytes(&doc), &got, &e));
	assert_text(&got, "{\n"
			  "  \"_id\": {\"$oid\":\"000102030405060708090a0b\"},\n"
			  "  \"a\\\"\": [\n"
			  "    1,\n"
			  "    {\n"
			  "      \"n\": null\n"
			  "    }\n"
			  "  ],\n"
			  "  \"e\": [],\n"
			  "  \"f\": {}\n"
			  "}");
}

static void the_empty_document_is_two_braces(void **state)
{
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(ejson_pretty(bytes_of("\5\0\0\0\0", 5), &got, &e));
	assert_text(&got, "{}");
}

static void damage_inside_leaves_the_output(void **state)
{
	/* {a: {b: of no known type}} */
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	make_hex(&doc, "1000000003610008000000ee62000000");
	buf_add_str(&got, "kept");
	assert_int_equal(ejson_pretty(buf_bytes(&doc), &got, &e), ERR_CORRUPT);
	assert_text(&got, "kept");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pretty_form_is_indented_by_two),
		cmocka_unit_test(the_empty_document_is_two_braces),
		cmocka_unit_test(damage_inside_leaves_the_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
