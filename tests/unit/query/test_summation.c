#include "query/summation.h"

#include <math.h>

#include "query/decimal.h"

#include "tests/harness/harness.h"

static double sum_of(const double *numbers, size_t count)
{
	struct summation s = {0};

	for (size_t i = 0; i < count; i++)
		summation_add_double(&s, numbers[i]);
	return summation_double(&s);
}

#define SUM(...)                                                                                   \
	sum_of((const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

static void nine_tenths_are_nine_tenths(void **state)
{
	(void)state;
	assert_true(SUM(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1) == 0.9);
	/* The last error is not added: as in mongod. */
	assert_true(SUM(1e16, 1, -1e16) == 0);
	assert_true(SUM(1e16, 1, -1e16, 0) == 1);
	assert_true(SUM(-0.0) == 0 && !signbit(SUM(-0.0)));
}

static void what_is_infinite_stays_so(void **state)
{
	struct summation s = {0};

	(void)state;
	assert_true(isinf(SUM(INFINITY, 1)));
	assert_true(isnan(SUM(INFINITY, -INFINITY)));
	assert_true(isnan(SUM(NAN, 1)));
	summation_add_double(&s, INFINITY);
	assert_true(decimal_is_infinite(summation_decimal(&s)));
	assert_false(summation_is_finite(&s));
	assert_false(summation_fits_int64(&s));
}

static void integers_are_exact_past_what_a_double_holds(void **state)
{
	struct summation s = {0};

	(void)state;
	summation_add_int64(&s, INT64_MAX);
	assert_true(summation_fits_int64(&s));
	assert_int_equal(summation_int64(&s), INT64_MAX);
	summation_add_int64(&s, 1);
	assert_false(summation_fits_int64(&s));
	summation_add_int64(&s, -2);
	assert_true(summation_fits_int64(&s));
	assert_int_equal(summation_int64(&s), INT64_MAX - 1);
	s = (struct summation){0};
	summation_add_int64(&s, INT64_MIN);
	assert_true(summation_fits_int64(&s));
	assert_int_equal(summation_int64(&s), INT64_MIN);
}

static void the_last_addend_is_left_where_mongod_leaves_it(void **state)
{
	struct summation s = {0};

	/* $sum: [-2^63 as a double, 2^63 - 1 as a long] is 0 on mongod 6.0.27, not -1. */
	(void)state;
	summation_add_double(&s, -0x1p63);
	summation_add_int64(&s, INT64_MAX);
	assert_true(summation_double(&s) == 0);
}

static void two_sums_make_one(void **state)
{
	struct summation a = {0}, b = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		summation_add_double(&a, 0.1);
	for (int i = 0; i < 4; i++)
		summation_add_double(&b, 0.1);
	summation_add(&a, &b);
	assert_true(summation_double(&a) == 0.9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nine_tenths_are_nine_tenths),
		cmocka_unit_test(what_is_infinite_stays_so),
		cmocka_unit_test(integers_are_exact_past_what_a_double_holds),
		cmocka_unit_test(the_last_addend_is_left_where_mongod_leaves_it),
		cmocka_unit_test(two_sums_make_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
