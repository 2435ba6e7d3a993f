#include "query/expr/expr_sort.h"

#include "tests/harness/harness.h"

#define PLACES 1000

/* A value is key * PLACES + the place that it had. */
static int by_key(const struct value *a, const struct value *b, const void *context)
{
	int32_t x = a->int32 / PLACES, y = b->int32 / PLACES;

	*(size_t *)(uintptr_t)context += 1;
	return (x > y) - (x < y);
}

static void equal_values_come_in_mongods_order(void **state)
{
	/* $sortArray of mongod 6.0.27 by `a`, of {a: i * 7 % 3, i: i}. */
	static const int expected[] = {0,  21, 18, 24, 15, 27, 12, 30, 9,  33, 6,  36, 3,  39,
				       31, 34, 28, 37, 25, 22, 1,  19, 16, 4,  13, 7,  10, 2,
				       20, 38, 5,  35, 8,  32, 11, 29, 14, 26, 17, 23};
	struct value values[COUNT_OF(expected)];
	size_t compared = 0;

	(void)state;
	for (int i = 0; i < (int)COUNT_OF(values); i++)
		values[i] = value_int32(i * 7 % 3 * PLACES + i);
	expr_sort(values, COUNT_OF(values), by_key, &compared);
	for (size_t i = 0; i < COUNT_OF(values); i++)
		assert_int_equal(values[i].int32 % PLACES, expected[i]);
}

static void any_array_is_sorted_and_nothing_is_lost(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	struct value values[PLACES];

	(void)state;
	for (int round = 0; round < 200; round++) {
		size_t count = (size_t)harness_rng_below(&rng, PLACES), compared = 0;
		uint64_t keys = harness_rng_below(&rng, 50) + 1;
		bool seen[PLACES] = {false};

		for (size_t i = 0; i < count; i++)
			values[i] =
				value_int32((int)harness_rng_below(&rng, keys) * PLACES + (int)i);
		expr_sort(values, count, by_key, &compared);
		for (size_t i = 0; i < count; i++) {
			assert_false(seen[values[i].int32 % PLACES]);
			seen[values[i].int32 % PLACES] = true;
			assert_true(i == 0 ||
				    values[i - 1].int32 / PLACES <= values[i].int32 / PLACES);
		}
	}
}

static void the_worst_order_takes_no_quadratic_time(void **state)
{
	/* Against the median of three: 1, k + 1, 3, k + 3, ..., then the even ones. */
	struct value values[PLACES];
	size_t compared = 0;
	int half = PLACES / 2;

	(void)state;
	for (int i = 0; i < half; i++) {
		values[i] = value_int32((i % 2 == 0 ? i + 1 : half + i) * PLACES);
		values[half + i] = value_int32((i + 1) * 2 * PLACES);
	}
	expr_sort(values, PLACES, by_key, &compared);
	for (int i = 1; i < PLACES; i++)
		assert_true(values[i - 1].int32 <= values[i].int32);
	assert_true(compared < (size_t)PLACES * 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_values_come_in_mongods_order),
		cmocka_unit_test(any_array_is_sorted_and_nothing_is_lost),
		cmocka_unit_test(the_worst_order_takes_no_quadratic_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
