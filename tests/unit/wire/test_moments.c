#include "wire/moments.h"

#include "tests/harness/harness.h"

/* Such a name is told apart before any moment is looked for: there is none to look in here. */
static void a_name_without_a_moment_is_that_of_a_database(void **state)
{
	static const char *const names[] = {"", "@", "shop", "shop@", "@shop", "@@"};
	struct bytes db = {0}, when = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(moments_split(NULL, bytes_str(names[i]), &db, &when, &e), 0);
	assert_null(db.at);
	assert_null(when.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_without_a_moment_is_that_of_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
