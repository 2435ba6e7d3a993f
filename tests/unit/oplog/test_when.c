#include "oplog/when.h"

#include <stdlib.h>
#include <time.h>

#include "tests/harness/harness.h"

#define T 1795254067 /* 2026-11-21T09:41:07Z */

static const struct {
	const char *text;
	struct when when;
} forms[] = {
	{"latest", {.kind = WHEN_LATEST}},
	{"latest-snapshot", {.kind = WHEN_LATEST_SNAPSHOT}},
	{"id:1a2b", {.kind = WHEN_ID}},
	{"2026-11-21T09:41:07Z", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21t09:41:07z", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21 09:41:07Z", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21T094107Z", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21 09:41:07 UTC", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21 09:41:07 UTC~", {.kind = WHEN_TIME, .before = true, .seconds = T}},
	{"2026-11-21 09:41:07 CET", {.kind = WHEN_NAME}},
	{"2026-11-21T11:41:07+02:00", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21T04:11:07-0530", {.kind = WHEN_TIME, .seconds = T}},
	{"2026-11-21T104107+01", {.kind = WHEN_TIME, .seconds = T}},
	{"2024-02-29T00:00:00Z", {.kind = WHEN_TIME, .seconds = 1709164800}},
	{"1970-01-01T00:00:00Z", {.kind = WHEN_TIME, .seconds = 0}},
	{"@1795254067", {.kind = WHEN_TIME, .seconds = T}},
	{"1795254067.5", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
	{"1795254067,5", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
	{"1795254067:5", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
	{"15.00", {.kind = WHEN_OPTIME, .seconds = 15, .optime = {15, 0}}},
	{"1795254067:05", {.kind = WHEN_OPTIME, .seconds = T, .optime = {T, 5}}},
	{"4294967295.4294967295",
	 {.kind = WHEN_OPTIME, .seconds = UINT32_MAX, .optime = {UINT32_MAX, UINT32_MAX}}},
	{"now-2h", {.kind = WHEN_BEFORE_NOW, .seconds = 7200}},
	{"now", {.kind = WHEN_BEFORE_NOW}},
	{"latest-1d12h", {.kind = WHEN_BEFORE_LATEST, .seconds = 36 * 3600}},
	{"latest-90", {.kind = WHEN_BEFORE_LATEST, .seconds = 90}},
	{"latest-1w30m", {.kind = WHEN_BEFORE_LATEST, .seconds = 7 * 86400 + 1800}},
	{"latest~", {.kind = WHEN_LATEST, .before = true}},
	{"1795254067.5~", {.kind = WHEN_OPTIME, .before = true, .seconds = T, .optime = {T, 5}}},
	{"2026-11-21T09:41:07Z~", {.kind = WHEN_TIME, .before = true, .seconds = T}},
	{"now-2h~", {.kind = WHEN_BEFORE_NOW, .before = true, .seconds = 7200}},
	{"before-migration", {.kind = WHEN_NAME}},
	{"before-migration~", {.kind = WHEN_NAME, .before = true}},
	{"id:1a2b~", {.kind = WHEN_ID, .before = true}},
	{"latest-", {.kind = WHEN_NAME}},
	{"nowhere", {.kind = WHEN_NAME}},
	{"1795254067", {.kind = WHEN_NAME}},
	{"4294967296.1", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41Z", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41:07Zx", {.kind = WHEN_NAME}},
	{"2026-11-21x", {.kind = WHEN_NAME}},
	{"2026-11-21T", {.kind = WHEN_NAME}},
	{"2026-11-21T09:x", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41:07x", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41:07+x", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41:07+02:x", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41:07+24:00", {.kind = WHEN_NAME}},
	{"2026-11-21T09:41:07+01:60", {.kind = WHEN_NAME}},
	{"1795254067.x", {.kind = WHEN_NAME}},
	{"now-2x", {.kind = WHEN_NAME}},
};

static void every_form_is_understood(void **state)
{
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct when when;

		ASSERT_OK(when_parse(forms[i].text, &when, &e));
		if (when.kind != forms[i].when.kind || when.before != forms[i].when.before ||
		    when.seconds != forms[i].when.seconds ||
		    when.optime.seconds != forms[i].when.optime.seconds ||
		    when.optime.increment != forms[i].when.optime.increment)
			fail_msg("%s was read as kind %d, %llu s", forms[i].text, when.kind,
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
		{"2026-11-21~", "2026-11-21T00:00:00Z~"},
		{"2026-11-21T09:41:07.5Z~", "2026-11-21T09:41:07Z~, or 1795254067.1~"},
		{"2026-11-21T09:41:07~",
		 "for UTC write 2026-11-21T09:41:07Z~; for local time (CET) "
		 "write 2026-11-21T08:41:07Z~"},
		{"2026-02-29T00:00:00Z", ""},
		{"2026-13-01T00:00:00Z", ""},
		{"2026-11-21T24:00:00Z", ""},
		{"2026-11-21T23:59:60Z", ""},
		{"1969-12-31T23:59:59Z", ""},
		{"2106-02-07T06:28:16Z", ""},
		{"15:00", "write all of it, in UTC or with +02:00 for Z; now is 2"},
		{"9:05", "now is"},
		{"15:00:30", "now is"},
		{"15:00~", "now is"},
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_understood),
		cmocka_unit_test(what_is_not_a_moment_is_refused_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
