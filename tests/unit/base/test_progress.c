#include "base/progress.h"

#include "tests/harness/harness.h"

#define MANY 1024

static void tiny_documents_are_looked_behind_by_their_number(void **state)
{
	struct progress_pace pace = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 1; i < MANY; i++)
			assert_false(progress_is_due(&pace, 20));
		assert_true(progress_is_due(&pace, 20));
	}
}

/* 1,024 of them are 15 GB: nobody could interrupt a copy. */
static void large_documents_are_looked_behind_by_their_size(void **state)
{
	struct progress_pace pace = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(progress_is_due(&pace, 15000000));
	assert_false(progress_is_due(&pace, 3 << 20));
	assert_true(progress_is_due(&pace, 1 << 20));
	assert_false(progress_is_due(&pace, 1 << 20));
}

struct told {
	bool stop;
	unsigned reports;
	uint64_t done;
};

static bool wants_to_stop(void *ctx)
{
	return ((struct told *)ctx)->stop;
}

static void note(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	struct told *told = ctx;

	assert_string_equal(phase, "copying");
	assert_int_equal(total, 9);
	told->reports++;
	told->done = done;
}

static void who_is_to_stop_reports_nothing(void **state)
{
	struct told told = {0};
	const struct progress all = {.ctx = &told, .report = note, .cancelled = wants_to_stop};
	const struct progress mute = {.ctx = &told, .cancelled = wants_to_stop};
	struct error e = {0};

	(void)state;
	ASSERT_OK(progress_go_on(NULL, "copying", 1, 9, &e));
	ASSERT_OK(progress_go_on(&all, "copying", 7, 9, &e));
	ASSERT_OK(progress_go_on(&mute, "copying", 8, 9, &e));
	assert_int_equal(told.reports, 1);
	assert_int_equal(told.done, 7);
	told.stop = true;
	assert_int_equal(progress_go_on(&all, "copying", 8, 9, &e), ERR_CANCELLED);
	assert_int_equal(progress_go_on(&mute, "copying", 8, 9, &e), ERR_CANCELLED);
	assert_int_equal(told.reports, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiny_documents_are_looked_behind_by_their_number),
		cmocka_unit_test(large_documents_are_looked_behind_by_their_size),
		cmocka_unit_test(who_is_to_stop_reports_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
