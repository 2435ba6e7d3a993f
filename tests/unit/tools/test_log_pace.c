#include "tools/log_pace.h"

#include "tests/harness/harness.h"

/* `count` operations, `every` milliseconds apart, the first at `wall`; their timestamps are the milliseconds. */
static void add(struct log_pace *pace, int64_t wall, unsigned count, unsigned every)
{
	for (unsigned i = 0; i < count; i++)
		log_pace_add(pace, (uint64_t)(wall + i * every), wall + i * every);
}

static void check_part(const struct log_part *part, uint64_t count, uint64_t first, uint64_t last)
{
	assert_int_equal(part->count, count);
	if (count == 0)
		return;
	assert_int_equal(part->first, first);
	assert_int_equal(part->last, last);
}

static void single_operations_before_and_after_a_mass_are_not_of_it(void **state)
{
	struct log_pace pace = {0};

	(void)state;
	add(&pace, 1000, 60, 300); /* to 18700 */
	add(&pace, 20000, 2700, 1);
	add(&pace, 23000, 30, 300); /* to 31700 */
	log_pace_finish(&pace);
	check_part(&pace.before, 60, 1000, 18700);
	check_part(&pace.mass, 2700, 20000, 22699);
	check_part(&pace.after, 30, 23000, 31700);
}

static void operations_at_one_pace_are_all_of_the_mass(void **state)
{
	struct log_pace pace = {0};

	(void)state;
	add(&pace, 1000, 500, 400);
	log_pace_finish(&pace);
	check_part(&pace.before, 0, 0, 0);
	check_part(&pace.mass, 500, 1000, 1000 + 499 * 400);
	check_part(&pace.after, 0, 0, 0);
}

/* A checkpoint, a full cache: the server stands still for seconds. */
static void a_mass_that_was_held_up_is_one(void **state)
{
	struct log_pace pace = {0};

	(void)state;
	add(&pace, 1000, 300, 1);
	add(&pace, 5000, 2000, 1);
	add(&pace, 12000, 1, 1);
	add(&pace, 13000, 900, 1);
	log_pace_finish(&pace);
	check_part(&pace.before, 0, 0, 0);
	check_part(&pace.mass, 3201, 1000, 13899);
	check_part(&pace.after, 0, 0, 0);
}

static void what_is_just_before_a_mass_is_of_it(void **state)
{
	struct log_pace pace = {0};

	(void)state;
	add(&pace, 1000, 3, 1000); /* to 3000 */
	add(&pace, 9600, 4, 100);  /* to 9900 */
	add(&pace, 10000, 1000, 1);
	log_pace_finish(&pace);
	check_part(&pace.before, 3, 1000, 3000);
	check_part(&pace.mass, 1004, 9600, 10999);
}

/* More pieces are near than are remembered: the newest of them are counted in. */
static void what_is_near_is_bounded(void **state)
{
	struct log_pace pace = {0};

	(void)state;
	add(&pace, 1000, 100, 30); /* to 3970 */
	add(&pace, 4000, 1000, 1);
	log_pace_finish(&pace);
	assert_int_equal(pace.before.count + pace.mass.count, 1100);
	assert_int_equal(pace.mass.count, 1000 + LOG_PACE_RECENT - 1);
	assert_int_equal(pace.before.last + 30, pace.mass.first);
	assert_int_equal(pace.mass.last, 4999);
}

static void a_second_mass_that_is_much_bigger_takes_over(void **state)
{
	struct log_pace pace = {0};

	(void)state;
	add(&pace, 1000, 1, 1);
	add(&pace, 3000, 30, 1);
	add(&pace, 6000, 1, 1);
	add(&pace, 8000, 5000, 1);
	log_pace_finish(&pace);
	check_part(&pace.before, 32, 1000, 6000);
	check_part(&pace.mass, 5000, 8000, 12999);
}

static void no_operation_is_lost(void **state)
{
	struct harness_rng rng = harness_rng_of(1);

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct log_pace pace = {0};
		uint64_t count = 0;
		int64_t wall = 1000;

		for (unsigned i = 0; i < 40; i++) {
			unsigned most = harness_rng_below(&rng, 3) > 0 ? 3 : 900;
			unsigned n = 1 + (unsigned)harness_rng_below(&rng, most);

			add(&pace, wall, n, 1 + (unsigned)harness_rng_below(&rng, 3));
			count += n;
			wall += 2700 + (int64_t)harness_rng_below(&rng, 3000);
		}
		log_pace_finish(&pace);
		assert_int_equal(pace.before.count + pace.mass.count + pace.after.count, count);
		if (pace.before.count > 0)
			assert_true(pace.before.last < pace.mass.first);
		if (pace.after.count > 0)
			assert_true(pace.mass.last < pace.after.first);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_operations_before_and_after_a_mass_are_not_of_it),
		cmocka_unit_test(operations_at_one_pace_are_all_of_the_mass),
		cmocka_unit_test(a_mass_that_was_held_up_is_one),
		cmocka_unit_test(what_is_just_before_a_mass_is_of_it),
		cmocka_unit_test(what_is_near_is_bounded),
		cmocka_unit_test(a_second_mass_that_is_much_bigger_takes_over),
		cmocka_unit_test(no_operation_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
