#include "query/stage/pipeline.h"

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/project_node.h"
#include "query/stage/pipeline_parts.h"

#define STAGES_MAX 1000 /* of one pipeline: internalPipelineLengthLimit */

static const struct pipeline_known stages[] = {
	{"$match", stage_make_match, 0},
	{"$project", stage_make_project, 0},
	{"$addFields", stage_make_add_fields, 0},
	{"$set", stage_make_add_fields, 0},
	{"$unset", stage_make_unset, 0},
	{"$replaceRoot", stage_make_replace_root, 0},
	{"$replaceWith", stage_make_replace_with, 0},
	{"$group", stage_make_group, 0},
	{"$sort", stage_make_sort, 0},
	{"$limit", stage_make_limit, 0},
	{"$skip", stage_make_skip, 0},
	{"$count", stage_make_count, 0},
	{"$unwind", stage_make_unwind, 0},
	{"$lookup", stage_make_lookup, PIPELINE_HAS_PIPELINES},
	{"$graphLookup", stage_make_graph_lookup, PIPELINE_HAS_PIPELINES},
	{"$facet", stage_make_facet, PIPELINE_HAS_PIPELINES | PIPELINE_NOT_IN_FACET},
	{"$unionWith", stage_make_union_with, PIPELINE_HAS_PIPELINES},
	{"$bucket", stage_make_bucket, 0},
	{"$bucketAuto", stage_make_bucket_auto, 0},
	{"$sortByCount", stage_make_sort_by_count, 0},
	{"$sample", stage_make_sample, 0},
	{"$redact", stage_make_redact, 0},
	{"$setWindowFields", stage_make_window, 0},
	{"$densify", stage_make_densify, 0},
	{"$fill", stage_make_fill, PIPELINE_UNSTABLE},
	{"$documents", stage_make_documents,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES | PIPELINE_NO_COLLECTION},
	{"$collStats", stage_make_coll_stats,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES},
	{"$indexStats", stage_make_index_stats,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES | PIPELINE_UNSTABLE},
	{"$planCacheStats", stage_make_plan_cache,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES | PIPELINE_UNSTABLE},
	{"$listCatalog", stage_make_list_catalog,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES | PIPELINE_NO_COLLECTION |
		 PIPELINE_UNSTABLE},
	{"$currentOp", stage_make_nothing,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_NOT_IN_LOOKUP |
		 PIPELINE_NOT_IN_UNION | PIPELINE_GIVES | PIPELINE_NO_COLLECTION |
		 PIPELINE_UNSTABLE},
	{"$listLocalSessions", stage_make_local_sessions,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES | PIPELINE_NO_COLLECTION |
		 PIPELINE_UNSTABLE},
	{"$listSessions", stage_make_nothing,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_UNSTABLE},
	{"$_internalInhibitOptimization", stage_make_nothing, PIPELINE_UNSTABLE},
	{"$out", stage_make_out, PIPELINE_WRITER},
	{"$merge", stage_make_merge, PIPELINE_WRITER},
	{"$changeStream", stage_make_refused,
	 PIPELINE_ONLY_FIRST | PIPELINE_NOT_IN_FACET | PIPELINE_GIVES},
	{"$changeStreamSplitLargeEvent", stage_make_refused, PIPELINE_UNSTABLE},
	{"$geoNear", stage_make_geo_near, PIPELINE_NOT_IN_FACET | PIPELINE_READS_INDEX},
	{"$queue", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$search", stage_make_refused, PIPELINE_ONLY_FIRST | PIPELINE_REFUSED_AT_ONCE},
	{"$searchMeta", stage_make_refused, PIPELINE_ONLY_FIRST | PIPELINE_REFUSED_AT_ONCE},
	{"$vectorSearch", stage_make_refused, PIPELINE_ONLY_FIRST | PIPELINE_REFUSED_AT_ONCE},
	{"$listSearchIndexes", stage_make_refused, PIPELINE_ONLY_FIRST | PIPELINE_REFUSED_AT_ONCE},
	{"$queryStats", stage_make_refused,
	 PIPELINE_ONLY_FIRST | PIPELINE_NO_COLLECTION | PIPELINE_GIVES | PIPELINE_UNSTABLE},
	{"$operationMetrics", stage_make_refused,
	 PIPELINE_ONLY_FIRST | PIPELINE_NO_COLLECTION | PIPELINE_GIVES | PIPELINE_UNSTABLE},
	{"$shardedDataDistribution", stage_make_refused,
	 PIPELINE_ONLY_FIRST | PIPELINE_NO_COLLECTION | PIPELINE_GIVES},
	{"$mergeCursors", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$setVariableFromSubPipeline", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalSplitPipeline", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalUnpackBucket", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamOplogMatch", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalDensify", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalFindAndModifyImageLookup", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalReshardingIterateTransaction", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalReshardingOwnershipMatch", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamAddPostImage", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamAddPreImage", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamCheckInvalidate", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamCheckResumability", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamCheckTopologyChange", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamHandleTopologyChange", stage_make_refused,
	 PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamTransform", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_internalChangeStreamUnwindTransaction", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
	{"$_addReshardingResumeId", stage_make_refused, PIPELINE_REFUSED_AT_ONCE},
};

const struct pipeline_known *pipeline_find(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(stages); i++)
		if (bytes_equal(name, bytes_str(stages[i].name)))
			return &stages[i];
	return NULL;
}

/* Atomic: each command sets it, always to the same. */
static const struct pipeline_ops *other_collections;

void pipeline_set_ops(const struct pipeline_ops *ops)
{
	__atomic_store_n(&other_collections, ops, __ATOMIC_RELEASE);
}

const struct pipeline_ops *pipeline_ops(void)
{
	return __atomic_load_n(&other_collections, __ATOMIC_ACQUIRE);
}

/* ---- the first look: names only */

int pipeline_open_stage(struct query_context *q, const struct bson_field *element,
			struct bson_field *ret, const struct pipeline_known **ret_known,
			struct error *e)
{
	struct fields fields;

	if (element->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Each element of the 'pipeline' array must be an object");
	fields = fields_of(element->value);
	if (!fields_next(&fields, ret) || fields.at < fields.end)
		return query_error(e, 40323,
				   "A pipeline stage specification object must contain exactly one "
				   "field.");
	*ret_known = pipeline_find(ret->name);
	if (*ret_known == NULL)
		return query_error(e, 40324, "Unrecognized pipeline stage name: '%s'",
				   stage_text(q, ret->name));
	return 0;
}

/* ---- making */

static int empty_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	(void)stage;
	(void)ret;
	(void)e;
	return 0;
}

static const struct stage_kind empty_kind = {"$_nothing", empty_next, NULL, NULL, NULL};

struct stage *stage_new_empty(struct stage_build *b, struct stage *source)
{
	struct value none = value_missing();

	return stage_new(b, &empty_kind, sizeof(struct stage), &none, source);
}

static int parse_stages(struct stage_build *b, struct bytes pipeline, enum stage_inside inside,
			struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *last = source;
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;
	const struct pipeline_known *known;
	struct value operand;

	while (fields_next(&fields, &element)) {
		if (pipeline_open_stage(b->q, &element, &stage, &known, e) < 0)
			return e->code;
		operand = value_of_field(&stage);
		if (last == NULL && (known->place & PIPELINE_GIVES) == 0)
			last = stage_new_empty(b, NULL);
		if (known->make(b, stage.name, &operand, TAKE(last), &last, e) < 0) {
			last = NULL;
			return e->code;
		}
	}
	if (pipeline_check_places(b, pipeline, inside, e) < 0)
		return e->code;
	if (value_count(pipeline) > STAGES_MAX)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Pipeline length must be no longer than %d stages", STAGES_MAX);
	*ret = last == NULL ? stage_new_empty(b, NULL) : TAKE(last);
	return 0;
}

/* Wherever one stands: that it is not the first is told when all of it has been parsed. */
static bool has_geo(struct bytes pipeline)
{
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element, stage;

	while (fields_next(&fields, &element)) {
		inner = fields_of(element.value);
		if (element.type == BSON_KIND_DOCUMENT && fields_next(&inner, &stage) &&
		    bytes_equal(stage.name, bytes_str("$geoNear")))
			return true;
	}
	return false;
}

int stage_parse_pipeline(struct stage_build *b, struct bytes pipeline, enum stage_inside inside,
			 struct stage *source, struct stage **ret, struct error *e)
{
	bool had_near = b->q->has_near, wanted_search = b->q->wants_search;
	int result;

	b->q->has_near = has_geo(pipeline) || (had_near && inside == STAGE_IN_FACET);
	if (inside == STAGE_IN_LOOKUP || inside == STAGE_IN_UNION)
		b->q->wants_search = false;
	result = parse_stages(b, pipeline, inside, source, ret, e);
	b->q->has_near = had_near;
	b->q->wants_search = wanted_search;
	return result;
}

int stage_parse_sub(struct stage_build *b, struct bytes pipeline, enum stage_inside inside,
		    bool later, struct stage *source, struct stage **ret, struct error *e)
{
	struct stage_later *first = NULL, **last = b->last;
	struct stage_later *item;
	bool was_inside = b->is_inside;
	int result;

	b->last = &first;
	b->is_inside = true;
	result = stage_parse_pipeline(b, pipeline, inside, source, ret, e);
	b->is_inside = was_inside;
	b->last = last;
	if (result < 0 || !later || first == NULL)
		return result;
	item = arena_zeroed(b->q->constants, sizeof(*item));
	item->sub = first;
	*b->last = item;
	b->last = &item->next;
	return 0;
}

int stage_optimize(struct stage_build *b, struct stage_later *later, struct error *e)
{
	int result = 0;

	for (; later != NULL && result >= 0; later = later->next) {
		if (later->expr != NULL)
			result = expr_optimize(b->scope, later->expr, e);
		else if (later->project != NULL)
			result = project_optimize(b->scope, later->project, e);
		else if (later->match != NULL)
			result = match_fold(b->scope, later->match, e);
		else if (later->acc != NULL)
			result = accumulator_optimize(b->scope, later->acc, e);
		else if (later->sub != NULL)
			result = stage_optimize(b, later->sub, e);
	}
	return result < 0 ? expr_optimize_error(e) : 0;
}

int pipeline_look(struct query_context *q, struct bytes pipeline, struct error *e)
{
	struct value all = value_array(pipeline);
	int depth = q->depth, result = stage_lite(q, &all, e);

	q->depth = depth;
	return result >= 0 && q->api_strict ? pipeline_check_api(q, &all, e) : result;
}

static int build(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
		 struct stage *source, bool fold, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source, *made = NULL;
	struct stage_later *later = NULL;
	struct stage_build b = {.q = q, .scope = scope, .last = &later};

	pipeline = arena_copy(q->constants, pipeline);
	b.wants_sort_key = project_node_asks_key(pipeline);
	if (pipeline_look(q, pipeline, e) < 0 ||
	    stage_parse_pipeline(&b, pipeline, STAGE_TOP, TAKE(from), &made, e) < 0 ||
	    (fold && stage_optimize(&b, later, e) < 0))
		return e->code;
	*ret = TAKE(made);
	return 0;
}

int pipeline_build(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
		   struct stage *source, struct stage **ret, struct error *e)
{
	return build(q, scope, pipeline, source, true, ret, e);
}

int pipeline_parse(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
		   struct stage *source, struct stage **ret, struct error *e)
{
	return build(q, scope, pipeline, source, false, ret, e);
}

/* ---- questions on the words */

static const struct pipeline_known *first_stage(struct bytes pipeline, struct bson_field *ret)
{
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element;

	if (!fields_next(&fields, &element) || element.type != BSON_KIND_DOCUMENT)
		return NULL;
	inner = fields_of(element.value);
	return fields_next(&inner, ret) ? pipeline_find(ret->name) : NULL;
}

bool pipeline_needs_collection(struct bytes pipeline)
{
	struct bson_field field;
	const struct pipeline_known *known = first_stage(pipeline, &field);

	return known == NULL || (known->place & PIPELINE_GIVES) == 0;
}

bool pipeline_begins_with_geo(struct bytes pipeline, struct value *ret)
{
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element, stage;

	while (fields_next(&fields, &element) && element.type == BSON_KIND_DOCUMENT) {
		inner = fields_of(element.value);
		if (!fields_next(&inner, &stage))
			return false;
		if (bytes_equal(stage.name, bytes_str("$geoNear"))) {
			if (ret != NULL)
				*ret = value_of_field(&stage);
			return true;
		}
		/* {$match: {}} has been taken away. */
		if (!bytes_equal(stage.name, bytes_str("$match")) || stage.value.len > BSON_MIN_LEN)
			return false;
	}
	return false;
}

int pipeline_check_behind(struct bytes pipeline, struct error *e)
{
	struct bson_field field;
	const struct pipeline_known *known = first_stage(pipeline, &field);

	if (pipeline_begins_with_geo(pipeline, NULL))
		return query_error(e, 40603, PIPELINE_NOT_FIRST, "$geoNear");
	if (known != NULL && (known->place & PIPELINE_ONLY_FIRST) != 0)
		return query_error(e, 40602, PIPELINE_ONLY_AS_FIRST, known->name);
	return 0;
}

bool pipeline_stands_alone(struct bytes pipeline)
{
	struct bson_field field;
	const struct pipeline_known *known = first_stage(pipeline, &field);

	return known != NULL && (known->place & PIPELINE_NO_COLLECTION) != 0;
}

bool pipeline_writes(struct bytes pipeline)
{
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;

	while (fields_next(&fields, &element)) {
		struct fields inner;
		const struct pipeline_known *known;

		if (element.type != BSON_KIND_DOCUMENT)
			continue;
		inner = fields_of(element.value);
		known = fields_next(&inner, &stage) ? pipeline_find(stage.name) : NULL;
		if (known != NULL && (known->place & PIPELINE_WRITES) != 0)
			return true;
	}
	return false;
}
