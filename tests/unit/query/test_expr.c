#include "query/expr/expr.h"

#include <bson/bson.h>

#include "base/bson_build.h"
#include "query/query_error.h"
#include "tests/harness/harness.h"
#include "tests/unit/query/expr_vectors_more.h"

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

/* As aggregate does it: parse, fold, evaluate, each with its prefix. Appends {v: ..} to `ret`. */
static int evaluate(struct query_context *q, const struct value *spec, struct bytes doc,
		    struct arena *arena, struct buf *ret, struct error *e)
{
	struct expr_scope *scope = expr_scope_new(q);
	const struct expr *expr;
	struct expr_frame frame;
	struct value v;
	size_t begin;
	int result = expr_parse(scope, spec, &expr, e);

	if (result < 0)
		return result;
	if (expr_optimize(scope, &expr, e) < 0)
		return expr_optimize_error(e);
	frame = expr_frame_new(q, scope, arena);
	expr_frame_set(&frame, doc);
	if (expr_eval(expr, &frame, &v, e) < 0)
		return query_error_cause(e, "PlanExecutor error during aggregation");
	begin = bson_build_begin(ret);
	value_write(ret, bytes_str("v"), &v);
	bson_build_end(ret, begin);
	return 0;
}

static void check_vector(const struct expr_vector *vector, struct bytes doc)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(buf_release) struct buf result = {0};
	struct query_context q = {
		.constants = constants, .memory = QUERY_MEMORY_DEFAULT, .wants_search = true};
	bson_t *expr = parsed(vector->expr);
	struct value spec = value_get(bytes_in(expr), bytes_str("e"));
	struct error e = {0};

	print_message("%s\n", vector->expr);
	if (vector->value == NULL) {
		assert_int_equal(evaluate(&q, &spec, doc, arena, &result, &e), ERR_INVALID);
		assert_string_equal(e.text, vector->text);
		assert_int_equal(e.server, vector->code);
	} else {
		bson_t *value = parsed(vector->value);

		ASSERT_OK(evaluate(&q, &spec, doc, arena, &result, &e));
		ASSERT_BYTES(buf_bytes(&result), bytes_in(value));
		bson_destroy(value);
	}
	bson_destroy(expr);
}

static void check_vectors(const struct expr_vector *vectors, size_t count)
{
	bson_t *doc = parsed(expr_vector_document);

	for (size_t i = 0; i < count; i++)
		check_vector(&vectors[i], bytes_in(doc));
	bson_destroy(doc);
}

#define VECTORS(name, vectors)                                                                     \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		check_vectors(vectors, COUNT_OF(vectors));                                         \
	}

VECTORS(paths_variables_and_literals_are_read_as_mongod_reads_them, paths_vectors)
VECTORS(arithmetic_widens_overflows_and_fails_as_in_mongod, arithmetic_vectors)
VECTORS(angles_are_mongods_to_the_last_digit, trigonometry_vectors)
VECTORS(logic_and_comparison_agree, logic_vectors)
VECTORS(arrays_agree, arrays_vectors)
VECTORS(sets_agree, sets_vectors)
VECTORS(objects_variables_and_the_rest_agree, objects_vectors)
VECTORS(sums_are_exact_where_mongods_are, sums_vectors)

/* One context for a sequence of questions. */
struct fixture {
	struct arena *constants;
	struct query_context q;
	struct expr_scope *scope;
};

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){.constants = arena_new()};
	f->q = (struct query_context){.constants = f->constants, .memory = QUERY_MEMORY_DEFAULT};
	f->scope = expr_scope_new(&f->q);
}

static const struct expr *parse(struct fixture *f, const char *json)
{
	bson_t *doc = parsed(json);
	struct value spec = value_get(bytes_in(doc), bytes_str("e"));
	const struct expr *expr = NULL;
	struct error e = {0};

	spec = value_keep(f->constants, spec);
	ASSERT_OK(expr_parse(f->scope, &spec, &expr, &e));
	bson_destroy(doc);
	return expr;
}

