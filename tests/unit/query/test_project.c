#include "query/project.h"

#include <time.h>

#include <bson/bson.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "tests/harness/harness.h"

/* Projections of find with an empty filter: code 0 is taken; measured on mongod 6.0.27. */
static const struct {
	const char *spec;
	int code;
	const char *text;
} cases[] = {
	{"{\"v.$\": 1}", 0, ""},
	{"{\"zz.$\": 1}", 0, ""},
	{"{\"v.$\": 0}", 31395, "positional projection cannot be used with exclusion"},
	{"{\"v.$\": \"x\"}", 31308, "positional projection cannot be used with a literal"},
	{"{\"v.$\": {}}", 31271,
	 "positional projection cannot be used with an expression or sub object"},
	{"{\"v.$.foo\": 1}", 31394,
	 "As of 4.4, it's illegal to specify positional operator in the middle of a "
	 "path.Positional projection may only be used at the end, for example: a.b.$. If the query "
	 "previously used a form like a.b.$.d, remove the parts following the '$' and the results "
	 "will be equivalent."},
	{"{\"a\": {\"v.$.foo.$\": 0}}", 31394,
	 "As of 4.4, it's illegal to specify positional operator in the middle of a "
	 "path.Positional projection may only be used at the end, for example: a.b.$. If the query "
	 "previously used a form like a.b.$.d, remove the parts following the '$' and the results "
	 "will be equivalent."},
	{"{\"$\": 1}", 16410,
	 "FieldPath field names may not start with '$'. Consider using $getField or $setField."},
	{"{\"$.foo.$\": 1}", 16410,
	 "FieldPath field names may not start with '$'. Consider using $getField or $setField."},
	{"{\"$\": {}}", 51270,
	 "An empty sub-projection is not a valid value. Found empty object at path"},
	{"{\".$\": 1}", 5392900, "Projection on field .$ is invalid"},
	{"{\"v..$\": 1}", 40353, "FieldPath must not end with a '.'."},
	{"{\"v.$\": 1, \"a.b.$\": 1}", 31276,
	 "Cannot specify more than one positional projection per query."},
	{"{\"r\": {\"$divide\": [1, 0]}}", 2, "can't $divide by zero"},
	{"{\"r\": {\"$round\": [true, 20]}}", 51081,
	 "$round only supports numeric types, not bool"},
};

static void projections_of_find_are_refused_with_mongods_codes_and_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct query_context q = {.constants = arena_new()};
		struct expr_scope *scope = expr_scope_new(&q);
		const struct project *project;
		const struct match *match;
		struct error e = {0};
		bson_error_t wrong;
		bson_t *spec = bson_new_from_json((const uint8_t *)cases[i].spec, -1, &wrong);

		assert_non_null(spec);
		ASSERT_OK(match_parse(scope, bson_build_empty(), MATCH_TOP, &match, &e));
		if (project_parse(scope, bytes_of(bson_get_data(spec), spec->len), PROJECT_FIND,
				  match, &project, &e) == 0)
			(void)!project_optimize(scope, project, &e);
		if (e.server != cases[i].code || strcmp(e.text, cases[i].text) != 0)
			fail_msg("%s: %d %s, a mongod says %d %s", cases[i].spec, e.server, e.text,
				 cases[i].code, cases[i].text);
		bson_destroy(spec);
		arena_free(q.constants);
	}
}

#define WIDE 30000

/* {f0: 1, f1: 1, ..}, or from the last one on. */
static void wide_document(bool backward, struct buf *ret)
{
	char name[24];

	bson_build_begin(ret);
	for (int i = 0; i < WIDE; i++) {
		snprintf(name, sizeof(name), "f%d", backward ? WIDE - 1 - i : i);
		bson_build_int32(ret, name, 1);
	}
	bson_build_end(ret, 0);
}

/* What find gives of a document with an empty filter; the seconds that took, of the processor. */
static double project_one(const struct buf *spec, const struct buf *doc, struct buf *ret)
{
	struct query_context q = {.constants = arena_new()};
	OWNED(arena_free) struct arena *arena = arena_new();
	struct expr_scope *scope = expr_scope_new(&q);
	const struct project *project;
	const struct match *match;
	struct expr_frame frame;
	struct stage_doc in = {.doc = buf_bytes(doc)};
	struct error e = {0};
	clock_t begin;

	ASSERT_OK(match_parse(scope, bson_build_empty(), MATCH_TOP, &match, &e));
	ASSERT_OK(project_parse(scope, buf_bytes(spec), PROJECT_FIND, match, &project, &e));
	frame = expr_frame_new(&q, scope, arena);
	expr_frame_set(&frame, in.doc);
	begin = clock();
	ASSERT_OK(project_apply(project, &frame, &in, ret, &e));
	begin = clock() - begin;
	arena_free(q.constants);
	return (double)begin / CLOCKS_PER_SEC;
}

