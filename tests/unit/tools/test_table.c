#include "tools/table.h"

#include "tests/harness/harness.h"

/* What the table prints; to be freed. */
static char *printed(const struct table *table)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	table_print(table, to);
	fclose(to);
	return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const char *const titles[] = {"NAME", ">COUNT", "TAG"};
	OWNED(table_free) struct table *table = table_new(titles, 3);
	OWNED(free) char *text = NULL;

	(void)state;
	table_add_str(table, "orders");
	table_add_count(table, 800000);
	table_add_str(table, "x");
	table_add_str(table, "\xe6\xbc\xa2\xe6\xbc\xa2");
	table_add_size(table, 1024);
	table_printf(table, "%d", 7);
	text = printed(table);
	assert_string_equal(text, "NAME       COUNT  TAG\n"
				  "orders   800,000  x\n"
				  "\xe6\xbc\xa2\xe6\xbc\xa2    1.00 KiB  7\n");
}

static void hostile_names_stay_on_their_line(void **state)
{
	static const char *const titles[] = {"NAME", ">N"};
	OWNED(table_free) struct table *table = table_new(titles, 2);
	OWNED(free) char *text = NULL;

	(void)state;
	table_add(table, bytes_of("a\nb\033[2J", 7));
	table_add_count(table, 1);
	text = printed(table);
	assert_string_equal(text, "NAME         N\na\\nb\\x1b[2J  1\n");
}

static void a_column_without_text_is_left_out(void **state)
{
	static const char *const titles[] = {"A", "TAG", "B", "LAST"};
	OWNED(table_free) struct table *table = table_new(titles, 4);
	OWNED(free) char *text = NULL;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		table_add_str(table, "a");
		table_add_str(table, NULL);
		table_add_str(table, "b");
		table_add_str(table, "");
	}
	text = printed(table);
	assert_string_equal(text, "A  B\na  b\na  b\n");
}

static void no_line_ends_in_blanks(void **state)
{
	static const char *const titles[] = {"NAME", ">COUNT", "WHAT"};
	OWNED(table_free) struct table *table = table_new(titles, 3);
	OWNED(free) char *text = NULL;

	(void)state;
	table_add_str(table, "orders");
	table_add_count(table, 7);
	table_add_str(table, "created");
	table_add_str(table, "a");
	table_add_str(table, "");
	table_add_str(table, "");
	table_add_str(table, "a");
	table_add_count(table, 12);
	table_add_str(table, "");
	table_add_str(table, "");
	table_add_str(table, "");
	table_add_str(table, "dropped");
	text = printed(table);
	assert_string_equal(text, "NAME    COUNT  WHAT\n"
				  "orders      7  created\n"
				  "a\n"
				  "a          12\n"
				  "               dropped\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(hostile_names_stay_on_their_line),
		cmocka_unit_test(a_column_without_text_is_left_out),
		cmocka_unit_test(no_line_ends_in_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