static void constants_are_folded_and_fields_are_not(void **state)
{
	struct fixture f;
	struct error e = {0};
	const struct expr *expr;
	struct value v;

	(void)state;
	fixture_init(&f);
	expr = parse(&f, "{\"e\": {\"$add\": [1, {\"$multiply\": [2, 3]}]}}");
	assert_false(expr_is_constant(expr, &v));
	ASSERT_OK(expr_optimize(f.scope, &expr, &e));
	assert_true(expr_is_constant(expr, &v));
	assert_int_equal(v.int32, 7);
	expr = parse(&f, "{\"e\": {\"$add\": [\"$a\", 3]}}");
	ASSERT_OK(expr_optimize(f.scope, &expr, &e));
	assert_false(expr_is_constant(expr, &v));
	/* $rand and $let are never folded. */
	expr = parse(&f, "{\"e\": {\"$rand\": {}}}");
	ASSERT_OK(expr_optimize(f.scope, &expr, &e));
	assert_false(expr_is_constant(expr, &v));
	arena_free(f.constants);
}

static void a_path_of_the_document_is_told_from_others(void **state)
{
	struct fixture f;
	struct bytes path;

	(void)state;
	fixture_init(&f);
	assert_true(expr_is_field(parse(&f, "{\"e\": \"$a.b\"}"), &path));
	ASSERT_BYTES(path, bytes_str("a.b"));
	assert_true(expr_is_field(parse(&f, "{\"e\": \"$$ROOT.c\"}"), &path));
	ASSERT_BYTES(path, bytes_str("c"));
	assert_false(expr_is_field(parse(&f, "{\"e\": \"$$ROOT\"}"), &path));
	assert_false(expr_is_field(parse(&f, "{\"e\": {\"$abs\": \"$a\"}}"), &path));
	arena_free(f.constants);
}

static void variables_of_the_command_are_constants_and_others_are_not(void **state)
{
	struct fixture f;
	struct error e = {0};
	const struct expr *expr;
	struct value v;
	size_t slot;
	bson_t *let = parsed("{\"x\": 5}");

	(void)state;
	fixture_init(&f);
	f.q.let = bytes_in(let);
	f.scope = expr_scope_new(&f.q);
	expr = parse(&f, "{\"e\": {\"$add\": [\"$$x\", 1]}}");
	ASSERT_OK(expr_optimize(f.scope, &expr, &e));
	assert_true(expr_is_constant(expr, &v));
	assert_int_equal(v.int32, 6);
	ASSERT_OK(expr_scope_define(f.scope, bytes_str("y"), &slot, &e));
	expr = parse(&f, "{\"e\": {\"$add\": [\"$$y\", 1]}}");
	ASSERT_OK(expr_optimize(f.scope, &expr, &e));
	assert_false(expr_is_constant(expr, &v));
	ASSERT_ERROR_TEXT(expr_scope_define(f.scope, bytes_str("Y"), &slot, &e), ERR_INVALID,
			  "starts with an invalid character");
	arena_free(f.constants);
	bson_destroy(let);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_variables_and_literals_are_read_as_mongod_reads_them),
		cmocka_unit_test(arithmetic_widens_overflows_and_fails_as_in_mongod),
		cmocka_unit_test(angles_are_mongods_to_the_last_digit),
		cmocka_unit_test(logic_and_comparison_agree),
		cmocka_unit_test(arrays_agree),
		cmocka_unit_test(sets_agree),
		cmocka_unit_test(objects_variables_and_the_rest_agree),
		cmocka_unit_test(sums_are_exact_where_mongods_are),
		cmocka_unit_test(constants_are_folded_and_fields_are_not),
		cmocka_unit_test(a_path_of_the_document_is_told_from_others),
		cmocka_unit_test(variables_of_the_command_are_constants_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
