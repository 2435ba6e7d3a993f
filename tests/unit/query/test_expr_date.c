#include "tests/unit/query/date_math_cases.h"
#include "tests/unit/query/date_part_cases.h"
#include "tests/unit/query/date_zone_cases.h"

#include "base/compiler.h"
#include "tests/harness/harness.h"

static void time_zones_are_those_of_the_olson_database(void **state)
{
	(void)state;
	expr_case_check(zones_cases, COUNT_OF(zones_cases));
}

static void dates_are_added_compared_and_truncated_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(date_math_cases, COUNT_OF(date_math_cases));
}

static void parts_of_dates_are_mongods(void **state)
{
	(void)state;
	expr_case_check(date_parts_cases, COUNT_OF(date_parts_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_zones_are_those_of_the_olson_database),
		cmocka_unit_test(dates_are_added_compared_and_truncated_as_in_mongod),
		cmocka_unit_test(parts_of_dates_are_mongods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
