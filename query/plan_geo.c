/* Prefix: plan_ - pipelines that begin with $geoNear. */
#include "base/bson_build.h"
#include "query/batch.h"
#include "query/command_parse.h"
#include "query/expr/expr_op.h"
#include "query/near.h"
#include "query/plan.h"
#include "query/query_error.h"

/* mongod's words for a query without a plan, of a $geoNear. */
static COLD int refuse(struct query_context *q, const struct plan_resolved *r,
		       const struct match *match, int code, const char *why, struct error *e)
{
	OWNED(buf_release) struct buf tree = {0}, collation = {0}, text = {0};

	match_text(match, &tree);
	if (q->collation_spec.len == 0) {
		buf_add_str(&text, "{ locale: \"simple\" }");
	} else {
		size_t begin = bson_build_begin(&collation);

		command_collation_write(q->collation_spec, "collation", &collation);
		bson_build_end(&collation, begin);
		value_text_bson(value_get(buf_bytes(&collation), bytes_str("collation")).data,
				false, &text);
	}
	return query_error(e, code,
			   "error processing query: ns=%sTree: %sSort: {}\nProj: {}\nCollation: "
			   "%s\n planner returned error :: caused by :: %s",
			   r->collection.entry.ns, buf_text(&tree), buf_text(&text), why);
}

/* mongod looks into the buckets, at a field of theirs, or sorts what is in all of them. */
static COLD int refuse_series(struct bytes field, struct error *e)
{
	if (field.len == 0)
		return query_error(
			e, 5892921,
			"Failed to optimize pipeline :: caused by :: Must specify 'key' option for "
			"$geoNear on a time-series collection");
	return query_error(e, QUERY_ILLEGAL_OPERATION,
			   "yesterfs does not answer $geoNear on a time-series collection");
}

/* The query that the stage is, as it was parsed. */
static int parse_query(struct query_context *q, const struct plan_resolved *r,
		       const struct plan_request *request, const struct match **ret,
		       struct error *e)
{
	struct value operand;
	struct bytes field, query;

	if (r->collection.kind == COLLECTION_MISSING)
		return query_error(e, QUERY_NAMESPACE_NOT_FOUND,
				   "$geoNear requires a geo index to run, but %.*s.%.*s does not "
				   "exist",
				   (int)q->db.len, (const char *)q->db.at, (int)r->coll.len,
				   (const char *)r->coll.at);
	pipeline_begins_with_geo(r->pipeline, &operand);
	field = pipeline_geo_key(&operand);
	if (r->unpack.len > 0)
		return refuse_series(field, e);
	if (field.len == 0 && near_field(&r->collection, &field, e) < 0)
		return e->code;
	if (pipeline_geo_query(request->scope, request->set, request->set_count, &operand,
			       arena_copy(q->constants, field), &query, e) < 0)
		return e->code;
	return match_parse(request->scope, query, MATCH_AGGREGATE | MATCH_WITH_NEAR, ret, e);
}

/* How many of them the stages behind it can want; 0: all. */
static uint64_t most_of(struct query_context *q, struct bytes pipeline)
{
	uint64_t most = batch_most(plan_drop(q, pipeline, 1));

	return most == BATCH_NOTHING ? 1 : most;
}

int plan_geo_open(struct query_context *q, struct plan_resolved *r,
		  const struct plan_request *request, struct plan *ret_plan, struct stage **ret,
		  struct error *e)
{
	struct plan_request asked = *request;
	struct near_index index = {0};
	struct stage *stage = NULL;
	const char *why;

	if (parse_query(q, r, request, &asked.match, e) < 0)
		return e->code;
	if (r->natural != 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "geoNear expression not allowed with $natural hint");
	if (r->has_bad_hint)
		return refuse(q, r, asked.match, QUERY_BAD_VALUE,
			      "hint provided does not correspond to an existing index", e);
	if (!near_find_index(request->scope, &r->collection, asked.match, r->index, &index, &why))
		return refuse(q, r, asked.match, 291, why, e);
	if (plan_collection(q, &r->collection, &asked, ret_plan, &stage, e) < 0)
		return e->code;
	ret_plan->is_near = true;
	*ret = near_open(q, request->scope, match_near(asked.match), &index,
			 most_of(q, r->pipeline), true, stage);
	return 0;
}
