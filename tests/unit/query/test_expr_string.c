#include "tests/unit/query/expr_regex_cases.h"
#include "tests/unit/query/expr_string_cases.h"

#include "base/compiler.h"
#include "tests/harness/harness.h"

static void strings_are_cut_searched_and_compared_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(strings_cases, COUNT_OF(strings_cases));
}

static void regular_expressions_find_and_fail_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(regexes_cases, COUNT_OF(regexes_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_cut_searched_and_compared_as_in_mongod),
		cmocka_unit_test(regular_expressions_find_and_fail_as_in_mongod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
