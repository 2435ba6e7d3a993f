#include "store/live_set.h"

#include "tests/harness/harness.h"

#define MANY 50000

static void what_was_added_is_there_and_nothing_else(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(5);
	struct live_set *set = live_set_new();
	OWNED(free) uint64_t *values = xcalloc(MANY, sizeof(*values));

	/* Even numbers, as places are many a time; the odd ones are not there. */
	for (size_t i = 0; i < MANY; i++) {
		values[i] = (harness_rng_u64(&rng) | 3) - 1;
		(void)live_set_add(set, values[i]);
		assert_false(live_set_add(set, values[i]));
	}
	for (size_t i = 0; i < MANY; i++) {
		assert_true(live_set_has(set, values[i]));
		assert_false(live_set_has(set, values[i] | 1));
	}
	assert_true(live_set_count(set) <= MANY && live_set_count(set) > MANY - 10);
	live_set_free(set);
}

/* Places of one pack follow each other: no long chains, or a prune takes for ever. */
static void neighbours_are_found_at_once(void **state UNUSED)
{
	struct live_set *set = live_set_new();

	for (uint64_t i = 1; i <= 20 * MANY; i++)
		assert_true(live_set_add(set, 7ULL << 32 | i * 40));
	assert_int_equal(live_set_count(set), 20 * MANY);
	assert_false(live_set_has(set, 7ULL << 32 | 41));
	live_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_there_and_nothing_else),
		cmocka_unit_test(neighbours_are_found_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
