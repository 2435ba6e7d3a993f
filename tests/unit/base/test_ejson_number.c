#include "base/ejson_number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void assert_written(const uint8_t *at, size_t len, const char *want)
{
	assert_true(len <= EJSON_NUMBER_MAX);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(at, want, len);
}

static void assert_int(int64_t value)
{
	uint8_t at[EJSON_NUMBER_MAX];
	char want[32];

	snprintf(want, sizeof(want), "%lld", (long long)value);
	assert_written(at, ejson_number_int(at, value), want);
	assert_int_equal(ejson_number_int_len(value), strlen(want));
}

static void integers_of_every_length_come_out(void **state)
{
	uint64_t random = 3;
	int64_t power = 1;

	(void)state;
	for (int i = 0; i < 19; i++) {
		for (int64_t near = -1; near <= 1; near++) {
			assert_int(power + near);
			assert_int(-power + near);
		}
		power = i < 18 ? power * 10 : power;
	}
	assert_int(INT64_MAX);
	assert_int(INT64_MIN);
	for (int round = 0; round < 100000; round++)
		assert_int((int64_t)make_random(&random) >> make_below(&random, 64));
}

static void doubles_change_to_exponents_at_the_right_places(void **state)
{
	static const struct {
		double value;
		const char *want;
	} known[] = {
		{0, "0.0"},
		{-0.0, "-0.0"},
		{1, "1.0"},
		{-100, "-100.0"},
		{999999, "999999.0"},
		{999999.5, "999999.5"},
		{1e6, "1E+06"},
		{1000001, "1.000001E+06"},
		{0.0001, "0.0001"},
		{0.00012, "0.00012"},
		{0.00001, "1E-05"},
		{0.5, "0.5"},
		{12.34, "12.34"},
		{1e99, "1E+99"},
		{1e100, "1E+100"},
		{1.5e-10, "1.5E-10"},
		{-1.7976931348623157e308, "-1.7976931348623157E+308"},
		{-2.2250738585072014e-308, "-2.2250738585072014E-308"},
		{5e-324, "5E-324"},
		{__builtin_inf(), "Infinity"},
		{-__builtin_inf(), "-Infinity"},
		{__builtin_nan(""), "NaN"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		uint8_t at[EJSON_NUMBER_MAX];

		assert_written(at, ejson_number_double(at, known[i].value), known[i].want);
	}
}

static void assert_decimal(unsigned __int128 coefficient, int exponent, bool negative,
			   const char *want)
{
	uint8_t value[16], at[EJSON_NUMBER_MAX];

	put_le64(value, (uint64_t)coefficient);
	put_le64(value + 8, (uint64_t)(coefficient >> 64) | (uint64_t)(exponent + 6176) << 49 |
				    (uint64_t)negative << 63);
	assert_written(at, ejson_number_decimal(at, value), want);
}

static void decimals_follow_the_specification(void **state)
{
	unsigned __int128 nines = 0, power = 1;

	(void)state;
	for (int i = 0; i < 34; i++) {
		nines = nines * 10 + 9;
		power *= 10;
	}
	assert_decimal(0, 0, false, "0");
	assert_decimal(0, 0, true, "-0");
	assert_decimal(0, -6, false, "0.000000");
	assert_decimal(0, -7, false, "0E-7");
	assert_decimal(0, 3, true, "-0E+3");
	assert_decimal(1, 0, false, "1");
	assert_decimal(100, -2, false, "1.00");
	assert_decimal(12345, -3, false, "12.345");
	assert_decimal(12345, -11, false, "1.2345E-7");
	assert_decimal(12345, -10, false, "0.0000012345");
	assert_decimal(1, 1, false, "1E+1");
	assert_decimal(12, 3, true, "-1.2E+4");
	assert_decimal(nines, 6111, true, "-9.999999999999999999999999999999999E+6144");
	assert_decimal(1, -6176, false, "1E-6176");
	/* Not canonical: as the Go driver writes it. */
	assert_decimal(power, 0, false, "10000000000000000000000000000000000");
}

static void decimals_have_no_payloads(void **state)
{
	static const struct {
		uint64_t high;
		const char *want;
	} known[] = {
		{UINT64_C(0x7800000000000000), "Infinity"},
		{UINT64_C(0xf800000000000000), "-Infinity"},
		{UINT64_C(0x7c00000000000000), "NaN"},
		{UINT64_C(0xfe00000000000000), "NaN"},
		{UINT64_C(0x6c10000000000000), "0"},
		{UINT64_C(0xec10000000000000), "-0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		uint8_t value[16], at[EJSON_NUMBER_MAX];

		put_le64(value, 12345);
		put_le64(value + 8, known[i].high);
		assert_written(at, ejson_number_decimal(at, value), known[i].want);
	}
}

static void every_day_until_9999_has_its_date(void **state)
{
	(void)state;
	for (int64_t day = 0; day <= EJSON_NUMBER_DATE_MAX / 86400000; day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		uint8_t at[EJSON_NUMBER_MAX];
		struct tm tm;
		char want[32];

		gmtime_r(&seconds, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_written(at, ejson_number_date(at, (int64_t)seconds * 1000), want);
	}
}

static void a_fraction_has_no_zeros_at_its_end(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} known[] = {
		{1, "1970-01-01T00:00:00.001Z"},
		{10, "1970-01-01T00:00:00.01Z"},
		{100, "1970-01-01T00:00:00.1Z"},
		{120, "1970-01-01T00:00:00.12Z"},
		{EJSON_NUMBER_DATE_MAX, "9999-12-31T23:59:59.999Z"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		uint8_t at[EJSON_NUMBER_MAX];

		assert_written(at, ejson_number_date(at, known[i].ms), known[i].want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_of_every_length_come_out),
		cmocka_unit_test(doubles_change_to_exponents_at_the_right_places),
		cmocka_unit_test(decimals_follow_the_specification),
		cmocka_unit_test(decimals_have_no_payloads),
		cmocka_unit_test(every_day_until_9999_has_its_date),
		cmocka_unit_test(a_fraction_has_no_zeros_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
