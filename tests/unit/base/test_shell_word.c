#include "base/shell_word.h"

#include "tests/harness/harness.h"

static void a_word_is_quoted_where_a_shell_needs_it(void **state)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{"/backup/shop", "/backup/shop"},
		{"host:/srv/a_b-c.d", "host:/srv/a_b-c.d"},
		{"", "''"},
		{"/my backup", "'/my backup'"},
		{"~/shop", "'~/shop'"},
		{"$HOME", "'$HOME'"},
		{"it's", "'it'\\''s'"},
		{"''", "''\\'''\\'''"},
		{"ü", "'ü'"},
		{"a;b", "'a;b'"},
	};
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(shell_word(rows[i].text, &b), rows[i].word);
}

/* The judge of what a word is. */
static void a_shell_reads_the_text_again(void **state)
{
	static const char *const texts[] = {"a b", "it's $HOME `x` \\ \"y\"", "*", "a\nb", "",
					    "''"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		OWNED(buf_release) struct buf b = {0};
		OWNED(free) char *line = xprintf("printf %%s. %s", shell_word(texts[i], &b));
		OWNED(free) char *expected = xprintf("%s.", texts[i]);
		char got[64];
		FILE *out = popen(line, "r");

		assert_non_null(out);
		got[fread(got, 1, sizeof(got) - 1, out)] = '\0';
		assert_int_equal(pclose(out), 0);
		assert_string_equal(got, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_quoted_where_a_shell_needs_it),
		cmocka_unit_test(a_shell_reads_the_text_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
