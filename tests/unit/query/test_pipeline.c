#include "query/stage/pipeline.h"

#include <bson/bson.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/query_error.h"
#include "query/stage/stage_make.h"
#include "tests/harness/harness.h"
#include "tests/unit/query/pipeline_errors.h"
#include "tests/unit/query/pipeline_results.h"

/* The collection `c`, to which the tables' pipelines were put on a real server. */
static const char the_document[] =
	"{\"_id\": 1, \"a\": 1, \"b\": {\"c\": 2, \"d\": [1, 2, {\"e\": 3}]}, \"s\": \"x\", "
	"\"arr\": [1, 2, 3, 4]}";

static bson_t *parsed(const char *json)
{
	bson_error_t error;
	bson_t *doc = bson_new_from_json((const uint8_t *)json, -1, &error);

	if (doc == NULL)
		fail_msg("%s: %s", json, error.message);
	return doc;
}

static struct bytes bytes_in(const bson_t *doc)
{
	return bytes_of(bson_get_data(doc), doc->len);
}

/* ---- a collection in memory: an array, and how often it is given */

struct array_stage {
	struct stage base;
	struct fields fields;
};

static struct bytes collection;
static unsigned opened; /* how often it was */

static int array_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct array_stage *self = (struct array_stage *)stage;
	struct bson_field field;

	(void)e;
	if (!fields_next(&self->fields, &field))
		return 0;
	*ret = (struct stage_doc){.doc = field.value};
	return 1;
}

static const struct stage_kind array_kind = {"ARRAY", array_next, NULL, NULL, NULL};

static int open_array(struct query_context *q, struct bytes db, struct bytes coll,
		      struct bytes pipeline, struct expr_scope *scope,
		      const struct expr_frame *vars, struct stage **ret, struct error *e)
{
	struct array_stage *self = NULL;

	(void)db;
	(void)vars;
	opened++;
	if (pipeline_needs_collection(pipeline)) {
		self = xcalloc(1, sizeof(*self));
		self->base.kind = &array_kind;
		self->base.q = q;
		self->fields = fields_of(bytes_equal(coll, bytes_str("c")) ? collection
									   : bson_build_empty());
	}
	return pipeline_build(q, scope != NULL ? scope : expr_scope_new(q), pipeline,
			      self == NULL ? NULL : &self->base, ret, e);
}

static int no_entry(struct query_context *q, struct bytes db, struct bytes coll,
		    struct catalog_entry *ret, struct error *e)
{
	(void)q;
	(void)db;
	(void)coll;
	(void)ret;
	(void)e;
	return 0;
}

static const struct pipeline_ops array_ops = {.open = open_array, .entry = no_entry};

static struct query_context new_context(size_t memory)
{
	pipeline_set_ops(&array_ops);
	return (struct query_context){.constants = arena_new(),
				      .db = bytes_str("q4"),
				      .coll = bytes_str("c"),
				      .memory = memory,
				      .allow_disk_use = true};
}

/* All that the pipeline gives, as an array. */
static int run(struct query_context *q, struct bytes pipeline, struct buf *ret, struct error *e)
{
	OWNED(stage_free) struct stage *stage = NULL;
	struct stage_doc doc;
	size_t begin;
	char name[24];
	int found;

	if (open_array(q, q->db, q->coll, pipeline, NULL, NULL, &stage, e) < 0)
		return e->code;
	begin = bson_build_begin(ret);
	for (size_t n = 0; (found = stage_next(stage, &doc, e)) == 1; n++) {
		snprintf(name, sizeof(name), "%zu", n);
		bson_build_value(ret, name, BSON_KIND_DOCUMENT, doc.doc);
	}
	bson_build_end(ret, begin);
	return found < 0 ? query_error_cause(e, "PlanExecutor error during aggregation") : 0;
}

static void check(const struct pipeline_case *one)
{
	struct query_context q = new_context(QUERY_MEMORY_DEFAULT);
	OWNED(buf_release) struct buf result = {0};
	bson_t *pipeline = parsed(one->pipeline), *want;
	struct error e = {0};
	int code = run(&q, bytes_in(pipeline), &result, &e);

	if (one->results == NULL) {
		if (code >= 0 || e.server != one->code || strcmp(e.text, one->text) != 0)
			fail_msg("%s: %d %s, a mongod says %d %s", one->pipeline, e.server, e.text,
				 one->code, one->text);
	} else {
		want = parsed(one->results);
		if (code < 0)
			fail_msg("%s: %d %s", one->pipeline, e.server, e.text);
		if (!bytes_equal(buf_bytes(&result), bytes_in(want))) {
			OWNED(buf_release) struct buf text = {0};

			value_text_bson(buf_bytes(&result), true, &text);
			fail_msg("%s: %s, a mongod gives %s", one->pipeline, buf_text(&text),
				 one->results);
		}
		bson_destroy(want);
	}
	bson_destroy(pipeline);
	arena_free(q.constants);
}

