/*
 * Prefix: query_ - explain of find, aggregate, count and distinct: the plan, and with executionStats what running it took.
 *
 * The reply has the fields that mongod 6.0's has and that clients read (reference/query.md 2.8); the tree is read in one of four ways
 * (plan.h), so the plans are told in mongod's words for them: EOF, COLLSCAN, IDHACK, IXSCAN of `_id`.
 */
#include <time.h>

#include "base/bson_build.h"
#include "base/clock.h"
#include "query/command_concern.h"
#include "query/command_cursor.h"
#include "query/command_explain_refuse.h"
#include "query/explain_bounds.h"
#include "query/explain_server.h"
#include "query/query_error.h"
#include "query/scan.h"

static int check_verbosity(const struct value *v, struct error *e)
{
	static const char *const words[] = {"queryPlanner", "executionStats", "allPlansExecution"};

	if (value_is_nullish(v))
		return 0;
	if (v->type != BSON_KIND_STRING)
		return command_wrong_type(e, "explain", "verbosity", v, "type 'string'");
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (bytes_equal(v->data, bytes_str(words[i])))
			return 0;
	return query_error(e, QUERY_BAD_VALUE,
			   "Enumeration value '%.*s' for field 'explain.verbosity' is not a valid "
			   "value.",
			   (int)v->data.len, (const char *)v->data.at);
}

static const struct command_rule rules[] = {
	{"verbosity", COMMAND_STRING, false, check_verbosity},
	{"readConcern", COMMAND_IGNORED, false, NULL},
	{"maxTimeMS", COMMAND_IGNORED, false, NULL},
	{"$queryOptions", COMMAND_IGNORED, false, NULL},
};
static const struct command_rules explain_rules = {"explain", rules, COUNT_OF(rules)};

/* What is explained, and what running it gave. */
struct explain {
	struct bytes cmd; /* the inner command */
	const char *name; /* of it */
	struct bytes db, filter;
	struct query_cursor *cursor; /* of find and aggregate */
	bool with_stats, with_all_plans;
	bool is_whole; /* an aggregate that its find does all of */
	int64_t returned, counted, took;
	uint64_t examined;
};

/* The filter as it was parsed: {a: {$eq: 1}}. */
static void take_filter(struct explain *x)
{
	struct query_cursor *cursor = x->cursor;
	OWNED(buf_release) struct buf parsed = {0};

	if (cursor->plan.match == NULL)
		return;
	match_serialize(cursor->plan.match, &parsed);
	x->filter = arena_copy(cursor->c.q.constants, buf_bytes(&parsed));
}

/* ---- the plan as a chain of stages */

static void add_stats(const struct explain *x, bool with_docs, struct buf *ret)
{
	if (!x->with_stats)
		return;
	bson_build_int32(ret, "nReturned", (int32_t)x->returned);
	bson_build_int32(ret, "executionTimeMillisEstimate", (int32_t)x->took);
	bson_build_int32(ret, "works", (int32_t)x->examined + 1);
	bson_build_int32(ret, "advanced", (int32_t)x->returned);
	bson_build_int32(ret, "needTime", (int32_t)((int64_t)x->examined - x->returned));
	bson_build_int32(ret, "needYield", 0);
	bson_build_int32(ret, "saveState", 0);
	bson_build_int32(ret, "restoreState", 0);
	bson_build_int32(ret, "isEOF", 1);
	if (with_docs)
		bson_build_int32(ret, "docsExamined", (int32_t)x->examined);
}

static void add_filter(struct bytes filter, struct buf *ret)
{
	if (value_count(filter) > 0)
		bson_build_value(ret, "filter", BSON_KIND_DOCUMENT, filter);
}

static void add_index(const struct explain *x, const struct plan *plan, struct buf *ret)
{
	size_t inner = bson_build_open(ret, "inputStage"), more, list;

	bson_build_string(ret, "stage", bytes_str("IXSCAN"));
	add_stats(x, false, ret);
	more = bson_build_open(ret, "keyPattern");
	bson_build_int32(ret, "_id", 1);
	bson_build_end(ret, more);
	bson_build_string(ret, "indexName", bytes_str("_id_"));
	bson_build_bool(ret, "isMultiKey", false);
	more = bson_build_open(ret, "multiKeyPaths");
	bson_build_end(ret, bson_build_open_array(ret, "_id"));
	bson_build_end(ret, more);
	bson_build_bool(ret, "isUnique", true);
	bson_build_bool(ret, "isSparse", false);
	bson_build_bool(ret, "isPartial", false);
	bson_build_int32(ret, "indexVersion", 2);
	bson_build_string(ret, "direction", bytes_str(plan->is_backward ? "backward" : "forward"));
	more = bson_build_open(ret, "indexBounds");
	list = bson_build_open_array(ret, "_id");
	explain_bounds_add(plan, x->filter, ret);
	bson_build_end(ret, list);
	bson_build_end(ret, more);
	if (x->with_stats)
		bson_build_int32(ret, "keysExamined", (int32_t)x->examined);
	bson_build_end(ret, inner);
}

