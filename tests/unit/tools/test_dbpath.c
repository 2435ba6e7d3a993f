#include "tools/dbpath.h"

#include "tests/harness/harness.h"

static void assert_config(const char *text, const char *expected)
{
	OWNED(buf_release) struct buf found = {0};
	int rc = dbpath_of_config(bytes_str(text), &found);

	assert_int_equal(rc, expected != NULL);
	if (expected != NULL)
		assert_string_equal(buf_text(&found), expected);
}

static void the_folder_is_found_in_both_forms_of_a_configuration(void **state)
{
	(void)state;
	assert_config("storage:\n  dbPath: /var/lib/mongodb\n  journal:\n", "/var/lib/mongodb");
	assert_config("storage:\n  dbPath: \"/with space\"   # why\n", "/with space");
	assert_config("storage:\n  dbPath: '/quoted'\n", "/quoted");
	assert_config("dbpath=/old/form\nlogpath=/x\n", "/old/form");
	assert_config("dbpath = /old/form # comment", "/old/form");
	assert_config("storage:\r\n  dbPath: /dos\r\n", "/dos");
}

static void what_is_no_such_line_is_passed_over(void **state)
{
	(void)state;
	assert_config("", NULL);
	assert_config("# dbPath: /no\nnet:\n  port: 27017\n", NULL);
	assert_config("dbPathology: /no\n", NULL);
	assert_config("dbPath:", NULL);
	assert_config("dbPath:   \n", NULL);
	assert_config("dbPath", NULL);
	assert_config("dbPath: \"", NULL);
}

#define WORDS(text) bytes_of(text, sizeof(text))

static void the_words_of_a_command_line_are_understood(void **state)
{
	const char *dbpath, *config;

	(void)state;
	dbpath_of_words(WORDS("mongod\0--dbpath\0/a\0--port\0001"), &dbpath, &config);
	assert_string_equal(dbpath, "/a");
	assert_null(config);
	dbpath_of_words(WORDS("mongod\0--dbpath=/b\0-f\0/etc/x.conf"), &dbpath, &config);
	assert_string_equal(dbpath, "/b");
	assert_string_equal(config, "/etc/x.conf");
	dbpath_of_words(WORDS("mongod\0--config\0y.conf"), &dbpath, &config);
	assert_null(dbpath);
	assert_string_equal(config, "y.conf");
	dbpath_of_words(WORDS("mongod\0--dbpath"), &dbpath, &config);
	assert_null(dbpath);
	dbpath_of_words(bytes_of("mongod --dbpath", 6), &dbpath,
			&config); /* cut off: no NUL at the end */
	assert_null(dbpath);
	dbpath_of_words(bytes_of(NULL, 0), &dbpath, &config);
	assert_null(config);
}

static void a_folder_is_listed_once_and_absolutely(void **state)
{
	OWNED(dbpath_list_release) struct dbpath_list list = {0};

	(void)state;
	dbpath_add(&list, "/srv", "db");
	dbpath_add(&list, "/", "db");
	dbpath_add(&list, "/elsewhere", "/srv/db");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.at[0], "/srv/db");
	assert_string_equal(list.at[1], "/db");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_folder_is_found_in_both_forms_of_a_configuration),
		cmocka_unit_test(what_is_no_such_line_is_passed_over),
		cmocka_unit_test(the_words_of_a_command_line_are_understood),
		cmocka_unit_test(a_folder_is_listed_once_and_absolutely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
