#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The UTF-8 of any number below 2^21, by the scheme alone. */
static size_t encode(uint32_t code, uint8_t *at)
{
	if (code < 0x80) {
		at[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		at[0] = (uint8_t)(0xc0 | code >> 6);
		at[1] = (uint8_t)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		at[0] = (uint8_t)(0xe0 | code >> 12);
		at[1] = (uint8_t)(0x80 | (code >> 6 & 63));
		at[2] = (uint8_t)(0x80 | (code & 63));
		return 3;
	}
	at[0] = (uint8_t)(0xf0 | code >> 18);
	at[1] = (uint8_t)(0x80 | (code >> 12 & 63));
	at[2] = (uint8_t)(0x80 | (code >> 6 & 63));
	at[3] = (uint8_t)(0x80 | (code & 63));
	return 4;
}

static void every_code_point_is_valid_and_nothing_else(void **state)
{
	(void)state;
	for (uint32_t code = 0x80; code < 0x200000; code++) {
		bool surrogate = code >= 0xd800 && code < 0xe000;
		uint8_t at[4];
		size_t len = encode(code, at);
		size_t want = surrogate || code > 0x10ffff ? 0 : len;

		if (utf8_sequence(at, len) != want)
			fail_msg("code point %x", code);
		if (utf8_sequence(at, len - 1) != 0)
			fail_msg("code point %x, cut", code);
	}
}

static void overlong_forms_are_not_valid(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 0x80; code++) {
		uint8_t at[2] = {(uint8_t)(0xc0 | code >> 6), (uint8_t)(0x80 | (code & 63))};

		assert_int_equal(utf8_sequence(at, 2), 0);
	}
	assert_int_equal(utf8_sequence((const uint8_t *)"\xe0\x9f\xbf", 3), 0);
	assert_int_equal(utf8_sequence((const uint8_t *)"\xf0\x8f\xbf\xbf", 4), 0);
}

static void stray_bytes_are_not_valid(void **state)
{
	uint8_t at[4] = {0, 'a', 'a', 'a'};

	(void)state;
	for (unsigned first = 0x80; first < 0x100; first++) {
		at[0] = (uint8_t)first;
		assert_int_equal(utf8_sequence(at, 4), 0);
	}
}

static void the_prefix_ends_before_the_first_bad_byte(void **state)
{
	static const char text[] = "plain ascii, \xc3\xa9, more of it \xf0\x9f\x98\x80 end";

	(void)state;
	assert_int_equal(utf8_prefix(bytes_str(text)), sizeof(text) - 1);
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		char copy[sizeof(text)];

		memcpy(copy, text, sizeof(text));
		if ((uint8_t)copy[at] >= 0x80)
			continue;
		copy[at] = (char)0xff;
		assert_int_equal(utf8_prefix(bytes_str(copy)), at);
	}
	assert_int_equal(utf8_prefix(bytes_of(NULL, 0)), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_valid_and_nothing_else),
		cmocka_unit_test(overlong_forms_are_not_valid),
		cmocka_unit_test(stray_bytes_are_not_valid),
		cmocka_unit_test(the_prefix_ends_before_the_first_bad_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
