#include "base/buckets.h"

#include "tests/harness/harness.h"

static void buckets_belong_to_a_series(void **state UNUSED)
{
	struct bytes series = bytes_str("as it was");

	assert_true(buckets_is(bytes_str("system.buckets.w"), NULL));
	assert_true(buckets_is(bytes_str("system.buckets.weather.2026"), &series));
	assert_true(bytes_equal(series, bytes_str("weather.2026")));
}

static void other_names_are_none(void **state UNUSED)
{
	static const char *const others[] = {"",
					     "weather",
					     "system.buckets",
					     "system.buckets.",
					     "system.bucketz.w",
					     "a.system.buckets.w"};
	struct bytes series = bytes_str("as it was");

	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(buckets_is(bytes_str(others[i]), &series));
	assert_false(buckets_is(bytes_of(NULL, 0), &series));
	assert_true(bytes_equal(series, bytes_str("as it was")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_belong_to_a_series),
		cmocka_unit_test(other_names_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
