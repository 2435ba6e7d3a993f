#include "fs/fs_text.h"

#include "tests/harness/harness.h"

static void prelude_is_what_mongodump_writes(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	struct snapshot snapshot = {0};
	char version[] = "4.4.29";
	char tool[] = "yester 0.1.0";

	(void)state;
	snapshot.server_version = version;
	snapshot.tool = tool;
	fs_text_prelude(&snapshot, &text);
	assert_string_equal(buf_text(&text),
			    "{\"ServerVersion\":\"4.4.29\",\"ToolVersion\":\"yester 0.1.0\"}");
}

static void a_version_can_not_break_the_json(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	struct snapshot snapshot = {0};
	char version[] = "a\"b\\c\n";

	(void)state;
	snapshot.server_version = version;
	fs_text_prelude(&snapshot, &text);
	assert_string_equal(buf_text(&text),
			    "{\"ServerVersion\":\"a\\\"b\\\\c\\u000a\",\"ToolVersion\":\"\"}");
}

static void readme_tells_what_there_is(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {.count = 2, .skipped = 1};
	struct timeline_map map = {0};

	(void)state;
	buf_add_str(&facts.oldest, "2026-11-20T000000Z");
	buf_add_str(&facts.latest, "2026-11-21T094107Z");
	fs_text_readme("/srv/history", &facts, &map, &text);
	assert_non_null(strstr(buf_text(&text), "Store:      /srv/history\n"));
	assert_non_null(strstr(buf_text(&text), "Snapshots:  2, from 2026-11-20T000000Z\n"));
	assert_non_null(strstr(buf_text(&text), "Latest:     2026-11-21T094107Z\n"));
	assert_non_null(strstr(buf_text(&text), "Left out:   1,"));
	assert_non_null(strstr(buf_text(&text), "Moments:    those of the snapshots only"));
	assert_null(strstr(buf_text(&text), "Gaps:"));
}

static void readme_tells_which_moments_there_are(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	struct fs_tree_facts facts = {.count = 1};
	struct timeline_reach reach[9] = {0};
	struct timeline_gap gap = {0};
	struct timeline_map map = {.reach = reach,
				   .reach_count = COUNT_OF(reach),
				   .gaps = &gap,
				   .gap_count = 1,
				   .lost_count = 1};

	(void)state;
	for (uint32_t i = 0; i < COUNT_OF(reach); i++) {
		reach[i].first.ts = entry_ts(1000 * i, 1);
		reach[i].last.ts = entry_ts(1000 * i + (i == 4 ? 0 : 9), i == 4 ? 1 : 7);
	}
	fs_text_readme("/srv/history", &facts, &map, &text);
	assert_non_null(strstr(buf_text(&text),
			       "Moments:    all from 1970-01-01 00:50:00 UTC (3000.1)\n"
			       "            to 1970-01-01 00:50:09 UTC (3009.7)\n"
			       "            all from 1970-01-01 01:23:20 UTC (5000.1)\n"));
	assert_non_null(strstr(buf_text(&text), "and 3 earlier ranges"));
	assert_non_null(strstr(buf_text(&text), "Last:       1970-01-01 02:13:29 UTC (8009.7)\n"));
	assert_non_null(strstr(buf_text(&text), "Gaps:       1 "));
}

static void readme_of_an_empty_store_says_what_to_do(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	struct fs_tree_facts facts = {0};
	struct timeline_map map = {0};

	(void)state;
	fs_text_readme("/srv/history", &facts, &map, &text);
	assert_non_null(strstr(buf_text(&text), "none yet; 'yester ingest'"));
	assert_null(strstr(buf_text(&text), "Left out"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prelude_is_what_mongodump_writes),
		cmocka_unit_test(a_version_can_not_break_the_json),
		cmocka_unit_test(readme_tells_what_there_is),
		cmocka_unit_test(readme_tells_which_moments_there_are),
		cmocka_unit_test(readme_of_an_empty_store_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