/* The stage that reads the collection: the fields of its document. */
static void add_source(const struct explain *x, const struct plan *plan, struct buf *ret)
{
	bool by_order = plan->way == PLAN_ALL && plan->is_id_order;

	if (plan->way == PLAN_NOTHING) {
		bson_build_string(ret, "stage", bytes_str("EOF"));
		add_stats(x, false, ret);
		return;
	}
	if (plan->way == PLAN_IDS && plan->id_count == 1 && value_count(x->filter) == 1 &&
	    value_get(x->filter, bytes_str("_id")).type != VALUE_MISSING) {
		bson_build_string(ret, "stage", bytes_str("IDHACK"));
		add_stats(x, true, ret);
		return;
	}
	if (plan->way == PLAN_ALL && !by_order) {
		bson_build_string(ret, "stage", bytes_str("COLLSCAN"));
		add_filter(x->filter, ret);
		add_stats(x, false, ret);
		bson_build_string(ret, "direction",
				  bytes_str(plan->is_backward ? "backward" : "forward"));
		if (x->with_stats)
			bson_build_int32(ret, "docsExamined", (int32_t)x->examined);
		return;
	}
	bson_build_string(ret, "stage", bytes_str("FETCH"));
	if (by_order)
		add_filter(x->filter, ret);
	else
		explain_bounds_rest(x->filter, ret);
	add_stats(x, true, ret);
	add_index(x, plan, ret);
}

/* A part of the command that is a stage above the source; `names` from the top of the plan down. */
struct part {
	const char *stage, *field, *shown;
};

static bool is_sorted(const struct explain *x, const struct plan *plan)
{
	struct value v = command_field(x->cmd, "sort");

	return v.type == BSON_KIND_DOCUMENT && value_count(v.data) > 0 && !plan->is_id_order &&
	       command_natural(v.data) == 0;
}

static bool is_there(const struct explain *x, const struct plan *plan, const struct part *part)
{
	struct value v = command_field(x->cmd, part->field);

	/* The sort stops at the limit itself. */
	if (strcmp(part->field, "limit") == 0 && is_sorted(x, plan))
		return false;
	if (v.type == BSON_KIND_DOCUMENT)
		return value_count(v.data) > 0 &&
		       !(strcmp(part->field, "sort") == 0 &&
			 (plan->is_id_order || command_natural(v.data) != 0));
	return value_is_number(&v) && command_number(x->cmd, part->field, 0) != 0;
}

static void add_sort(const struct explain *x, struct buf *ret)
{
	int64_t limit = command_number(x->cmd, "limit", 0);

	bson_build_int32(ret, "memLimit", (int32_t)QUERY_MEMORY_DEFAULT);
	if (limit > 0)
		bson_build_int32(ret, "limitAmount",
				 (int32_t)(limit + command_number(x->cmd, "skip", 0)));
	bson_build_string(ret, "type", bytes_str("simple"));
	if (!x->with_stats)
		return;
	bson_build_int64(ret, "totalDataSizeSorted", 0);
	bson_build_bool(ret, "usedDisk", false);
	bson_build_int64(ret, "spills", 0);
}

static void add_chain(const struct explain *x, const struct plan *plan, size_t at, struct buf *ret)
{
	static const struct part parts[] = {
		{"PROJECTION_SIMPLE", "projection", "transformBy"},
		{"LIMIT", "limit", "limitAmount"},
		{"SKIP", "skip", "skipAmount"},
		{"SORT", "sort", "sortPattern"},
	};
	struct value v;
	size_t inner;

	if (strcmp(x->name, "find") != 0)
		at = COUNT_OF(parts);
	while (at < COUNT_OF(parts) && !is_there(x, plan, &parts[at]))
		at++;
	if (at == COUNT_OF(parts)) {
		add_source(x, plan, ret);
		return;
	}
	v = command_field(x->cmd, parts[at].field);
	bson_build_string(ret, "stage", bytes_str(parts[at].stage));
	add_stats(x, false, ret);
	value_write(ret, bytes_str(parts[at].shown), &v);
	if (strcmp(parts[at].stage, "SORT") == 0) {
		add_sort(x, ret);
	}
	inner = bson_build_open(ret, "inputStage");
	add_chain(x, plan, at + 1, ret);
	bson_build_end(ret, inner);
}