static void set_collection(struct buf *room, const char *document)
{
	bson_t *doc = parsed(document);
	size_t begin = bson_build_begin(room);

	bson_build_value(room, "0", BSON_KIND_DOCUMENT, bytes_in(doc));
	bson_build_end(room, begin);
	collection = buf_bytes(room);
	bson_destroy(doc);
}

static void pipelines_give_what_mongod_gives(void **state)
{
	OWNED(buf_release) struct buf room = {0};

	(void)state;
	set_collection(&room, the_document);
	for (size_t i = 0; i < COUNT_OF(pipeline_results); i++)
		check(&pipeline_results[i]);
}

static void pipelines_are_refused_with_mongods_codes_and_words(void **state)
{
	OWNED(buf_release) struct buf room = {0};

	(void)state;
	set_collection(&room, the_document);
	for (size_t i = 0; i < COUNT_OF(pipeline_errors); i++)
		check(&pipeline_errors[i]);
}

/* ---- what does not fit in memory */

#define MANY 4000

/* {_id: i, k: i * 7919 % MANY, g: i % 97, t: "..."} */
static void set_many(struct buf *room)
{
	size_t all = bson_build_begin(room);
	char name[24];

	for (int i = 0; i < MANY; i++) {
		size_t begin;

		snprintf(name, sizeof(name), "%d", i);
		begin = bson_build_open(room, name);
		bson_build_int32(room, "_id", i);
		bson_build_int32(room, "k", i * 7919 % MANY);
		bson_build_int32(room, "g", i % 97);
		bson_build_string(room, "t", bytes_str("some words that take up a little room"));
		bson_build_end(room, begin);
	}
	bson_build_end(room, all);
	collection = buf_bytes(room);
}

static void give_in(size_t memory, const char *json, struct buf *ret)
{
	struct query_context q = new_context(memory);
	bson_t *pipeline = parsed(json);
	struct error e = {0};

	ASSERT_OK(run(&q, bytes_in(pipeline), ret, &e));
	bson_destroy(pipeline);
	arena_free(q.constants);
}

static void little_memory_gives_what_much_memory_gives(void **state)
{
	static const char *const pipelines[] = {
		"[{\"$sort\": {\"k\": 1}}]",
		"[{\"$sort\": {\"g\": -1, \"k\": 1}}, {\"$limit\": 3000}]",
		"[{\"$group\": {\"_id\": \"$g\", \"n\": {\"$sum\": \"$k\"}, \"a\": {\"$avg\": "
		"\"$k\"}, \"f\": {\"$first\": \"$k\"}, \"l\": {\"$last\": \"$k\"}, \"p\": "
		"{\"$push\": \"$_id\"}, \"m\": {\"$maxN\": {\"n\": 3, \"input\": \"$k\"}}, \"t\": "
		"{\"$top\": {\"output\": \"$_id\", \"sortBy\": {\"k\": 1}}}}}, {\"$sort\": "
		"{\"_id\": 1}}]",
		"[{\"$group\": {\"_id\": \"$k\", \"n\": {\"$count\": {}}}}, {\"$sort\": {\"_id\": "
		"1}}]",
		"[{\"$facet\": {\"a\": [{\"$limit\": 3}], \"b\": [{\"$count\": \"n\"}]}}]",
		"[{\"$setWindowFields\": {\"partitionBy\": \"$g\", \"sortBy\": {\"k\": 1}, "
		"\"output\": {\"r\": {\"$rank\": {}}, \"s\": {\"$sum\": \"$k\", \"window\": "
		"{\"documents\": [-2, 0]}}}}}, {\"$unset\": \"t\"}]",
		"[{\"$bucketAuto\": {\"groupBy\": \"$k\", \"buckets\": 7}}]"};
	OWNED(buf_release) struct buf room = {0};

	(void)state;
	set_many(&room);
	for (size_t i = 0; i < COUNT_OF(pipelines); i++) {
		OWNED(buf_release) struct buf much = {0}, little = {0};

		give_in(QUERY_MEMORY_DEFAULT, pipelines[i], &much);
		give_in(30 * KIB, pipelines[i], &little);
		if (!bytes_equal(buf_bytes(&much), buf_bytes(&little)))
			fail_msg("%s: other results in little memory", pipelines[i]);
	}
}

