#include "tools/when.h"

#include <stdlib.h>
#include <time.h>

#include "tests/harness/harness.h"

#define T 1795254067 /* 2026-11-21T09:41:07Z */

static void every_form_is_understood(void **state)
{
	static const struct {
		const char *text;
		struct when when;
	} cases[] = {
		{"latest", {.kind = WHEN_LATEST}},
		{"latest-snapshot", {.kind = WHEN_LATEST_SNAPSHOT}},
		{"id:1a2b", {.kind = WHEN_ID}},
		{"2026-11-21T09:41:07Z", {.kind = WHEN_TIME, .seconds = T}},
		{"2026-11-21t09:41:07z", {.kind = WHEN_TIME, .seconds = T}},
		{"2026-11-21 09:41:07Z", {.kind = WHEN_TIME, .seconds = T}},
		{"2026-11-21T094107Z", {.kind = WHEN_TIME, .seconds = T}},
		{"2026-11-21T11:41:07+02:00", {.kind = WHEN_TIME, .seconds = T}},
		{"2026-11-21T04:11:07-0530", {.kind = WHEN_TIME, .seconds = T}},
		{"2026-11-21T104107+01", {.kind = WHEN_TIME, .seconds = T}},
		{"2024-02-29T00:00:00Z", {.kind = WHEN_TIME, .seconds = 1709164800}},
		{"1970-01-01T00:00:00Z", {.kind = WHEN_TIME, .seconds = 0}},
		{"@1795254067", {.kind = WHEN_TIME, .seconds = T}},
		{"1795254067.5", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
		{"1795254067,5", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
		{"1795254067:5", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
		{"4294967295.4294967295",
		 {.kind = WHEN_OPTIME, .seconds = UINT32_MAX, .optime = {UINT32_MAX, UINT32_MAX}}},
		{"now-2h", {.kind = WHEN_BEFORE_NOW, .seconds = 7200}},
		{"now", {.kind = WHEN_BEFORE_NOW}},
		{"latest-1d12h", {.kind = WHEN_BEFORE_LATEST, .seconds = 36 * 3600}},
		{"latest-90", {.kind = WHEN_BEFORE_LATEST, .seconds = 90}},
		{"latest~", {.kind = WHEN_LATEST, .before = true}},
		{"1795254067.5~",
		 {.kind = WHEN_OPTIME, .before = true, .seconds = T, .optime = {T, 5}}},
		{"2026-11-21T09:41:07Z~", {.kind = WHEN_TIME, .before = true, .seconds = T}},
		{"now-2h~", {.kind = WHEN_BEFORE_NOW, .before = true, .seconds = 7200}},
		{"before-migration", {.kind = WHEN_NAME}},
		{"latest-", {.kind = WHEN_NAME}},
		{"nowhere", {.kind = WHEN_NAME}},
		{"1795254067", {.kind = WHEN_NAME}},
		{"4294967296.1", {.kind = WHEN_NAME}},
		{"2026-11-21T09:41Z", {.kind = WHEN_NAME}},
		{"2026-11-21T09:41:07Zx", {.kind = WHEN_NAME}},
	};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct when when;

		ASSERT_OK(when_parse(cases[i].text, &when, &e));
		if (when.kind != cases[i].when.kind || when.before != cases[i].when.before ||
		    when.seconds != cases[i].when.seconds ||
		    when.optime.seconds != cases[i].when.optime.seconds ||
		    when.optime.increment != cases[i].when.optime.increment)
			fail_msg("%s was read as kind %d, %llu s", cases[i].text, when.kind,
				 (unsigned long long)when.seconds);
	}
}

static void what_is_not_a_moment_is_refused_with_a_hint(void **state)
{
	static const struct {
		const char *text;
		const char *hint;
	} cases[] = {
		{"2026-11-21", "2026-11-21T00:00:00Z"},
		{"2026-11-21T09:41:07.5Z", "2026-11-21T09:41:07Z, or 1795254067.1"},
		{"2026-11-21T09:41:07", "for UTC write 2026-11-21T09:41:07Z; for local time (CET) "
					"write 2026-11-21T08:41:07Z"},
		{"2026-07-21T094107", "for UTC write 2026-07-21T09:41:07Z; for local time (CEST) "
				      "write 2026-07-21T07:41:07Z"},
		{"2026-02-29T00:00:00Z", ""},
		{"2026-13-01T00:00:00Z", ""},
		{"2026-11-21T24:00:00Z", ""},
		{"2026-11-21T23:59:60Z", ""},
		{"1969-12-31T23:59:59Z", ""},
		{"2106-02-07T06:28:16Z", ""},
		{"id:", ""},
		{"id:XYZ", ""},
		{"@1795254067.5", "an optime is written without @: 1795254067.5"},
		{"", "latest"},
	};
	struct error e = {0};

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct when when;

		e.hint[0] = '\0';
		assert_int_equal(when_parse(cases[i].text, &when, &e), ERR_INVALID);
		if (strstr(e.hint, cases[i].hint) == NULL)
			fail_msg("%s: the hint is: %s", cases[i].text, e.hint);
	}
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(when_parse("2026-11-21T09:41:07", &(struct when){0}, &e), ERR_INVALID);
	assert_non_null(strstr(e.hint, "2026-11-21T09:41:07Z"));
}

/* Three snapshots an hour apart: one about, two exact; the last has a name of its own. */
static struct snapshot three[3] = {
	{.name = (char *)"2026-11-21T094107Z", .time = T, .id = {{0x1a, 0x2b}}},
	{.name = (char *)"2026-11-21T104107Z",
	 .time = T + 3600,
	 .exact = true,
	 .optime = {T + 3600, 7},
	 .id = {{0x1a, 0x2c}}},
	{.name = (char *)"before-migration",
	 .time = T + 7200,
	 .exact = true,
	 .optime = {T + 7200, 1},
	 .id = {{0xff}}},
};
static const struct snapshot_list list = {three, 3};

static void a_snapshot_is_found_by_all_that_names_it(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
		{"latest", 2},
		{"latest-snapshot", 2},
		{"before-migration", 2},
		{"2026-11-21T094107Z", 0},
		{"2026-11-21T09:41:07Z", 0},
		{"@1795254067", 0},
		{"2026-11-21T12:41:07+02:00", 1},
		{"1795257667.7", 1},
		{"1795261267:1", 2},
		{"now-3h", 0},
		{"latest-1h", 1},
		{"id:1a2c", 1},
		{"id:f", 2},
	};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t at = 99;

		ASSERT_OK(when_find(&list, cases[i].text, T + 3 * 3600, &at, &e));
		assert_int_equal(at, cases[i].at);
	}
}

