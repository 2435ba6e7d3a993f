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
		{"de-AT@collation=PHONEBOOK", "de_AT@collation=phonebook"},
		{"de@collation=phonebook;colnumeric=yes", "de@collation=phonebook"},
		{"de@collation=phonebook@x", "de"},
		{"de@colnumeric=yes", "de"},
		{"de@phonebook", ""},
		{"de@", ""},
		{"en@collation=phonebook", "en"},
		{"en@collation=search", "en@collation=search"},
		{"en@collation=searchjl", "en@collation=search"},
		{"ko@collation=searchjl", "ko@collation=searchjl"},
		{"zh@collation=pinyin", "zh"},
		{"zh@collation=stroke", "zh@collation=stroke"},
		{"zh_Hant@collation=stroke", "zh_Hant"},
		{"zh_Hant@collation=pinyin", "zh_Hant@collation=pinyin"},
		{"sv@collation=standard", "sv@collation=standard"},
		{"sv@collation=reformed", "sv"},
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
	assert_string_equal(name, "en");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_that_of_mongods_collation),
		cmocka_unit_test(what_is_no_name_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