/* A count of all documents looks at none, unless a hint says what to read. */
static bool is_fast_count(const struct explain *x, const struct plan *plan)
{
	struct value hint = command_field(x->cmd, "hint");
	bool is_hinted = hint.type == BSON_KIND_DOCUMENT ? value_count(hint.data) > 0
							 : !value_is_missing(&hint);

	return strcmp(x->name, "count") == 0 && value_count(x->filter) == 0 &&
	       plan->way != PLAN_NOTHING && !is_hinted;
}

static void add_plan(const struct explain *x, const struct plan *plan, const char *field,
		     struct buf *ret)
{
	size_t begin = bson_build_open(ret, field), inner;

	if (strcmp(x->name, "count") != 0) {
		add_chain(x, plan, 0, ret);
		bson_build_end(ret, begin);
		return;
	}
	if (is_fast_count(x, plan)) {
		bson_build_string(ret, "stage", bytes_str("RECORD_STORE_FAST_COUNT"));
		add_stats(x, false, ret);
		bson_build_end(ret, begin);
		return;
	}
	bson_build_string(ret, "stage", bytes_str("COUNT"));
	if (x->with_stats) {
		add_stats(x, false, ret);
		bson_build_int32(ret, "nCounted", (int32_t)x->counted);
		bson_build_int32(ret, "nSkipped", (int32_t)command_number(x->cmd, "skip", 0));
	}
	inner = bson_build_open(ret, "inputStage");
	add_source(x, plan, ret);
	bson_build_end(ret, inner);
	bson_build_end(ret, begin);
}

/* ---- the parts of the reply */

/* Of a view mongod names the collection behind it. */
static void add_namespace(const struct explain *x, struct buf *ret)
{
	OWNED(buf_release) struct buf ns = {0};
	bool is_view = x->cursor->behind.len > 0;

	buf_add_bytes(&ns, is_view ? x->db : buf_bytes(&x->cursor->c.ns));
	buf_add_str(&ns, is_view ? "." : "");
	buf_add_bytes(&ns, x->cursor->behind);
	bson_build_string(ret, "namespace", buf_bytes(&ns));
}

static void add_planner(struct explain *x, const struct plan *plan, struct buf *ret)
{
	size_t begin = bson_build_open(ret, "queryPlanner");
	bool stats = x->with_stats;

	add_namespace(x, ret);
	bson_build_bool(ret, "indexFilterSet", false);
	if (strcmp(x->name, "count") != 0 || (plan->way != PLAN_NOTHING && !is_fast_count(x, plan)))
		bson_build_value(ret, "parsedQuery", BSON_KIND_DOCUMENT, x->filter);
	if (x->cursor->c.collation_spec.len > 0)
		command_collation_write(x->cursor->c.collation_spec, "collation", ret);
	if (x->is_whole)
		bson_build_bool(ret, "optimizedPipeline", true);
	bson_build_bool(ret, "maxIndexedOrSolutionsReached", false);
	bson_build_bool(ret, "maxIndexedAndSolutionsReached", false);
	bson_build_bool(ret, "maxScansToExplodeReached", false);
	x->with_stats = false;
	add_plan(x, plan, "winningPlan", ret);
	x->with_stats = stats;
	bson_build_end(ret, bson_build_open_array(ret, "rejectedPlans"));
	bson_build_end(ret, begin);
}

static void add_execution(const struct explain *x, const struct plan *plan, struct buf *ret)
{
	size_t begin;
	bool by_id = plan->way == PLAN_IDS || plan->way == PLAN_RANGE;

	if (!x->with_stats)
		return;
	begin = bson_build_open(ret, "executionStats");
	bson_build_bool(ret, "executionSuccess", true);
	bson_build_int32(ret, "nReturned",
			 strcmp(x->name, "count") == 0 ? 0 : (int32_t)x->returned);
	bson_build_int32(ret, "executionTimeMillis", (int32_t)x->took);
	bson_build_int32(ret, "totalKeysExamined", by_id ? (int32_t)x->examined : 0);
	bson_build_int32(ret, "totalDocsExamined",
			 is_fast_count(x, plan) ? 0 : (int32_t)x->examined);
	add_plan(x, plan, "executionStages", ret);
	if (x->with_all_plans)
		bson_build_end(ret, bson_build_open_array(ret, "allPlansExecution"));
	bson_build_end(ret, begin);
}

