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
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 60, 300); /* to 18700 */
	add(&pace, 20000, 2700, 1);
	add(&pace, 23000, 30, 300); /* to 31700 */
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 60, 1000, 18700);
	check_part(&parts.mass, 2700, 20000, 22699);
	check_part(&parts.after, 30, 23000, 31700);
}

static void operations_at_one_pace_are_all_of_the_mass(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 500, 400);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 0, 0, 0);
	check_part(&parts.mass, 500, 1000, 1000 + 499 * 400);
	check_part(&parts.after, 0, 0, 0);
}

/* A checkpoint, a full cache: the server stands still for seconds. */
static void a_mass_that_was_held_up_is_one(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 300, 1);
	add(&pace, 5000, 2000, 1);
	add(&pace, 12000, 1, 1);
	add(&pace, 13000, 900, 1);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 0, 0, 0);
	check_part(&parts.mass, 3201, 1000, 13899);
	check_part(&parts.after, 0, 0, 0);
}

static void what_is_just_before_a_mass_is_of_it(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 3, 1000); /* to 3000 */
	add(&pace, 9600, 4, 100);  /* to 9900 */
	add(&pace, 10000, 1000, 1);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 3, 1000, 3000);
	check_part(&parts.mass, 1004, 9600, 10999);
}

/* More pieces than are kept, far and near ones: single operations do not become a mass by their number. */
static void many_single_operations_are_no_mass(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 3000, 300); /* to 900700 */
	add(&pace, 902000, 400, 1);
	add(&pace, 903000, 3000, 300);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 3000, 1000, 900700);
	check_part(&parts.mass, 400, 902000, 902399);
	assert_int_equal(parts.after.count, 3000);
}

/* On a machine with much else to do it begins haltingly: 1, 15, 250, 5000 operations without a pause. */
static void a_mass_that_gathers_speed_is_told_from_what_was_before(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 20, 400); /* to 8600 */
	add(&pace, 10000, 15, 1);
	add(&pace, 10050, 260, 1);
	add(&pace, 12000, 5000, 1);
	add(&pace, 20000, 90, 1);
	add(&pace, 22000, 3000, 1);
	add(&pace, 26000, 20, 400);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 20, 1000, 8600);
	check_part(&parts.mass, 15 + 260 + 5000 + 90 + 3000, 10000, 24999);
	assert_int_equal(parts.after.count, 20);
}

/* What comes after a mass for a long time has its pieces put together; those just before it stay apart. */
static void a_mass_stays_apart_from_what_is_close_before_it(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 30, 600); /* to 18400 */
	add(&pace, 18425, 2000, 1);
	add(&pace, 21000, 500, 400);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 29, 1000, 17800);
	check_part(&parts.mass, 2001, 18400, 20424);
	assert_int_equal(parts.after.count, 500);
}

static void a_small_run_before_a_big_one_is_not_of_it(void **state)
{
	struct log_pace pace = {0};
	struct log_pace_parts parts;

	(void)state;
	add(&pace, 1000, 1, 1);
	add(&pace, 3000, 30, 1);
	add(&pace, 6000, 1, 1);
	add(&pace, 8000, 5000, 1);
	parts = log_pace_finish(&pace);
	check_part(&parts.before, 32, 1000, 6000);
	check_part(&parts.mass, 5000, 8000, 12999);
}

static void no_operation_is_lost(void **state)
{
	struct harness_rng rng = harness_rng_of(1);

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct log_pace pace = {0};
		struct log_pace_parts parts;
		uint64_t count = 0;
		int64_t wall = 1000;

		for (unsigned i = 0; i < 40; i++) {
			unsigned most = harness_rng_below(&rng, 3) > 0 ? 3 : 900;
			unsigned n = 1 + (unsigned)harness_rng_below(&rng, most);

			add(&pace, wall, n, 1 + (unsigned)harness_rng_below(&rng, 3));
			count += n;
			wall += 2700 + (int64_t)harness_rng_below(&rng, 3000);
		}
		parts = log_pace_finish(&pace);
		assert_int_equal(parts.before.count + parts.mass.count + parts.after.count, count);
		if (parts.before.count > 0)
			assert_true(parts.before.last < parts.mass.first);
		if (parts.after.count > 0)
			assert_true(parts.mass.last < parts.after.first);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_operations_before_and_after_a_mass_are_not_of_it),
		cmocka_unit_test(operations_at_one_pace_are_all_of_the_mass),
		cmocka_unit_test(a_mass_that_was_held_up_is_one),
		cmocka_unit_test(what_is_just_before_a_mass_is_of_it),
		cmocka_unit_test(many_single_operations_are_no_mass),
		cmocka_unit_test(a_mass_that_gathers_speed_is_told_from_what_was_before),
		cmocka_unit_test(a_mass_stays_apart_from_what_is_close_before_it),
		cmocka_unit_test(a_small_run_before_a_big_one_is_not_of_it),
		cmocka_unit_test(no_operation_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