/* Not each one among all: that took a second for one document, and for each of them. */
static void fields_of_a_wide_document_are_found_in_any_order(void **state)
{
	OWNED(buf_release) struct buf spec = {0}, doc = {0}, out = {0};

	(void)state;
	wide_document(true, &spec);
	wide_document(false, &doc);
	assert_true(project_one(&spec, &doc, &out) < 0.25);
	ASSERT_BYTES(buf_bytes(&out), buf_bytes(&doc));
}

/* {_id: 1} beside what is left out says nothing. */
static void an_included_id_of_an_exclusion_stays(void **state)
{
	OWNED(buf_release) struct buf doc = {0}, spec = {0}, out = {0};

	(void)state;
	bson_build_begin(&doc);
	bson_build_int32(&doc, "_id", 7);
	bson_build_end(&doc, 0);
	bson_build_begin(&spec);
	bson_build_int32(&spec, "_id", 1);
	bson_build_int32(&spec, "f0", 0);
	bson_build_end(&spec, 0);
	(void)project_one(&spec, &doc, &out);
	ASSERT_BYTES(buf_bytes(&out), buf_bytes(&doc));
}

/* What a projection of find leaves of a document, both as JSON. */
static char *projected(const char *spec_json, const char *doc_json)
{
	struct query_context q = {.constants = arena_new()};
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(buf_release) struct buf out = {0};
	struct expr_scope *scope = expr_scope_new(&q);
	bson_t *spec = bson_new_from_json((const uint8_t *)spec_json, -1, NULL);
	bson_t *doc = bson_new_from_json((const uint8_t *)doc_json, -1, NULL);
	const struct project *project;
	const struct match *match;
	struct expr_frame frame;
	struct stage_doc in = {0};
	struct error e = {0};
	bson_t view;
	char *text;

	assert_true(spec != NULL && doc != NULL);
	ASSERT_OK(match_parse(scope, bson_build_empty(), MATCH_TOP, &match, &e));
	ASSERT_OK(project_parse(scope, bytes_of(bson_get_data(spec), spec->len), PROJECT_FIND,
				match, &project, &e));
	in.doc = bytes_of(bson_get_data(doc), doc->len);
	frame = expr_frame_new(&q, scope, arena);
	expr_frame_set(&frame, in.doc);
	ASSERT_OK(project_apply(project, &frame, &in, &out, &e));
	assert_true(bson_init_static(&view, out.at, out.len));
	text = bson_as_relaxed_extended_json(&view, NULL);
	bson_destroy(spec);
	bson_destroy(doc);
	arena_free(q.constants);
	return text;
}

/* Measured on mongod 6.0.27. */
static void a_slice_goes_into_documents_of_an_array_but_not_into_arrays_of_it(void **state)
{
	static const char doc[] = "{\"o\": [{\"b\": [1, 2, 3]}, 5, [{\"b\": [1, 2]}], {\"b\": 7}], "
				  "\"p\": {\"b\": [1, 2, 3]}}";
	static const struct {
		const char *spec, *result;
	} rows[] = {
		{"{\"o.b\": {\"$slice\": 1}}", "{ \"o\" : [ { \"b\" : [ 1 ] }, 5, [ { \"b\" : [ 1, "
					       "2 ] } ], { \"b\" : 7 } ], \"p\" : { "
					       "\"b\" : [ 1, 2, 3 ] } }"},
		{"{\"p.b\": {\"$slice\": -2}}", "{ \"o\" : [ { \"b\" : [ 1, 2, 3 ] }, 5, [ { \"b\" "
						": [ 1, 2 ] } ], { \"b\" : 7 } ], "
						"\"p\" : { \"b\" : [ 2, 3 ] } }"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char *text = projected(rows[i].spec, doc);

		assert_string_equal(text, rows[i].result);
		bson_free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(projections_of_find_are_refused_with_mongods_codes_and_words),
		cmocka_unit_test(fields_of_a_wide_document_are_found_in_any_order),
		cmocka_unit_test(an_included_id_of_an_exclusion_stays),
		cmocka_unit_test(a_slice_goes_into_documents_of_an_array_but_not_into_arrays_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
