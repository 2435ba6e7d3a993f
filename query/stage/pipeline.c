#include "query/stage/pipeline.h"

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

#define DEPTH_MAX 20 /* of pipelines in each other: internalMaxSubPipelineViewDepth */

enum place {
	ONLY_FIRST = 1 << 0,
	NOT_IN_FACET = 1 << 1,
	NOT_IN_LOOKUP = 1 << 2,
	NOT_IN_UNION = 1 << 3,
	GIVES = 1 << 4,		/* makes its documents itself */
	NO_COLLECTION = 1 << 5, /* stands in {aggregate: 1} */
	WRITES = 1 << 6,
	READS_INDEX = 1 << 8,
	HAS_PIPELINES = 1 << 7,
};

#define WRITER (NOT_IN_FACET | NOT_IN_LOOKUP | NOT_IN_UNION | WRITES)

struct known {
	const char *name;
	stage_maker make;
	unsigned place;
};

static const struct known stages[] = {
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
	{"$lookup", stage_make_lookup, HAS_PIPELINES},
	{"$graphLookup", stage_make_graph_lookup, HAS_PIPELINES},
	{"$facet", stage_make_facet, HAS_PIPELINES | NOT_IN_FACET},
	{"$unionWith", stage_make_union_with, HAS_PIPELINES},
	{"$bucket", stage_make_bucket, 0},
	{"$bucketAuto", stage_make_bucket_auto, 0},
	{"$sortByCount", stage_make_sort_by_count, 0},
	{"$sample", stage_make_sample, 0},
	{"$redact", stage_make_redact, 0},
	{"$setWindowFields", stage_make_window, 0},
	{"$densify", stage_make_densify, 0},
	{"$fill", stage_make_fill, 0},
	{"$documents", stage_make_documents, ONLY_FIRST | NOT_IN_FACET | GIVES | NO_COLLECTION},
	{"$collStats", stage_make_coll_stats, ONLY_FIRST | NOT_IN_FACET | GIVES},
	{"$indexStats", stage_make_index_stats, ONLY_FIRST | NOT_IN_FACET | GIVES},
	{"$planCacheStats", stage_make_nothing, ONLY_FIRST | NOT_IN_FACET | GIVES},
	{"$listCatalog", stage_make_nothing,
	 ONLY_FIRST | NOT_IN_FACET | NOT_IN_LOOKUP | NOT_IN_UNION | GIVES | NO_COLLECTION},
	{"$currentOp", stage_make_nothing,
	 ONLY_FIRST | NOT_IN_FACET | NOT_IN_LOOKUP | NOT_IN_UNION | GIVES | NO_COLLECTION},
	{"$listLocalSessions", stage_make_local_sessions,
	 ONLY_FIRST | NOT_IN_FACET | GIVES | NO_COLLECTION},
	{"$listSessions", stage_make_nothing, ONLY_FIRST | NOT_IN_FACET},
	{"$_internalInhibitOptimization", stage_make_nothing, 0},
	{"$out", stage_make_refused, WRITER},
	{"$merge", stage_make_refused, WRITER},
	{"$changeStream", stage_make_refused, ONLY_FIRST | NOT_IN_FACET | GIVES},
	{"$changeStreamSplitLargeEvent", stage_make_refused, 0},
	{"$geoNear", stage_make_geo_near, NOT_IN_FACET | READS_INDEX},
	{"$queue", stage_make_refused, 0},
	{"$search", stage_make_refused, ONLY_FIRST},
	{"$searchMeta", stage_make_refused, ONLY_FIRST},
	{"$vectorSearch", stage_make_refused, ONLY_FIRST},
	{"$listSearchIndexes", stage_make_refused, ONLY_FIRST},
	{"$queryStats", stage_make_refused, ONLY_FIRST | NO_COLLECTION | GIVES},
	{"$operationMetrics", stage_make_refused, ONLY_FIRST | NO_COLLECTION | GIVES},
	{"$shardedDataDistribution", stage_make_refused, ONLY_FIRST | NO_COLLECTION | GIVES},
	{"$mergeCursors", stage_make_refused, 0},
	{"$setVariableFromSubPipeline", stage_make_refused, 0},
	{"$_internalSplitPipeline", stage_make_refused, 0},
	{"$_internalUnpackBucket", stage_make_refused, 0},
	{"$_internalChangeStreamOplogMatch", stage_make_refused, 0},
};

static const struct known *find_stage(struct bytes name)
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

