#include "base/ejson_string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void assert_string(struct bytes text, const char *want)
{
	size_t want_len = strlen(want);
	uint8_t *room = xmalloc(want_len + 8);
	uint8_t *end = ejson_string_put(room, text);

	assert_int_equal(end - room, want_len);
	assert_memory_equal(room, want, want_len);
	assert_true(ejson_string_len(text) == want_len);
	free(room);
}

static void each_byte_has_its_form_at_each_place(void **state)
{
	static const char letters[] = "btnvfr";

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < 20; at++) {
			char text[20], want[64], form[8];

			memset(text, 'x', sizeof(text));
			text[at] = (char)byte;
			if (byte == '"' || byte == '\\')
				snprintf(form, sizeof(form), "\\%c", (char)byte);
			else if (byte >= '\b' && byte <= '\r' && byte != '\v')
				snprintf(form, sizeof(form), "\\%c", letters[byte - '\b']);
			else if (byte < 0x20)
				snprintf(form, sizeof(form), "\\u%04x", byte);
			else if (byte >= 0x80)
				snprintf(form, sizeof(form), "\\ufffd");
			else
				snprintf(form, sizeof(form), "%c", (char)byte);
			snprintf(want, sizeof(want), "\"%.*s%s%.*s\"", (int)at,
				 "xxxxxxxxxxxxxxxxxxxx", form, (int)(19 - at),
				 "xxxxxxxxxxxxxxxxxxxx");
			assert_string(bytes_of(text, sizeof(text)), want);
		}
	}
}

static void sequences_stay_and_separators_do_not(void **state)
{
	(void)state;
	assert_string(bytes_str("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"),
		      "\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"");
	assert_string(bytes_str("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7"),
		      "\"\\u2028\\u2029\xe2\x80\xa7\"");
}

static void each_bad_byte_is_replaced_by_itself(void **state)
{
	(void)state;
	assert_string(bytes_str("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
	assert_string(bytes_str("\xe2\x80"), "\"\\ufffd\\ufffd\"");
	assert_string(bytes_str("\xe2\x80z"), "\"\\ufffd\\ufffdz\"");
	assert_string(bytes_str("\xc3\xa9\xa9"), "\"\xc3\xa9\\ufffd\"");
	assert_string(bytes_str("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"");
}

static void nothing_is_two_quotes(void **state)
{
	(void)state;
	assert_string(bytes_of(NULL, 0), "\"\"");
}

static void random_bytes_fit_the_measured_length(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		uint8_t text[48];
		size_t len = make_below(&random, sizeof(text) + 1);
		uint8_t *room;
		uint64_t want;

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)make_below(&random, round & 1 ? 256 : 64);
		want = ejson_string_len(bytes_of(text, len));
		assert_true(want + 8 <= EJSON_STRING_ROOM(len));
		room = xmalloc(want + 8);
		assert_true(ejson_string_put(room, bytes_of(text, len)) == room + want);
		free(room);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_has_its_form_at_each_place),
		cmocka_unit_test(sequences_stay_and_separators_do_not),
		cmocka_unit_test(each_bad_byte_is_replaced_by_itself),
		cmocka_unit_test(nothing_is_two_quotes),
		cmocka_unit_test(random_bytes_fit_the_measured_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
