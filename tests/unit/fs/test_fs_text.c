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

	(void)state;
	buf_add_str(&facts.oldest, "2026-11-20T000000Z");
	buf_add_str(&facts.latest, "2026-11-21T094107Z");
	fs_text_readme("/srv/history", &facts, &text);
	assert_non_null(strstr(buf_text(&text), "Store:      /srv/history\n"));
	assert_non_null(strstr(buf_text(&text), "Snapshots:  2, from 2026-11-20T000000Z\n"));
	assert_non_null(strstr(buf_text(&text), "Latest:     2026-11-21T094107Z\n"));
	assert_non_null(strstr(buf_text(&text), "Left out:   1,"));
}

static void readme_of_an_empty_store_says_what_to_do(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	struct fs_tree_facts facts = {0};

	(void)state;
	fs_text_readme("/srv/history", &facts, &text);
	assert_non_null(strstr(buf_text(&text), "none yet; 'yester ingest'"));
	assert_null(strstr(buf_text(&text), "Left out"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prelude_is_what_mongodump_writes),
		cmocka_unit_test(a_version_can_not_break_the_json),
		cmocka_unit_test(readme_tells_what_there_is),
		cmocka_unit_test(readme_of_an_empty_store_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
