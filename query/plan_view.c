/* Prefix: plan_ - views, time series and pipelines. */
#include "base/bson_build.h"
#include "base/buckets.h"
#include "query/batch.h"
#include "query/command_parse.h"
#include "query/find_stage.h"
#include "query/plan.h"
#include "query/plan_needed.h"
#include "query/project_node.h"
#include "query/query_error.h"
#include "query/scan.h"
#include "query/series_lead.h"
#include "query/stage/pipeline_parts.h"
#include "query/stage/reorder.h"
#include "query/unpack.h"

/* ---- views */

struct bytes plan_concat(struct arena *arena, struct bytes a, struct bytes b)
{
	OWNED(buf_release) struct buf out = {0};
	struct bytes parts[] = {a, b};
	size_t begin = bson_build_begin(&out), index = 0;

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct bson_fields fields = bson_fields(parts[i]);
		struct bson_field field;
		struct error ignored;

		while (parts[i].len > 0 && bson_fields_next(&fields, &field, &ignored) > 0) {
			struct value v = value_of_field(&field);

			value_write_at(&out, index++, &v);
		}
	}
	bson_build_end(&out, begin);
	return arena_copy(arena, buf_bytes(&out));
}

void plan_resolved_release(struct plan_resolved *r)
{
	collection_release(&r->collection);
}

/* One step down from a view: what it views, and its pipeline in front of the others. */
static int step_view(struct query_context *q, struct plan_resolved *r, struct bytes *coll,
		     struct error *e)
{
	struct bytes options = buf_bytes(&r->collection.entry.options);
	struct value on = value_get(options, bytes_str("viewOn"));
	struct value pipeline = value_get(options, bytes_str("pipeline"));

	if (on.type != BSON_KIND_STRING)
		return error_set(e, ERR_CORRUPT, "the view %s does not say what it views",
				 r->collection.entry.ns);
	*coll = arena_copy(q->constants, on.data);
	if (pipeline.type == BSON_KIND_ARRAY)
		r->pipeline = plan_concat(q->constants, pipeline.data, r->pipeline);
	return 0;
}

static int step_series(struct query_context *q, struct plan_resolved *r, struct bytes *coll,
		       struct error *e)
{
	struct bytes options = buf_bytes(&r->collection.entry.options);
	struct value series = value_get(options, bytes_str("timeseries"));
	OWNED(buf_release) struct buf name = {0};

	if (series.type != BSON_KIND_DOCUMENT)
		return error_set(e, ERR_CORRUPT, "the time series %s has no options",
				 r->collection.entry.ns);
	r->unpack = arena_copy(q->constants, series.data);
	buf_add_str(&name, BUCKETS_PREFIX);
	buf_add_bytes(&name, *coll);
	*coll = arena_copy(q->constants, buf_bytes(&name));
	return 0;
}

static int note_collation(struct query_context *q, struct plan_resolved *r, struct error *e)
{
	if (r->is_view)
		return 0;
	r->is_view = r->has_collation = true;
	if (collection_collation(&r->collection, &r->collation, e) < 0)
		return e->code;
	r->collation = arena_copy(q->constants, r->collation);
	return 0;
}

/* Do the stages of the views begin with $collStats? What they view is not looked through then (ViewCatalog::resolveView()). */
static bool tells_of_next(struct bytes views_first, struct bytes asked)
{
	struct value first = value_at(views_first, 0);
	struct value operand = plan_operand(&first, "$collStats");

	return !value_is_missing(&operand) && value_count(views_first) > value_count(asked);
}

int plan_resolve(struct query_context *q, struct bytes db, struct bytes coll, struct bytes pipeline,
		 struct plan_resolved *r, struct error *e)
{
	*r = (struct plan_resolved){.pipeline = pipeline};
	collection_init(&r->collection);
	for (int depth = 0;; depth++) {
		struct collection *c = &r->collection;

		if (collection_find(q->moment, db, coll, q->with_users, c, e) < 0)
			return e->code;
		if (c->kind == COLLECTION_MISSING || c->kind == COLLECTION_STORED) {
			r->coll = arena_copy(q->constants, coll);
			return 0;
		}
		if (depth >= PLAN_VIEW_DEPTH_MAX - 1 || r->unpack.len > 0)
			return query_error(e, QUERY_VIEW_DEPTH_LIMIT,
					   "View depth too deep or view cycle detected; maximum "
					   "depth is %d",
					   PLAN_VIEW_DEPTH_MAX);
		if (note_collation(q, r, e) < 0)
			return e->code;
		if (depth == 0)
			r->is_series = c->kind != COLLECTION_VIEW;
		if ((c->kind == COLLECTION_VIEW ? step_view : step_series)(q, r, &coll, e) < 0)
			return e->code;
		r->tells = tells_of_next(r->pipeline, pipeline);
		if (r->tells) {
			collection_release(c);
			collection_init(c);
			r->coll = coll;
			return 0;
		}
	}
}

