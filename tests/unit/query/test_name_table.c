#include "query/name_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void each_name_has_the_place_at_which_it_came(void **state)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	struct name_table table = {0};
	char text[16];

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "n%zu", i * 7919 % 5000);
		assert_int_equal(name_table_find(&table, bytes_str(text)), i);
		assert_int_equal(name_table_add(arena, &table, arena_copy(arena, bytes_str(text))),
				 i);
	}
	assert_int_equal(table.count, 5000);
	for (size_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "n%zu", i * 7919 % 5000);
		assert_int_equal(name_table_find(&table, bytes_str(text)), i);
		assert_true(bytes_equal(table.names[i], bytes_str(text)));
	}
	assert_int_equal(name_table_find(&table, bytes_str("n5000")), 5000);
	assert_int_equal(name_table_find(&table, bytes_of(NULL, 0)), 5000);
}

static void an_empty_name_and_one_with_a_zero_are_names(void **state)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	struct name_table table = {0};

	(void)state;
	assert_int_equal(name_table_add(arena, &table, bytes_of("", 0)), 0);
	assert_int_equal(name_table_find(&table, bytes_of("\0", 1)), 1);
	assert_int_equal(name_table_add(arena, &table, bytes_of("\0", 1)), 1);
	assert_int_equal(name_table_find(&table, bytes_of("", 0)), 0);
	assert_int_equal(name_table_find(&table, bytes_of("\0", 1)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_the_place_at_which_it_came),
		cmocka_unit_test(an_empty_name_and_one_with_a_zero_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
