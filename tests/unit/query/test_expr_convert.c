#include "tests/unit/query/convert_text_cases.h"
#include "tests/unit/query/convert_type_cases.h"
#include "tests/unit/query/convert_value_cases.h"

#include "base/compiler.h"
#include "tests/harness/harness.h"

static void texts_become_numbers_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(conversions_cases, COUNT_OF(conversions_cases));
}

static void values_become_other_types_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(conversions_of_values_cases, COUNT_OF(conversions_of_values_cases));
}

static void the_target_type_is_checked_as_in_mongod(void **state)
{
	(void)state;
	expr_case_check(conversion_types_cases, COUNT_OF(conversion_types_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_numbers_as_in_mongod),
		cmocka_unit_test(values_become_other_types_as_in_mongod),
		cmocka_unit_test(the_target_type_is_checked_as_in_mongod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