/* ---- pipelines */

struct value plan_operand(const struct value *stage, const char *name)
{
	if (stage->type != BSON_KIND_DOCUMENT || value_count(stage->data) != 1)
		return value_missing();
	return value_get(stage->data, bytes_str(name));
}

struct bytes plan_drop(struct query_context *q, struct bytes pipeline, size_t from)
{
	OWNED(buf_release) struct buf out = {0};
	struct bson_fields fields = bson_fields(pipeline);
	struct bson_field field;
	struct error ignored;
	size_t begin = bson_build_begin(&out);

	for (size_t i = 0; bson_fields_next(&fields, &field, &ignored) > 0; i++) {
		struct value v = value_of_field(&field);

		if (i >= from)
			value_write_at(&out, i - from, &v);
	}
	bson_build_end(&out, begin);
	return arena_copy(q->constants, buf_bytes(&out));
}

/* 1, -1: {_id: 1}, {_id: -1}; 0: another specification. */
static int id_order(const struct value *sort)
{
	struct value v;
	int32_t number = 0;

	if (sort->type != BSON_KIND_DOCUMENT || value_count(sort->data) != 1)
		return 0;
	v = value_get(sort->data, bytes_str("_id"));
	if (!value_is_number(&v) || !value_as_int32(&v, &number) || (number != 1 && number != -1))
		return 0;
	return number;
}

/* Is the operand of $group one whose groups need no documents: {_id: constant, n: {$sum: constant}}? */
static bool only_counts(const struct value *group)
{
	struct bson_fields fields = bson_fields(group->data);
	struct bson_field field;
	struct error ignored;

	if (group->type != BSON_KIND_DOCUMENT)
		return false;
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field);

		if (!bytes_equal(field.name, bytes_str("_id")))
			v = plan_operand(&v, "$sum");
		if (!value_is_number(&v) && v.type != BSON_KIND_NULL)
			return false;
	}
	return true;
}

/* Do the stages only ask how many documents there are? */
static bool is_count(struct bytes pipeline)
{
	struct bson_fields fields = bson_fields(pipeline);
	struct bson_field field;
	struct error ignored;

	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value stage = value_of_field(&field);
		struct value operand = plan_operand(&stage, "$group");

		if (!value_is_missing(&operand))
			return only_counts(&operand);
		operand = plan_operand(&stage, "$count");
		if (!value_is_missing(&operand))
			return true;
		operand = plan_operand(&stage, "$skip");
		if (value_is_missing(&operand))
			operand = plan_operand(&stage, "$limit");
		if (value_is_missing(&operand))
			return false;
	}
	return false;
}

/* So many empty documents. */
struct blanks {
	struct stage stage;
	uint64_t left;
};

static int blanks_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct blanks *b = (struct blanks *)stage;

	if (b->left == 0)
		return 0;
	if ((b->left & 1023) == 0 && query_context_check(stage->q, e) < 0)
		return e->code;
	b->left--;
	*ret = (struct stage_doc){.doc = bson_build_empty()};
	return 1;
}

static void blanks_close(struct stage *stage)
{
	(void)stage;
}

static const struct stage_kind blanks_kind = {
	.name = "$cursor", .next = blanks_next, .close = blanks_close};

static int blanks_open(struct query_context *q, struct collection *c, struct stage **ret,
		       struct error *e)
{
	struct blanks *b;

	if (collection_resolve(c, e) < 0)
		return e->code;
	b = xcalloc(1, sizeof(*b));
	b->stage = (struct stage){.kind = &blanks_kind, .q = q};
	b->left = c->entry.root.count;
	*ret = &b->stage;
	return 0;
}

/* What the pipeline begins with that the plan can do instead: the number of stages. */
struct lead {
	size_t stages;
	const struct match *match;
	int order;
	bool has_sort;
};

bool plan_fill_sorts(const struct value *fill)
{
	struct value output = value_missing();
	struct bson_fields fields;
	struct bson_field field;
	struct error ignored;

	if (fill->type == BSON_KIND_DOCUMENT)
		output = value_get(fill->data, bytes_str("output"));
	if (output.type != BSON_KIND_DOCUMENT)
		return false;
	fields = bson_fields(output.data);
	while (bson_fields_next(&fields, &field, &ignored) > 0)
		if (field.type == BSON_KIND_DOCUMENT &&
		    value_get(field.value, bytes_str("method")).type != VALUE_MISSING)
			return true;
	return false;
}

