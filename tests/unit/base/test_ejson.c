#include "base/ejson.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/ejson_vectors.h"
#include "tests/unit/base/make_bson.h"

static void assert_text(const struct buf *got, const char *want)
{
	OWNED(buf_release) struct buf copy = {0};

	buf_add_bytes(&copy, buf_bytes(got));
	assert_string_equal(buf_text(&copy), want);
}

static void assert_renders(struct bytes doc, enum ejson_mode mode, const char *want)
{
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};
	uint64_t size = 0, sizes[2];

	ASSERT_OK(ejson_write(doc, mode, &got, &e));
	assert_text(&got, want);
	ASSERT_OK(ejson_size(doc, mode, &size, &e));
	assert_true(size == strlen(want));
	ASSERT_OK(ejson_sizes(doc, &sizes[0], &sizes[1], &e));
	assert_true(sizes[mode == EJSON_CANONICAL] == size);
}

/* Of {a: value}, in the mode. */
static void assert_value(uint8_t type, const char *hex, enum ejson_mode mode, const char *want)
{
	OWNED(buf_release) struct buf value = {0};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	OWNED(buf_release) struct buf whole = {0};
	struct error e = {0};

	make_hex(&value, hex);
	ASSERT_OK(ejson_write_value(type, buf_bytes(&value), mode, &got, &e));
	assert_text(&got, want);
	make_single(&doc, type, "a", buf_bytes(&value));
	buf_printf(&whole, "{\"a\":%s}", want);
	assert_renders(buf_bytes(&doc), mode, buf_text(&whole));
}

static void frozen_documents_come_out_in_both_modes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ejson_vectors); i++) {
		OWNED(buf_release) struct buf doc = {0};

		make_hex(&doc, ejson_vectors[i].document);
		assert_renders(buf_bytes(&doc), EJSON_CANONICAL, ejson_vectors[i].canonical);
		assert_renders(buf_bytes(&doc), EJSON_RELAXED, ejson_vectors[i].relaxed);
	}
}

static void the_locale_has_no_say(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (setlocale(LC_ALL, names[i]) == NULL)
			continue;
		frozen_documents_come_out_in_both_modes(state);
	}
	setlocale(LC_ALL, "C");
}

/* What the Go driver gets wrong; docs/format/json.md has the list. */

static void an_empty_binary_of_subtype_2_is_empty(void **state)
{
	(void)state;
	/* Go writes AAAAAA==, the inner length as content. */
	assert_value(5, "040000000200000000", EJSON_CANONICAL,
		     "{\"$binary\":{\"base64\":\"\",\"subType\":\"02\"}}");
}

static void a_binary_of_subtype_2_with_a_false_length_is_shown_whole(void **state)
{
	(void)state;
	assert_value(5, "05000000020900000041", EJSON_CANONICAL,
		     "{\"$binary\":{\"base64\":\"CQAAAEE=\",\"subType\":\"02\"}}");
	assert_value(5, "02000000024142", EJSON_RELAXED,
		     "{\"$binary\":{\"base64\":\"QUI=\",\"subType\":\"02\"}}");
}

static void a_namespace_in_a_dbpointer_is_escaped(void **state)
{
	(void)state;
	assert_value(12, "0400000061222e00000102030405060708090a0b", EJSON_RELAXED,
		     "{\"$dbPointer\":{\"$ref\":\"a\\\".\","
		     "\"$id\":{\"$oid\":\"000102030405060708090a0b\"}}}");
}

static void options_of_a_regular_expression_are_escaped(void **state)
{
	(void)state;
	assert_value(11, "6100782200", EJSON_RELAXED,
		     "{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"\\\"x\"}}");
	assert_value(11, "610078ff6900", EJSON_RELAXED,
		     "{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"x\\ufffdi\"}}");
}

static void a_boolean_that_is_neither_0_nor_1_is_true(void **state)
{
	(void)state;
	assert_value(8, "02", EJSON_RELAXED, "true");
}

static void an_array_has_no_names(void **state)
{
	OWNED(buf_release) struct buf array = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	make_hex(&array, "10000000107800070000000a790000");
	put_le32(array.at, (uint32_t)array.len);
	ASSERT_OK(ejson_write_array(buf_bytes(&array), EJSON_RELAXED, &got, &e));
	assert_text(&got, "[7,null]");
}

static void output_is_appended_and_stays_on_failure(void **state)
{
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	buf_add_str(&got, "kept");
	assert_int_equal(ejson_write(bytes_of("\x06\0\0\0\0", 5), EJSON_RELAXED, &got, &e),
			 ERR_CORRUPT);
	assert_text(&got, "kept");
	/* An unknown type behind a field that is fine. */
	assert_int_equal(ejson_write(bytes_of("\x0b\0\0\0\x0a"
					      "a\0\xaa"
					      "b\0\0",
					      11),
				     EJSON_RELAXED, &got, &e),
			 ERR_CORRUPT);
	assert_string_equal(e.text, "byte 7: field type 0xaa is unknown");
	assert_text(&got, "kept");
	assert_int_equal(ejson_pretty(bytes_of("\x0b\0\0\0\x0a"
					       "a\0\xaa"
					       "b\0\0",
					       11),
				      &got, &e),
			 ERR_CORRUPT);
	assert_text(&got, "kept");
	ASSERT_OK(ejson_write(bytes_of("\x05\0\0\0\0", 5), EJSON_RELAXED, &got, &e));
	assert_text(&got, "kept{}");
}

