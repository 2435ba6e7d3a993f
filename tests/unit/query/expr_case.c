#include "tests/unit/query/expr_case.h"

#include <bson/bson.h>

#include "base/bson_build.h"
#include "query/expr/expr.h"
#include "query/query_error.h"
#include "tests/harness/harness.h"

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

static int evaluate(struct query_context *q, const struct value *spec, struct arena *arena,
		    struct buf *ret, struct error *e)
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
	expr_frame_set(&frame, bson_build_empty());
	if (expr_eval(expr, &frame, &v, e) < 0)
		return query_error_cause(e, "PlanExecutor error during aggregation");
	begin = bson_build_begin(ret);
	value_write(ret, bytes_str("v"), &v);
	bson_build_end(ret, begin);
	return 0;
}

static void check(const struct expr_case *one)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(buf_release) struct buf result = {0};
	struct query_context q = {.constants = constants, .memory = QUERY_MEMORY_DEFAULT};
	bson_t *expr = parsed(one->expr), *value;
	struct value spec = value_get(bytes_in(expr), bytes_str("e"));
	struct error e = {0};
	int code = evaluate(&q, &spec, arena, &result, &e);

	if (one->value == NULL) {
		if (code != ERR_INVALID || e.server != one->code || strcmp(e.text, one->text) != 0)
			fail_msg("%s\n  is %d %s\n  not %d %s", one->expr, e.server, e.text,
				 one->code, one->text);
	} else {
		value = parsed(one->value);
		if (code < 0)
			fail_msg("%s\n  is %d %s\n  not %s", one->expr, e.server, e.text,
				 one->value);
		if (!bytes_equal(buf_bytes(&result), bytes_in(value)))
			fail_msg("%s\n  is not %s", one->expr, one->value);
		bson_destroy(value);
	}
	bson_destroy(expr);
}

void expr_case_check(const struct expr_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&cases[i]);
}
