#include "base/exit_code.h"

#include "tests/harness/harness.h"

static void the_numbers_are_those_that_scripts_rely_on(void **state)
{
	static const int expected[][2] = {
		{0, 0},
		{3, 3},
		{4, 4},
		{ERR_NOMEM, 1},
		{ERR_IO, 1},
		{ERR_CORRUPT, 1},
		{ERR_UNSUPPORTED, 1},
		{ERR_INVALID, 2},
		{ERR_LIMIT, 1},
		{ERR_EXISTS, 6},
		{ERR_BUSY, 11},
		{ERR_REMOTE, 1},
		{ERR_CANCELLED, 130},
		{ERR_NO_STORE, 10},
		{ERR_REFUSED, 6},
		{ERR_NOT_FOUND, 1},
		{ERR_NO_TIME, 5},
		{ERR_WRONG_KEY, 12},
		{-999, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		assert_int_equal(exit_code_of(expected[i][0]), expected[i][1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_numbers_are_those_that_scripts_rely_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
