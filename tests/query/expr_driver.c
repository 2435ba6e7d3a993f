/*
 * Expressions evaluated as a program asks: for tests against a real mongod, without a server.
 *
 * stdin: BSON documents {expr: <anything>, doc: {...}, let: {...}, now: <date>, collation: {...}} one after another. For each, stdout has
 * {ok: true, v: <value>} (no v: it is missing) or {ok: false, code: int, errmsg: text}, with the prefix that aggregate gives.
 */
#include <stdio.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "query/expr/expr.h"
#include "query/query_error.h"

static struct bytes field_of(struct bytes doc, const char *name)
{
	struct value v = value_get(doc, bytes_str(name));

	return v.type == BSON_KIND_DOCUMENT ? v.data : bytes_of(NULL, 0);
}

static int evaluate(struct bytes request, struct query_context *q, struct arena *arena,
		    struct value *ret, struct error *e)
{
	struct bytes doc = field_of(request, "doc");
	struct value spec = value_get(request, bytes_str("expr"));
	struct expr_scope *scope = expr_scope_new(q);
	const struct expr *expr;
	struct expr_frame frame;
	int result = expr_parse(scope, &spec, &expr, e);

	if (result < 0)
		return result;
	result = expr_optimize(scope, &expr, e);
	if (result < 0)
		return expr_optimize_error(e);
	frame = expr_frame_new(q, scope, arena);
	expr_frame_set(&frame, doc.len > 0 ? doc : bson_build_empty());
	result = expr_eval(expr, &frame, ret, e);
	if (result >= 0 && ret->type == BSON_KIND_DOCUMENT)
		result = expr_check_nesting(ret->data, e);
	if (result < 0)
		query_error_cause(e, "PlanExecutor error during aggregation");
	return result;
}

static int answer(struct bytes request, struct buf *ret, struct error *e)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(collation_close) struct collation *collation = NULL;
	struct value now = value_get(request, bytes_str("now")), v = value_missing();
	struct query_context q = {.constants = constants,
				  .let = field_of(request, "let"),
				  .memory = QUERY_MEMORY_DEFAULT};
	struct bytes spec = field_of(request, "collation");
	size_t begin = bson_build_begin(ret);
	int result;

	if (spec.len > 0 && collation_open(spec, &collation, e) < 0)
		return e->code;
	q.collation = collation;
	q.now = now.type == BSON_KIND_DATE ? now.date : 0;
	result = evaluate(request, &q, arena, &v, e);
	bson_build_bool(ret, "ok", result >= 0);
	if (result >= 0) {
		value_write(ret, bytes_str("v"), &v);
	} else {
		OWNED(buf_release) struct buf text = {0};

		query_error_text(e, &text);
		bson_build_int32(ret, "code", e->server);
		bson_build_string(ret, "errmsg", buf_bytes(&text));
	}
	bson_build_end(ret, begin);
	return 0;
}

static bool read_request(struct buf *request)
{
	uint32_t len;

	buf_reset(request);
	if (fread(buf_room(request, 4), 1, 4, stdin) != 4)
		return false;
	len = get_le32(request->at);
	if (len < BSON_MIN_LEN || len > BSON_MAX_LEN)
		return false;
	request->len = 4;
	if (fread(buf_room(request, len - 4), 1, len - 4, stdin) != len - 4)
		return false;
	request->len = len;
	return true;
}

int main(void)
{
	OWNED(buf_release) struct buf request = {0}, reply = {0};

	while (read_request(&request)) {
		struct error e;

		buf_reset(&reply);
		if (answer(buf_bytes(&request), &reply, &e) < 0) {
			fprintf(stderr, "expr_driver: %s\n", e.text);
			return 1;
		}
		fwrite(reply.at, 1, reply.len, stdout);
		fflush(stdout);
	}
	return 0;
}
