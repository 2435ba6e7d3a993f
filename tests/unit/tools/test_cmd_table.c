#include "tools/cmd_table.h"

#include "tests/harness/harness.h"

static void every_verb_is_found_and_explains_itself(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		const struct cmd *cmd = cmd_table[i];

		assert_ptr_equal(cmd_table_find(cmd->name), cmd);
		assert_non_null(cmd->synopsis);
		assert_non_null(cmd->summary);
		assert_non_null(strstr(cmd->examples, cmd->name));
		assert_true(cmd->words_min <= cmd->words_max);
		for (size_t o = 0; o < cmd->option_count; o++)
			assert_true(cmd->options[o].offset < cmd->options_size);
	}
	assert_null(cmd_table_find("frobnicate"));
}

/* A letter or name that means two things would be read as the first of them. */
static void no_option_is_there_twice(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		const struct cmd *cmd = cmd_table[i];

		for (size_t o = 0; o < cmd->option_count; o++) {
			for (size_t g = 0; g < cmd_global_option_count; g++) {
				assert_string_not_equal(cmd->options[o].name,
							cmd_global_options[g].name);
				assert_true(cmd->options[o].letter == 0 ||
					    cmd->options[o].letter != cmd_global_options[g].letter);
			}
		}
	}
}

static void a_slip_and_a_habit_find_their_verb(void **state)
{
	(void)state;
	assert_string_equal(cmd_table_suggest("ingset"), "ingest");
	assert_string_equal(cmd_table_suggest("unmount"), "umount");
	assert_string_equal(cmd_table_suggest("list"), "snapshots");
	assert_null(cmd_table_suggest("frobnicate"));
}

static void options_of_all_verbs_may_stand_in_a_configuration_file(void **state)
{
	(void)state;
	assert_true(cmd_table_has_option("nsInclude"));
	assert_true(cmd_table_has_option("dbhash"));
	assert_false(cmd_table_has_option("nsIncluded"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_is_found_and_explains_itself),
		cmocka_unit_test(no_option_is_there_twice),
		cmocka_unit_test(a_slip_and_a_habit_find_their_verb),
		cmocka_unit_test(options_of_all_verbs_may_stand_in_a_configuration_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
