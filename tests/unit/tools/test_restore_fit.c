#include "tools/restore_fit.h"

#include "tests/harness/harness.h"

static void names_are_those_that_servers_take(void **state)
{
	char coll[260];

	(void)state;
	assert_null(restore_fit_name("shop", "orders", false, true));
	assert_null(restore_fit_name("shop", "a.b c/d%\"\\*", false, false));
	assert_non_null(restore_fit_name("shop", "a$b", false, true));
	assert_non_null(restore_fit_name("shop", ".a", false, true));
	assert_non_null(restore_fit_name("shop", "", false, true));
	assert_non_null(restore_fit_name("a b", "c", false, true));
	assert_non_null(restore_fit_name("a$b", "c", false, true));
	memset(coll, 'x', sizeof(coll));
	coll[64] = '\0';
	assert_non_null(restore_fit_name(coll, "c", false, true));
	assert_null(restore_fit_name(coll + 1, "c", false, true));
}

static void a_name_has_a_length_with_its_database(void **state)
{
	char coll[260];

	(void)state;
	memset(coll, 'x', sizeof(coll));
	coll[250] = '\0'; /* "shop." and 250 bytes */
	assert_null(restore_fit_name("shop", coll, false, true));
	assert_non_null(restore_fit_name("shopp", coll, false, true));
	assert_non_null(restore_fit_name("shop", coll, false, false));
	assert_null(restore_fit_name("shop", coll + 135, false, false));
	assert_non_null(restore_fit_name("shop", coll + 134, false, false));
	/* Of a time series the buckets have the longer name. */
	assert_non_null(restore_fit_name("shop", coll + 14, true, true));
	assert_null(restore_fit_name("shop", coll + 15, true, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_that_servers_take),
		cmocka_unit_test(a_name_has_a_length_with_its_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
