/* Prefix: query_ - the aggregate command. */
#include "base/bson_build.h"
#include "query/command_cursor.h"
#include "query/command_view.h"
#include "query/gaps.h"
#include "query/query_error.h"
#include "query/stage/reorder.h"

static int check_pipeline(const struct value *v, struct error *e)
{
	struct bson_fields fields = bson_fields(v->data);
	struct bson_field field;
	int more;

	if (v->type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "'pipeline' option must be specified as an array");
	while ((more = bson_fields_next(&fields, &field, e)) > 0)
		if (field.type != BSON_KIND_DOCUMENT)
			return query_error(
				e, QUERY_TYPE_MISMATCH,
				"Each element of the 'pipeline' array must be an object");
	return more;
}

static int check_batch(const struct value *v, struct error *e)
{
	int64_t number;

	if (value_is_nullish(v))
		return 0;
	if (!value_is_number(v))
		return command_wrong_type(e, "cursor", "batchSize", v,
					  "types '[long, int, decimal, double']");
	return command_count_of("batchSize", v, &number, e);
}

static int check_cursor(const struct value *v, struct error *e)
{
	struct bson_fields fields = bson_fields(v->data);
	struct bson_field field;
	int more;

	if (v->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "cursor field must be missing or an object");
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		struct value inner = value_of_field(&field);

		if (!bytes_equal(field.name, bytes_str("batchSize")))
			return query_error_unknown_field(e, "cursor", field.name);
		if (check_batch(&inner, e) < 0 ||
		    query_error_if_repeated(e, "cursor", v->data, &field) < 0)
			return e->code;
	}
	return more;
}

static int check_explain(const struct value *v, struct error *e)
{
	if (v->type == BSON_KIND_BOOL)
		return 0;
	return query_error(e, QUERY_TYPE_MISMATCH, "explain must be a boolean");
}

/* The parser's words for a wrong type, then those of every command. */
static int check_time(const struct value *v, struct error *e)
{
	int64_t number;

	if (v->type == BSON_KIND_NULL) /* told when all fields are known */
		return 0;
	if (!value_is_number(v))
		return command_wrong_type(e, "aggregate", "maxTimeMS", v,
					  "types '[long, int, decimal, double']");
	return command_count_of("maxTimeMS", v, &number, e) < 0 ? e->code
								: command_check_time(v, e);
}

static int check_read_concern(const struct value *v, struct error *e)
{
	if (v->type == BSON_KIND_DOCUMENT || v->type == BSON_KIND_NULL)
		return 0;
	return command_wrong_type(e, "aggregate", "readConcern", v, "type 'object'");
}

/* Writes are refused by others; here only what it is. */
static int check_write_concern(const struct value *v, struct error *e)
{
	if (v->type == BSON_KIND_NULL)
		return query_error(
			e, QUERY_TYPE_MISMATCH,
			"\"writeConcern\" had the wrong type. Expected object, found null");
	if (v->type != BSON_KIND_DOCUMENT)
		return command_wrong_type(e, "aggregate", "writeConcern", v, "type 'object'");
	return 0;
}

static const struct command_rule rules[] = {
	{"pipeline", COMMAND_ARRAY, true, check_pipeline},
	{"cursor", COMMAND_OBJECT, false, check_cursor},
	{"explain", COMMAND_BOOL, false, check_explain},
	{"allowDiskUse", COMMAND_FLAG, false, NULL},
	{"maxTimeMS", COMMAND_TIME, false, check_time},
	{"readConcern", COMMAND_OBJECT, false, check_read_concern},
	{"writeConcern", COMMAND_OBJECT, false, check_write_concern},
	{"collation", COMMAND_OBJECT, false, NULL},
	{"hint", COMMAND_HINT, false, NULL},
	{"let", COMMAND_OBJECT, false, NULL},
	{"bypassDocumentValidation", COMMAND_BOOL_SAFE, false, NULL},
	{"needsMerge", COMMAND_FLAG, false, NULL},
	{"fromMongos", COMMAND_FLAG, false, NULL},
	{"exchange", COMMAND_EXCHANGE, false, NULL},
	{"isMapReduceCommand", COMMAND_FLAG, false, NULL},
	{"collectionUUID", COMMAND_UUID, false, NULL},
	{"$_requestReshardingResumeToken", COMMAND_FLAG, false, NULL},
	{"encryptionInformation", COMMAND_ENCRYPTION, false, NULL},
	{"runtimeConstants", COMMAND_RUNTIME, false, NULL},
	{"$queryOptions", COMMAND_OBJECT, false, NULL},
};
static const struct command_rules aggregate_rules = {"aggregate", rules, COUNT_OF(rules)};

