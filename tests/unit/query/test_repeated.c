/*
 * What a fuzzer of commands found. A field that comes twice in a document that a parser reads: what mongod 6.0.27 makes of it. Lists that
 * are long, loops that do not end, what they leave behind.
 */
#include "query/command.h"

#include <bson/bson.h>
#include <sys/resource.h>

#include "base/bson_build.h"
#include "base/clock.h"
#include "base/ejson.h"
#include "query/query_error.h"
#include "tests/unit/query/recorded.h"

#define LONG 30000 /* elements of a list; what took a time of their square took more than SOON */
#define SOON 5000  /* ms */
#define LEFT_MAX (512 * 1024) /* KiB; it was some GiB */

static struct recorded recorded;

static int set_up(void **state)
{
	(void)state;
	recorded_open(&recorded, "tests/unit/query/commands.bson.gz");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recorded_close(&recorded);
	return 0;
}

/* The first batch of a pipeline, as an array; or the error. */
static int ask(struct bytes cmd, struct buf *ret, struct error *e)
{
	struct query_request request = {
		.moment = recorded.moment, .db = bytes_str(RECORDED_DB), .cmd = cmd};
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	int64_t count;
	size_t begin;
	bool done;

	assert_true(bson_check(cmd, BSON_CHECK_STRUCTURE, e) == 0);
	if (query_check_aggregate(&request, e) < 0 || query_aggregate(&request, &cursor, e) < 0)
		return e->code;
	begin = bson_build_begin(ret);
	if (query_cursor_batch(cursor, QUERY_BATCH_ALL, ret, &count, &done, e) < 0)
		return e->code;
	bson_build_end(ret, begin);
	return 0;
}

static int ask_stages(const char *stages, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	bson_error_t error;
	bson_t *cmd;
	int code;

	buf_printf(&text, "{\"aggregate\": \"series\", \"pipeline\": [%s], \"cursor\": {}}",
		   stages);
	cmd = bson_new_from_json((const uint8_t *)buf_text(&text), -1, &error);
	assert_non_null(cmd);
	code = ask(bytes_of(bson_get_data(cmd), cmd->len), ret, e);
	bson_destroy(cmd);
	return code;
}

static void check_refused(const char *stage, const char *field)
{
	OWNED(buf_release) struct buf reply = {0};
	struct error e = {0};

	if (ask_stages(stage, &reply, &e) >= 0 || e.server != 40413)
		print_error("%s: %d %s\n", stage, e.server, e.text);
	assert_int_equal(e.server, 40413);
	assert_non_null(strstr(e.text, field));
	assert_non_null(strstr(e.text, "' is a duplicate field"));
}

