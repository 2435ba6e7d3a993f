#include "base/bson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void next_gives_lengths_up_to_the_end(void **state)
{
	OWNED(buf_release) struct buf file = {0};
	struct bytes rest;
	struct error e = {0};

	(void)state;
	make_hex(&file, "0500000000080000000a610000");
	rest = buf_bytes(&file);
	assert_int_equal(bson_next(rest, 100, &e), 5);
	rest = bytes_of(rest.at + 5, rest.len - 5);
	assert_int_equal(bson_next(rest, 8, &e), 8);
	assert_int_equal(bson_next(bytes_of(rest.at + 8, 0), 100, &e), 0);
	assert_int_equal(bson_next(rest, 7, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "document of 8 bytes, at most 7 expected");
	assert_int_equal(bson_next(bytes_of(rest.at, 7), 100, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "document of 8 bytes, 7 left");
	assert_int_equal(bson_next(bytes_of(rest.at, 3), 100, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "length of a document is cut off: 4 bytes expected, 3 left");
	assert_int_equal(bson_next(bytes_of("\4\0\0\0\0", 5), 100, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "document of 4 bytes, expected 5 or more");
	assert_int_equal(bson_next(bytes_of("\0\0\0\x80\0", 5), 100, &e), ERR_CORRUPT);
}

static void the_iterator_gives_every_field_once(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct bson_fields fields;
	struct bson_field field;
	struct error e = {0};
	size_t count = 0;
	int got;

	(void)state;
	make_all_types(&doc);
	fields = bson_fields(buf_bytes(&doc));
	while ((got = bson_fields_next(&fields, &field, &e)) > 0) {
		assert_int_equal(field.name.len, 2);
		assert_int_equal(field.name.at[1], 'a' + count);
		assert_int_equal(bson_value_len(field.type, field.value), (int)field.value.len);
		count++;
	}
	assert_int_equal(got, 0);
	assert_int_equal(count, 21);
	assert_int_equal(bson_fields_next(&fields, &field, &e), 0);
}

static void the_iterator_stops_at_damage(void **state)
{
	static const struct {
		const char *hex, *text;
	} faults[] = {
		{"0c000000aa61000700000000", "byte 4: field type 0xaa is unknown"},
		{"0800000010616100", "byte 5: field name has no end"},
		{"0b00000010610007000000",
		 "byte 7: value of type 0x10 is cut off: 4 bytes expected, 3 left"},
		{"0600000000", "byte 0: document says it has 6 bytes, but has 5"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		OWNED(buf_release) struct buf doc = {0};
		struct bson_field field = {.type = 77};
		struct bson_fields fields;
		struct error e = {0};

		make_hex(&doc, faults[i].hex);
		fields = bson_fields(buf_bytes(&doc));
		assert_int_equal(bson_fields_next(&fields, &field, &e), ERR_CORRUPT);
		assert_string_equal(e.text, faults[i].text);
		assert_int_equal(field.type, 77);
	}
}

static void find_gives_the_first_field_of_that_name(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct bson_field field;
	struct bytes text;
	struct error e = {0};

	(void)state;
	make_all_types(&doc);
	assert_int_equal(bson_find(buf_bytes(&doc), "fb", &field, &e), 1);
	assert_int_equal(field.type, BSON_KIND_STRING);
	ASSERT_OK(bson_text(field.value, &text, &e));
	assert_true(bytes_equal(text, bytes_str("abc")));
	assert_int_equal(bson_find(buf_bytes(&doc), "f", &field, &e), 0);
	assert_int_equal(bson_find(buf_bytes(&doc), "fbx", &field, &e), 0);
}

static void a_text_that_does_not_fit_is_refused(void **state)
{
	struct bytes text = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(bson_text(bytes_of("\3\0\0\0a\0", 6), &text, &e), ERR_CORRUPT);
	assert_int_equal(bson_text(bytes_of("\1\0\0\0a\0", 6), &text, &e), ERR_CORRUPT);
	assert_int_equal(bson_text(bytes_of("\1\0", 2), &text, &e), ERR_CORRUPT);
	assert_int_equal(bson_text(bytes_of(NULL, 0), &text, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "text does not fill its 0 bytes");
	assert_null(text.at);
}

static void a_field_is_found_at_its_offset_in_an_inner_document(void **state)
{
	/* {a: {b: null}} */
	static const char hex[] = "10000000036100080000000a62000000";
	OWNED(buf_release) struct buf doc = {0};
	struct bson_field field = {.type = 77};
	struct error e = {0};

	(void)state;
	make_hex(&doc, hex);
	ASSERT_OK(bson_field_at(buf_bytes(&doc), 11, 14, &field, &e));
	assert_int_equal(field.type, BSON_KIND_NULL);
	assert_true(bytes_equal(field.name, bytes_str("b")));
	doc.at[11] = 0xaa;
	assert_int_equal(bson_field_at(buf_bytes(&doc), 11, 14, &field, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "byte 11: field type 0xaa is unknown");
	assert_int_equal(field.type, BSON_KIND_NULL);
}

static void a_value_of_no_known_type_has_no_length(void **state)
{
	(void)state;
	assert_int_equal(bson_value_len(0, bytes_of("\0\0\0\0\0\0\0\0", 8)), -1);
	assert_int_equal(bson_value_len(0x14, bytes_of("\0\0\0\0\0\0\0\0", 8)), -1);
	assert_int_equal(bson_value_len(0x80, bytes_of("\0\0\0\0\0\0\0\0", 8)), -1);
}

static void what_is_true_is_as_servers_see_it(void **state)
{
	/* {t: true, f: false, i: 1, j: 0, l: 2^32, m: 0, d: 0.5, e: -0.0, n: null, u: undefined, s: "", x: NumberDecimal(0)} */
	static const char hex[] =
		"68000000087400010866000010690001000000106a0000000000126c0000000000010000"
		"00126d000000000000000000016400000000000000e03f01650000000000000000800a6e"
		"0006750002730001000000001378000000000000000000000000000000403000";
	static const char expected[] = "tildsx";
	OWNED(buf_release) struct buf doc = {0};
	struct bson_fields fields;
	struct bson_field field;
	struct error e;
	size_t count = 0;

	(void)state;
	make_hex(&doc, hex);
	assert_int_equal(bson_next(buf_bytes(&doc), doc.len, &e), doc.len);
	fields = bson_fields(buf_bytes(&doc));
	while (bson_fields_next(&fields, &field, &e) == 1) {
		assert_int_equal(bson_is_true(&field), strchr(expected, field.name.at[0]) != NULL);
		count++;
	}
	assert_int_equal(count, 12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_gives_lengths_up_to_the_end),
		cmocka_unit_test(the_iterator_gives_every_field_once),
		cmocka_unit_test(the_iterator_stops_at_damage),
		cmocka_unit_test(find_gives_the_first_field_of_that_name),
		cmocka_unit_test(a_text_that_does_not_fit_is_refused),
		cmocka_unit_test(a_field_is_found_at_its_offset_in_an_inner_document),
		cmocka_unit_test(a_value_of_no_known_type_has_no_length),
		cmocka_unit_test(what_is_true_is_as_servers_see_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
