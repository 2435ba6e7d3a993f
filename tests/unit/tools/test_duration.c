#include "tools/duration.h"

#include "tests/harness/harness.h"

static void lengths_of_time_are_sums_of_numbers_with_letters(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} cases[] = {{"0s", 0},		{"90s", 90},	 {"30m", 1800},	 {"6h", 21600},
		     {"1d12h", 129600}, {"2w", 1209600}, {"1h1h", 7200}, {"5m1d", 86400 + 300}};
	struct error e = {0};
	uint64_t seconds = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ASSERT_OK(duration_parse("every", cases[i].text, true, &seconds, &e));
		assert_int_equal(seconds, cases[i].seconds);
	}
}

static void what_is_no_length_of_time_is_refused_and_names_the_flag(void **state)
{
	static const char *const cases[] = {
		"",	 "6",  "h", "6x", "-6h", "6 h", "6.5h", "6hh", "99999999999999d",
		"1001y", "0s", "0"};
	struct error e = {0};
	uint64_t seconds = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ASSERT_ERROR_TEXT(duration_parse("max-lag", cases[i], false, &seconds, &e),
				  ERR_INVALID, "--max-lag");
	assert_int_equal(seconds, 7);
}

static void a_text_has_the_two_largest_units(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {{0, "0s"},	     {90, "1m30s"}, {3600, "1h"},    {129600, "1d12h"},
		     {604800, "1w"}, {86401, "1d"}, {31536000, "1y"}};
	char text[DURATION_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		duration_text(cases[i].seconds, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_of_time_are_sums_of_numbers_with_letters),
		cmocka_unit_test(what_is_no_length_of_time_is_refused_and_names_the_flag),
		cmocka_unit_test(a_text_has_the_two_largest_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
