#include "wire/cursors.h"

#include <stdlib.h>

#include "tests/harness/harness.h"
#include "wire/command_table.h"

/* A cursor over a list of nothing, kept for `user`. */
static int64_t keep(struct cursors *cursors, const char *user, const uint8_t *lsid, size_t charged,
		    struct memory *memory)
{
	OWNED(kill_switch_release) struct kill_switch *kill = kill_switch_new();
	struct cursor *cursor = cursor_new(kill);
	struct error e = {0};
	int64_t id;

	buf_add_str(&cursor->user, user);
	cursor->has_lsid = lsid != NULL;
	if (lsid != NULL)
		memcpy(cursor->lsid, lsid, CURSORS_LSID_LEN);
	cursor->charged = charged;
	memory_take_anyway(memory, charged);
	ASSERT_OK(cursors_add(cursors, cursor, &e));
	id = cursor->id;
	cursors_give(cursors, cursor, false);
	return id;
}

static void a_cursor_is_taken_by_one_at_a_time(void **state)
{
	struct memory memory = {.limit = 1000};
	struct cursors *cursors = cursors_new(&memory);
	struct cursor *taken, *other;
	struct error e = {0};
	int64_t id = keep(cursors, "ada", NULL, 10, &memory);

	(void)state;
	assert_true(id > 0);
	ASSERT_OK(cursors_take(cursors, id, &taken, &e));
	assert_true(cursors_take(cursors, id, &other, &e) < 0);
	assert_int_equal(e.server, 12051);
	cursors_give(cursors, taken, false);
	ASSERT_OK(cursors_take(cursors, id, &taken, &e));
	cursors_give(cursors, taken, true);
	assert_true(cursors_take(cursors, id, &taken, &e) < 0);
	assert_int_equal(e.server, 43);
	assert_int_equal(memory.used, 0);
	cursors_free(cursors);
}

static void who_kills_what_is_taken_ends_it_later(void **state)
{
	struct memory memory = {.limit = 1000};
	struct cursors *cursors = cursors_new(&memory);
	struct cursor *taken;
	struct error e = {0};
	int64_t id = keep(cursors, "ada", NULL, 10, &memory);

	(void)state;
	assert_int_equal(cursors_kill(cursors, id, bytes_str("bob")), CURSORS_NOT_YOURS);
	ASSERT_OK(cursors_take(cursors, id, &taken, &e));
	assert_int_equal(cursors_kill(cursors, id, bytes_str("ada")), CURSORS_KILLED);
	assert_true(atomic_load(&taken->kill->on));
	assert_int_equal(cursors_count(cursors).open, 1);
	cursors_give(cursors, taken, false);
	assert_int_equal(cursors_count(cursors).open, 0);
	assert_int_equal(cursors_kill(cursors, id, bytes_str("ada")), CURSORS_NOT_FOUND);
	cursors_free(cursors);
}

static void a_session_ends_its_own_only(void **state)
{
	static const uint8_t one[CURSORS_LSID_LEN] = "one", two[CURSORS_LSID_LEN] = "two";
	struct memory memory = {.limit = 1000};
	struct cursors *cursors = cursors_new(&memory);

	(void)state;
	keep(cursors, "ada", one, 1, &memory);
	keep(cursors, "ada", one, 1, &memory);
	keep(cursors, "ada", two, 1, &memory);
	keep(cursors, "bob", one, 1, &memory);
	keep(cursors, "ada", NULL, 1, &memory);
	cursors_kill_session(cursors, bytes_str("ada"), one);
	assert_int_equal(cursors_count(cursors).open, 3);
	assert_int_equal(memory.used, 3);
	cursors_expire(cursors); /* none is that old */
	assert_int_equal(cursors_count(cursors).open, 3);
	assert_false(cursors_evict(cursors)); /* nor has been idle for long enough */
	cursors_free(cursors);
	assert_int_equal(memory.used, 0);
}

static void thousands_are_found_again(void **state)
{
	struct memory memory = {.limit = 1000000};
	struct cursors *cursors = cursors_new(&memory);
	static int64_t ids[5000];
	struct cursor *taken;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = keep(cursors, "", NULL, 1, &memory);
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		ASSERT_OK(cursors_take(cursors, ids[i], &taken, &e));
		assert_true(taken->id == ids[i]);
		cursors_give(cursors, taken, i % 2 == 0);
	}
	assert_int_equal(cursors_count(cursors).open, COUNT_OF(ids) / 2);
	cursors_free(cursors);
}

static void memory_is_given_to_who_comes_first(void **state)
{
	struct memory m = {.limit = 100};

	(void)state;
	assert_true(memory_take(&m, 60));
	assert_false(memory_take(&m, 41));
	assert_true(memory_was_short(&m));
	assert_false(memory_was_short(&m));
	assert_true(memory_take(&m, 40));
	assert_int_equal(memory_left(&m), 0);
	memory_take_anyway(&m, 50);
	assert_int_equal(memory_left(&m), 0);
	memory_give(&m, 110);
	assert_int_equal(memory_left(&m), 60);
}

static void every_command_is_found_by_its_names(void **state)
{
	const struct command *command;
	const char *last = "";
	size_t count = 0;

	(void)state;
	for (; (command = command_table_at(count)) != NULL; count++) {
		assert_true(strcmp(last, command->name) < 0);
		last = command->name;
		assert_ptr_equal(command_table_find(bytes_str(command->name)), command);
		if (command->alias != NULL)
			assert_ptr_equal(command_table_find(bytes_str(command->alias)), command);
	}
	assert_true(count > 200);
	assert_null(command_table_find(bytes_str("Find")));
	assert_null(command_table_find(bytes_str("atlasVersion")));
	assert_null(command_table_find(bytes_of(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_is_taken_by_one_at_a_time),
		cmocka_unit_test(who_kills_what_is_taken_ends_it_later),
		cmocka_unit_test(a_session_ends_its_own_only),
		cmocka_unit_test(thousands_are_found_again),
		cmocka_unit_test(memory_is_given_to_who_comes_first),
		cmocka_unit_test(every_command_is_found_by_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
