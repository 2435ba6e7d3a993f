#include "oplog/when_find.h"

#include "tests/harness/harness.h"

#define T 1795254067 /* 2026-11-21T09:41:07Z */

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

static void a_snapshot_is_found_by_its_name_and_its_id(void **state)
{
	struct error e = {0};
	size_t at = 99;

	(void)state;
	for (size_t i = 0; i < list.count; i++) {
		assert_true(when_find_name(&list, list.at[i].name, &at));
		assert_int_equal(at, i);
	}
	assert_false(when_find_name(&list, "before", &at));
	assert_false(when_find_name(&list, "latest", &at));
	assert_false(when_find_name(&list, "latest-snapshot", &at));
	ASSERT_OK(when_find_id(&list, "id:1a2c", &at, &e));
	assert_int_equal(at, 1);
	ASSERT_OK(when_find_id(&list, "id:f", &at, &e));
	assert_int_equal(at, 2);
	ASSERT_ERROR(when_find_id(&list, "id:00", &at, &e), ERR_NOT_FOUND);
	ASSERT_ERROR(when_find_id(&list, "id:1a", &at, &e), ERR_INVALID);
}

static void check_near(uint64_t seconds, const char *near, const char *nearest)
{
	OWNED(buf_release) struct buf text = {0};

	when_find_near(&list, seconds, &text);
	assert_string_equal(buf_text(&text), near);
	assert_string_equal(when_find_nearest(&list, seconds), nearest);
}

static void the_nearest_snapshots_are_those_around(void **state)
{
	const struct snapshot_list none = {0};
	OWNED(buf_release) struct buf text = {0};

	(void)state;
	check_near(T + 1133,
		   "2026-11-21T094107Z (18 min 53 s before) and 2026-11-21T104107Z (41 min 7 s "
		   "after)",
		   "2026-11-21T094107Z");
	check_near(T - 60, "2026-11-21T094107Z (1 min after)", "2026-11-21T094107Z");
	check_near(T + 7200, "before-migration (within that second)", "before-migration");
	check_near(T + 10800, "before-migration (1 h before)", "before-migration");
	when_find_near(&none, T, &text);
	assert_int_equal(text.len, 0);
	assert_null(when_find_nearest(&none, T));
}

static void checkpoints_are_not_proposed(void **state)
{
	struct error e = {0};

	(void)state;
	three[1].checkpoint = true;
	check_near(T + 5400,
		   "2026-11-21T094107Z (1 h 30 min before) and before-migration (30 min after)",
		   "2026-11-21T094107Z");
	assert_int_equal(when_find_no_name(&list, "2026-11-21T104106Z", false, &e), ERR_NOT_FOUND);
	assert_null(strstr(e.hint, "104107"));
	three[1].checkpoint = false;
}

static void wrong_names_get_a_hint(void **state)
{
	static const struct {
		const char *typed, *hint;
	} cases[] = {
		{"before-migrations", "did you mean \"before-migration\"?"},
		{"1795254067", "seconds since 1970 are written @1795254067"},
		{"1795254067123",
		 "seconds since 1970 are written @1795254067 (these are milliseconds)"},
		{"Timestamp({ t: 1795254067, i: 5 })", "an optime is written 1795254067.5"},
		{"{\"$timestamp\":{\"t\":1795254067,\"i\":5}}",
		 "an optime is written 1795254067.5"},
		{"/mnt/at/1795254067.5~/",
		 "a moment is the last folder's name alone: 1795254067.5~"},
		{"/mnt/at/1795254067.5~",
		 "a moment is the last folder's name alone: 1795254067.5~"},
		{"2026/11/21 09:41:07Z",
		 "times are written 2026-11-21T09:41:07Z or 2026-11-21T094107Z"},
		{"20261121T104108Z",
		 "times are written 2026-11-21T09:41:07Z or 2026-11-21T094107Z"},
		{"2026-11-21T09:41Z",
		 "times are written 2026-11-21T09:41:07Z or 2026-11-21T094107Z"},
		{"1h", "a distance is counted from something: latest-1h, now-1h"},
		{"-30m", "a distance is counted from something: latest-30m, now-30m"},
		{"ff00", "a snapshot's id is written id:ff00"},
		{"quite another thing",
		 "'yester snapshots' lists what can be opened; a time is written "
		 "2026-11-21T09:41:07Z, now-2h or latest"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct error e = {0};

		assert_int_equal(when_find_no_name(&list, cases[i].typed, false, &e),
				 ERR_NOT_FOUND);
		assert_string_equal(e.hint, cases[i].hint);
		assert_non_null(strstr(e.text, cases[i].typed));
	}
	/* What was taken off is there again. */
	for (size_t i = 0; i < 6; i++) {
		struct error e = {0};

		assert_int_equal(when_find_no_name(&list, cases[i].typed, true, &e), ERR_NOT_FOUND);
		assert_non_null(strchr(e.hint, '~'));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_is_found_by_its_name_and_its_id),
		cmocka_unit_test(the_nearest_snapshots_are_those_around),
		cmocka_unit_test(checkpoints_are_not_proposed),
		cmocka_unit_test(wrong_names_get_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