static void add_command(const struct explain *x, struct buf *ret)
{
	size_t begin = bson_build_open(ret, "command");
	struct value db = value_string(x->db);

	buf_add(ret, x->cmd.at + 4, x->cmd.len - BSON_MIN_LEN);
	if (value_get(x->cmd, bytes_str("$db")).type == VALUE_MISSING)
		value_write(ret, bytes_str("$db"), &db);
	bson_build_end(ret, begin);
}

/* {$cursor: ..} and the stages behind it, as they were written. */
static void add_stages(struct explain *x, const struct plan *plan, struct bytes pipeline,
		       struct buf *ret)
{
	size_t list = bson_build_open_array(ret, "stages"), stage = bson_build_open(ret, "0");
	size_t inner = bson_build_open(ret, "$cursor"), at = 1;
	struct bson_fields fields = bson_fields(pipeline);
	struct bson_field field;
	struct error ignored;
	bool is_first = value_count(x->filter) > 0;

	add_planner(x, plan, ret);
	add_execution(x, plan, ret);
	bson_build_end(ret, inner);
	if (x->with_stats) {
		bson_build_int64(ret, "nReturned", x->returned);
		bson_build_int64(ret, "executionTimeMillisEstimate", x->took);
	}
	bson_build_end(ret, stage);
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field);

		if (!is_first)
			value_write_at(ret, at++, &v);
		is_first = false;
	}
	bson_build_end(ret, list);
}

/* ---- running it */

static int run(struct explain *x, struct error *e)
{
	int64_t begin = (int64_t)clock_ms();
	bool done = !x->with_stats;

	while (!done) {
		OWNED(buf_release) struct buf batch = {0};
		int64_t count;

		if (query_cursor_batch(x->cursor, QUERY_BATCH_ALL, &batch, &count, &done, e) < 0)
			return e->code;
		x->returned += count;
	}
	for (const struct stage *s = x->cursor->stage; s != NULL; s = s->source)
		if (scan_is(s))
			x->examined += scan_examined(s);
	x->took = (int64_t)clock_ms() - begin;
	return 0;
}

static struct bytes object_of(struct bytes cmd, const char *name)
{
	struct value v = command_field(cmd, name);

	return v.type == BSON_KIND_DOCUMENT ? v.data : bson_build_empty();
}

/* find, or count and distinct as the find that they are. */
static int explain_find(struct explain *x, const struct query_request *request, struct buf *ret,
			struct error *e)
{
	if (query_find(request, &x->cursor, e) < 0)
		return e->code;
	x->cursor->is_tailable = x->cursor->is_single = false;
	take_filter(x);
	if (run(x, e) < 0)
		return e->code;
	bson_build_string(ret, "explainVersion", bytes_str("1"));
	add_planner(x, &x->cursor->plan, ret);
	add_execution(x, &x->cursor->plan, ret);
	add_command(x, ret);
	explain_server_write(&x->cursor->c.q, ret);
	return 0;
}

static int explain_aggregate(struct explain *x, const struct query_request *request,
			     struct buf *ret, struct error *e)
{
	struct bytes pipeline = value_get(x->cmd, bytes_str("pipeline")).data;
	struct value stage = value_at(pipeline, 0), first = plan_operand(&stage, "$match");

	if (query_aggregate(request, &x->cursor, e) < 0)
		return e->code;
	if (first.type == BSON_KIND_DOCUMENT)
		x->filter = first.data;
	take_filter(x);
	if (run(x, e) < 0)
		return e->code;
	bson_build_string(ret, "explainVersion", bytes_str("1"));
	x->is_whole = value_count(pipeline) <= (first.type == BSON_KIND_DOCUMENT ? 1u : 0u);
	if (x->is_whole) {
		add_planner(x, &x->cursor->plan, ret);
		add_execution(x, &x->cursor->plan, ret);
		add_command(x, ret);
		explain_server_write(&x->cursor->c.q, ret);
	} else {
		add_stages(x, &x->cursor->plan, pipeline, ret);
		explain_server_write(&x->cursor->c.q, ret);
		add_command(x, ret);
	}
	return 0;
}

/* {count: c, query: q} as {find: c, filter: q}; checked first as what it is. */
static int explain_other(struct explain *x, const struct query_request *request, struct buf *ret,
			 struct error *e)
{
	OWNED(buf_release) struct buf find = {0};
	struct query_request changed = *request;
	struct value coll = value_at(x->cmd, 0), collation = command_field(x->cmd, "collation");
	size_t begin;

