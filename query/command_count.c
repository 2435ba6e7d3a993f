/* Prefix: query_ - the count command. */
#include <math.h>

#include "base/bson_build.h"
#include "query/command_cursor.h"
#include "query/command_view.h"
#include "query/find_stage.h"
#include "query/near.h"
#include "query/query_error.h"
#include "query/scan.h"

/* The limit is parsed by hand in mongod: other words, and a negative one is as its absolute. */
static int check_limit(const struct value *v, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	int64_t number = 0;

	if (!value_is_number(v))
		return query_error(e, QUERY_BAD_VALUE, "limit value is not a valid number");
	if (value_as_int64(v, &number) && number == INT64_MIN)
		return query_error(e, QUERY_BAD_VALUE, "limit value for count cannot be min long");
	if (value_as_int64(v, &number))
		return 0;
	value_text_element(bytes_str("limit"), v, &text);
	if (v->type == BSON_KIND_DOUBLE && isnan(v->number))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Expected an integer, but found NaN in: %s", buf_text(&text));
	if (v->type == BSON_KIND_DOUBLE && fabs(v->number) < 9223372036854775808.0)
		return query_error(e, QUERY_FAILED_TO_PARSE, "Expected an integer: %s",
				   buf_text(&text));
	return query_error(e, QUERY_FAILED_TO_PARSE, "Cannot represent as a 64-bit integer: %s",
			   buf_text(&text));
}

static const struct command_rule rules[] = {
	{"query", COMMAND_OBJECT, false, NULL},
	{"limit", COMMAND_ANY, false, check_limit},
	{"skip", COMMAND_COUNT, false, NULL},
	{"hint", COMMAND_HINT, false, NULL},
	{"collation", COMMAND_OBJECT, false, NULL},
	{"fields", COMMAND_ANY, false, NULL},
	{"maxTimeMS", COMMAND_TIME, false, NULL},
	{"readConcern", COMMAND_READ_CONCERN, false, NULL},
	{"$queryOptions", COMMAND_OBJECT, false, NULL},
	{"encryptionInformation", COMMAND_ENCRYPTION, false, NULL},
};
static const struct command_rules count_rules = {"count", rules, COUNT_OF(rules)};

static int drain(struct stage *stage, int64_t most, int64_t *ret, struct error *e)
{
	struct stage_doc doc;
	int64_t count = 0;
	int more = 0;

	while (count < most && (more = stage_next(stage, &doc, e)) > 0)
		count++;
	*ret = count;
	return MIN_OF(more, 0);
}

static int check_hint(struct bytes cmd, struct error *e)
{
	struct value hint = command_field(cmd, "hint");

	return hint.type == BSON_KIND_DOCUMENT ? command_check_natural("hint", hint.data, e) : 0;
}

static int read_hint(struct command_context *c, struct collection *collection,
		     const struct match *match, struct bytes *ret, int *ret_natural,
		     struct error *e)
{
	struct value hint = command_field(c->cmd, "hint");
	struct bytes indexes[2];
	int found;

	if (value_is_missing(&hint) || collection->kind != COLLECTION_STORED ||
	    (hint.type == BSON_KIND_DOCUMENT && value_count(hint.data) == 0))
		return 0;
	*ret_natural = hint.type == BSON_KIND_DOCUMENT ? command_natural(hint.data) : 0;
	if (*ret_natural != 0)
		return 0;
	found = collection_index(collection, &hint, indexes, e);
	if (found != 1)
		return found < 0 ? found : command_not_one_index(c, match, indexes, found, e);
	*ret = arena_copy(c->q.constants, indexes[0]);
	return 0;
}

/* All that match, at most `most`. */
static int count_stored(struct command_context *c, struct collection *collection,
			struct bytes query, int64_t most, int64_t *ret, struct error *e)
{
	OWNED(stage_free) struct stage *stage = NULL;
	struct plan_request request = {.scope = expr_scope_new(&c->q)};
	const struct match_near *near;
	struct near_index places = {0};
	struct bytes index = {0};
	struct plan plan;

