#include "tools/log_groups.h"

#include "tests/harness/harness.h"

#define MINUTE 60000

/* A run of session `lsid` (0: none) of `count` operations between two times in milliseconds, which are its timestamps. */
static struct log_burst run(char lsid, uint64_t count, int64_t begin, int64_t end)
{
	static const char sessions[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	struct log_burst burst = {.first = (uint64_t)begin,
				  .last = (uint64_t)end,
				  .begin = begin,
				  .end = end,
				  .count = count,
				  .op = ENTRY_DELETE,
				  .ns = bytes_str("app.orders")};

	if (lsid != 0)
		burst.lsid = bytes_of(strchr(sessions, lsid), 1);
	return burst;
}

/* "300 at 1000 (3 of 850, 900-2000)" for each run. */
static void check(struct log_burst *runs, size_t count, const char *expected)
{
	OWNED(buf_release) struct buf got = {0};

	log_groups_make(runs, count);
	for (size_t i = 0; i < count; i++) {
		buf_printf(&got, "%s%u at %u", i > 0 ? "; " : "", (unsigned)runs[i].count,
			   (unsigned)runs[i].first);
		if (log_groups_length(&runs[i]) > 1)
			buf_printf(&got, " (%u of %u, %u-%u)", (unsigned)runs[i].group_runs,
				   (unsigned)runs[i].group_count, (unsigned)runs[i].group_first,
				   (unsigned)runs[i].group_last);
	}
	assert_string_equal(buf_text(&got), expected);
}

/* The biggest is not the one that began first. */
static void what_threads_did_together_begins_with_the_first_of_them(void **state)
{
	struct log_burst runs[] = {run('a', 900, 1100, 2000), run('b', 400, 1050, 1500),
				   run('c', 300, 1000, 1250), run('d', 200, 1200, 1450)};

	(void)state;
	check(runs, 4,
	      "300 at 1000 (4 of 1800, 1000-2000); 400 at 1050 (4 of 1800, 1000-2000); 900 at 1100 "
	      "(4 of 1800, 1000-2000); 200 at 1200 (4 of 1800, 1000-2000)");
}

/* One session has the cursor until its last batch is read, another one deletes meanwhile. */
static void a_loop_over_a_cursor_begins_with_its_first_batch(void **state)
{
	struct log_burst runs[] = {run('a', 99899, 2050, 200000), run('b', 101, 1850, 2045),
				   run('c', 100, 1000, 60000)};

	(void)state;
	check(runs, 3,
	      "101 at 1850 (2 of 100000, 1850-200000); 99899 at 2050 (2 of 100000, 1850-200000); "
	      "100 at 1000");
}

/* It has the server for itself, the others are in each other's way. */
static void a_thread_that_is_done_at_once_is_of_what_the_others_did(void **state)
{
	struct log_burst runs[] = {run('a', 123, 1015, 5000), run('b', 123, 1015, 5000),
				   run('c', 30, 1000, 1020)};

	(void)state;
	check(runs, 3,
	      "30 at 1000 (3 of 276, 1000-5000); 123 at 1015 (3 of 276, 1000-5000); 123 at 1015 (3 "
	      "of 276, 1000-5000)");
}

/* It would be found, but what the others wrote in an hour would be lost. */
static void what_went_on_long_before_is_no_part_of_a_mass(void **state)
{
	struct log_burst runs[] = {run('a', 4000, 50 * MINUTE, 50 * MINUTE + 10000),
				   run('b', 3000, 0, MINUTE),
				   run('c', 3000, 49 * MINUTE, 51 * MINUTE)};

	(void)state;
	check(runs, 3, "4000 at 3000000; 3000 at 0; 3000 at 2940000");
}

static void what_an_application_does_all_hour_is_one_group(void **state)
{
	struct log_burst runs[34];
	size_t count = 0;

	(void)state;
	for (; count < 30; count++)
		runs[count] =
			run((char)('a' + count % 26), 3700 - count, (int64_t)count, 60 * MINUTE);
	runs[count++] = run(0, 950, 30 * MINUTE, 30 * MINUTE + 600);
	log_groups_make(runs, count);
	assert_int_equal(runs[0].group_runs,
			 29); /* of session a and the others; four letters come twice */
	assert_int_equal(runs[0].first, 0);
	assert_int_equal(runs[30].count, 950);
	assert_int_equal(runs[30].group_runs, 1);
}

static void a_mass_is_in_no_group_with_what_goes_on_beside_it(void **state)
{
	struct log_burst runs[] = {run('a', 3000, 10000, 12000), run('b', 600, 0, MINUTE),
				   run('c', 590, 0, MINUTE), run(0, 500, 10000, 10400)};

	(void)state;
	check(runs, 4,
	      "3000 at 10000; 600 at 0 (2 of 1190, 0-60000); 590 at 0 (2 of 1190, 0-60000); 500 at "
	      "10000");
}

static void one_after_the_other_or_elsewhere_is_no_group(void **state)
{
	struct log_burst runs[] = {run('a', 500, 1000, 1500), run('b', 400, 2001, 2400),
				   run('c', 300, 1100, 1400), run('d', 300, 1100, 1400),
				   run('e', 30, 400, 499),    run('f', 9, 1100, 1110)};

	(void)state;
	runs[2].ns = bytes_str("app.users!");
	runs[3].transaction = true;
	check(runs, 6, "500 at 1000; 400 at 2001; 300 at 1100; 300 at 1100; 30 at 400; 9 at 1100");
}

static void single_operations_are_no_group(void **state)
{
	struct log_burst runs[] = {run('a', 9, 1000, 1100), run('b', 9, 1000, 1100),
				   run('c', 1, 1000, 1000)};

	(void)state;
	check(runs, 3, "9 at 1000; 9 at 1000; 1 at 1000");
	log_groups_make(NULL, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_threads_did_together_begins_with_the_first_of_them),
		cmocka_unit_test(a_loop_over_a_cursor_begins_with_its_first_batch),
		cmocka_unit_test(a_thread_that_is_done_at_once_is_of_what_the_others_did),
		cmocka_unit_test(what_went_on_long_before_is_no_part_of_a_mass),
		cmocka_unit_test(what_an_application_does_all_hour_is_one_group),
		cmocka_unit_test(a_mass_is_in_no_group_with_what_goes_on_beside_it),
		cmocka_unit_test(one_after_the_other_or_elsewhere_is_no_group),
		cmocka_unit_test(single_operations_are_no_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
