#include "tools/live.h"

#include "tools/live_list.h"

#include "tests/harness/harness.h"

static void versions_that_were_run_are_taken_without_a_word(void **state)
{
	static const char *const versions[] = {"4.2.6", "4.4.29", "5.0.4", "6.0.27"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct error e = {0};

		assert_int_equal(live_version_check(versions[i], false, &e), 0);
	}
}

static void versions_that_could_not_be_run_are_taken_with_a_warning(void **state)
{
	static const char *const versions[] = {"7.0.14", "8.0.1", "8.2.0-rc0"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct error e = {0};

		assert_int_equal(live_version_check(versions[i], false, &e), 1);
	}
}

static void newer_versions_are_refused_unless_they_are_allowed(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(live_version_check("9.0.0", false, &e), ERR_REFUSED);
	assert_non_null(strstr(e.hint, "--allow-untested"));
	assert_int_equal(live_version_check("10.1.2", false, &e), ERR_REFUSED);
	assert_int_equal(live_version_check("9.0.0", true, &e), 1);
}

/* Its buckets would be missing: listings of servers from 8.3 on have no system.buckets collection. */
static void a_time_series_without_a_view_is_refused(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(live_list_check_series("shop", "heat", false, &e), 0);
	assert_int_equal(live_list_check_series("shop", "heat", true, &e), ERR_REFUSED);
	assert_non_null(strstr(e.text, "shop.heat is a time series without a view"));
	assert_non_null(strstr(e.hint, "mongodump"));
}

static void secrets_of_a_connection_string_are_hidden_in_texts(void **state)
{
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	struct error e = {0};
	char text[] = "user:s3cr3t%2F and s3cr3t/ failed at host";

	(void)state;
	assert_int_equal(live_uri_make("mongodb://user:s3cr3t%2F@host:1/?replicaSet=a", &uri, &e),
			 0);
	live_uri_hide(uri, text);
	assert_null(strstr(text, "s3cr3t"));
	assert_non_null(strstr(text, "failed at host"));
}

static void patience_is_what_the_string_says_else_ours(void **state)
{
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	struct error e = {0};

	(void)state;
	assert_int_equal(live_uri_make("mongodb://host/?socketTimeoutMS=77", &uri, &e), 0);
	live_uri_patience(uri, 11, 22);
	assert_int_equal(mongoc_uri_get_option_as_int32(uri->uri, MONGOC_URI_SOCKETTIMEOUTMS, 0),
			 77);
	assert_int_equal(mongoc_uri_get_option_as_int32(uri->uri, MONGOC_URI_CONNECTTIMEOUTMS, 0),
			 11);
}

static void what_writes_and_reads_wait_for_is_not_the_strings_to_say(void **state)
{
	static const char *const options[] = {"w=0", "w=majority&journal=true&wtimeoutMS=5",
					      "w=tag", "readConcernLevel=linearizable"};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		OWNED(live_uri_free) struct live_uri *uri = NULL;
		OWNED(free) char *text = xprintf("mongodb://host/?%s", options[i]);

		assert_int_equal(live_uri_make(text, &uri, &e), 0);
		assert_true(
			mongoc_write_concern_is_default(mongoc_uri_get_write_concern(uri->uri)));
		assert_true(mongoc_read_concern_is_default(mongoc_uri_get_read_concern(uri->uri)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_that_were_run_are_taken_without_a_word),
		cmocka_unit_test(versions_that_could_not_be_run_are_taken_with_a_warning),
		cmocka_unit_test(newer_versions_are_refused_unless_they_are_allowed),
		cmocka_unit_test(a_time_series_without_a_view_is_refused),
		cmocka_unit_test(secrets_of_a_connection_string_are_hidden_in_texts),
		cmocka_unit_test(patience_is_what_the_string_says_else_ours),
		cmocka_unit_test(what_writes_and_reads_wait_for_is_not_the_strings_to_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