	if (match_parse(request.scope, query, MATCH_TOP | MATCH_WITH_NEAR, &request.match, e) < 0)
		return e->code;
	near = match_near(request.match);
	if (command_check_near(c, request.match, false, e) < 0 ||
	    read_hint(c, collection, request.match, &index, &request.natural, e) < 0 ||
	    command_near_index(c, request.scope, collection, request.match, index, &places, e) < 0)
		return e->code;
	if (match_is_all(request.match) && index.len == 0) {
		if (collection_resolve(collection, e) < 0)
			return e->code;
		*ret = collection->kind == COLLECTION_STORED
			       ? (int64_t)MIN_OF(collection->entry.root.count, (uint64_t)most)
			       : 0;
		return 0;
	}
	if (plan_collection(&c->q, collection, &request, &plan, &stage, e) < 0)
		return e->code;
	if (near != NULL)
		stage = near_open(&c->q, request.scope, near, &places, 0, false, TAKE(stage));
	else
		stage = find_stage_index(&c->q, request.scope, index, false, TAKE(stage));
	return drain(stage, most, ret, e);
}

static int count_all(struct command_context *c, int64_t most, int64_t *ret, struct error *e)
{
	struct query_context *q = &c->q;
	OWNED(plan_resolved_release) struct plan_resolved resolved = {0};
	OWNED(stage_free) struct stage *stage = NULL;
	struct value query = command_field(c->cmd, "query");
	struct bytes filter = query.type == BSON_KIND_DOCUMENT ? query.data : bson_build_empty();
	struct bytes collation;

	if (command_collation(c, e) < 0 ||
	    plan_resolve(q, q->db, q->coll, bson_build_empty(), &resolved, e) < 0)
		return e->code;
	if (resolved.is_view)
		collation = resolved.collation;
	else if (collection_collation(&resolved.collection, &collation, e) < 0)
		return e->code;
	if (command_default_collation(c, collation, e) < 0)
		return e->code;
	q->lacks_now = !resolved.is_view;
	if (!resolved.is_view)
		return count_stored(c, &resolved.collection, filter, most, ret, e);
	if (command_field(c->cmd, "limit").type != VALUE_MISSING &&
	    command_number(c->cmd, "limit", 0) == 0) /* it becomes {$limit: 0} */
		return query_error(e, 15958, "the limit must be positive");
	if (command_view_match(c, &resolved, filter, &stage, e) < 0)
		return e->code;
	if (drain(stage, most, ret, e) < 0)
		return e->server == 0
			       ? e->code
			       : query_error_cause(e, "PlanExecutor error during aggregation");
	return 0;
}

int query_count(const struct query_request *request, int64_t *ret, struct error *e)
{
	OWNED(command_end) struct command_context c = {0};
	OWNED(buf_release) struct buf coll = {0};
	int64_t limit, skip, most = INT64_MAX, count = 0;

	if (command_collection(request, COMMAND_NAME_OTHER, &coll, e) < 0 ||
	    command_check(&count_rules, request->cmd, e) < 0 ||
	    command_read_concern(request->cmd, "count", false, e) < 0 ||
	    command_check_encryption(request->cmd, request->db, buf_bytes(&coll), e) < 0)
		return e->code;
	command_begin(&c, request, buf_bytes(&coll));
	if (check_hint(c.cmd, e) < 0)
		return e->code;
	limit = command_number(c.cmd, "limit", 0);
	skip = command_number(c.cmd, "skip", 0);
	limit = limit < 0 ? -limit : limit;
	if (limit > 0 && skip <= INT64_MAX - limit)
		most = limit + skip;
	c.q.in_find = true;
	if (count_all(&c, most, &count, e) < 0)
		return e->code;
	*ret = count > skip ? count - skip : 0;
	return 0;
}