/* The first field: a collection, or 1 for the database. */
static int read_name(const struct query_request *request, struct buf *ret, bool *ret_is_db,
		     struct error *e)
{
	struct bson_fields fields = bson_fields(request->cmd);
	struct bson_field field;
	struct value v;
	int more = bson_fields_next(&fields, &field, e);

	if (more <= 0)
		return more < 0 ? more : query_error(e, QUERY_FAILED_TO_PARSE, "an empty command");
	v = value_of_field(&field);
	*ret_is_db = v.type != BSON_KIND_STRING;
	if (v.type == BSON_KIND_STRING)
		return command_collection(request, COMMAND_NAME_AGGREGATE, ret, e);
	if (!value_is_number(&v))
		return query_error(e, QUERY_TYPE_MISMATCH, "collection name has invalid type: %s",
				   value_type_name(v.type));
	if (value_to_double(&v) != 1)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Invalid command format: the 'aggregate' field must specify a "
				   "collection name or 1");
	buf_add_str(ret, "$cmd.aggregate");
	return 0;
}

static struct bytes pipeline_of(struct bytes cmd)
{
	return value_get(cmd, bytes_str("pipeline")).data;
}

/* {$collStats: ..} and {$indexStats: ..} first: they ask about the namespace itself. */
static bool asks_catalog(struct bytes pipeline, const char *name)
{
	struct value first = value_at(pipeline, 0);
	struct value operand = plan_operand(&first, name);

	return !value_is_missing(&operand);
}

/* What such a stage is asked of: a view stays one, a time series is its buckets, or itself where its indexes are asked for. */
static int resolve(struct query_cursor *cursor, struct plan_resolved *r, struct error *e)
{
	struct query_context *q = &cursor->c.q;
	struct bytes pipeline = pipeline_of(cursor->c.cmd);
	bool asks_sizes = asks_catalog(pipeline, "$collStats");

	if (plan_resolve(q, q->db, q->coll, pipeline, r, e) < 0)
		return e->code;
	/* Where a view has stages of its own $indexStats is not the first one. */
	if (r->is_view && !r->is_series && asks_catalog(pipeline, "$listCatalog"))
		q->coll =
			r->coll; /* the view has no stages, else this one would not be the first */
	if (!r->is_view ||
	    (!asks_sizes && (r->unpack.len == 0 || !asks_catalog(pipeline, "$indexStats") ||
			     value_count(r->pipeline) > value_count(pipeline))))
		return 0;
	if (r->is_series && asks_sizes) {
		struct bytes buckets = catalog_entry_coll(&r->collection.entry);

		q->coll = arena_copy(q->constants, buckets);
		q->is_of_series = true;
	}
	r->unpack = (struct bytes){0};
	r->pipeline = pipeline;
	r->tells = false;
	return 0;
}

/* All of it is right, but it would write. */
static COLD int refuse_write(struct query_cursor *cursor, struct plan_resolved *r, struct error *e)
{
	struct query_context *q = &cursor->c.q;
	struct plan_request request = {.scope = cursor->scope};
	OWNED(stage_free) struct stage *stage = NULL;
	struct plan plan;

	if (pipeline_begins_with_geo(r->pipeline, NULL) &&
	    plan_geo_open(q, r, &request, &plan, &stage, e) < 0)
		return e->code;
	return query_error(e, QUERY_UNAUTHORIZED,
			   "not authorized on %.*s to execute command aggregate", (int)q->db.len,
			   (const char *)q->db.at);
}