/* May the stage sort for itself, so that a $sort before it is taken away when the stages are put together? */
static bool sorts_anew(const struct value *stage)
{
	static const char *const names[] = {"$sort", "$densify", "$setWindowFields"};
	struct value fill = plan_operand(stage, "$fill");

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (plan_operand(stage, names[i]).type != VALUE_MISSING)
			return true;
	return plan_fill_sorts(&fill);
}

static int read_lead(struct expr_scope *scope, struct bytes pipeline, struct lead *ret,
		     struct error *e)
{
	struct value stage = value_at(pipeline, 0);
	struct value operand = plan_operand(&stage, "$match");

	*ret = (struct lead){0};
	if (operand.type == BSON_KIND_DOCUMENT) {
		if (match_parse(scope, operand.data, MATCH_AGGREGATE, &ret->match, e) < 0)
			return e->code;
		ret->stages = 1;
		stage = value_at(pipeline, 1);
	}
	operand = plan_operand(&stage, "$sort");
	stage = value_at(pipeline, ret->stages + 1);
	ret->order =
		/* No order that documents come in anyway stands for a $sort whose key is asked for. */
		sorts_anew(&stage) || project_node_asks_key(pipeline) ? 0 : id_order(&operand);
	return 0;
}

bool plan_is_on_id(struct bytes index)
{
	struct value key = index.len > 0 ? value_get(index, bytes_str("key")) : value_missing();

	return key.type == BSON_KIND_DOCUMENT && value_count(key.data) == 1 &&
	       value_get(key.data, bytes_str("_id")).type != VALUE_MISSING;
}

/* Does mongod's find do all of what is left? Then nothing asks it for more documents than a reply takes. */
static bool is_done_by_find(struct bytes left)
{
	struct value stage = value_at(left, 0), operand = plan_operand(&stage, "$project");

	return value_count(left) == 0 ||
	       (value_count(left) == 1 && operand.type == BSON_KIND_DOCUMENT &&
		reorder_is_inclusion(operand.data));
}

/* The documents that the pipeline is applied to, and which of its stages are done with that. */
static int open_source(struct query_context *q, struct plan_resolved *r, struct expr_scope *scope,
		       const struct expr_frame *set, struct plan *plan, size_t *ret_done,
		       struct stage **ret, struct error *e)
{
	struct plan_request request = {.scope = scope, .set = set};
	struct lead lead;

	*ret_done = 0;
	request.set_count = set == NULL ? 0 : expr_slots(scope);
	if (pipeline_begins_with_geo(r->pipeline, NULL))
		return plan_geo_open(q, r, &request, plan, ret, e);
	if (r->unpack.len > 0) {
		struct stage *buckets = NULL;

		request.natural = r->natural;
		if (plan_collection(q, &r->collection, &request, plan, &buckets, e) < 0)
			return e->code;
		return unpack_open(q, r->unpack, r->dropped, buckets, ret, e);
	}
	if (read_lead(scope, r->pipeline, &lead, e) < 0)
		return e->code;
	if (r->index.len == 0 && (lead.match == NULL || match_is_all(lead.match)) &&
	    r->collection.kind == COLLECTION_STORED &&
	    is_count(plan_drop(q, r->pipeline, lead.stages))) {
		*plan = (struct plan){.way = PLAN_ALL};
		*ret_done = lead.stages;
		return blanks_open(q, &r->collection, ret, e);
	}
	request.match = lead.match;
	request.natural = r->natural;
	request.by_id = plan_is_on_id(r->index);
	request.order = r->natural != 0 || r->index.len > 0 ? 0 : lead.order;
	if (plan_collection(q, &r->collection, &request, plan, ret, e) < 0)
		return e->code;
	*ret = find_stage_index(q, scope, r->index, true, *ret);
	*ret_done = lead.stages + (request.order != 0 && plan->is_id_order);
	if (lead.match != NULL && match_can_fail(lead.match) &&
	    !is_done_by_find(plan_drop(q, r->pipeline, *ret_done)))
		*ret = batch_open(q, batch_most(plan_drop(q, r->pipeline, *ret_done)), *ret);
	return 0;
}

/* What stands for the documents while a pipeline is only looked at; NULL where it needs none. */
static struct stage *blanks_for(struct query_context *q, struct bytes pipeline)
{
	struct blanks *b;

	if (!pipeline_needs_collection(pipeline))
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->stage = (struct stage){.kind = &blanks_kind, .q = q};
	return &b->stage;
}

int plan_check(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
	       struct error *e)
{
	OWNED(stage_free) struct stage *checked = NULL;