static void a_generated_parser_refuses_a_field_that_comes_twice(void **state)
{
	static const char *const cases[][2] = {
		{"{\"$densify\": {\"field\": \"v\", \"range\": {\"step\": 1, \"bounds\": \"full\"},"
		 " \"partitionByFields\": [\"a\", \"b\", \"c\", \"d\"], \"partitionByFields\": "
		 "[\"g\"]}}",
		 "'$densify.partitionByFields'"},
		{"{\"$densify\": {\"field\": \"v\", \"field\": \"v\", \"range\": {\"step\": 1, "
		 "\"bounds\": \"full\"}}}",
		 "'$densify.field'"},
		{"{\"$densify\": {\"field\": \"v\", \"range\": {\"step\": 1, \"bounds\": \"full\", "
		 "\"step\": 1}}}",
		 "'$densify.range.step'"},
		{"{\"$fill\": {\"output\": {\"v\": {\"value\": 1}}, \"output\": {}}}",
		 "'$fill.output'"},
		{"{\"$fill\": {\"output\": {\"v\": {\"value\": 1, \"value\": 1}}}}",
		 "'$fill.value'"},
		{"{\"$setWindowFields\": {\"output\": {}, \"output\": {}}}",
		 "'$setWindowFields.output'"},
		{"{\"$replaceRoot\": {\"newRoot\": {}, \"newRoot\": {}}}",
		 "'$replaceRoot.newRoot'"},
		{"{\"$unionWith\": {\"coll\": \"c\", \"coll\": \"c\"}}", "'$unionWith.coll'"},
		{"{\"$collStats\": {\"count\": {}, \"count\": {}}}", "'$collStats.count'"},
		{"{\"$collStats\": {\"latencyStats\": {\"histograms\": true, \"histograms\": "
		 "true}}}",
		 "'$collStats.latencyStats.histograms'"},
		{"{\"$merge\": {\"into\": \"x\", \"into\": \"x\"}}", "'$merge.into'"},
		{"{\"$merge\": {\"into\": {\"db\": \"x\", \"db\": \"x\", \"coll\": \"x\"}}}",
		 "'into.db'"},
		{"{\"$lookup\": {\"from\": {\"db\": \"x\", \"db\": \"x\"}, \"as\": \"x\"}}",
		 "'from.db'"},
		{"{\"$match\": {\"$jsonSchema\": {\"properties\": {\"a\": {\"encrypt\": "
		 "{\"bsonType\": \"int\", \"bsonType\": \"int\"}}}}}}",
		 "'encrypt.bsonType'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_refused(cases[i][0], cases[i][1]);
}

static void check_first(const char *stages, const char *want)
{
	OWNED(buf_release) struct buf reply = {0}, text = {0};
	struct error e = {0};
	struct value first;

	ASSERT_OK(ask_stages(stages, &reply, &e));
	first = value_at(buf_bytes(&reply), 0);
	assert_int_equal(first.type, BSON_KIND_DOCUMENT);
	ASSERT_OK(ejson_write(first.data, EJSON_RELAXED, &text, &e));
	assert_string_equal(buf_text(&text), want);
}

static void a_parser_by_hand_adds_up_or_takes_the_last(void **state)
{
	(void)state;
	check_first("{\"$bucketAuto\": {\"groupBy\": \"$_id\", \"buckets\": 2, \"output\": {\"a\": "
		    "{\"$sum\": 1}}, \"output\": {\"b\": {\"$max\": \"$_id\"}}}}",
		    "{\"_id\":{\"min\":0,\"max\":6},\"a\":6,\"b\":5}");
	check_first("{\"$bucket\": {\"groupBy\": \"$_id\", \"boundaries\": [0, 3], \"boundaries\": "
		    "[100], \"output\": {\"a\": {\"$sum\": 1}}, \"output\": {\"b\": {\"$max\": "
		    "\"$_id\"}}}}",
		    "{\"_id\":0,\"a\":3,\"b\":2}");
	check_first("{\"$project\": {\"_id\": 0, \"x\": {\"$sortArray\": {\"input\": [{\"a\": 1, "
		    "\"b\": 2}, {\"a\": 0, \"b\": 3}], \"sortBy\": {\"a\": 1, \"b\": 1, \"c\": 1, "
		    "\"d\": 1}, \"sortBy\": {\"b\": 1}}}}}",
		    "{\"x\":[{\"a\":1,\"b\":2},{\"a\":0,\"b\":3}]}");
	check_first("{\"$project\": {\"_id\": 0, \"x\": {\"$switch\": {\"branches\": [{\"case\": "
		    "false, \"then\": 1}], \"default\": 7, \"branches\": [{\"case\": true, "
		    "\"then\": 2}]}}}}",
		    "{\"x\":2}");
	check_first("{\"$project\": {\"_id\": 0, \"x\": {\"$zip\": {\"inputs\": [[1], [2]], "
		    "\"inputs\": [[3]]}}}}",
		    "{\"x\":[[1,2,3]]}");
}

/* {aggregate: "series", pipeline: [{$match: {$jsonSchema: {keyword: [...]}}}]} */
static void build_schema(const char *keyword, bool is_text, struct buf *ret)
{
	size_t begin = bson_build_begin(ret), pipeline, stage, match, schema, list;
	char name[24], text[24];

	bson_build_string(ret, "aggregate", bytes_str("series"));
	pipeline = bson_build_open_array(ret, "pipeline");
	stage = bson_build_open(ret, "0");
	match = bson_build_open(ret, "$match");
	schema = bson_build_open(ret, "$jsonSchema");
	list = bson_build_open_array(ret, keyword);
	for (int i = 0; i < LONG; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(text, sizeof(text), "s%d", i);
		if (is_text)
			bson_build_string(ret, name, bytes_str(text));
		else
			bson_build_int32(ret, name, i);
	}
	bson_build_end(ret, list);
	bson_build_end(ret, schema);
	bson_build_end(ret, match);
	bson_build_end(ret, stage);
	bson_build_end(ret, pipeline);
	bson_build_end(ret, bson_build_open(ret, "cursor"));
	bson_build_end(ret, begin);
}

static void a_long_list_of_a_schema_takes_a_time_of_its_length(void **state)
{
	static const struct {
		const char *keyword;
		bool is_text;
		int server;
	} cases[] = {
		{"required", true, 0}, {"enum", false, 0}, {"bsonType", true, QUERY_BAD_VALUE}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf cmd = {0}, reply = {0};
		uint64_t begin = clock_ms();
		struct error e = {0};

		build_schema(cases[i].keyword, cases[i].is_text, &cmd);
		assert_int_equal(ask(buf_bytes(&cmd), &reply, &e) < 0, cases[i].server != 0);
		assert_int_equal(e.server, cases[i].server);
		assert_true(clock_ms() - begin < SOON);
	}
}

/* Two loops of a million steps in each other, in documents and in expressions. */
static void a_long_loop_ends_at_its_time(void **state)
{
	static const char *const cases[] = {
		"{\"$project\": {\"x\": {\"$map\": {\"input\": {\"$range\": [0, 1000000]}, \"in\": "
		"{\"$size\": {\"$map\": {\"input\": {\"$range\": [0, 1000000]}, \"in\": "
		"\"$_id\"}}}}}}}",
		"{\"$project\": {\"x\": {\"$filter\": {\"input\": {\"$range\": [0, 1000000]}, "
		"\"cond\": "
		"{\"$in\": [\"$_id\", {\"$range\": [1000, 1000000]}]}}}}}",
		"{\"$set\": {\"a\": {\"$range\": [0, 1000000]}}}, {\"$unwind\": \"$a\"}, "
		"{\"$set\": "
		"{\"b\": {\"$range\": [0, 1000000]}}}, {\"$unwind\": \"$b\"}, {\"$count\": \"n\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf reply = {0}, text = {0};
		struct error e = {0};

		buf_printf(&text, "%s], \"maxTimeMS\": 300, \"comment\": [", cases[i]);
		assert_true(ask_stages(buf_text(&text), &reply, &e) < 0);
		assert_int_equal(e.server, QUERY_MAX_TIME_EXPIRED);
	}
}

static void the_steps_of_a_loop_leave_nothing_behind(void **state)
{
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	check_first("{\"$limit\": 1}, {\"$project\": {\"_id\": 0, \"x\": {\"$sum\": {\"$map\": "
		    "{\"input\": {\"$range\": [0, 50]}, \"in\": {\"$add\": [\"$_id\", {\"$size\": "
		    "{\"$range\": [0, 1000000]}}]}}}}}}",
		    "{\"x\":50000000}");
	getrusage(RUSAGE_SELF, &after);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, LEFT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_generated_parser_refuses_a_field_that_comes_twice),
		cmocka_unit_test(a_parser_by_hand_adds_up_or_takes_the_last),
		cmocka_unit_test(a_long_list_of_a_schema_takes_a_time_of_its_length),
		cmocka_unit_test(a_long_loop_ends_at_its_time),
		cmocka_unit_test(the_steps_of_a_loop_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
