#include "query/decimal.h"

#include <math.h>

#include "base/compiler.h"
#include "tests/harness/harness.h"

static _Decimal128 of(const char *text)
{
	unsigned flags = 0;
	_Decimal128 v = decimal_of_text(bytes_str(text), &flags);

	assert_int_equal(flags & DECIMAL_INVALID, 0);
	return v;
}

static void assert_text(_Decimal128 v, const char *expected)
{
	char text[DECIMAL_TEXT_MAX];
	size_t len = decimal_text(v, text);

	assert_int_equal(len, strlen(expected));
	assert_string_equal(text, expected);
}

static void texts_are_read_and_written_as_in_mongod(void **state)
{
	static const struct {
		const char *from, *to;
		unsigned flags;
	} cases[] = {
		{"1.50", "1.50", 0},
		{"-0", "-0", 0},
		{"0E+3", "0E+3", 0},
		{"1e5", "1E+5", 0},
		{".5", "0.5", 0},
		{"1.", "1", 0},
		{"0.000001", "0.000001", 0},
		{"0.0000001", "1E-7", 0},
		{"inf", "Infinity", 0},
		{"-Infinity", "-Infinity", 0},
		{"nan", "NaN", 0},
		{"1e6112", "1.0E+6112", 0},
		{"0E-7000", "0E-6176", 0},
		{"0E7000", "0E+6111", 0},
		/* what is more than 34 digits is cut off, never rounded up */
		{"12345678901234567890123456789012349", "1.234567890123456789012345678901234E+34",
		 DECIMAL_INEXACT},
		{"99999999999999999999999999999999999", "9.999999999999999999999999999999999E+34",
		 DECIMAL_INEXACT},
		{"12345678901234567890123456789012340000",
		 "1.234567890123456789012345678901234E+37", 0},
		{"1e6145", "Infinity", DECIMAL_INEXACT | DECIMAL_OVERFLOW},
		{"1E-6177", "0E-6176", DECIMAL_INEXACT | DECIMAL_UNDERFLOW},
		{"1.23E-6176", "1E-6176", DECIMAL_INEXACT | DECIMAL_UNDERFLOW},
		{"", "NaN", DECIMAL_INVALID},
		{".", "NaN", DECIMAL_INVALID},
		{"1e", "NaN", DECIMAL_INVALID},
		{" 1", "NaN", DECIMAL_INVALID},
		{"1.5.5", "NaN", DECIMAL_INVALID},
		{"0x1f", "NaN", DECIMAL_INVALID},
		{"infx", "NaN", DECIMAL_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned flags = 0;

		assert_text(decimal_of_text(bytes_str(cases[i].from), &flags), cases[i].to);
		assert_int_equal(flags, cases[i].flags);
	}
}

static void doubles_become_fifteen_digits(void **state)
{
	static const struct {
		double from;
		const char *to;
	} cases[] = {
		{0.1, "0.100000000000000"},
		{5, "5.00000000000000"},
		{0, "0"},
		{1.0 / 3, "0.333333333333333"},
		{1e20, "1.00000000000000E+20"},
		{-2.5, "-2.50000000000000"},
		{INFINITY, "Infinity"},
		{5e-324, "4.94065645841247E-324"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_text(decimal_of_double(cases[i].from), cases[i].to);
	assert_text(decimal_of_double_exact(0.1), "0.1000000000000000055511151231257827");
	assert_text(decimal_of_double_exact(5), "5");
}

static void doubles_come_back_and_losses_are_told(void **state)
{
	unsigned flags = 0;

	(void)state;
	assert_true(decimal_to_double(of("1.5"), &flags) == 1.5);
	assert_int_equal(flags, DECIMAL_EXACT);
	assert_true(decimal_to_double(of("0.1"), &flags) == 0.1);
	assert_int_equal(flags, DECIMAL_INEXACT);
	flags = 0;
	assert_true(isinf(decimal_to_double(of("-1E+400"), &flags)));
	assert_int_equal(flags, DECIMAL_INEXACT | DECIMAL_OVERFLOW);
	flags = 0;
	assert_true(decimal_to_double(of("1E-400"), &flags) == 0);
	assert_int_equal(flags, DECIMAL_INEXACT | DECIMAL_UNDERFLOW);
}

static void whole_numbers_are_cut_off_and_bounded(void **state)
{
	unsigned flags = 0;

	(void)state;
	assert_int_equal(decimal_to_int64(of("-1.9"), &flags), -1);
	assert_int_equal(flags, DECIMAL_INEXACT);
	flags = 0;
	assert_int_equal(decimal_to_int64(of("9223372036854775807"), &flags), INT64_MAX);
	assert_int_equal(decimal_to_int64(of("-9223372036854775808"), &flags), INT64_MIN);
	assert_int_equal(decimal_to_int64(of("12E+3"), &flags), 12000);
	assert_int_equal(flags, DECIMAL_EXACT);
	assert_int_equal(decimal_to_int64(of("9223372036854775808"), &flags), INT64_MIN);
	assert_int_equal(flags, DECIMAL_INVALID);
	flags = 0;
	assert_int_equal(decimal_to_int64(of("NaN"), &flags), INT64_MIN);
	assert_int_equal(flags, DECIMAL_INVALID);
	assert_text(decimal_of_int64(INT64_MIN), "-9223372036854775808");
}

static void quantize_rounds_each_way(void **state)
{
	(void)state;
	assert_text(decimal_quantize(of("2.5"), 0, DECIMAL_HALF_EVEN), "2");
	assert_text(decimal_quantize(of("3.5"), 0, DECIMAL_HALF_EVEN), "4");
	assert_text(decimal_quantize(of("-2.7"), 0, DECIMAL_TRUNCATE), "-2");
	assert_text(decimal_quantize(of("-2.1"), 0, DECIMAL_FLOOR), "-3");
	assert_text(decimal_quantize(of("2.1"), 0, DECIMAL_CEILING), "3");
	assert_text(decimal_quantize(of("1E-6176"), 0, DECIMAL_CEILING), "1");
	assert_text(decimal_quantize(of("1.2345"), -2, DECIMAL_HALF_EVEN), "1.23");
	assert_text(decimal_quantize(of("5"), -3, DECIMAL_HALF_EVEN), "5.000");
	assert_text(decimal_quantize(of("1E+40"), 0, DECIMAL_HALF_EVEN), "NaN");
	assert_true(decimal_is_integral(of("1.000")));
	assert_false(decimal_is_integral(of("1.001")));
	assert_false(decimal_is_integral(of("Infinity")));
}

static void parts_make_the_number_again(void **state)
{
	static const char *const texts[] = {"0",
					    "-0",
					    "1.50",
					    "-12345678901234567890.5",
					    "NaN",
					    "Infinity",
					    "-Infinity",
					    "1E-6176",
					    "9.999999999999999999999999999999999E+6144"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_text(decimal_put_together(decimal_take_apart(of(texts[i])), NULL), texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_and_written_as_in_mongod),
		cmocka_unit_test(doubles_become_fifteen_digits),
		cmocka_unit_test(doubles_come_back_and_losses_are_told),
		cmocka_unit_test(whole_numbers_are_cut_off_and_bounded),
		cmocka_unit_test(quantize_rounds_each_way),
		cmocka_unit_test(parts_make_the_number_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
