#include "tools/term.h"

#include <stdlib.h>
#include <time.h>

#include "tests/harness/harness.h"

static void nothing_that_moves_the_cursor_is_left(void **state)
{
	static const struct {
		const char *raw;
		const char *shown;
	} cases[] = {
		{"orders", "orders"},
		{"a\nb\tc\rd", "a\\nb\\tc\\rd"},
		{"\033[2J\a", "\\x1b[2J\\x07"},
		{"back\\slash", "back\\\\slash"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b", "\\u009b"},	     /* CSI in one byte */
		{"\xe2\x80\xae", "\\u202e"},	     /* right-to-left override */
		{"\xf3\xa0\x80\x81", "\\U000e0001"}, /* a tag */
		{"\xff\xc3", "\\xff\\xc3"},	     /* not UTF-8 */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
		{"\xe6\xbc\xa2 \xc3\xa9", "\xe6\xbc\xa2 \xc3\xa9"},
	};
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf back = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_string_equal(term_escaped(bytes_str(cases[i].raw), &b), cases[i].shown);
		buf_reset(&back);
		assert_true(term_unescape(buf_bytes(&b), &back));
		ASSERT_BYTES(buf_bytes(&back), bytes_str(cases[i].raw));
	}
}

static void any_bytes_come_back_from_their_escaped_form(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	OWNED(buf_release) struct buf shown = {0};
	OWNED(buf_release) struct buf back = {0};
	uint8_t raw[40];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = harness_rng_below(&rng, sizeof(raw));

		harness_rng_fill(&rng, raw, len);
		buf_reset(&shown);
		buf_reset(&back);
		term_escape(bytes_of(raw, len), &shown);
		assert_null(memchr(shown.at == NULL ? "" : (void *)shown.at, '\n', shown.len));
		assert_true(term_unescape(buf_bytes(&shown), &back));
		ASSERT_BYTES(buf_bytes(&back), bytes_of(raw, len));
	}
}

static void what_the_escape_does_not_make_is_not_taken_back(void **state)
{
	static const char *const bad[] = {"\\",	   "a\\", "\\x",     "\\x1",	    "\\xZZ",
					  "\\u12", "\\q", "\\u0041", "\\UFFFFFFFF", "\\x1B"};
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(term_unescape(bytes_str(bad[i]), &b));
}

static void a_message_keeps_its_lines_and_backslashes(void **state)
{
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	term_escape_message("a\\n\nb\033", &b);
	assert_string_equal(buf_text(&b), "a\\n\nb\\x1b");
}

static void wide_letters_take_two_columns(void **state)
{
	(void)state;
	assert_int_equal(term_width("abc"), 3);
	assert_int_equal(term_width("\xe6\xbc\xa2"), 2);
	assert_int_equal(term_width("e\xcc\x81"), 1);
	assert_int_equal(term_width("\xff"), 1);
}

static void times_are_shown_in_utc_and_here(void **state)
{
	char text[TERM_TIME_LEN];

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	term_time(1795254067, false, text);
	assert_string_equal(text, "2026-11-21 09:41:07 UTC");
	term_time(1795254067, true, text);
	assert_string_equal(text, "2026-11-21 09:41:07 UTC (10:41:07 CET)");
	term_time(1795303800, true, text);
	assert_string_equal(text, "2026-11-21 23:30:00 UTC (2026-11-22 00:30:00 CET)");
	setenv("TZ", "UTC", 1);
	tzset();
	term_time(0, true, text);
	assert_string_equal(text, "1970-01-01 00:00:00 UTC");
	term_time(UINT64_MAX / 2, true, text); /* no such year: must not overflow */
	assert_int_equal(text[0], '@');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_moves_the_cursor_is_left),
		cmocka_unit_test(any_bytes_come_back_from_their_escaped_form),
		cmocka_unit_test(what_the_escape_does_not_make_is_not_taken_back),
		cmocka_unit_test(a_message_keeps_its_lines_and_backslashes),
		cmocka_unit_test(wide_letters_take_two_columns),
		cmocka_unit_test(times_are_shown_in_utc_and_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
