#include "tools/log_span.h"

#include "tests/unit/tools/log_model.h"

#define PLAIN "'op':'i','ns':'x.y','o':{'_id':1}"
#define FIRST LOG_MODEL_TS(10)
#define LAST LOG_MODEL_TS(50)
#define NOW 7201

static struct snapshot two[2] = {
	{.name = (char *)"about", .time = 1, .id = {{0x1a}}},
	{.name = (char *)"exact", .time = 1, .exact = true, .optime = {1, 30}, .id = {{0x2b}}},
};
static const struct snapshot_list list = {two, 2};

static struct stream *make(struct store **ret_store)
{
	static const struct log_model_entry entries[] = {{10, PLAIN}, {30, PLAIN}, {50, PLAIN}};
	struct stream *stream = NULL;
	struct error e = {0};

	*ret_store = log_model_store();
	log_model_add(*ret_store, entries, COUNT_OF(entries));
	ASSERT_OK(stream_open(*ret_store, &stream, NULL, &e));
	return stream;
}

static void each_form_is_inclusive_at_both_ends(void **state)
{
	static const struct {
		const char *since, *until;
		uint64_t from, to;
	} cases[] = {
		{NULL, NULL, FIRST, LAST},
		{"1.30", NULL, LOG_MODEL_TS(30), LAST},
		{"1.30~", NULL, LOG_MODEL_TS(30), LAST},
		{"1.31", "1.49", LOG_MODEL_TS(31), LOG_MODEL_TS(49)},
		{NULL, "1.30", FIRST, LOG_MODEL_TS(30)},
		{NULL, "1.30~", FIRST, LOG_MODEL_TS(29)},
		{"@1", "@1", FIRST, LAST},
		{"1970-01-01T01:00:01+01:00", "now", FIRST, LAST},
		{"now-2h", NULL, FIRST, LAST},
		{"latest", "latest", LAST, LAST},
		{"latest-1s", NULL, FIRST, LAST},
		/* Of a snapshot: what it does not have; up to what it has. */
		{"exact", NULL, LOG_MODEL_TS(31), LAST},
		{"exact~", NULL, LOG_MODEL_TS(30), LAST},
		{NULL, "exact", FIRST, LOG_MODEL_TS(30)},
		{"id:2b", NULL, LOG_MODEL_TS(31), LAST},
		{"latest-snapshot", NULL, LOG_MODEL_TS(31), LAST},
	};
	OWNED(store_close) struct store *store = NULL;
	OWNED(stream_close) struct stream *stream = make(&store);
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct log_span span;

		ASSERT_OK(log_span_read(stream, &list, cases[i].since, cases[i].until, NOW, &span,
					&e));
		if (span.from != cases[i].from || span.to != cases[i].to)
			fail_msg("%s to %s: %x to %x", cases[i].since, cases[i].until,
				 entry_increment(span.from), entry_increment(span.to));
	}
}

static void what_the_oplog_lacks_is_cut_and_told(void **state)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(stream_close) struct stream *stream = make(&store);
	struct log_span span;
	struct error e = {0};

	(void)state;
	ASSERT_OK(log_span_read(stream, &list, "1.9", "1.51", NOW, &span, &e));
	assert_true(span.begins_before_oplog && span.ends_after_oplog);
	assert_true(span.from == FIRST && span.to == LAST);
	ASSERT_OK(log_span_read(stream, &list, "1.10", "1.50", NOW, &span, &e));
	assert_false(span.begins_before_oplog || span.ends_after_oplog);
	ASSERT_OK(log_span_read(stream, &list, "@2", NULL, NOW, &span, &e));
	assert_true(span.from > span.to); /* nothing */
	ASSERT_OK(log_span_read(stream, &list, NULL, "@0~", NOW, &span, &e));
	assert_true(span.from > span.to);
}

static void mistakes_are_refused(void **state)
{
	const struct snapshot_list none = {0};
	OWNED(store_close) struct store *store = NULL;
	OWNED(stream_close) struct stream *stream = make(&store);
	OWNED(store_close) struct store *empty = log_model_store();
	OWNED(stream_close) struct stream *nothing = NULL;
	struct log_span span;
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(log_span_read(stream, &list, "1.31", "1.30", NOW, &span, &e), ERR_INVALID);
	ASSERT_ERROR(log_span_read(stream, &list, "1.30", "1.30~", NOW, &span, &e), ERR_INVALID);
	ASSERT_ERROR(log_span_read(stream, &list, "2026-11-21", NULL, NOW, &span, &e), ERR_INVALID);
	ASSERT_ERROR(log_span_read(stream, &list, "exactly", NULL, NOW, &span, &e), ERR_NOT_FOUND);
	ASSERT_ERROR(log_span_read(stream, &list, "id:ff", NULL, NOW, &span, &e), ERR_NOT_FOUND);
	ASSERT_ERROR(log_span_read(stream, &none, "latest-snapshot", NULL, NOW, &span, &e),
		     ERR_NO_TIME);
	ASSERT_OK(stream_open(empty, &nothing, NULL, &e));
	ASSERT_ERROR_TEXT(log_span_read(nothing, &list, NULL, NULL, NOW, &span, &e), ERR_NO_TIME,
			  "no oplog");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_inclusive_at_both_ends),
		cmocka_unit_test(what_the_oplog_lacks_is_cut_and_told),
		cmocka_unit_test(mistakes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
