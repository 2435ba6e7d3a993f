#include "base/time_text.h"

#include "tests/harness/harness.h"

static void times_read_as_programs_and_people_write_them(void **state)
{
	char machine[TIME_TEXT_RFC3339_LEN], people[TIME_TEXT_UTC_LEN];

	(void)state;
	time_text_rfc3339(1795254067, machine);
	assert_string_equal(machine, "2026-11-21T09:41:07Z");
	time_text_utc(1795254067, people);
	assert_string_equal(people, "2026-11-21 09:41:07 UTC");
	time_text_utc(0, people);
	assert_string_equal(people, "1970-01-01 00:00:00 UTC");
}

static void years_of_five_digits_are_seconds(void **state)
{
	char machine[TIME_TEXT_RFC3339_LEN], people[TIME_TEXT_UTC_LEN];

	(void)state;
	time_text_rfc3339(253402300799, machine);
	assert_string_equal(machine, "9999-12-31T23:59:59Z");
	time_text_rfc3339(253402300800, machine);
	assert_string_equal(machine, "@253402300800");
	time_text_utc(UINT64_MAX / 2, people); /* no such year: must not overflow */
	assert_string_equal(people, "@9223372036854775807");
	/* What a damaged or forged record may say: as a time_t it would lie before 1970. */
	time_text_rfc3339(UINT64_MAX - 60000000000000000, machine);
	assert_string_equal(machine, "@18386744073709551615");
	time_text_utc(UINT64_MAX, people);
	assert_string_equal(people, "@18446744073709551615");
}

static void durations_show_their_two_largest_parts(void **state)
{
	char text[TIME_TEXT_DURATION_LEN];

	(void)state;
	time_text_duration(0, text);
	assert_string_equal(text, "0.000 s");
	time_text_duration(1234, text);
	assert_string_equal(text, "1.234 s");
	time_text_duration(59999, text);
	assert_string_equal(text, "59 s");
	time_text_duration(125000, text);
	assert_string_equal(text, "2 min 5 s");
	time_text_duration(3600000, text);
	assert_string_equal(text, "1 h");
	time_text_duration(((3 * 24 + 4) * 3600 + 59) * 1000UL, text);
	assert_string_equal(text, "3 d 4 h");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_read_as_programs_and_people_write_them),
		cmocka_unit_test(years_of_five_digits_are_seconds),
		cmocka_unit_test(durations_show_their_two_largest_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
