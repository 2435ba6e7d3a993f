#include "query/stage/reorder.h"

#include <bson/bson.h>

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/gaps.h"
#include "tests/harness/harness.h"

/* The words of a pipeline, {"p": [...]}, in a new order. */
static char *reordered(const char *json)
{
	struct query_context q = {.constants = arena_new()};
	bson_error_t error;
	bson_t *doc = bson_new_from_json((const uint8_t *)json, -1, &error);
	struct value list;
	struct bytes out;
	bson_t view;
	char *text;

	if (doc == NULL)
		fail_msg("%s: %s", json, error.message);
	list = value_get(bytes_of(bson_get_data(doc), doc->len), bytes_str("p"));
	out = reorder_pipeline(&q, list.data);
	assert_true(bson_init_static(&view, out.at, out.len));
	text = bson_array_as_json(&view, NULL);
	bson_destroy(doc);
	arena_free(q.constants);
	return text;
}

struct order_case {
	const char *before, *after;
};

/* Seen on mongod 6.0.27 by what its explain lists, and by which errors of what is computed are met. */
static const struct order_case cases[] = {
	{"{\"p\": [{\"$addFields\": {\"r\": {\"$abs\": \"$b\"}}}, {\"$match\": {\"b\": 1}}]}",
	 "[ { \"$match\" : { \"b\" : 1 } }, { \"$addFields\" : { \"r\" : { \"$abs\" : \"$b\" } } } "
	 "]"},
	{"{\"p\": [{\"$addFields\": {\"r\": {\"$abs\": \"$b\"}}}, {\"$match\": {\"b\": 1, \"r\": "
	 "2}}]}",
	 "[ { \"$match\" : { \"b\" : 1 } }, { \"$addFields\" : { \"r\" : { \"$abs\" : \"$b\" } } "
	 "}, { "
	 "\"$match\" : { \"r\" : 2 } } ]"},
	{"{\"p\": [{\"$project\": {\"c\": \"$b\"}}, {\"$match\": {\"c.d\": 1}}]}",
	 "[ { \"$match\" : { \"b.d\" : 1 } }, { \"$project\" : { \"c\" : \"$b\" } } ]"},
	{"{\"p\": [{\"$project\": {\"o.p\": 1}}, {\"$match\": {\"o\": 1}}]}",
	 "[ { \"$project\" : { \"o.p\" : 1 } }, { \"$match\" : { \"o\" : 1 } } ]"},
	{"{\"p\": [{\"$project\": {\"o\": 0}}, {\"$match\": {\"o.p\": 1, \"q\": 2}}]}",
	 "[ { \"$match\" : { \"q\" : 2 } }, { \"$project\" : { \"o\" : 0 } }, { \"$match\" : { "
	 "\"o.p\" : 1 "
	 "} } ]"},
	{"{\"p\": [{\"$unwind\": \"$a\"}, {\"$match\": {\"a\": 1, \"b\": {\"$size\": 1}, \"c\": "
	 "2}}]}",
	 "[ { \"$match\" : { \"c\" : 2 } }, { \"$unwind\" : \"$a\" }, { \"$match\" : { \"$and\" : "
	 "[ { \"a\" : 1 }, "
	 "{ \"b\" : { \"$size\" : 1 } } ] } } ]"},
	{"{\"p\": [{\"$group\": {\"_id\": \"$a\"}}, {\"$match\": {\"_id\": 1}}]}",
	 "[ { \"$match\" : { \"a\" : 1 } }, { \"$group\" : { \"_id\" : \"$a\" } } ]"},
	{"{\"p\": [{\"$group\": {\"_id\": \"$a\"}}, {\"$match\": {\"_id\": {\"$exists\": true}}}]}",
	 "[ { \"$group\" : { \"_id\" : \"$a\" } }, { \"$match\" : { \"_id\" : { \"$exists\" : true "
	 "} } } ]"},
	{"{\"p\": [{\"$limit\": 3}, {\"$match\": {\"a\": 1}}]}",
	 "[ { \"$limit\" : 3 }, { \"$match\" : { \"a\" : 1 } } ]"},
	{"{\"p\": [{\"$sort\": {\"a\": 1}}, {\"$match\": {\"a\": 1}}, {\"$match\": {\"b\": 2}}]}",
	 "[ { \"$match\" : { \"$and\" : [ { \"a\" : 1 }, { \"b\" : 2 } ] } }, { \"$sort\" : { "
	 "\"a\" : 1 } } ]"},
	{"{\"p\": [{\"$unionWith\": \"c\"}, {\"$match\": {\"a\": 1}}]}",
	 "[ { \"$match\" : { \"a\" : 1 } }, { \"$unionWith\" : { \"coll\" : \"c\", \"pipeline\" : "
	 "[ { \"$match\" : { "
	 "\"a\" : 1 } } ] } } ]"},
	{"{\"p\": [{\"$redact\": \"$$KEEP\"}, {\"$match\": {\"a\": 1, \"b\": null}}]}",
	 "[ { \"$match\" : { \"a\" : 1 } }, { \"$redact\" : \"$$KEEP\" }, { \"$match\" : { \"a\" : "
	 "1, \"b\" : null } } ]"},
	{"{\"p\": [{\"$set\": {\"r\": 1}}, {\"$match\": {\"$expr\": {\"$and\": [{\"$gt\": [\"$b\", "
	 "0]}, {\"$gt\": "
	 "[\"$r\", 0]}]}}}]}",
	 "[ { \"$match\" : { \"$expr\" : { \"$gt\" : [ \"$b\", 0 ] } } }, { \"$set\" : { \"r\" : 1 "
	 "} }, { \"$match\" : { "
	 "\"$expr\" : { \"$and\" : [ { \"$gt\" : [ \"$b\", 0 ] }, { \"$gt\" : [ \"$r\", 0 ] } ] } "
	 "} } ]"},
	{"{\"p\": [{\"$set\": {\"r\": 1}}, {\"$match\": {\"$expr\": {\"$eq\": [\"$$ROOT\", 0]}}}]}",
	 "[ { \"$set\" : { \"r\" : 1 } }, { \"$match\" : { \"$expr\" : { \"$eq\" : [ \"$$ROOT\", 0 "
	 "] } } } ]"},
	{"{\"p\": [{\"$facet\": {\"x\": [{\"$set\": {\"r\": 1}}, {\"$match\": {\"a\": 1}}]}}]}",
	 "[ { \"$facet\" : { \"x\" : [ { \"$match\" : { \"a\" : 1 } }, { \"$set\" : { \"r\" : 1 } "
	 "} ] } } ]"},
	{"{\"p\": [{\"$set\": {\"r\": 1}}, {\"$match\": {\"$nor\": [{\"a\": 1}, {\"r\": 1}]}}]}",
	 "[ { \"$match\" : { \"$nor\" : [ { \"a\" : 1 } ] } }, { \"$set\" : { \"r\" : 1 } }, { "
	 "\"$match\" : { \"$nor\" : [ { "
	 "\"r\" : 1 } ] } } ]"},
	{"{\"p\": [{\"$set\": {\"r\": 1}}, {\"$match\": {\"$or\": [{\"a\": 1}, {\"r\": 1}]}}]}",
	 "[ { \"$set\" : { \"r\" : 1 } }, { \"$match\" : { \"$or\" : [ { \"a\" : 1 }, { \"r\" : 1 "
	 "} ] } } ]"},
	{"{\"p\": [{\"$addFields\": {\"a.z\": {\"$abs\": \"$x\"}}}, {\"$match\": {\"a.y\": 1, "
	 "\"a.0\": 2}}]}",
	 "[ { \"$match\" : { \"a.y\" : 1 } }, { \"$addFields\" : { \"a.z\" : { \"$abs\" : \"$x\" } "
	 "} }, { "
	 "\"$match\" : { \"a.0\" : 2 } } ]"},
	{"{\"p\": [{\"$addFields\": {\"a.z\": {\"$abs\": \"$x\"}}}, {\"$match\": {\"a.0.y\": 1}}]}",
	 "[ { \"$addFields\" : { \"a.z\" : { \"$abs\" : \"$x\" } } }, { \"$match\" : { \"a.0.y\" : "
	 "1 } } ]"},
	{"{\"p\": [{\"$addFields\": {\"a.z\": {\"$abs\": \"$x\"}}}, {\"$match\": {\"a.01\": 1}}]}",
	 "[ { \"$match\" : { \"a.01\" : 1 } }, { \"$addFields\" : { \"a.z\" : { \"$abs\" : \"$x\" "
	 "} } } ]"},
	{"{\"p\": [{\"$addFields\": {\"a.z\": {\"$abs\": \"$x\"}}}, {\"$match\": {\"$expr\": "
	 "{\"$eq\": "
	 "[\"$a.0\", 1]}}}]}",
	 "[ { \"$match\" : { \"$expr\" : { \"$eq\" : [ \"$a.0\", 1 ] } } }, { \"$addFields\" : { "
	 "\"a.z\" : { \"$abs\" : \"$x\" } } } ]"},
	{"{\"p\": [{\"$set\": {\"c\": \"$a\", \"e\": {\"$abs\": \"$x\"}}}, {\"$match\": "
	 "{\"$expr\": {\"$gt\": [\"$c.d\", \"$$ROOT.c\"]}}}]}",
	 "[ { \"$match\" : { \"$expr\" : { \"$gt\" : [ \"$a.d\", \"$a\" ] } } }, { \"$set\" : { "
	 "\"c\" : \"$a\", \"e\" : { \"$abs\" : \"$x\" } } } ]"},
	{"{\"p\": [{\"$set\": {\"c\": \"$a\", \"e\": {\"$abs\": \"$x\"}}}, {\"$match\": "
	 "{\"$expr\": {\"$eq\": [\"$c\", {\"$literal\": \"$c\"}]}}}]}",
	 "[ { \"$match\" : { \"$expr\" : { \"$eq\" : [ \"$a\", { \"$literal\" : \"$c\" } ] } } }, "
	 "{ \"$set\" : { \"c\" : \"$a\", \"e\" : { \"$abs\" : \"$x\" } } } ]"},
	{"{\"p\": [{\"$set\": {\"c\": \"$a\", \"e\": {\"$abs\": \"$x\"}}}, {\"$match\": "
	 "{\"$expr\": {\"$eq\": [\"$c\", \"$e\"]}}}]}",
	 "[ { \"$set\" : { \"c\" : \"$a\", \"e\" : { \"$abs\" : \"$x\" } } }, { \"$match\" : { "
	 "\"$expr\" : { \"$eq\" : [ \"$c\", \"$e\" ] } } } ]"},
	{"{\"p\": [{\"$set\": {\"c\": \"$a\", \"e\": {\"$abs\": \"$x\"}}}, {\"$match\": "
	 "{\"$expr\": {\"$eq\": [\"$c\", \"$$ROOT\"]}}}]}",
	 "[ { \"$set\" : { \"c\" : \"$a\", \"e\" : { \"$abs\" : \"$x\" } } }, { \"$match\" : { "
	 "\"$expr\" : { \"$eq\" : [ \"$c\", \"$$ROOT\" ] } } } ]"},
	{"{\"p\": [{\"$group\": {\"_id\": \"$a\"}}, {\"$match\": {\"$expr\": {\"$eq\": "
	 "[\"$_id.b\", 1]}}}]}",
	 "[ { \"$match\" : { \"$expr\" : { \"$eq\" : [ \"$a.b\", 1 ] } } }, { \"$group\" : { "
	 "\"_id\" : \"$a\" } } ]"},
	{"{\"p\": [{\"$group\": {\"_id\": \"$a\"}}, {\"$match\": {\"_id.b\": {\"$exists\": "
	 "true}}}]}",
	 "[ { \"$match\" : { \"a.b\" : { \"$exists\" : true } } }, { \"$group\" : { \"_id\" : "
	 "\"$a\" } } ]"},
	{"{\"p\": [{\"$group\": {\"_id\": {\"x\": \"$a\", \"y\": \"$b\"}}}, {\"$match\": {\"$or\": "
	 "[{\"_id\": {\"$not\": {\"$exists\": true}}}], \"_id.x\": 1}}]}",
	 "[ { \"$group\" : { \"_id\" : { \"x\" : \"$a\", \"y\" : \"$b\" } } }, { \"$match\" : { "
	 "\"$or\" : [ { \"_id\" : { \"$not\" : { \"$exists\" : true } } } ], \"_id.x\" : 1 } } ]"},
	{"{\"p\": [{\"$group\": {\"_id\": {\"x\": \"$a\"}}}, {\"$match\": {\"$jsonSchema\": "
	 "{\"required\": [\"_id\"]}, \"_id.x\": 1}}]}",
	 "[ { \"$group\" : { \"_id\" : { \"x\" : \"$a\" } } }, { \"$match\" : { \"$jsonSchema\" : "
	 "{ \"required\" : [ \"_id\" ] }, \"_id.x\" : 1 } } ]"},
	{"{\"p\": [{\"$addFields\": {\"x\": 1}}, {\"$match\": {\"$jsonSchema\": {\"allOf\": "
	 "[{\"required\": [\"a\"]}]}}}]}",
	 "[ { \"$match\" : { \"$jsonSchema\" : { \"allOf\" : [ { \"required\" : [ \"a\" ] } ] } } "
	 "}, { \"$addFields\" : { \"x\" : 1 } } ]"},
	{"{\"p\": [{\"$addFields\": {\"x\": 1}}, {\"$match\": {\"$jsonSchema\": {\"required\": "
	 "[\"x\"]}}}]}",
	 "[ { \"$addFields\" : { \"x\" : 1 } }, { \"$match\" : { \"$jsonSchema\" : { \"required\" "
	 ": [ \"x\" ] } } } ]"},
	{"{\"p\": [{\"$lookup\": {\"from\": \"d\", \"localField\": \"a\", \"foreignField\": "
	 "\"_id\", \"as\": \"x\"}}, {\"$match\": {\"b\": 1, \"x.y\": 2}}]}",
	 "[ { \"$match\" : { \"b\" : 1 } }, { \"$lookup\" : { \"from\" : \"d\", \"localField\" : "
	 "\"a\", \"foreignField\" : \"_id\", \"as\" : \"x\" } }, { \"$match\" : { \"x.y\" : 2 } } "
	 "]"},
	{"{\"p\": [{\"$match\": 5}, {\"$sort\": {}}]}",
	 "[ { \"$match\" : 5 }, { \"$sort\" : {  } } ]"},
};