	if (strcmp(x->name, "count") == 0) {
		if (query_count(request, &x->counted, e) < 0)
			return e->code;
	} else {
		OWNED(buf_release) struct buf values = {0};

		if (query_distinct(request, &values, e) < 0)
			return e->code;
	}
	x->filter = object_of(x->cmd, "query");
	begin = bson_build_begin(&find);
	value_write(&find, bytes_str("find"), &coll);
	bson_build_value(&find, "filter", BSON_KIND_DOCUMENT, x->filter);
	value_write(&find, bytes_str("collation"), &collation);
	bson_build_end(&find, begin);
	changed.cmd = buf_bytes(&find);
	return explain_find(x, &changed, ret, e);
}

static void read_verbosity(struct bytes cmd, struct explain *x)
{
	struct value v = command_field(cmd, "verbosity");

	x->with_all_plans = value_is_missing(&v) || bytes_is(v.data, "allPlansExecution");
	x->with_stats = x->with_all_plans || bytes_is(v.data, "executionStats");
}

static int explain(struct explain *x, const struct query_request *request, struct bytes name,
		   struct buf *ret, struct error *e)
{
	static const char *const names[] = {"find", "aggregate", "count", "distinct"};
	struct value db = value_get(request->cmd, bytes_str("$db"));
	struct value coll = value_at(request->cmd, 0);
	size_t i = 0;

	if (db.type == BSON_KIND_STRING && !bytes_equal(db.data, request->db))
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Mismatched $db in explain command. Expected %.*s but got %.*s",
				   (int)request->db.len, (const char *)request->db.at,
				   (int)db.data.len, (const char *)db.data.at);
	while (i < COUNT_OF(names) && !bytes_is(name, names[i]))
		i++;
	if (i == COUNT_OF(names))
		return command_explain_refuse(name, &coll, e);
	x->name = names[i];
	if (i != 1 && value_is_uuid(&coll))
		return query_error(e, QUERY_INVALID_NAMESPACE, QUERY_NO_UUID_HERE);
	if (i == 0 && coll.type != BSON_KIND_STRING) /* not explained it is 2 */
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "collection name has invalid type %s",
				   value_type_name(coll.type));
	x->filter = object_of(x->cmd, "filter");
	if (i < 2)
		return i == 0 ? explain_find(x, request, ret, e)
			      : explain_aggregate(x, request, ret, e);
	return explain_other(x, request, ret, e);
}

/* {aggregate: c, pipeline: [..], explain: true}: the plan alone. */
static int explain_itself(const struct query_request *request, struct buf *ret, struct error *e)
{
	struct explain x = {.db = request->db, .cmd = request->cmd, .name = "aggregate"};
	int status;

	x.filter = bson_build_empty();
	status = explain_aggregate(&x, request, ret, e);
	query_cursor_free(x.cursor);
	return status;
}

int query_check_explain(const struct query_request *request, struct error *e)
{
	return command_check_known(&explain_rules, request->cmd, e);
}

int query_explain(const struct query_request *request, struct buf *ret, struct error *e)
{
	struct value inner_cmd = value_at(request->cmd, 0);
	struct query_request inner = *request;
	OWNED(buf_release) struct buf stripped = {0};
	struct explain x = {.db = request->db};
	struct bson_fields fields = bson_fields(request->cmd);
	struct bson_field first = {0};
	int status;

	if (bson_fields_next(&fields, &first, e) < 0)
		return e->code;
	if (bytes_is(first.name, "aggregate"))
		return explain_itself(request, ret, e);
	if (command_check(&explain_rules, request->cmd, e) < 0 ||
	    command_read_concern(request->cmd, "explain", true, e) < 0)
		return e->code;
	read_verbosity(request->cmd, &x);
	if (value_is_nullish(&inner_cmd))
		return command_explain_refuse_nothing(e);
	if (inner_cmd.type != BSON_KIND_DOCUMENT)
		return command_wrong_type(e, "explain", "explain", &inner_cmd, "type 'object'");
	fields = bson_fields(inner_cmd.data);
	first = (struct bson_field){0};
	if (bson_fields_next(&fields, &first, e) < 0)
		return e->code;
	x.cmd = inner_cmd.data;
	command_of_explain(x.cmd, command_is_strict(request->cmd), &stripped);
	inner.cmd = buf_bytes(&stripped);
	status = explain(&x, &inner, first.name, ret, e);
	query_cursor_free(x.cursor);
	return status;
}
