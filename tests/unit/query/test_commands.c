/*
 * The reads of commands.bson.gz, and what a mongod 6.0.27 answered to them. tests/query/record.py makes the file; the collections that it
 * filled are the file's first documents.
 */
#include "query/command.h"

#include "base/bson_build.h"
#include "base/ejson.h"
#include "query/query_error.h"
#include "tests/unit/query/recorded.h"

#ifndef CORPUS /* test_commands_suites.c has another one */
#define CORPUS "tests/unit/query/commands.bson.gz"
#endif
#define SHOWN 8 /* failures that are printed whole */

static struct recorded corpus;

static int set_up(void **state)
{
	(void)state;
	recorded_open(&corpus, CORPUS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recorded_close(&corpus);
	return 0;
}

/* ---- commands */

/* All documents of a cursor, `most` at a time, as an array's fields; *ret_open: was it open after the first batch? */
static int draw(struct query_cursor *cursor, int64_t first, int64_t most, struct buf *ret,
		bool *ret_open, struct error *e)
{
	OWNED(buf_release) struct buf batch = {0};
	bool done = false;
	size_t number = 0;

	for (int i = 0; !done; i++) {
		size_t begin = bson_build_begin(&batch);
		struct bson_fields fields;
		struct bson_field field;
		int64_t count;
		char name[24];

		if (query_cursor_batch(cursor, i == 0 ? first : most, &batch, &count, &done, e) < 0)
			return e->code;
		bson_build_end(&batch, begin);
		if (i == 0)
			*ret_open = !done;
		fields = bson_fields(buf_bytes(&batch));
		while (bson_fields_next(&fields, &field, e) == 1) {
			snprintf(name, sizeof(name), "%zu", number++);
			bson_build_value(ret, name, BSON_KIND_DOCUMENT, field.value);
		}
		buf_reset(&batch);
		if (most == 0 || query_cursor_is_tailable(cursor))
			break;
	}
	return 0;
}

/* `most` 0: the first batch only, as the corpus has it. */
static int open_and_draw(const struct query_request *request, bool find, int64_t most,
			 struct buf *ret, struct error *e)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	bool is_open = false;
	size_t list;

	if ((find ? query_find : query_aggregate)(request, &cursor, e) < 0)
		return e->code;
	bson_build_string(ret, "ns", query_cursor_ns(cursor));
	list = bson_build_open_array(ret, "docs");
	if (draw(cursor, most == 0 ? query_cursor_first(cursor) : most, most, ret, &is_open, e) < 0)
		return e->code;
	bson_build_end(ret, list);
	bson_build_bool(ret, "open", is_open);
	return 0;
}

static int answer_distinct(const struct query_request *request, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf values = {0};

	if (query_distinct(request, &values, e) < 0)
		return e->code;
	bson_build_value(ret, "values", BSON_KIND_ARRAY, buf_bytes(&values));
	return 0;
}

/* What of an explain the corpus has. */
static int answer_explain(const struct query_request *request, struct buf *ret, struct error *e)
{
	static const char *const kept[] = {"namespace", "parsedQuery", "winningPlan"};
	static const char *const counted[] = {"nReturned", "totalDocsExamined", "executionSuccess"};
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&reply);
	struct bson_field part;
	struct value planner, stats;

	if (query_explain(request, &reply, e) < 0)
		return e->code;
	bson_build_end(&reply, begin);
	planner = value_get(buf_bytes(&reply), bytes_str("queryPlanner"));
	for (size_t i = 0; planner.type == BSON_KIND_DOCUMENT && i < COUNT_OF(kept); i++) {
		if (bson_find(planner.data, kept[i], &part, e) == 1)
			bson_build_value(ret, kept[i], part.type, part.value);
	}
	stats = value_get(buf_bytes(&reply), bytes_str("executionStats"));
	for (size_t i = 0; stats.type == BSON_KIND_DOCUMENT && i < COUNT_OF(counted); i++) {
		if (bson_find(stats.data, counted[i], &part, e) == 1)
			bson_build_value(ret, counted[i], part.type, part.value);
	}
	return 0;
}

static int answer(const struct query_request *request, struct bytes verb, int64_t most,
		  struct buf *ret, struct error *e)
{
	struct value explain = value_get(request->cmd, bytes_str("explain"));
	int64_t count;

	if (bytes_equal(verb, bytes_str("explain")) || value_is_true(&explain))
		return answer_explain(request, ret, e);
	if (bytes_equal(verb, bytes_str("count"))) {
		if (query_count(request, &count, e) < 0)
			return e->code;
		bson_build_int32(ret, "n", (int32_t)count);
		return 0;
	}
	if (bytes_equal(verb, bytes_str("distinct")))
		return answer_distinct(request, ret, e);
	return open_and_draw(request, bytes_equal(verb, bytes_str("find")), most, ret, e);
}