/* The one field of a stage's document. */
static int open_stage(struct query_context *q, const struct bson_field *element,
		      struct bson_field *ret, const struct known **ret_known, struct error *e)
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
	*ret_known = find_stage(ret->name);
	if (*ret_known == NULL)
		return query_error(e, 40324, "Unrecognized pipeline stage name: '%s'",
				   stage_text(q, ret->name));
	return 0;
}

static bool begins_with_documents(const struct value *pipeline)
{
	struct value first = value_at(pipeline->data, 0), inner = value_missing();

	if (first.type == BSON_KIND_DOCUMENT)
		inner = value_get(first.data, bytes_str("$documents"));
	return !value_is_missing(&inner);
}

static int check_objects(const struct value *pipeline, struct error *e)
{
	struct bson_field element;
	struct fields fields;

	if (pipeline->type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "'pipeline' option must be specified as an array");
	fields = fields_of(pipeline->data);
	while (fields_next(&fields, &element))
		if (element.type != BSON_KIND_DOCUMENT)
			return query_error(
				e, QUERY_TYPE_MISMATCH,
				"Each element of the 'pipeline' array must be an object");
	return 0;
}

static int lite_from(struct query_context *q, const struct value *from, const char *stage,
		     struct error *e)
{
	if (from->type == BSON_KIND_DOCUMENT) {
		struct value db = value_get(from->data, bytes_str("db")),
			     coll = value_get(from->data, bytes_str("coll"));

		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"%s with syntax {from: {db:<>, coll:<>},..} is not supported for db: %s "
			"and coll: %s",
			stage, db.type == BSON_KIND_STRING ? stage_text(q, db.data) : "",
			coll.type == BSON_KIND_STRING ? stage_text(q, coll.data) : "");
	}
	if (from->type != BSON_KIND_STRING)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "%s 'from' field must be a string, but found %s", stage,
				   value_type_name(from->type));
	if (from->data.len == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE, "invalid %s namespace: %s.", stage,
				   stage_text(q, q->db));
	return 0;
}

static int lite_lookup(struct query_context *q, const struct value *spec, struct error *e)
{
	struct value from, pipeline;

	if (spec->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"the $lookup stage specification must be an object, but found %s",
			value_type_name(spec->type));
	from = value_get(spec->data, bytes_str("from"));
	pipeline = value_get(spec->data, bytes_str("pipeline"));
	if (value_is_missing(&from)) {
		if (value_is_missing(&pipeline))
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "must specify 'pipeline' when 'from' is empty");
		if (check_objects(&pipeline, e) < 0)
			return e->code;
		if (!begins_with_documents(&pipeline))
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "$lookup stage without explicit collection must have a "
					   "pipeline with $documents as first stage");
	} else if (lite_from(q, &from, "$lookup", e) < 0)
		return e->code;
	return value_is_missing(&pipeline) ? 0 : stage_lite(q, &pipeline, e);
}

static int lite_graph(struct query_context *q, const struct value *spec, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value from;

	if (spec->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"the $graphLookup stage specification must be an object, but found %s",
			value_type_name(spec->type));
	from = value_get(spec->data, bytes_str("from"));
	if (!value_is_missing(&from))
		return lite_from(q, &from, "$graphLookup", e);
	value_text_bson(spec->data, false, &text);
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "missing 'from' option to $graphLookup stage specification: %s",
			   buf_text(&text));
}

static int lite_union(struct query_context *q, const struct value *spec, struct error *e)
{
	struct value pipeline, coll;
	struct bson_field field;
	struct fields fields;

	if (spec->type == BSON_KIND_STRING)
		return 0;
	if (spec->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "the $unionWith stage specification must be an object or "
				   "string, but found %s",
				   value_type_name(spec->type));
	fields = fields_of(spec->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("coll"))) {
			if (v.type != BSON_KIND_STRING)
				return query_error(e, QUERY_TYPE_MISMATCH,
						   "BSON field '$unionWith.coll' is the wrong type "
						   "'%s', expected type 'string'",
						   value_type_name(v.type));
		} else if (bytes_equal(field.name, bytes_str("pipeline"))) {
			if (check_objects(&v, e) < 0)
				return e->code;
		} else {
			return query_error(e, 40415,
					   "BSON field '$unionWith.%s' is an unknown field.",
					   stage_text(q, field.name));
		}
	}
	coll = value_get(spec->data, bytes_str("coll"));
	pipeline = value_get(spec->data, bytes_str("pipeline"));
	if (value_is_missing(&coll) &&
	    (value_is_missing(&pipeline) || !begins_with_documents(&pipeline)))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$unionWith stage without explicit collection must have a "
				   "pipeline with $documents as first stage");
	return value_is_missing(&pipeline) ? 0 : stage_lite(q, &pipeline, e);
}

