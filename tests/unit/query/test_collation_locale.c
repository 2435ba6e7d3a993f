#include "query/collation_locale.h"
#include "tests/harness/harness.h"

static void the_name_is_that_of_mongods_collation(void **state)
{
	static const struct {
		const char *asked, *name;
	} cases[] = {
		{"en", "en"},
		{"en_US", "en_US"},
		{"en_GB", "en"},
		{"EN-us", "en_US"},
		{"eng", "en"},
		{"en_US_POSIX", "en_US_POSIX"},
		{"en_US_XX", "en_US"},
		{"zh_TW", "zh"},
		{"zh_Hant_TW", "zh_Hant"},
		{"sr_Latn_RS", "sr_Latn"},
		{"uz", ""},
		{"no", ""},
		{"root", ""},
		{"", ""},
		{"english", ""},
		{"de@collation=phonebook", "de@collation=phonebook"},
		{"de_DE@collation=phonebook", "de@collation=phonebook"},
	};
	char name[COLLATION_LOCALE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		collation_locale_name(bytes_str(cases[i].asked), name);
		assert_string_equal(name, cases[i].name);
	}
}

static void what_is_no_name_has_none(void **state)
{
	char name[COLLATION_LOCALE_MAX], much[200];

	(void)state;
	memset(much, 'a', sizeof(much));
	collation_locale_name(bytes_of(much, sizeof(much)), name);
	assert_string_equal(name, "");
	collation_locale_name(bytes_of("en\0US", 5), name);
	assert_string_equal(name, "");
	memcpy(much, "en@collation=", 13);
	collation_locale_name(bytes_of(much, COLLATION_LOCALE_MAX - 1), name);
	assert_int_equal(strlen(name), COLLATION_LOCALE_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_that_of_mongods_collation),
		cmocka_unit_test(what_is_no_name_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
