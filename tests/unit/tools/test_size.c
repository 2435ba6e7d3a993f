#include "tools/size.h"

#include "tests/harness/harness.h"

static void sizes_have_three_digits_and_are_never_rounded_up(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{999, "999 B"},
		{1023, "1023 B"},
		{1024, "1.00 KiB"},
		{1536, "1.50 KiB"},
		{10 * 1024 + 512, "10.5 KiB"},
		{1048575, "1023 KiB"},
		{665 * 1048576UL, "665 MiB"},
		{UINT64_MAX, "15.9 EiB"},
	};
	char text[SIZE_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_text(cases[i].bytes, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void counts_have_commas(void **state)
{
	char text[SIZE_TEXT_LEN];

	(void)state;
	size_count_text(0, text);
	assert_string_equal(text, "0");
	size_count_text(999, text);
	assert_string_equal(text, "999");
	size_count_text(800000, text);
	assert_string_equal(text, "800,000");
	size_count_text(UINT64_MAX, text);
	assert_string_equal(text, "18,446,744,073,709,551,615");
}

static void typed_sizes_are_binary(void **state)
{
	struct error e = {0};
	uint64_t value = 0;

	(void)state;
	ASSERT_OK(size_parse("leaf-size", "32768", &value, &e));
	assert_int_equal(value, 32768);
	ASSERT_OK(size_parse("leaf-size", "32K", &value, &e));
	assert_int_equal(value, 32768);
	ASSERT_OK(size_parse("leaf-size", "1mib", &value, &e));
	assert_int_equal(value, 1048576);
	ASSERT_ERROR(size_parse("leaf-size", "", &value, &e), ERR_INVALID);
	ASSERT_ERROR(size_parse("leaf-size", "-1", &value, &e), ERR_INVALID);
	ASSERT_ERROR(size_parse("leaf-size", "1.5M", &value, &e), ERR_INVALID);
	ASSERT_ERROR(size_parse("leaf-size", "99999999999999999999", &value, &e), ERR_INVALID);
	ASSERT_ERROR(size_parse("leaf-size", "18446744073709551615G", &value, &e), ERR_INVALID);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_three_digits_and_are_never_rounded_up),
		cmocka_unit_test(counts_have_commas),
		cmocka_unit_test(typed_sizes_are_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
