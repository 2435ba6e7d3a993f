#include "tools/restore_left.h"

#include "tests/harness/harness.h"

static void what_no_client_may_write_is_left_out(void **state UNUSED)
{
	assert_true(restore_left_is("config", "chunks"));
	assert_true(restore_left_is("shop", "system.users"));
	/* mongodump --dumpDbUsersAndRoles; mongorestore of a whole dump passes over it. */
	assert_true(restore_left_is("shop", "$admin.system.users"));
	assert_false(restore_left_is("shop", "system.js"));
	assert_false(restore_left_is("shop", "system.buckets.s"));
	assert_false(restore_left_is("shop", "orders"));
}

static void note(struct restore_left *left, char *ns)
{
	struct catalog_entry entry = {.ns = ns, .ns_len = strlen(ns), .db_len = strcspn(ns, ".")};

	restore_left_note(left, &entry);
}

static void what_may_be_missed_is_told(void **state UNUSED)
{
	struct restore_left left = {0};
	char names[][24] = {"admin.system.version", "config.cache.chunks", "shop.system.views",
			    "shop.system.users",    "config.chunks",	   "a.system.x",
			    "b.system.x",	    "c.system.x",	   "d.system.x"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		note(&left, names[i]);
	assert_int_equal(left.count, 6);
	assert_string_equal(buf_text(&left.names), "shop.system.users, config.chunks, a.system.x, "
						   "b.system.x, c.system.x");
	buf_release(&left.names);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_client_may_write_is_left_out),
		cmocka_unit_test(what_may_be_missed_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