static void other_moments_name_the_nearest_snapshots(void **state)
{
	struct error e = {0};
	size_t at;

	(void)state;
	assert_int_equal(when_find(&list, "2026-11-21T10:00:00Z", 0, &at, &e), ERR_NO_TIME);
	assert_non_null(strstr(e.text, "2026-11-21T094107Z (18 min 53 s before)"));
	assert_non_null(strstr(e.text, "2026-11-21T104107Z (41 min 7 s after)"));
	assert_non_null(strstr(e.hint, "--at 2026-11-21T094107Z"));
	ASSERT_ERROR_TEXT(when_find(&list, "2020-01-01T00:00:00Z", 0, &at, &e), ERR_NO_TIME,
			  "after");
	ASSERT_ERROR_TEXT(when_find(&list, "now", T + 86400, &at, &e), ERR_NO_TIME, "before");
	ASSERT_ERROR_TEXT(when_find(&list, "1795257667.8", 0, &at, &e), ERR_NO_TIME,
			  "within that second");
	ASSERT_ERROR(when_find(&list, "1795254067.0", 0, &at, &e), ERR_NO_TIME);
	ASSERT_ERROR(when_find(&list, "latest~", 0, &at, &e), ERR_NO_TIME);
	ASSERT_ERROR(when_find(&list, "now-9999w", 0, &at, &e), ERR_NO_TIME);
}

static void wrong_names_get_a_hint(void **state)
{
	struct error e = {0};
	size_t at;

	(void)state;
	assert_int_equal(when_find(&list, "before-migrations", 0, &at, &e), ERR_NOT_FOUND);
	assert_string_equal(e.hint, "did you mean \"before-migration\"?");
	assert_int_equal(when_find(&list, "1795254067", 0, &at, &e), ERR_NOT_FOUND);
	assert_string_equal(e.hint, "seconds since 1970 are written @1795254067");
	assert_int_equal(when_find(&list, "2026-11-21T09:41Z", 0, &at, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "2026-11-21T09:41:07Z"));
	assert_int_equal(when_find(&list, "ff00", 0, &at, &e), ERR_NOT_FOUND);
	assert_string_equal(e.hint, "a snapshot's id is written id:ff00");
	ASSERT_ERROR(when_find(&list, "id:00", 0, &at, &e), ERR_NOT_FOUND);
	ASSERT_ERROR(when_find(&list, "id:1a", 0, &at, &e), ERR_INVALID);
}

static void an_empty_store_has_no_moment(void **state)
{
	const struct snapshot_list none = {0};
	struct error e = {0};
	size_t at;

	(void)state;
	ASSERT_ERROR(when_find(&none, "latest", 0, &at, &e), ERR_NO_TIME);
	ASSERT_ERROR(when_find(&none, "2026-11-21T09:41:07Z", 0, &at, &e), ERR_NO_TIME);
	ASSERT_ERROR(when_find(&none, "2026-11-21", 0, &at, &e), ERR_INVALID);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_understood),
		cmocka_unit_test(what_is_not_a_moment_is_refused_with_a_hint),
		cmocka_unit_test(a_snapshot_is_found_by_all_that_names_it),
		cmocka_unit_test(other_moments_name_the_nearest_snapshots),
		cmocka_unit_test(wrong_names_get_a_hint),
		cmocka_unit_test(an_empty_store_has_no_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