static int lite_facet_pipeline(struct query_context *q, const struct bson_field *facet,
			       struct error *e)
{
	const char *name = stage_text(q, facet->name);
	struct value pipeline = value_of_field(facet);
	struct bson_field element;
	struct fields fields;

	if (facet->type != BSON_KIND_ARRAY)
		return query_error(e, 40170, "arguments to $facet must be arrays, %s is type %s",
				   name, value_type_name(facet->type));
	if (field_path_check_name(facet->name, e) < 0)
		return e->code;
	fields = fields_of(facet->value);
	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		if (element.type == BSON_KIND_DOCUMENT)
			continue;
		return query_error(e, 40171,
				   "elements of arrays in $facet spec must be non-empty objects, "
				   "%s argument contained an element of type %s: %s",
				   name, value_type_name(element.type),
				   stage_element_text(q, element.name, &v));
	}
	return stage_lite(q, &pipeline, e);
}

static int lite_facet(struct query_context *q, const struct value *spec, struct error *e)
{
	struct bson_field facet;
	struct fields fields;

	if (spec->type != BSON_KIND_DOCUMENT || value_count(spec->data) == 0)
		return query_error(
			e, 40169,
			"the $facet specification must be a non-empty object, but found: %s",
			stage_element_text(q, bytes_str("$facet"), spec));
	fields = fields_of(spec->data);
	while (fields_next(&fields, &facet))
		if (lite_facet_pipeline(q, &facet, e) < 0)
			return e->code;
	return 0;
}

int stage_lite(struct query_context *q, const struct value *pipeline, struct error *e)
{
	struct bson_field element, stage;
	const struct known *known;
	struct fields fields;

	if (check_objects(pipeline, e) < 0)
		return e->code;
	if (++q->depth > DEPTH_MAX)
		return query_error(e, 232,
				   "Maximum number of nested sub-pipelines exceeded. Limit is %d",
				   DEPTH_MAX);
	fields = fields_of(pipeline->data);
	while (fields_next(&fields, &element)) {
		struct value operand;
		int result = 0;

		if (open_stage(q, &element, &stage, &known, e) < 0)
			return e->code;
		operand = value_of_field(&stage);
		if (known->make == stage_make_lookup)
			result = lite_lookup(q, &operand, e);
		else if (known->make == stage_make_graph_lookup)
			result = lite_graph(q, &operand, e);
		else if (known->make == stage_make_union_with)
			result = lite_union(q, &operand, e);
		else if (known->make == stage_make_facet)
			result = lite_facet(q, &operand, e);
		if (result < 0)
			return result;
	}
	q->depth--;
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

static const struct stage_kind empty_kind = {"$_nothing", empty_next, NULL, NULL};

struct stage *stage_new_empty(struct stage_build *b)
{
	struct value none = value_missing();

	return stage_new(b, &empty_kind, sizeof(struct stage), &none, NULL);
}

/* May the stage stand in a $facet? A join may when all stages of its pipeline may. */
static bool fits_facet(const struct known *known, const struct value *operand)
{
	struct value pipeline = value_missing(), stage;
	struct bson_field element, name;
	struct fields fields;

	if ((known->place & HAS_PIPELINES) != 0 && operand->type == BSON_KIND_DOCUMENT)
		pipeline = value_get(operand->data, bytes_str("pipeline"));
	if (pipeline.type != BSON_KIND_ARRAY || (known->place & NOT_IN_FACET) != 0)
		return (known->place & NOT_IN_FACET) == 0;
	fields = fields_of(pipeline.data);
	while (fields_next(&fields, &element)) {
		struct fields inner = fields_of(element.value);

		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &name))
			continue;
		known = find_stage(name.name);
		stage = value_of_field(&name);
		if (known != NULL && !fits_facet(known, &stage))
			return false;
	}
	return true;
}