static void the_size_stays_on_failure(void **state)
{
	struct error e = {0};
	uint64_t size = 77;

	(void)state;
	assert_int_equal(ejson_size(bytes_of("\x06\0\0\0\0", 5), EJSON_RELAXED, &size, &e),
			 ERR_CORRUPT);
	assert_true(size == 77);
}

static void a_value_of_the_wrong_length_is_refused(void **state)
{
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(ejson_write_value(16, bytes_of("abc", 3), EJSON_RELAXED, &got, &e),
			 ERR_CORRUPT);
	assert_string_equal(e.text, "value of type 0x10 does not fit its 3 bytes");
}

static void the_deepest_document_renders_and_one_more_does_not(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};
	uint64_t size = 0;

	(void)state;
	make_nested(&doc, BSON_MAX_NESTING);
	ASSERT_OK(ejson_write(buf_bytes(&doc), EJSON_CANONICAL, &got, &e));
	ASSERT_OK(ejson_size(buf_bytes(&doc), EJSON_CANONICAL, &size, &e));
	assert_int_equal(got.len, 6 * (BSON_MAX_NESTING - 1) + 2);
	assert_true(size == got.len);
	ASSERT_OK(ejson_pretty(buf_bytes(&doc), &got, &e));
	buf_reset(&doc);
	make_nested(&doc, BSON_MAX_NESTING + 1);
	assert_int_equal(ejson_write(buf_bytes(&doc), EJSON_CANONICAL, &got, &e), ERR_LIMIT);
	assert_int_equal(ejson_size(buf_bytes(&doc), EJSON_CANONICAL, &size, &e), ERR_LIMIT);
	assert_int_equal(ejson_pretty(buf_bytes(&doc), &got, &e), ERR_LIMIT);
}

static void long_strings_of_every_kind_render(void **state)
{
	static const char *const units[] = {"a", "\"", "\x01", "\xff", "\xe2\x80\xa8", "\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		for (size_t count = 1000; count < 20000; count += 3000) {
			OWNED(buf_release) struct buf text = {0};
			OWNED(buf_release) struct buf value = {0};
			OWNED(buf_release) struct buf doc = {0};
			OWNED(buf_release) struct buf got = {0};
			struct error e = {0};
			uint64_t size = 0;

			for (size_t k = 0; k < count; k++)
				buf_add_str(&text, units[i]);
			make_text(&value, buf_bytes(&text));
			make_single(&doc, BSON_KIND_STRING, "a", buf_bytes(&value));
			ASSERT_OK(ejson_write(buf_bytes(&doc), EJSON_RELAXED, &got, &e));
			ASSERT_OK(ejson_size(buf_bytes(&doc), EJSON_RELAXED, &size, &e));
			assert_true(size == got.len);
			assert_memory_equal(got.at + got.len - 2, "\"}", 2);
		}
	}
}

static void random_documents_have_the_size_they_are_measured(void **state)
{
	const uint64_t seed = 4711;
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf got = {0};
		enum ejson_mode mode = round & 1 ? EJSON_CANONICAL : EJSON_RELAXED;
		struct error e = {0};
		uint64_t size = 0;

		make_random_fields(&doc, &random, 0);
		ASSERT_OK(ejson_write(buf_bytes(&doc), mode, &got, &e));
		ASSERT_OK(ejson_size(buf_bytes(&doc), mode, &size, &e));
		if (size != got.len)
			fail_msg("round %d of seed %llu: measured %llu, wrote %zu: %s", round,
				 (unsigned long long)seed, (unsigned long long)size, got.len,
				 buf_text(&got));
	}
}

static void a_name_is_written_as_a_string(void **state)
{
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(ejson_write_name(bytes_str("a\nb"), &got, &e));
	ASSERT_OK(ejson_write_name(bytes_of(NULL, 0), &got, &e));
	assert_text(&got, "\"a\\nb\"\"\"");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frozen_documents_come_out_in_both_modes),
		cmocka_unit_test(the_locale_has_no_say),
		cmocka_unit_test(an_empty_binary_of_subtype_2_is_empty),
		cmocka_unit_test(a_binary_of_subtype_2_with_a_false_length_is_shown_whole),
		cmocka_unit_test(a_namespace_in_a_dbpointer_is_escaped),
		cmocka_unit_test(options_of_a_regular_expression_are_escaped),
		cmocka_unit_test(a_boolean_that_is_neither_0_nor_1_is_true),
		cmocka_unit_test(an_array_has_no_names),
		cmocka_unit_test(output_is_appended_and_stays_on_failure),
		cmocka_unit_test(the_size_stays_on_failure),
		cmocka_unit_test(a_value_of_the_wrong_length_is_refused),
		cmocka_unit_test(the_deepest_document_renders_and_one_more_does_not),
		cmocka_unit_test(long_strings_of_every_kind_render),
		cmocka_unit_test(random_documents_have_the_size_they_are_measured),
		cmocka_unit_test(a_name_is_written_as_a_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
