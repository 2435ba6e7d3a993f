#include "base/suggest.h"

#include "tests/harness/harness.h"

/* The best of three words for what was typed, or "". */
static const char *best(const char *typed, const char *const *words, size_t count)
{
	static struct suggest s;

	suggest_begin(&s, bytes_str(typed));
	for (size_t i = 0; i < count; i++)
		suggest_offer(&s, bytes_str(words[i]));
	return suggest_best(&s) == NULL ? "" : suggest_best(&s);
}

static void the_nearest_word_wins(void **state)
{
	static const char *const words[] = {"ingest", "init", "snapshots", "mount", "umount", "ls"};

	(void)state;
	assert_string_equal(best("ingset", words, 6), "ingest");
	assert_string_equal(best("snapshot", words, 6), "snapshots");
	assert_string_equal(best("snap", words, 6), "snapshots");
	assert_string_equal(best("unmount", words, 6), "umount");
	assert_string_equal(best("MOUNT", words, 6), "mount");
}

static void nothing_is_suggested_for_what_is_far(void **state)
{
	static const char *const words[] = {"ingest", "init", "ls"};

	(void)state;
	assert_string_equal(best("frobnicate", words, 3), "");
	assert_string_equal(best("x", words, 3), "");
	assert_string_equal(best("", words, 3), "");
}

static void very_long_words_are_left_alone(void **state)
{
	char word[1000];
	const char *words[] = {word};

	(void)state;
	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_string_equal(best(word, words, 1), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_wins),
		cmocka_unit_test(nothing_is_suggested_for_what_is_far),
		cmocka_unit_test(very_long_words_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
