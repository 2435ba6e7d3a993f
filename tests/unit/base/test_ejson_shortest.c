#include "base/ejson_shortest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static int digits_of(uint64_t value)
{
	int count = 1;

	while (value >= 10) {
		value /= 10;
		count++;
	}
	return count;
}

/* By trying: the fewest digits that printf rounds to and strtod reads back. */
static void assert_shortest(double value)
{
	char text[40];
	uint64_t digits;
	int exponent, precision = 0;

	ejson_shortest(value, &digits, &exponent);
	assert_true(digits % 10 != 0);
	snprintf(text, sizeof(text), "%llue%d", (unsigned long long)digits, exponent);
	if (strtod(text, NULL) != value)
		fail_msg("%a became %s", value, text);
	do
		snprintf(text, sizeof(text), "%.*e", precision++, value);
	while (strtod(text, NULL) != value);
	/* printf may miss a shorter one beside the rounded value, never find one that we miss. */
	if (digits_of(digits) > precision)
		fail_msg("%a became %llue%d, shorter is %s", value, (unsigned long long)digits,
			 exponent, text);
}

static void known_numbers_come_out(void **state)
{
	static const struct {
		double value;
		uint64_t digits;
		int exponent;
	} known[] = {
		{1, 1, 0},
		{10, 1, 1},
		{0.1, 1, -1},
		{0.3, 3, -1},
		{1.0 / 3, 3333333333333333, -16},
		{123456.789, 123456789, -3},
		{1e23, 1, 23},
		{9007199254740993.0, 9007199254740992, 0},
		{9.5367431640625e-07, 95367431640625, -20},
		{5e-324, 5, -324},
		{2.2250738585072014e-308, 22250738585072014, -324},
		{2.225073858507201e-308, 2225073858507201, -323},
		{1.7976931348623157e308, 17976931348623157, 292},
		{9.2233720368547758e18, 9223372036854776, 3},
		{2e-44, 2, -44},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		uint64_t digits;
		int exponent;

		ejson_shortest(known[i].value, &digits, &exponent);
		assert_true(digits == known[i].digits);
		assert_int_equal(exponent, known[i].exponent);
	}
}

static void every_power_of_two_and_its_neighbours_read_back(void **state)
{
	(void)state;
	for (int exponent = -1074; exponent < 1024; exponent++) {
		double value = __builtin_ldexp(1, exponent);
		uint64_t bits;

		assert_shortest(value);
		memcpy(&bits, &value, sizeof(bits));
		bits++;
		memcpy(&value, &bits, sizeof(bits));
		assert_shortest(value);
		bits -= 2;
		memcpy(&value, &bits, sizeof(bits));
		if (value > 0)
			assert_shortest(value);
	}
}

static void random_numbers_read_back(void **state)
{
	uint64_t random = 99;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		uint64_t bits = make_random(&random) & INT64_MAX;
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (value > 0 && value - value == 0)
			assert_shortest(value);
		assert_shortest((double)(make_below(&random, 100000000) + 1) / 1000);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers_come_out),
		cmocka_unit_test(every_power_of_two_and_its_neighbours_read_back),
		cmocka_unit_test(random_numbers_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
