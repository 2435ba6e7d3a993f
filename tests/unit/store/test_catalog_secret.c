#include "store/snapshot/catalog_secret.h"

#include "tests/harness/harness.h"

static bool is_secret(const char *db, const char *coll)
{
	return catalog_secret_is(bytes_str(db), bytes_str(coll));
}

static void users_roles_and_keys_are_secret(void **state)
{
	(void)state;
	assert_true(is_secret("admin", "system.users"));
	assert_true(is_secret("admin", "system.roles"));
	assert_true(is_secret("admin", "system.keys"));
	assert_true(is_secret("admin", "system.new_users"));
	assert_true(is_secret("admin", "system.recovery_users"));
	assert_true(is_secret("shop", "$admin.system.users"));
	assert_true(is_secret("shop", "$admin.system.roles"));
	assert_true(is_secret("shop", "system.users")); /* of 2.4: {user, pwd} */
	assert_true(is_secret("config", "external_validation_keys"));
}

static void other_collections_are_not(void **state)
{
	(void)state;
	assert_false(is_secret("admin", "system.version"));
	assert_false(is_secret("shop", "$admin.system.version"));
	assert_false(is_secret("shop", "$admin."));
	assert_false(is_secret("shop", "system.roles"));
	assert_false(is_secret("shop", "users"));
	assert_false(is_secret("admin", "system.user"));
	assert_false(is_secret("admins", "system.keys"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_roles_and_keys_are_secret),
		cmocka_unit_test(other_collections_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
