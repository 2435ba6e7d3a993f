#include "query/zone.h"

#include "base/compiler.h"
#include "query/zone_rule.h"
#include "tests/harness/harness.h"

static struct zone zone_of(const char *text)
{
	struct zone zone;
	struct error e = {0};

	ASSERT_OK(zone_find(bytes_str(text), &zone, &e));
	return zone;
}

static void offsets_are_read_as_in_mongod(void **state)
{
	static const struct {
		const char *text;
		int32_t offset;
	} cases[] = {
		{"UTC", 0},	  {"GMT", 0},	      {"+05:30", 19800},
		{"+0530", 19800}, {"-0830", -30600},  {"+05", 18000},
		{"-00:00", 0},	  {"+99:99", 362340}, {"Etc/GMT+5", -18000},
		{"EST", -18000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(zone_offset(zone_of(cases[i].text), 0), cases[i].offset);
}

static void what_is_no_zone_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "Z",
					    "utc",
					    "+5",
					    "+5:30",
					    "+05:3",
					    "America",
					    "posix/UTC",
					    "right/UTC",
					    "localtime",
					    "../etc/passwd",
					    "America/../UTC",
					    "america/new_york"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct zone zone;
		struct error e = {0};

		assert_int_equal(zone_find(bytes_str(texts[i]), &zone, &e), ERR_INVALID);
		assert_int_equal(e.server, 40485);
		assert_int_equal(zone_lookup(bytes_str(texts[i]), false, &zone), 0);
	}
}

static void places_change_with_the_seasons_now_then_and_later(void **state)
{
	static const struct {
		const char *name;
		int64_t at;
		int32_t offset;
	} cases[] = {
		{"America/New_York", 1500000000, -14400},
		{"America/New_York", 1485000000, -18000},
		{"America/New_York", -3786825600, -17762}, /* 1850: by the sun */
		{"America/New_York", 2540246400, -14400},  /* July 2050: by the rule */
		{"America/New_York", 2524694400, -18000},
		{"Europe/London", 1509238799, 3600},
		{"Europe/London", 1509238800, 0},
		{"Asia/Kolkata", 0, 19800},
		{"Australia/Lord_Howe", 1500000000, 37800},
		{"Australia/Lord_Howe", 1485000000, 39600},
		{"Antarctica/Troll", 2540246400, 7200},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(zone_offset(zone_of(cases[i].name), cases[i].at), cases[i].offset);
}

/* 2017-11-05 01:30 was there twice in New York, 2017-03-12 02:30 was not there. */
static void local_times_that_are_twice_or_never_are_found(void **state)
{
	struct zone zone = zone_of("America/New_York");
	int64_t twice = 1509845400, never = 1489285800;

	(void)state;
	assert_int_equal(zone_offset_local(zone, twice, false), -18000);
	assert_int_equal(zone_offset_local(zone, twice, true), -14400);
	assert_int_equal(zone_offset_local(zone, never, false), -18000);
	assert_int_equal(zone_offset_local(zone, twice - 7200, false), -14400);
	assert_true(zone_is_dst(zone, 1500000000));
	assert_false(zone_is_dst(zone, 0));
}

static void rules_of_posix_are_parsed_or_refused(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"UTC0\n", true},
		{"EST5EDT,M3.2.0,M11.1.0\n", true},
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0\n", true},
		{"IST-2IDT,M3.4.4/26,M10.5.0\n", true},
		{"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1\n", true},
		{"A0B,J60/0,300\n", true},
		{"EST5EDT,M3.2.0,M11.1.0", false},
		{"EST\n", false},
		{"EST5EDT\n", false},
		{"EST5EDT,M13.2.0,M11.1.0\n", false},
		{"EST5EDT,M3.2.7,M11.1.0\n", false},
		{"EST5EDT,M3.2.0,M11.1.0x\n", false},
		{"<+10-10\n", false},
		{"EST99999\n", false},
		{"", false},
	};
	struct zone_rule rule;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (zone_rule_parse(bytes_str(cases[i].text), &rule) != cases[i].good)
			fail_msg("%s", cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_read_as_in_mongod),
		cmocka_unit_test(what_is_no_zone_is_refused),
		cmocka_unit_test(places_change_with_the_seasons_now_then_and_later),
		cmocka_unit_test(local_times_that_are_twice_or_never_are_found),
		cmocka_unit_test(rules_of_posix_are_parsed_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
