#include "tools/args.h"

#include "tests/harness/harness.h"

struct filled {
	const char *store;
	bool json;
	unsigned verbose;
	const char *archive;
	struct args_list include;
	bool gzip;
};

static const struct args_option globals[] = {
	{"store", 's', ARGS_VALUE, "STORE", "", offsetof(struct filled, store)},
	{"json", 0, ARGS_FLAG, NULL, "", offsetof(struct filled, json)},
	{"verbose", 'v', ARGS_COUNT, NULL, "", offsetof(struct filled, verbose)},
};
static const struct args_option verb[] = {
	{"archive", 0, ARGS_OPTIONAL, "F", "", offsetof(struct filled, archive)},
	{"nsInclude", 0, ARGS_LIST, "G", "", offsetof(struct filled, include)},
	{"gzip", 'z', ARGS_FLAG, NULL, "", offsetof(struct filled, gzip)},
};

/* Parse a NULL-ended line of words with both tables. */
static int parse(char *const *argv, bool first_word_ends, struct filled *into,
		 struct args_list *rest, struct error *e)
{
	const struct args_table tables[] = {{globals, COUNT_OF(globals), into},
					    {verb, COUNT_OF(verb), into}};
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return args_parse(argc, argv, tables, 2, first_word_ends, rest, e);
}
#define WORDS(...) ((char *const *)(const char *const[]){__VA_ARGS__, NULL})

static void values_come_behind_or_inside_the_word(void **state)
{
	struct error e = {0};
	OWNED(args_list_release) struct args_list rest = {0};
	struct filled f = {0};

	(void)state;
	ASSERT_OK(parse(WORDS("-s", "a", "dump"), false, &f, &rest, &e));
	assert_string_equal(f.store, "a");
	ASSERT_OK(parse(WORDS("-sb"), false, &f, &rest, &e));
	assert_string_equal(f.store, "b");
	ASSERT_OK(parse(WORDS("--store=c=d"), false, &f, &rest, &e));
	assert_string_equal(f.store, "c=d");
	ASSERT_OK(parse(WORDS("--store", "-"), false, &f, &rest, &e));
	assert_string_equal(f.store, "-");
	assert_int_equal(rest.count, 1);
	assert_string_equal(rest.at[0], "dump");
}

static void short_flags_can_stand_together(void **state)
{
	struct error e = {0};
	struct args_list rest = {0};
	struct filled f = {0};

	(void)state;
	ASSERT_OK(parse(WORDS("-vvzsX"), false, &f, &rest, &e));
	assert_int_equal(f.verbose, 2);
	assert_true(f.gzip);
	assert_string_equal(f.store, "X");
}

static void a_list_keeps_order_and_an_optional_value_needs_its_equals_sign(void **state)
{
	struct error e = {0};
	OWNED(args_list_release) struct args_list rest = {0};
	struct filled f = {0};

	(void)state;
	ASSERT_OK(parse(WORDS("--nsInclude", "a.*", "--archive", "x", "--nsInclude=b.*"), false, &f,
			&rest, &e));
	assert_int_equal(f.include.count, 2);
	assert_string_equal(f.include.at[1], "b.*");
	assert_string_equal(f.archive, "");
	assert_string_equal(rest.at[0], "x");
	ASSERT_OK(parse(WORDS("--archive=F"), false, &f, &rest, &e));
	assert_string_equal(f.archive, "F");
	args_list_release(&f.include);
}

static void the_first_word_or_two_dashes_end_the_options(void **state)
{
	struct error e = {0};
	OWNED(args_list_release) struct args_list rest = {0};
	struct filled f = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(parse(WORDS("--json", "ls", "-z"), true, &f, &rest, &e)), 1);
	assert_int_equal(rest.count, 0);
	ASSERT_OK(parse(WORDS("--", "-z", "--json"), false, &f, &rest, &e));
	assert_int_equal(rest.count, 2);
	assert_false(f.gzip);
	ASSERT_OK(parse(WORDS("shop.orders", "-5", "-0.5"), false, &f, &rest, &e)); /* an _id */
	assert_int_equal(rest.count, 5);
	assert_string_equal(rest.at[3], "-5");
}

