#include "base/clock.h"

#include <sys/time.h>

#include "tests/harness/harness.h"

static void the_wall_clock_is_the_machines(void **state)
{
	struct timeval before, after;
	uint64_t us;

	(void)state;
	gettimeofday(&before, NULL);
	us = clock_wall_us();
	gettimeofday(&after, NULL);
	assert_true(us >= (uint64_t)before.tv_sec * 1000000 + (uint64_t)before.tv_usec);
	assert_true(us <= (uint64_t)after.tv_sec * 1000000 + (uint64_t)after.tv_usec);
	assert_true(clock_wall_ms() >= us / 1000);
}

static void the_others_never_go_back_and_agree(void **state)
{
	uint64_t us = clock_us();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t next = clock_us();

		assert_true(next >= us);
		us = next;
	}
	assert_true(clock_ms() >= us / 1000);
	assert_true(clock_tick_ms() <= clock_ms());
}

static void a_deadline_is_so_far_from_now(void **state)
{
	static const uint64_t ms[] = {0, 1, 50, 999, 1000, 1001, 123456};

	(void)state;
	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		uint64_t before = clock_us();
		struct timespec at = clock_deadline(CLOCK_MONOTONIC, ms[i]);
		uint64_t us = (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;

		assert_in_range(at.tv_nsec, 0, 999999999);
		assert_true(us >= before + ms[i] * 1000);
		assert_true(us <= clock_us() + ms[i] * 1000);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wall_clock_is_the_machines),
		cmocka_unit_test(the_others_never_go_back_and_agree),
		cmocka_unit_test(a_deadline_is_so_far_from_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
