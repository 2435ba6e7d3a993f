#include "query/match/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "tests/unit/base/make_bson.h"
#include "tests/unit/query/match_vectors.h"
#include "tests/unit/query/match_vectors_more.h"

struct fixture {
	struct query_context q;
	struct expr_scope *scope;
	struct arena *arena;
};

static struct fixture *new_fixture(void)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->q.constants = arena_new();
	f->q.in_find = true;
	f->scope = expr_scope_new(&f->q);
	f->arena = arena_new();
	return f;
}

static void free_fixture(struct fixture *f)
{
	arena_free(f->q.constants);
	arena_free(f->arena);
	free(f);
}
DEFINE_OWNED(struct fixture *, free_fixture);

/* The numbers of the documents that match, as text. */
static void hits_of(struct fixture *f, const struct match *match, struct buf *ret)
{
	struct expr_frame frame = expr_frame_new(&f->q, f->scope, f->arena);
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(match_documents); i++) {
		OWNED(buf_release) struct buf doc = {0};
		int got;

		make_hex(&doc, match_documents[i]);
		expr_frame_set(&frame, buf_bytes(&doc));
		ASSERT_OK(got = match_test(match, &frame, buf_bytes(&doc), NULL, &e));
		if (got > 0)
			buf_printf(ret, "%s%zu", ret->len > 0 ? " " : "", i);
	}
}

static void check_taken(struct fixture *f, const struct match_case *c, struct bytes query)
{
	OWNED(buf_release) struct buf hits = {0}, parsed = {0}, want = {0};
	const struct match *match = NULL;
	struct error e = {0};

	ASSERT_OK(match_parse(f->scope, query, MATCH_TOP, &match, &e));
	hits_of(f, match, &hits);
	if (strcmp(buf_text(&hits), c->hits) != 0)
		fail_msg("%s: documents %s, a mongod finds %s", c->text, buf_text(&hits), c->hits);
	if (c->parsed == NULL)
		return;
	match_serialize(match, &parsed);
	make_hex(&want, c->parsed);
	if (!bytes_equal(buf_bytes(&parsed), buf_bytes(&want)))
		fail_msg("%s: is shown otherwise by explain", c->text);
}

static const struct match_case *case_at(size_t i)
{
	if (i < COUNT_OF(match_cases))
		return &match_cases[i];
	i -= COUNT_OF(match_cases);
	return i < COUNT_OF(match_cases_more) ? &match_cases_more[i] : NULL;
}

static void queries_find_what_a_mongod_finds(void **state)
{
	const struct match_case *c;

	(void)state;
	for (size_t i = 0; (c = case_at(i)) != NULL; i++) {
		OWNED(free_fixture) struct fixture *f = new_fixture();
		OWNED(buf_release) struct buf query = {0};

		make_hex(&query, c->query);
		if (c->hits != NULL)
			check_taken(f, c, buf_bytes(&query));
	}
}

static void wrong_queries_are_refused_in_the_words_of_a_mongod(void **state)
{
	const struct match_case *c;

	(void)state;
	for (size_t i = 0; (c = case_at(i)) != NULL; i++) {
		OWNED(free_fixture) struct fixture *f = new_fixture();
		OWNED(buf_release) struct buf query = {0};
		const struct match *match = NULL;
		struct error e = {0};

		if (c->hits != NULL)
			continue;
		make_hex(&query, c->query);
		assert_int_equal(match_parse(f->scope, buf_bytes(&query), MATCH_TOP, &match, &e),
				 ERR_INVALID);
		assert_string_equal(e.text, c->errmsg);
		assert_int_equal(e.server, c->code);
	}
}

/* {_id: {op: value}} of int32s, and more predicates after it. */
static const struct match *ids_query(struct fixture *f, struct buf *query, const char *op_a, int a,
				     const char *op_b, int b, bool other)
{
	const struct match *match = NULL;
	struct error e = {0};
	size_t at = bson_build_begin(query), inner = bson_build_open(query, "_id");

	bson_build_int32(query, op_a, a);
	if (op_b != NULL)
		bson_build_int32(query, op_b, b);
	bson_build_end(query, inner);
	if (other)
		bson_build_int32(query, "x", 1);
	bson_build_end(query, at);
	ASSERT_OK(match_parse(f->scope, buf_bytes(query), MATCH_TOP, &match, &e));
	return match;
}

static void an_id_is_a_point_for_the_plan(void **state)
{
	OWNED(free_fixture) struct fixture *f = new_fixture();
	OWNED(buf_release) struct buf query = {0}, more = {0};
	struct match_ids ids = {0};

	(void)state;
	assert_int_equal(match_ids(ids_query(f, &query, "$eq", 5, NULL, 0, false), &ids), 1);
	assert_true(ids.is_list && ids.is_exact);
	assert_int_equal(ids.count, 1);
	assert_int_equal(ids.values[0].int32, 5);
	assert_int_equal(match_ids(ids_query(f, &more, "$eq", 5, NULL, 0, true), &ids), 1);
	assert_true(ids.is_list && !ids.is_exact);
}