static int check_place(const struct known *known, const struct value *operand, size_t index,
		       size_t later, enum stage_inside inside, struct error *e)
{
	if (inside == STAGE_IN_FACET && !fits_facet(known, operand))
		return query_error(e, 40600, "%s is not allowed to be used within a $facet stage",
				   known->name);
	if (inside == STAGE_IN_LOOKUP && (known->place & NOT_IN_LOOKUP) != 0)
		return query_error(e, 51047, "%s is not allowed within a $lookup's sub-pipeline",
				   known->name);
	if (inside == STAGE_IN_UNION && (known->place & NOT_IN_UNION) != 0)
		return query_error(e, 31441, "%s is not allowed within a $unionWith's sub-pipeline",
				   known->name);
	if (later > 0 && inside != STAGE_IN_LOOKUP && (known->place & READS_INDEX) != 0)
		return query_error(e, 40603,
				   "%s was not the first stage in the pipeline after optimization. "
				   "Is optimization disabled or inhibited?",
				   known->name);
	if (index > 0 && (known->place & ONLY_FIRST) != 0)
		return query_error(e, 40602, "%s is only valid as the first stage in a pipeline",
				   known->name);
	return 0;
}

static int check_places(struct stage_build *b, struct bytes pipeline, enum stage_inside inside,
			struct error *e)
{
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;
	const struct known *known;

	struct value operand;
	size_t empty = 0; /* {$match: {}}: mongod has taken it away when it looks for an index */

	for (size_t i = 0; fields_next(&fields, &element); i++) {
		if (open_stage(b->q, &element, &stage, &known, e) < 0)
			return e->code;
		operand = value_of_field(&stage);
		if (check_place(known, &operand, i, i - empty, inside, e) < 0)
			return e->code;
		empty += known->make == stage_make_match && value_count(stage.value) == 0;
		if (known->make == stage_make_documents && b->q->coll.len > 0)
			return query_error(e, QUERY_INVALID_NAMESPACE,
					   "'$documents' can only be run with {aggregate: 1}");
	}
	return 0;
}

int stage_parse_pipeline(struct stage_build *b, struct bytes pipeline, enum stage_inside inside,
			 struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *last = source;
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;
	const struct known *known;
	struct value operand;

	while (fields_next(&fields, &element)) {
		if (open_stage(b->q, &element, &stage, &known, e) < 0)
			return e->code;
		operand = value_of_field(&stage);
		if (last == NULL && (known->place & GIVES) == 0)
			last = stage_new_empty(b);
		if (known->make(b, stage.name, &operand, TAKE(last), &last, e) < 0) {
			last = NULL;
			return e->code;
		}
	}
	if (check_places(b, pipeline, inside, e) < 0)
		return e->code;
	*ret = last == NULL ? stage_new_empty(b) : TAKE(last);
	return 0;
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

static bool has_text(struct bytes hay, const char *needle)
{
	return memmem(hay.at, hay.len, needle, strlen(needle)) != NULL;
}

static int build(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
		 struct stage *source, bool fold, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source, *made = NULL;
	struct stage_later *later = NULL;
	struct stage_build b = {.q = q, .scope = scope, .last = &later};
	struct value all;
	int depth = q->depth, result;

	pipeline = arena_copy(q->constants, pipeline);
	all = value_array(pipeline);
	b.wants_sort_key = has_text(pipeline, "sortKey") && has_text(pipeline, "$meta");
	result = stage_lite(q, &all, e);
	q->depth = depth;
	if (result < 0 || stage_parse_pipeline(&b, pipeline, STAGE_TOP, TAKE(from), &made, e) < 0 ||
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

static const struct known *first_stage(struct bytes pipeline, struct bson_field *ret)
{
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element;

	if (!fields_next(&fields, &element) || element.type != BSON_KIND_DOCUMENT)
		return NULL;
	inner = fields_of(element.value);
	return fields_next(&inner, ret) ? find_stage(ret->name) : NULL;
}

bool pipeline_needs_collection(struct bytes pipeline)
{
	struct bson_field field;
	const struct known *known = first_stage(pipeline, &field);

	return known == NULL || (known->place & GIVES) == 0;
}

bool pipeline_begins_with_geo(struct bytes pipeline)
{
	struct bson_field field;
	const struct known *known = first_stage(pipeline, &field);

	return known != NULL && known->make == stage_make_geo_near;
}

bool pipeline_stands_alone(struct bytes pipeline)
{
	struct bson_field field;
	const struct known *known = first_stage(pipeline, &field);

	return known != NULL && (known->place & NO_COLLECTION) != 0;
}

bool pipeline_writes(struct bytes pipeline)
{
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;

	while (fields_next(&fields, &element)) {
		struct fields inner;
		const struct known *known;

		if (element.type != BSON_KIND_DOCUMENT)
			continue;
		inner = fields_of(element.value);
		known = fields_next(&inner, &stage) ? find_stage(stage.name) : NULL;
		if (known != NULL && (known->place & WRITES) != 0)
			return true;
	}
	return false;
}