static int open_pipeline(struct query_cursor *cursor, bool is_db, struct error *e)
{
	struct query_context *q = &cursor->c.q;
	OWNED(plan_resolved_release) struct plan_resolved resolved = {0};
	struct bytes collation;

	if (pipeline_look(q, pipeline_of(cursor->c.cmd), e) < 0 ||
	    command_collation(&cursor->c, e) < 0 ||
	    command_check_encryption(cursor->c.cmd, q->db, q->coll, e) < 0)
		return e->code;
	if (is_db)
		q->coll = (struct bytes){0};
	q->is_top = q->wants_search = true;
	q->is_collectionless = is_db;
	if (is_db && value_count(pipeline_of(cursor->c.cmd)) == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "{aggregate: 1} is not valid for an empty pipeline.");
	if (is_db && command_field(cursor->c.cmd, "collectionUUID").type != VALUE_MISSING)
		return query_error(
			e, 4928901,
			"collectionUUID is not supported for a collectionless aggregation");
	if (resolve(cursor, &resolved, e) < 0 ||
	    command_check_collection_uuid(cursor->c.cmd, &resolved, e) < 0)
		return e->code;
	if (resolved.is_view)
		collation = resolved.collation;
	else if (collection_collation(&resolved.collection, &collation, e) < 0)
		return e->code;
	if (resolved.is_view && command_view_collation(&cursor->c, &resolved, e) < 0)
		return e->code;
	q->keeps_gaps = gaps_wanted(resolved.pipeline) || gaps_wanted_inside(cursor->c.cmd);
	if (command_default_collation(&cursor->c, collation, e) < 0 ||
	    plan_check_views(q, resolved.pipeline, e) < 0 || command_let(&cursor->c, e) < 0)
		return e->code;
	cursor->scope = expr_scope_new(q);
	if (plan_check(q, cursor->scope, resolved.pipeline, e) < 0 ||
	    plan_check_first(&resolved, pipeline_of(cursor->c.cmd), e) < 0)
		return e->code;
	resolved.pipeline = reorder_pipeline(q, resolved.pipeline);
	if (command_hint(&cursor->c, cursor->scope, &resolved, e) < 0)
		return e->code;
	if (pipeline_writes(resolved.pipeline))
		return refuse_write(cursor, &resolved, e);
	if (resolved.is_view)
		cursor->behind = resolved.coll;
	return plan_pipeline(q, &resolved, cursor->scope, NULL, false, &cursor->plan,
			     &cursor->stage, e);
}

int query_check_aggregate(const struct query_request *request, struct error *e)
{
	OWNED(buf_release) struct buf coll = {0};
	bool is_db;

	if (read_name(request, &coll, &is_db, e) < 0)
		return e->code;
	return command_check_known(&aggregate_rules, request->cmd, e);
}

int query_aggregate(const struct query_request *request, struct query_cursor **ret, struct error *e)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf coll = {0};
	struct value v, batch, explain;
	bool is_db = false;

	if (read_name(request, &coll, &is_db, e) < 0 ||
	    command_check(&aggregate_rules, request->cmd, e) < 0 ||
	    command_read_concern(request->cmd, "aggregate", true, e) < 0)
		return e->code;
	v = command_field(request->cmd, "cursor");
	explain = command_field(request->cmd, "explain");
	if (value_is_missing(&v) && value_is_missing(&explain))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "The 'cursor' option is required, except for aggregate with the "
				   "explain argument");
	if (command_check_merge(request->cmd, request->db, buf_bytes(&coll), e) < 0)
		return e->code;
	cursor = xcalloc(1, sizeof(*cursor));
	command_begin(&cursor->c, request, buf_bytes(&coll));
	cursor->first = QUERY_FIRST_BATCH;
	if (v.type == BSON_KIND_DOCUMENT) {
		batch = command_field(v.data, "batchSize");
		if (!value_is_missing(&batch))
			cursor->first = command_number(v.data, "batchSize", QUERY_FIRST_BATCH);
	}
	cursor->left = -1;
	cursor->c.q.allow_disk_use = command_spills(cursor->c.cmd);
	if (open_pipeline(cursor, is_db, e) < 0)
		return e->code;
	if (!value_is_true(&explain) && command_check_exchange(cursor->c.cmd, cursor->first, e) < 0)
		return e->code;
	*ret = TAKE(cursor);
	return 0;
}