/* {$expr: {$and: [{$gt: ["$x", 1]}, {$eq: [constant, "$_id"]}]}}; of `op` in place of $eq. A null's equals are not told by its key. */
static int ids_of_expr(struct fixture *f, const char *op, bool null, struct match_ids *ret)
{
	OWNED(buf_release) struct buf query = {0};
	const struct match *match = NULL;
	struct error e = {0};
	size_t at = bson_build_begin(&query), expr = bson_build_open(&query, "$expr");
	size_t list = bson_build_open_array(&query, "$and"), one, args;

	one = bson_build_open(&query, "0");
	args = bson_build_open_array(&query, "$gt");
	bson_build_string(&query, "0", bytes_str("$x"));
	bson_build_int32(&query, "1", 1);
	bson_build_end(&query, args);
	bson_build_end(&query, one);
	one = bson_build_open(&query, "1");
	args = bson_build_open_array(&query, op);
	if (null)
		bson_build_value(&query, "0", BSON_KIND_NULL, bytes_of(NULL, 0));
	else
		bson_build_int32(&query, "0", 5);
	bson_build_string(&query, "1", bytes_str("$_id"));
	bson_build_end(&query, args);
	bson_build_end(&query, one);
	bson_build_end(&query, list);
	bson_build_end(&query, expr);
	bson_build_end(&query, at);
	ASSERT_OK(match_parse(f->scope, arena_copy(f->arena, buf_bytes(&query)), MATCH_TOP, &match,
			      &e));
	return match_ids(match, ret);
}

static void an_id_in_an_expression_is_a_point_for_the_plan(void **state)
{
	OWNED(free_fixture) struct fixture *f = new_fixture();
	struct match_ids ids = {0};

	(void)state;
	assert_int_equal(ids_of_expr(f, "$eq", false, &ids), 1);
	assert_true(ids.is_list && ids.is_of_expr && !ids.is_exact);
	assert_int_equal(ids.count, 1);
	assert_int_equal(ids.values[0].int32, 5);
	assert_int_equal(ids_of_expr(f, "$eq", true, &ids), 0);
	assert_int_equal(ids_of_expr(f, "$ne", false, &ids), 0);
}

static void ranges_of_ids_are_intervals_for_the_plan(void **state)
{
	OWNED(free_fixture) struct fixture *f = new_fixture();
	OWNED(buf_release) struct buf query = {0}, below = {0}, none = {0};
	struct match_ids ids = {0};

	(void)state;
	assert_int_equal(match_ids(ids_query(f, &query, "$gt", 5, "$lte", 9, false), &ids), 1);
	assert_true(!ids.is_list && ids.is_exact && ids.low_open && !ids.high_open);
	assert_int_equal(ids.low.int32, 5);
	assert_int_equal(ids.high.int32, 9);
	/* NaN is the least number, yet not less than one. */
	assert_int_equal(match_ids(ids_query(f, &below, "$lt", 5, NULL, 0, false), &ids), 1);
	assert_int_equal(ids.low.type, BSON_KIND_DOUBLE);
	assert_int_equal(match_ids(ids_query(f, &none, "$ne", 5, NULL, 0, false), &ids), 0);
}

static void the_position_is_that_of_the_outermost_array(void **state)
{
	OWNED(free_fixture) struct fixture *f = new_fixture();
	OWNED(buf_release) struct buf doc = {0}, words = {0};
	struct expr_frame frame = expr_frame_new(&f->q, f->scope, f->arena);
	struct match_detail detail = {0};
	const struct match *match = NULL;
	struct error e = {0};
	size_t at = bson_build_begin(&words), array, inner;
	int got;

	(void)state;
	bson_build_int32(&words, "x.a", 3);
	bson_build_end(&words, at);
	at = bson_build_begin(&doc);
	array = bson_build_open_array(&doc, "x");
	for (int i = 0; i < 3; i++) {
		inner = bson_build_open(&doc, i == 0 ? "0" : i == 1 ? "1" : "2");
		bson_build_int32(&doc, "a", i + 1);
		bson_build_end(&doc, inner);
	}
	bson_build_end(&doc, array);
	bson_build_end(&doc, at);
	ASSERT_OK(match_parse(f->scope, buf_bytes(&words), MATCH_TOP, &match, &e));
	ASSERT_OK(got = match_test(match, &frame, buf_bytes(&doc), &detail, &e));
	assert_int_equal(got, 1);
	assert_true(detail.has_index);
	assert_int_equal(detail.index, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_find_what_a_mongod_finds),
		cmocka_unit_test(wrong_queries_are_refused_in_the_words_of_a_mongod),
		cmocka_unit_test(an_id_is_a_point_for_the_plan),
		cmocka_unit_test(an_id_in_an_expression_is_a_point_for_the_plan),
		cmocka_unit_test(ranges_of_ids_are_intervals_for_the_plan),
		cmocka_unit_test(the_position_is_that_of_the_outermost_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
