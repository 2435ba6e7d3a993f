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
		{"no\r\nyester: all is well", "no  yester: all is well"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		OWNED(free) char *text = xstrndup(rows[i].text, strlen(rows[i].text));

		live_denied_shorten(text);
		assert_string_equal(text, rows[i].expected);
	}
}

static void a_login_that_was_cut_off_is_none_that_was_refused(void **state)
{
	static const struct {
		uint32_t domain, code;
		const char *text;
		bool denied;
	} rows[] = {
		{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, "Authentication failed.",
		 true},
		{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE,
		 "Received authentication for mechanism MONGODB-X509 which is not enabled", true},
		{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE,
		 "Failed to send \"saslContinue\" command with database \"admin\": Failed to read "
		 "4 "
		 "bytes: socket error or timeout",
		 false},
		{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE,
		 "The server is in quiesce mode and will shut down", false},
		{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, "interrupted at shutdown",
		 false},
		{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, "", false},
		{MONGOC_ERROR_SERVER, LIVE_AUTHENTICATION_FAILED, "Authentication failed.", true},
		{MONGOC_ERROR_SERVER, LIVE_UNAUTHORIZED, "interrupted is a role", true},
		{MONGOC_ERROR_SERVER, 91, "Authentication failed.", false},
		{MONGOC_ERROR_STREAM, LIVE_AUTHENTICATION_FAILED, "Authentication failed.", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bson_error_t why;

		bson_set_error(&why, rows[i].domain, rows[i].code, "%s", rows[i].text);
		assert_int_equal(live_denied(&why), rows[i].denied);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quoted_command_is_cut_behind_its_name),
		cmocka_unit_test(a_login_that_was_cut_off_is_none_that_was_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