/* The reply as the corpus would have it. */
static void reply_to(struct bytes cmd, struct bytes verb, int64_t most, struct buf *ret)
{
	struct query_request request = {
		.moment = corpus.moment, .db = bytes_str(RECORDED_DB), .cmd = cmd};
	OWNED(buf_release) struct buf text = {0};
	char name[QUERY_ERROR_NAME_MAX];
	size_t begin = bson_build_begin(ret);
	struct error e = {0};

	if (answer(&request, verb, most, ret, &e) < 0) {
		int code = e.server == 0 ? QUERY_UNKNOWN_ERROR : e.server;

		buf_reset(ret);
		begin = bson_build_begin(ret);
		bson_build_int32(ret, "code", code);
		query_error_name(code, name);
		bson_build_string(ret, "codeName", bytes_str(name));
		query_error_text(&e, &text);
		bson_build_string(ret, "errmsg", buf_bytes(&text));
	}
	bson_build_end(ret, begin);
}

static const char *shown(struct bytes doc, struct buf *text)
{
	struct error e = {0};

	buf_reset(text);
	if (ejson_write(doc, EJSON_CANONICAL, text, &e) < 0)
		buf_add_str(text, e.text);
	return buf_text(text);
}

/* Are all fields of `want` in `have`, the same bytes? */
static bool has_all(struct bytes want, struct bytes have)
{
	struct bson_fields fields = bson_fields(want);
	struct bson_field field;
	struct error e = {0};

	while (ASSERT_OK(bson_fields_next(&fields, &field, &e)) == 1) {
		struct bson_field found;
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)field.name.len,
			 (const char *)field.name.at);
		if (ASSERT_OK(bson_find(have, name, &found, &e)) == 0 || found.type != field.type ||
		    !bytes_equal(found.value, field.value))
			return false;
	}
	return true;
}

/* The same documents, whatever the size of the batches is. */
static bool same_in_small_batches(struct bytes cmd, struct bytes verb, struct bytes want)
{
	OWNED(buf_release) struct buf have = {0};
	struct bson_field docs, found, is_open;
	struct error e = {0};

	if (ASSERT_OK(bson_find(want, "docs", &docs, &e)) == 0 ||
	    ASSERT_OK(bson_find(want, "open", &is_open, &e)) == 0 || is_open.value.at[0] != 0 ||
	    value_get(cmd, bytes_str("singleBatch")).type != 0)
		return true;
	reply_to(cmd, verb, 2, &have);
	return ASSERT_OK(bson_find(buf_bytes(&have), "docs", &found, &e)) == 1 &&
	       bytes_equal(found.value, docs.value);
}

/* All commands of the corpus with this verb. */
static void check_all(const char *wanted)
{
	OWNED(buf_release) struct buf have = {0}, text = {0};
	struct bytes rest = corpus.rest, pair;
	int asked = 0, failed = 0;

	while (recorded_next(&rest, &pair)) {
		struct bytes cmd = value_get(pair, bytes_str("command")).data;
		struct bytes want = value_get(pair, bytes_str("reply")).data;
		struct bson_fields fields = bson_fields(cmd);
		struct bson_field verb;
		struct error e = {0};
		bool whole;

		assert_int_equal(ASSERT_OK(bson_fields_next(&fields, &verb, &e)), 1);
		if (!bytes_equal(verb.name, bytes_str(wanted)))
			continue;
		asked++;
		buf_reset(&have);
		reply_to(cmd, verb.name, 0, &have);
		whole = has_all(want, buf_bytes(&have));
		if (whole && same_in_small_batches(cmd, verb.name, want))
			continue;
		if (failed++ >= SHOWN)
			continue;
		fprintf(stderr, "%s: %s\n", whole ? "in batches of two" : "another answer",
			shown(cmd, &text));
		fprintf(stderr, "  mongod: %.6000s\n", shown(want, &text));
		fprintf(stderr, "  ours:   %.6000s\n", shown(buf_bytes(&have), &text));
	}
	fprintf(stderr, "%s: %d asked, %d answered otherwise\n", wanted, asked, failed);
	assert_true(asked > 0);
	assert_int_equal(failed, 0);
}

static void a_find_is_answered_as_mongod_answers_it(void **state)
{
	(void)state;
	check_all("find");
}

static void an_aggregate_is_answered_as_mongod_answers_it(void **state)
{
	(void)state;
	check_all("aggregate");
}

static void a_count_is_answered_as_mongod_answers_it(void **state)
{
	(void)state;
	check_all("count");
}

static void a_distinct_is_answered_as_mongod_answers_it(void **state)
{
	(void)state;
	check_all("distinct");
}

static void an_explain_tells_the_query_that_mongod_tells(void **state)
{
	(void)state;
	check_all("explain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_find_is_answered_as_mongod_answers_it),
		cmocka_unit_test(an_aggregate_is_answered_as_mongod_answers_it),
		cmocka_unit_test(a_count_is_answered_as_mongod_answers_it),
		cmocka_unit_test(a_distinct_is_answered_as_mongod_answers_it),
		cmocka_unit_test(an_explain_tells_the_query_that_mongod_tells),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
