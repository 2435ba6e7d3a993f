#include "tools/status.h"

#include <time.h>

#include "base/file.h"
#include "store/store.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"
#include "tools/status_file.h"

#define NOW 1000000

static void a_good_store_has_nothing_wrong(void **state)
{
	struct status status = {.now = NOW, .last_ts = entry_ts(NOW - 3, 1)};
	const struct status_limits limits = {.lag = 60};
	OWNED(buf_release) struct buf text = {0};

	(void)state;
	assert_int_equal(status_lag(&status), 3);
	assert_int_equal(status_check(&status, &limits, &text), 0);
	assert_int_equal(text.len, 0);
}

static void each_limit_that_is_exceeded_is_told(void **state)
{
	struct status status = {
		.now = NOW,
		.last_ts = entry_ts(NOW - 100, 1),
		.drill = {.known = true, .time = NOW - 500, .ok = true},
		.replicate = {.known = true, .time = NOW - 500, .ok = true},
	};
	struct status_limits limits = {.lag = 60, .offsite_age = 400, .drill_age = 400};
	OWNED(buf_release) struct buf text = {0};

	(void)state;
	assert_int_equal(status_check(&status, &limits, &text), 3);
	assert_non_null(strstr(buf_text(&text), "off-site"));
	assert_non_null(strstr(buf_text(&text), "drill"));
	limits = (struct status_limits){.lag = 100, .offsite_age = 500, .drill_age = 500};
	buf_reset(&text);
	assert_int_equal(status_check(&status, &limits, &text), 0);
}

static void what_never_happened_is_too_old_when_it_is_asked_for(void **state)
{
	struct status status = {.now = NOW};
	const struct status_limits limits = {.lag = 60, .offsite_age = 400, .drill_age = 400};
	const struct status_limits none = {0};
	OWNED(buf_release) struct buf text = {0};

	(void)state;
	assert_int_equal(status_check(&status, &limits, &text), 3);
	assert_int_equal(status_check(&status, &none, &text), 0);
}

static void gaps_damage_and_failures_are_wrong_without_a_limit(void **state)
{
	struct status status = {
		.now = NOW,
		.skipped = 1,
		.map = {.gap_count = 5, .lost_count = 2}, /* a retention let three go */
		.verify = {.known = true, .time = NOW, .ok = false},
		.drill = {.known = true, .time = NOW, .ok = false},
	};
	const struct status_limits none = {0};
	OWNED(buf_release) struct buf text = {0};

	(void)state;
	assert_int_equal(status_check(&status, &none, &text), 4);
	assert_non_null(strstr(buf_text(&text), "2 gaps"));
	status.map.gap_count = 0; /* it has none */
}

static void a_clock_that_is_behind_makes_no_negative_lag(void **state)
{
	struct status status = {.now = NOW, .last_ts = entry_ts(NOW + 5, 1)};

	(void)state;
	assert_int_equal(status_lag(&status), 0);
}

static void metrics_are_lines_that_prometheus_takes(void **state)
{
	struct status status = {
		.now = NOW,
		.last_ts = entry_ts(NOW - 3, 1),
		.drill = {.known = true, .time = 77, .ok = false},
		.tail = {.known = true, .connected = true, .entries = 12},
	};
	OWNED(buf_release) struct buf text = {0};
	const char *line;

	(void)state;
	status_metrics(&status, &text);
	assert_non_null(strstr(buf_text(&text), "\nyester_lag_seconds 3\n"));
	assert_non_null(strstr(buf_text(&text), "\nyester_last_drill_timestamp_seconds 77\n"));
	assert_non_null(strstr(buf_text(&text), "\nyester_last_drill_ok 0\n"));
	assert_non_null(strstr(buf_text(&text), "\nyester_tail_entries_total 12\n"));
	assert_null(strstr(buf_text(&text), "yester_last_verify"));
	for (line = buf_text(&text); *line != '\0'; line = strchr(line, '\n') + 1)
		assert_true(strncmp(line, "# HELP yester_", 14) == 0 ||
			    strncmp(line, "# TYPE yester_", 14) == 0 ||
			    strncmp(line, "yester_", 7) == 0);
}