static void mistakes_get_a_hint(void **state)
{
	struct error e = {0};
	struct args_list rest = {0};
	struct filled f = {0};

	(void)state;
	assert_int_equal(parse(WORDS("--ns-include=x"), false, &f, &rest, &e), ERR_INVALID);
	assert_string_equal(e.hint, "did you mean --nsInclude?");
	assert_int_equal(parse(WORDS("--gizp"), false, &f, &rest, &e), ERR_INVALID);
	assert_string_equal(e.hint, "did you mean --gzip?");
	assert_int_equal(parse(WORDS("-gzip"), false, &f, &rest, &e), ERR_INVALID);
	assert_string_equal(e.hint, "long options have two dashes: --gzip");
	assert_int_equal(parse(WORDS("--store", "--store"), false, &f, &rest, &e), ERR_INVALID);
	assert_string_equal(e.hint, "--store is there twice");
	assert_int_equal(parse(WORDS("--store", "--json"), false, &f, &rest, &e), ERR_INVALID);
	assert_non_null(strstr(e.hint, "--store=--json"));
	ASSERT_ERROR_TEXT(parse(WORDS("--store"), false, &f, &rest, &e), ERR_INVALID,
			  "needs a value");
	ASSERT_ERROR_TEXT(parse(WORDS("--json=yes"), false, &f, &rest, &e), ERR_INVALID,
			  "takes no value");
	ASSERT_ERROR(parse(WORDS("--quite-another-thing"), false, &f, &rest, &e), ERR_INVALID);
}

static bool known(const char *name)
{
	return strcmp(name, "format") == 0;
}

static void a_configuration_file_fills_what_is_not_set(void **state)
{
	struct error e = {0};
	struct filled f = {.store = "mine"};
	const struct args_table tables[] = {{globals, COUNT_OF(globals), &f},
					    {verb, COUNT_OF(verb), &f}};
	char text[] =
		"# all my backups\n\nstore = /other\r\n  nsInclude: shop.*\r\nnsInclude logs.*\n"
		"gzip\r\njson: false\nformat: pretty\narchive \"a b\"";
	char unknown[] = "store x\nnsIncluded y\n", bad[] = "gzip perhaps\n", empty[] = "store\n";

	(void)state;
	ASSERT_OK(args_config(text, "conf", tables, 2, known, &e));
	assert_string_equal(f.store, "mine");
	assert_int_equal(f.include.count, 2);
	assert_string_equal(f.include.at[0], "shop.*");
	assert_true(f.gzip);
	assert_false(f.json);
	assert_string_equal(f.archive, "a b");
	ASSERT_ERROR_TEXT(args_config(unknown, "conf", tables, 2, known, &e), ERR_INVALID,
			  "conf line 2: there is no option --nsIncluded");
	f.gzip = false;
	ASSERT_ERROR_TEXT(args_config(bad, "conf", tables, 2, known, &e), ERR_INVALID,
			  "true or false");
	f.store = NULL;
	ASSERT_ERROR(args_config(empty, "conf", tables, 2, known, &e), ERR_INVALID);
	args_list_release(&f.include);
}

static void numbers_are_whole_and_bounded(void **state)
{
	struct error e = {0};
	uint64_t value = 0;

	(void)state;
	ASSERT_OK(args_number("seed", "18446744073709551615", UINT64_MAX, &value, &e));
	assert_true(value == UINT64_MAX);
	ASSERT_ERROR(args_number("seed", "18446744073709551616", UINT64_MAX, &value, &e),
		     ERR_INVALID);
	ASSERT_ERROR(args_number("seed", "-1", UINT64_MAX, &value, &e), ERR_INVALID);
	ASSERT_ERROR(args_number("seed", " 1", UINT64_MAX, &value, &e), ERR_INVALID);
	ASSERT_ERROR(args_number("seed", "1x", UINT64_MAX, &value, &e), ERR_INVALID);
	ASSERT_ERROR(args_number("seed", "", UINT64_MAX, &value, &e), ERR_INVALID);
	ASSERT_ERROR(args_number("seed", "11", 10, &value, &e), ERR_INVALID);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_behind_or_inside_the_word),
		cmocka_unit_test(short_flags_can_stand_together),
		cmocka_unit_test(a_list_keeps_order_and_an_optional_value_needs_its_equals_sign),
		cmocka_unit_test(the_first_word_or_two_dashes_end_the_options),
		cmocka_unit_test(mistakes_get_a_hint),
		cmocka_unit_test(a_configuration_file_fills_what_is_not_set),
		cmocka_unit_test(numbers_are_whole_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
