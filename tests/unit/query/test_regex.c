#include "query/regex.h"

#include <pthread.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "tests/harness/harness.h"

static struct regex *compiled(const char *pattern, unsigned options)
{
	const char *text = NULL;
	struct regex *regex = regex_new(bytes_str(pattern), options, &text, NULL);

	if (regex == NULL)
		fail_msg("%s: %s", pattern, text);
	return regex;
}

static void assert_matches(const char *pattern, unsigned options, const char *text, bool expected)
{
	OWNED(regex_free) struct regex *regex = compiled(pattern, options);

	if (regex_test(regex, bytes_str(text)) != expected)
		fail_msg("/%s/ and %s: not %d", pattern, text, expected);
}

static void patterns_match_with_their_options(void **state)
{
	(void)state;
	assert_matches("b", 0, "abc", true);
	assert_matches("B", 0, "abc", false);
	assert_matches("B", REGEX_CASELESS, "abc", true);
	assert_matches("^b", 0, "a\nb", false);
	assert_matches("^b", REGEX_MULTILINE, "a\nb", true);
	assert_matches("a.b", 0, "a\nb", false);
	assert_matches("a.b", REGEX_DOTALL, "a\nb", true);
	assert_matches("a b # c", REGEX_EXTENDED, "ab", true);
	assert_matches("^.$", 0, "\u00e9", true);
	assert_matches("\u00c9", REGEX_CASELESS, "\u00e9", true);
	assert_matches("\\w", 0, "\u00e9", false);
}

static void what_means_nothing_in_pcre_8_is_itself(void **state)
{
	(void)state;
	assert_matches("\\j", 0, "j", true);
	assert_matches("[\\j\\B]", 0, "B", true);
	assert_matches("\\8", 0, "8", true);
	assert_matches("^\\81$", 0, "81", true);
	assert_matches("[\\d-z]", 0, "-", true);
	assert_matches("[[:digit:]-a]", 0, "-", true);
	assert_matches("a{,3}", 0, "a{,3}", true);
}

static void errors_are_in_the_words_of_pcre_8(void **state)
{
	static const struct {
		const char *pattern, *text;
	} cases[] = {
		{"(a", "missing )"},
		{"a)", "unmatched parentheses"},
		{"[a", "missing terminating ] for character class"},
		{"*a", "nothing to repeat"},
		{"\\", "\\ at end of pattern"},
		{"a{2,1}", "numbers out of order in {} quantifier"},
		{"a{99999}", "number too big in {} quantifier"},
		{"[z-a]", "range out of order in character class"},
		{"(?z)", "unrecognized character after (? or (?-"},
		{"(?", "unrecognized character after (? or (?-"},
		{"(?i", "unrecognized character after (? or (?-"},
		{"(?P", "unrecognized character after (?P"},
		{"(?<", "unrecognized character after (?<"},
		{"(?(", "assertion expected after (?( or (?(?C)"},
		{"[[:foo:]]", "unknown POSIX class name"},
		{"(?<=a*)b", "lookbehind assertion is not fixed length"},
		{"\\1", "reference to non-existent subpattern"},
		{"(?1))", "reference to non-existent subpattern"},
		{"\\2)", "unmatched parentheses"},
		{"(?(0)a)", "invalid condition (?(0)"},
		{"\\g", "a numbered reference must not be zero"},
		{"(?R)", "recursive call could loop indefinitely"},
		{"(a|(?R))", "recursive call could loop indefinitely"},
		{"((?1))", "recursive call could loop indefinitely"},
		{"\\p{Foo}", "unknown property name after \\P or \\p"},
		{"\\N{U+41}", "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u"},
		{"(*FOO)", "(*VERB) not recognized or malformed"},
		{"(*pla:a)", "(*VERB) not recognized or malformed"},
		{"(?<n>a)(?<n>b)", "two named subpatterns have the same name"},
		{"\xff", "invalid UTF-8 string"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *text = NULL;

		assert_null(regex_new(bytes_str(cases[i].pattern), 0, &text, NULL));
		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].pattern, text);
	}
}