	if (pipeline_parse(q, scope, pipeline, blanks_for(q, pipeline), &checked, e) < 0)
		return e->code;
	return plan_check_collations(q, pipeline, e);
}

int plan_check_folded(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
		      struct error *e)
{
	OWNED(stage_free) struct stage *checked = NULL;

	return pipeline_build(q, scope, pipeline, blanks_for(q, pipeline), &checked, e);
}

/* For stages that tell of another collection than the one that was asked. */
static struct query_context *context_of(struct query_context *q, struct bytes coll)
{
	struct query_context *own = arena_get(q->constants, sizeof(*own));

	*own = *q;
	own->coll = coll;
	return own;
}

int plan_pipeline(struct query_context *q, struct plan_resolved *r, struct expr_scope *scope,
		  const struct expr_frame *set, bool check, struct plan *ret_plan,
		  struct stage **ret, struct error *e)
{
	struct stage *source = NULL;
	struct plan plan = {0};
	struct bytes asked;
	size_t done = 0;

	if (scope == NULL)
		scope = expr_scope_new(q);
	if (r->tells)
		q = context_of(q, r->coll);
	if (check &&
	    (plan_check_views(q, r->pipeline, e) < 0 || plan_check(q, scope, r->pipeline, e) < 0))
		return e->code;
	asked = r->pipeline;
	r->pipeline = reorder_pipeline(q, r->pipeline);
	if (r->unpack.len == 0)
		r->pipeline = plan_needed(q, r->pipeline);
	else
		r->dropped = series_lead_drops(q, r->unpack, asked, &r->pipeline);
	if ((r->unpack.len > 0 || pipeline_needs_collection(r->pipeline)) &&
	    open_source(q, r, scope, set, &plan, &done, &source, e) < 0)
		return e->code;
	if (ret_plan != NULL)
		*ret_plan = plan;
	return pipeline_build(q, scope, done == 0 ? r->pipeline : plan_drop(q, r->pipeline, done),
			      source, ret, e);
}

/* ---- for the stages that read other namespaces */

static const char *asks_itself(struct bytes pipeline)
{
	static const char *const names[] = {"$collStats", "$indexStats", "$listCatalog",
					    "$planCacheStats"};
	struct value first = value_at(pipeline, 0);

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct value operand = plan_operand(&first, names[i]);

		if (!value_is_missing(&operand))
			return names[i];
	}
	return NULL;
}

int plan_check_first(const struct plan_resolved *r, struct bytes pipeline, struct error *e)
{
	bool is_behind = r->unpack.len > 0 || value_count(r->pipeline) > value_count(pipeline);
	const char *name = is_behind ? asks_itself(pipeline) : NULL;

	return name == NULL ? 0 : query_error(e, 40602, PIPELINE_ONLY_AS_FIRST, name);
}

static int open_other(struct query_context *q, struct bytes db, struct bytes coll,
		      struct bytes pipeline, struct expr_scope *scope,
		      const struct expr_frame *vars, struct stage **ret, struct error *e)
{
	OWNED(plan_resolved_release) struct plan_resolved resolved = {0};

	if (plan_resolve(q, db, coll, pipeline, &resolved, e) < 0 ||
	    plan_check_first(&resolved, pipeline, e) < 0)
		return e->code;
	if (asks_itself(pipeline) != NULL)
		q = context_of(q, resolved.unpack.len > 0 ? arena_copy(q->constants, coll)
							  : resolved.coll);
	return plan_pipeline(q, &resolved, scope, vars, false, NULL, ret, e);
}

static int entry_of(struct query_context *q, struct bytes db, struct bytes coll,
		    struct catalog_entry *ret, struct error *e)
{
	OWNED(collection_release) struct collection c;

	collection_init(&c);
	if (collection_find(q->moment, db, coll, q->with_users, &c, e) < 0 ||
	    collection_resolve(&c, e) < 0)
		return e->code;
	if (c.kind == COLLECTION_MISSING)
		return 0;
	catalog_entry_release(ret);
	*ret = c.entry;
	catalog_entry_init(&c.entry);
	return 1;
}

static int next_entry(struct query_context *q, uint64_t *rank, struct catalog_entry *ret,
		      struct error *e)
{
	int found;

	if (q->moment == NULL)
		return 0;
	do
		found = moment_entry(q->moment, (*rank)++, ret, e);
	while (found == 1 && query_is_hidden(bytes_of(ret->ns, ret->db_len),
					     catalog_entry_coll(ret), q->with_users));
	return found;
}

void plan_init(void)
{
	static const struct pipeline_ops ops = {
		.open = open_other, .entry = entry_of, .next = next_entry};

	pipeline_set_ops(&ops);
}
