#include "tests/unit/query/date_format_cases.h"
#include "tests/unit/query/date_free_cases.h"

#include "base/compiler.h"
#include "tests/harness/harness.h"

static void any_text_is_read_as_a_date_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(dates_free_cases, COUNT_OF(dates_free_cases));
}

static void dates_are_read_and_written_by_formats_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(dates_by_format_cases, COUNT_OF(dates_by_format_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_text_is_read_as_a_date_as_in_mongod),
		cmocka_unit_test(dates_are_read_and_written_by_formats_as_in_mongod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
