#include "tools/live_denied.h"

#include "tests/harness/harness.h"

static void a_quoted_command_is_cut_behind_its_name(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"not authorized on shop to execute command { insert: \"orders\", lsid: { id: 1 } "
		 "}",
		 "not authorized on shop to execute command { insert: \"orders\", ... }"},
		/* Just room for it; one byte too little. */
		{"x to execute command { ping: 1, a:1 }", "x to execute command { ping: 1, ... }"},
		{"x to execute command { ping: 1, a:1}", "x to execute command { ping: 1, a:1}"},
		{"x to execute command { ping: 1 }", "x to execute command { ping: 1 }"},
		{"a, b: not master", "a, b: not master"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		OWNED(free) char *text = xstrndup(rows[i].text, strlen(rows[i].text));

		live_denied_shorten(text);
		assert_string_equal(text, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quoted_command_is_cut_behind_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