static void a_match_goes_before_what_does_not_change_its_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = reordered(cases[i].before);

		assert_string_equal(text, cases[i].after);
		bson_free(text);
	}
}

/* 300 of 64 KiB each: put together one by one they would take 3 GB. */
static void many_long_queries_do_not_fill_the_memory(void **state)
{
	static char text[64 * 1024];
	struct query_context q = {.constants = arena_new()};
	OWNED(buf_release) struct buf list = {0};
	size_t begin = bson_build_begin(&list), stages = 0;
	struct bson_field stage;
	struct fields fields;
	struct bytes out;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 300; i++) {
		char name[8];
		size_t open, query;

		snprintf(name, sizeof(name), "%d", i);
		open = bson_build_open(&list, name);
		query = bson_build_open(&list, "$match");
		bson_build_string(&list, "a", bytes_str(text));
		bson_build_end(&list, query);
		bson_build_end(&list, open);
	}
	bson_build_end(&list, begin);
	out = reorder_pipeline(&q, buf_bytes(&list));
	assert_in_range(arena_used(q.constants), 1, 200 * MIB);
	/* Each query is still there, with 11 bytes at least around it. */
	assert_true(out.len > (size_t)300 * sizeof(text));
	fields = fields_of(out);
	while (fields_next(&fields, &stage))
		stages++;
	assert_in_range(stages, 2, 299);
	arena_free(q.constants);
}

