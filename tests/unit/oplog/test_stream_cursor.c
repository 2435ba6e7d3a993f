/* The optime of an entry, and seconds in which something happened. Walking is test_stream.c's. */
#include "oplog/stream_internal.h"
#include "tests/unit/oplog/stream_model.h"
#include "tests/unit/oplog/text_doc.h"

#define TS "'ts':{'$timestamp':{'t':100,'i':7}}"

/* 4.x have int64 there; other tools have made other numbers of it. */
static void a_term_may_be_a_number_of_any_type(void **state UNUSED)
{
	static const struct {
		const char *doc;
		int64_t term;
	} cases[] = {
		{"{" TS ",'t':3}", 3},
		{"{" TS ",'t':{'$numberLong':'3'}}", 3},
		{"{" TS ",'t':{'$numberDouble':'3.0'}}", 3},
		{"{'t':{'$numberDouble':'-1.0'}," TS "}", -1},
		{"{'t':-1," TS "}", -1},
		{"{" TS ",'v':2}", -1},
		/* The first one of a name counts. */
		{"{" TS ",'t':4,'t':5,'tx':6,'x':7}", 4},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry_optime at = {0};
		struct error e = {0};

		ASSERT_OK(stream_optime(text_doc(&b, cases[i].doc), &at, &e));
		assert_true(at.ts == entry_ts(100, 7));
		assert_int_equal(at.term, cases[i].term);
	}
}

static void what_has_no_optime_is_refused(void **state UNUSED)
{
	static const struct {
		const char *doc;
		const char *part;
	} cases[] = {
		{"{'t':3}", "it has no timestamp ts"},
		{"{'ts':3,'t':3}", "it has no timestamp ts"},
		{"{'ts':{'$timestamp':{'t':0,'i':0}},'t':3}", "its timestamp is zero"},
		{"{" TS ",'t':'x'}", "its term t has type 0x02"},
		{"{" TS ",'t':{'$numberDouble':'1.5'}}", "its term t has type 0x01"},
		{"{" TS ",'t':{'$numberDouble':'1e300'}}", "its term t has type 0x01"},
		{"{" TS ",'t':{'$numberDouble':'NaN'}}", "its term t has type 0x01"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry_optime at = {.ts = 77};
		struct error e = {0};

		ASSERT_ERROR_TEXT(stream_optime(text_doc(&b, cases[i].doc), &at, &e), ERR_CORRUPT,
				  cases[i].part);
		assert_int_equal(at.ts, 77);
	}
}

static void a_damaged_entry_has_no_optime(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = {0};
	struct bytes doc = text_doc(&b, "{'op':'i','t':3," TS "}");
	struct entry_optime at;
	struct error e = {0};

	for (size_t len = 5; len < doc.len - 1; len++)
		ASSERT_ERROR(stream_optime(bytes_of(doc.at, len), &at, &e), ERR_CORRUPT);
}

/* One entry a second: noops, in which nothing happened, in some. */
static void seconds_with_noops_only_are_passed_over(void **state UNUSED)
{
	static const char ops[] = "innniinnnn";
	OWNED(store_close) struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf docs = {0};
	uint32_t next[COUNT_OF(ops)] = {0}, last = 0;
	struct error e = {0};

	for (uint32_t i = 0; i < COUNT_OF(ops) - 1; i++) {
		OWNED(free)
		char *text = xprintf(
			"{'ts':{'$timestamp':{'t':%u,'i':1}},'t':1,'v':2,'op':'%c','ns':'a.b',"
			"'o':{'_id':%u}}",
			1700000000 + i, ops[i], i);

		text_doc(&docs, text);
	}
	/* In two ranges, with a gap between. */
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
	buf_reset(&docs);
	stream_model_insert(&docs, entry_ts(1700000020, 1), "a.b", NULL, 1);
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_range_count(stream), 2);
	for (uint32_t i = COUNT_OF(ops) - 1; i-- > 0;) {
		last = ops[i] == 'i' ? 1700000000 + i : last == 0 ? 1700000020 : last;
		next[i] = last;
	}
	for (uint32_t i = 0; i < COUNT_OF(ops) - 1; i++) {
		uint32_t second = 0;

		assert_int_equal(ASSERT_OK(stream_next_second(stream, 1700000000 + i, &second, &e)),
				 1);
		assert_int_equal(second, next[i]);
	}
	assert_int_equal(ASSERT_OK(stream_next_second(stream, 1700000021, &last, &e)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_term_may_be_a_number_of_any_type),
		cmocka_unit_test(what_has_no_optime_is_refused),
		cmocka_unit_test(a_damaged_entry_has_no_optime),
		cmocka_unit_test(seconds_with_noops_only_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
