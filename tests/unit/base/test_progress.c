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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiny_documents_are_looked_behind_by_their_number),
		cmocka_unit_test(large_documents_are_looked_behind_by_their_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