static bool wanted(const char *json)
{
	bson_t *doc = bson_new_from_json((const uint8_t *)json, -1, NULL);
	struct value list = value_get(bytes_of(bson_get_data(doc), doc->len), bytes_str("p"));
	bool result = gaps_wanted(list.data);

	bson_destroy(doc);
	return result;
}

static void gaps_are_kept_for_pipelines_that_set_after_they_remove(void **state)
{
	(void)state;
	assert_true(
		wanted("{\"p\": [{\"$unset\": \"a\"}, {\"$limit\": 1}, {\"$set\": {\"a\": 1}}]}"));
	assert_true(wanted(
		"{\"p\": [{\"$facet\": {\"x\": [{\"$unset\": \"a\"}, {\"$set\": {\"a\": 1}}]}}]}"));
	assert_false(wanted("{\"p\": [{\"$set\": {\"a\": 1}}, {\"$project\": {\"a\": 1}}]}"));
	assert_false(wanted("{\"p\": [{\"$match\": {\"a\": 1}}, {\"$unset\": \"a\"}]}"));
}

static void gaps_are_passed_over_and_leave(void **state)
{
	struct buf doc = {0}, inner = {0}, room = {0};
	size_t begin = bson_build_begin(&inner);
	struct value v = value_int32(7);
	struct bson_field field;

	(void)state;
	value_write(&inner, bytes_str("x"), &v);
	gaps_write(&inner, bytes_str("y"));
	bson_build_end(&inner, begin);
	begin = bson_build_begin(&doc);
	gaps_write(&doc, bytes_str("a"));
	value_write(&doc, bytes_str("b"), &v);
	v = value_document(buf_bytes(&inner));
	value_write(&doc, bytes_str("c"), &v);
	bson_build_end(&doc, begin);
	assert_int_equal(value_count(buf_bytes(&doc)), 2);
	assert_false(fields_find(buf_bytes(&doc), bytes_str("a"), &field));
	v = value_document(gaps_strip(buf_bytes(&doc), &room));
	assert_null(memchr(v.data.at, FIELDS_GAP, v.data.len));
	assert_int_equal(v.data.len, doc.len - 6);
	/* What has none is not copied. */
	assert_ptr_equal(gaps_strip(v.data, &inner).at, v.data.at);
	buf_release(&doc);
	buf_release(&inner);
	buf_release(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_match_goes_before_what_does_not_change_its_fields),
		cmocka_unit_test(many_long_queries_do_not_fill_the_memory),
		cmocka_unit_test(gaps_are_kept_for_pipelines_that_set_after_they_remove),
		cmocka_unit_test(gaps_are_passed_over_and_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