static void what_verbs_leave_behind_is_read_again(void **state)
{
	OWNED(free) char *path = xprintf("%s/store", harness_tmpdir());
	struct store_params params;
	const struct store_options options = {0};
	struct status_tail tail = {
		.connected = true, .member = "h:1", .entries = 5, .last_ts = entry_ts(70, 2)};
	OWNED(status_release) struct status status = {0};
	OWNED(store_close) struct store *store = NULL;
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(path, &params, &e));
	ASSERT_OK(test_store_open(path, &options, &store, &e));
	ASSERT_OK(status_file_put(store, "drill.json",
				  bytes_str("{\"time\": 50, \"at\": \"latest\", \"ok\": true, "
					    "\"seconds\": 3, \"documents\": 9}"),
				  &e));
	ASSERT_OK(status_file_put(store, "verify.json", bytes_str("{\"time\": "), &e));
	tail.time = (uint64_t)time(NULL);
	status_tail_json(&tail, &text);
	ASSERT_OK(status_file_put(store, "tail.json", buf_bytes(&text), &e));
	buf_reset(&text);
	assert_int_equal(ASSERT_OK(file_read(harness_path(store_tmp(store), "../status/tail.json"),
					     65536, &text, &e)),
			 1);
	assert_true((memmem(text.at, text.len, "h:1", 3) != NULL) != test_store_is_encrypted());
	ASSERT_OK(status_gather(store, &status, &e));
	assert_true(status.drill.known && status.drill.ok);
	assert_int_equal(status.drill.documents, 9);
	assert_string_equal(status.drill.what, "latest");
	assert_false(status.verify.known);
	assert_true(status.tail.known && status.tail.connected);
	assert_string_equal(status.tail.member, "h:1");
	assert_int_equal(status.tail.last_ts, entry_ts(70, 2));
	assert_true(status.stored_bytes > 0);
}

static void a_manifest_that_cannot_be_read_is_counted(void **state)
{
	OWNED(free) char *path = xprintf("%s/damaged", harness_tmpdir());
	OWNED(free) char *manifest = xprintf("%s/snapshots/%064d", path, 7);
	struct store_params params;
	const struct store_options options = {0};
	OWNED(status_release) struct status status = {0};
	OWNED(store_close) struct store *store = NULL;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(path, &params, &e));
	ASSERT_OK(test_store_open(path, &options, &store, &e));
	ASSERT_OK(status_gather(store, &status, &e));
	assert_int_equal(status.skipped, 0);
	status_release(&status);
	ASSERT_OK(file_put(manifest, store_tmp(store), bytes_str("no manifest"), &e));
	ASSERT_OK(status_gather(store, &status, &e));
	assert_int_equal(status.skipped, 1);
}

static void without_its_key_nothing_is_left_in_an_encrypted_store(void **state)
{
	const struct store_options options = {.keyless = true};
	OWNED(free) char *path = xprintf("%s/sealed", harness_tmpdir());
	OWNED(store_close) struct store *store = NULL;
	OWNED(buf_release) struct buf text = {0};
	struct store_params params;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_params_default(&params, &e));
	params.encrypted = true;
	ASSERT_OK(store_init_cache(path, &params, &e));
	ASSERT_OK(store_open(path, &options, &store, &e));
	ASSERT_ERROR(status_file_put(store, "replicate.json", bytes_str("{}"), &e), ERR_WRONG_KEY);
	assert_int_equal(ASSERT_OK(status_file_get(store, "replicate.json", &text, &e)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_store_has_nothing_wrong),
		cmocka_unit_test(each_limit_that_is_exceeded_is_told),
		cmocka_unit_test(what_never_happened_is_too_old_when_it_is_asked_for),
		cmocka_unit_test(gaps_damage_and_failures_are_wrong_without_a_limit),
		cmocka_unit_test(a_clock_that_is_behind_makes_no_negative_lag),
		cmocka_unit_test(metrics_are_lines_that_prometheus_takes),
		cmocka_unit_test(what_verbs_leave_behind_is_read_again),
		cmocka_unit_test(a_manifest_that_cannot_be_read_is_counted),
		cmocka_unit_test(without_its_key_nothing_is_left_in_an_encrypted_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
