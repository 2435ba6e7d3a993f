#include "base/crc64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The definition, bit by bit. */
static uint64_t slow_crc(uint64_t crc, struct bytes in)
{
	crc = ~crc;
	for (size_t i = 0; i < in.len; i++) {
		crc ^= in.at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xc96c5795d7870f42U : crc >> 1;
	}
	return ~crc;
}

static void the_check_value_of_the_catalogue_comes_out(void **state)
{
	(void)state;
	assert_true(crc64_update(0, bytes_str("123456789")) == 0x995dc9bbdf1939faU);
}

static void nothing_changes_nothing(void **state)
{
	(void)state;
	assert_true(crc64_update(0, bytes_of(NULL, 0)) == 0);
	assert_true(crc64_update(0x1234, bytes_of("", 0)) == 0x1234);
}

static void each_length_and_alignment_agrees_with_the_definition(void **state)
{
	uint8_t data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + i / 7);
	for (size_t from = 0; from < 9; from++) {
		for (size_t len = 0; len + from <= sizeof(data); len++) {
			struct bytes part = bytes_of(data + from, len);

			assert_true(crc64_update(0, part) == slow_crc(0, part));
		}
	}
}

static void each_single_byte_agrees_with_the_definition(void **state)
{
	uint8_t data[24] = {0};

	(void)state;
	for (size_t at = 0; at < sizeof(data); at++) {
		for (unsigned value = 0; value < 256; value++) {
			data[at] = (uint8_t)value;
			assert_true(crc64_update(7, bytes_of(data, sizeof(data))) ==
				    slow_crc(7, bytes_of(data, sizeof(data))));
		}
		data[at] = 0;
	}
}

static void parts_give_the_crc_of_the_whole(void **state)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog, twice";
	uint64_t whole = crc64_update(0, bytes_str(text));

	(void)state;
	for (size_t cut = 0; cut <= sizeof(text) - 1; cut++) {
		uint64_t crc = crc64_update(0, bytes_of(text, cut));

		crc = crc64_update(crc, bytes_of(text + cut, sizeof(text) - 1 - cut));

		assert_true(crc == whole);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_value_of_the_catalogue_comes_out),
		cmocka_unit_test(nothing_changes_nothing),
		cmocka_unit_test(each_length_and_alignment_agrees_with_the_definition),
		cmocka_unit_test(each_single_byte_agrees_with_the_definition),
		cmocka_unit_test(parts_give_the_crc_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