static void without_disk_use_a_full_memory_is_an_error(void **state)
{
	static const char *const pipelines[] = {
		"[{\"$sort\": {\"k\": 1}}]",
		"[{\"$group\": {\"_id\": \"$k\", \"n\": {\"$push\": \"$t\"}}}]"};
	OWNED(buf_release) struct buf room = {0};

	(void)state;
	set_many(&room);
	for (size_t i = 0; i < COUNT_OF(pipelines); i++) {
		struct query_context q = new_context(30 * KIB);
		OWNED(buf_release) struct buf result = {0};
		bson_t *pipeline = parsed(pipelines[i]);
		struct error e = {0};

		q.allow_disk_use = false;
		assert_int_equal(run(&q, bytes_in(pipeline), &result, &e), ERR_INVALID);
		assert_int_equal(e.server, QUERY_DISK_USE_NOT_ALLOWED);
		bson_destroy(pipeline);
		arena_free(q.constants);
	}
}

static void a_pipeline_tells_whether_it_needs_a_collection_and_writes(void **state)
{
	static const struct {
		const char *pipeline;
		bool needs, alone, writes;
	} cases[] = {{"[]", true, false, false},
		     {"[{\"$match\": {}}]", true, false, false},
		     {"[{\"$documents\": []}]", false, true, false},
		     {"[{\"$currentOp\": {}}]", false, true, false},
		     {"[{\"$collStats\": {}}]", false, false, false},
		     {"[{\"$match\": {}}, {\"$out\": \"x\"}]", true, false, true},
		     {"[{\"$merge\": \"x\"}]", true, false, true}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		bson_t *pipeline = parsed(cases[i].pipeline);

		assert_int_equal(pipeline_needs_collection(bytes_in(pipeline)), cases[i].needs);
		assert_int_equal(pipeline_stands_alone(bytes_in(pipeline)), cases[i].alone);
		assert_int_equal(pipeline_writes(bytes_in(pipeline)), cases[i].writes);
		bson_destroy(pipeline);
	}
}

/* The collection itself, and the other one: not once for each document. */
static void a_join_with_a_pipeline_reads_the_other_collection_once(void **state)
{
	struct query_context q = new_context(QUERY_MEMORY_DEFAULT);
	OWNED(buf_release) struct buf room = {0};
	OWNED(buf_release) struct buf result = {0};
	bson_t *pipeline =
		parsed("[{\"$lookup\": {\"from\": \"c\", \"localField\": \"a\", "
		       "\"foreignField\": \"b\", \"let\": {\"v\": \"$a\"}, \"pipeline\": "
		       "[{\"$match\": {\"$expr\": {\"$eq\": [\"$b\", \"$$v\"]}}}, "
		       "{\"$project\": {\"_id\": 1}}], \"as\": \"r\"}}, "
		       "{\"$match\": {\"r.0._id\": 7}}, {\"$project\": {\"a\": 1}}]");
	bson_t *want = parsed("[{\"_id\": 42, \"a\": 7}]");
	size_t begin = bson_build_begin(&room);
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < 50; i++) {
		char name[16];
		size_t doc;

		snprintf(name, sizeof(name), "%d", i);
		doc = bson_build_open(&room, name);
		bson_build_int32(&room, "_id", i);
		bson_build_int32(&room, "a", 49 - i);
		bson_build_int32(&room, "b", i);
		bson_build_end(&room, doc);
	}
	bson_build_end(&room, begin);
	collection = buf_bytes(&room);
	opened = 0;
	ASSERT_OK(run(&q, bytes_in(pipeline), &result, &e));
	ASSERT_BYTES(buf_bytes(&result), bytes_in(want));
	assert_int_equal(opened, 2);
	bson_destroy(pipeline);
	bson_destroy(want);
	arena_free(q.constants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipelines_give_what_mongod_gives),
		cmocka_unit_test(pipelines_are_refused_with_mongods_codes_and_words),
		cmocka_unit_test(little_memory_gives_what_much_memory_gives),
		cmocka_unit_test(without_disk_use_a_full_memory_is_an_error),
		cmocka_unit_test(a_join_with_a_pipeline_reads_the_other_collection_once),
		cmocka_unit_test(a_pipeline_tells_whether_it_needs_a_collection_and_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