static void what_is_left_open_at_the_end_is_refused_where_it_has_to_be_closed(void **state)
{
	static const struct {
		const char *pattern;
		unsigned options;
		bool fits;
	} cases[] = {
		{"a # c", REGEX_EXTENDED, false},
		{"a # c\n", REGEX_EXTENDED, true},
		{"a # c", 0, true},
		{"(?x)a #)", 0, false},
		{"\\Qa", 0, false},
		{"\\Qa\\E", 0, true},
		{"(*UCP)(*CRLF)a", 0, true},
		{"a|b", 0, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned options = cases[i].options | REGEX_CLOSED;
		const char *text = NULL;
		OWNED(regex_free)
		struct regex *regex = regex_new(bytes_str(cases[i].pattern), options, &text, NULL);

		if ((regex != NULL) != cases[i].fits)
			fail_msg("%s: not %d", cases[i].pattern, cases[i].fits);
		if (regex == NULL)
			assert_string_equal(text, "missing )");
	}
}

static void letters_of_options_are_read_or_named(void **state)
{
	unsigned options = 0;

	(void)state;
	assert_int_equal(regex_parse_options(bytes_str("xsmiu"), &options), 0);
	assert_int_equal(options, REGEX_CASELESS | REGEX_MULTILINE | REGEX_DOTALL | REGEX_EXTENDED);
	assert_int_equal(regex_parse_options(bytes_str("igz"), &options), 'g');
}

static void groups_are_found_or_unset(void **state)
{
	OWNED(regex_free) struct regex *regex = compiled("(a)(b)?c", 0);
	struct regex_span spans[3];

	(void)state;
	assert_int_equal(regex_group_count(regex), 2);
	assert_int_equal(regex_find(regex, bytes_str("xxac"), 0, spans), 1);
	assert_int_equal(spans[0].begin, 2);
	assert_int_equal(spans[0].end, 4);
	assert_int_equal(spans[1].begin, 2);
	assert_true(spans[2].begin == REGEX_UNSET);
	assert_int_equal(regex_find(regex, bytes_str("xxac"), 3, spans), 0);
	assert_int_equal(regex_find(regex, bytes_str("\xff"), 0, spans), -10);
	assert_int_equal(regex_find(regex, bytes_str("\xc3\xa9"), 1, spans), -11);
}

static void limits_are_those_of_mongods_pcre(void **state)
{
	OWNED(regex_free) struct regex *deep = compiled("^(a|b)*$", 0);
	OWNED(regex_free) struct regex *wide = compiled("^(a+)+$", 0);
	OWNED(buf_release) struct buf text = {0};
	struct regex_span spans[2];

	(void)state;
	memset(buf_room(&text, 5001), 'a', 5000);
	text.len = 5000;
	assert_int_equal(regex_find(deep, buf_bytes(&text), 0, spans), -21);
	assert_false(regex_test(deep, buf_bytes(&text)));
	text.len = 1000;
	assert_int_equal(regex_find(deep, buf_bytes(&text), 0, spans), 1);
	text.at[40] = 'x';
	text.len = 41;
	assert_int_equal(regex_find(wide, buf_bytes(&text), 0, spans), -8);
}

static void *search_often(void *slot)
{
	const struct regex *regex = slot;
	size_t found = 0;

	for (int i = 0; i < 1000; i++)
		found += regex_test(regex, bytes_str(i % 2 == 0 ? "xay" : "xby"));
	return (void *)found;
}

static void threads_share_a_pattern(void **state)
{
	OWNED(regex_free) struct regex *regex = compiled("(x)(a)(y)", 0);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, search_often, regex), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		void *found;

		assert_int_equal(pthread_join(threads[i], &found), 0);
		assert_int_equal((size_t)found, 500);
	}
}

static void an_arena_holds_a_pattern(void **state)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	const char *text = NULL;
	const struct regex *regex = regex_new_in(arena, bytes_str("a+"), 0, &text, NULL);

	(void)state;
	assert_non_null(regex);
	assert_true(regex_test(regex, bytes_str("baa")));
	assert_null(regex_new_in(arena, bytes_str("(a"), 0, &text, NULL));
	assert_string_equal(text, "missing )");
}

static void the_text_at_the_begin_is_known(void **state)
{
	static const struct {
		const char *pattern, *prefix;
		unsigned options;
	} cases[] = {
		{"^abc", "abc", 0},    {"^abc.*", "abc", 0}, {"^abc*", "ab", 0},
		{"^ab|c", NULL, 0},    {"abc", NULL, 0},     {"^abc", NULL, REGEX_CASELESS},
		{"^a\u00e9?", "a", 0}, {"^\\.a", NULL, 0},   {"^a", NULL, REGEX_MULTILINE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bytes prefix;
		int known = regex_prefix(bytes_str(cases[i].pattern), cases[i].options, &prefix);

		assert_int_equal(known, cases[i].prefix != NULL);
		if (known == 1)
			assert_true(bytes_equal(prefix, bytes_str(cases[i].prefix)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_with_their_options),
		cmocka_unit_test(what_means_nothing_in_pcre_8_is_itself),
		cmocka_unit_test(errors_are_in_the_words_of_pcre_8),
		cmocka_unit_test(what_is_left_open_at_the_end_is_refused_where_it_has_to_be_closed),
		cmocka_unit_test(letters_of_options_are_read_or_named),
		cmocka_unit_test(groups_are_found_or_unset),
		cmocka_unit_test(limits_are_those_of_mongods_pcre),
		cmocka_unit_test(threads_share_a_pattern),
		cmocka_unit_test(an_arena_holds_a_pattern),
		cmocka_unit_test(the_text_at_the_begin_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
