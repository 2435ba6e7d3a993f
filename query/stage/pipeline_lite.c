/* Prefix: stage_ - the first look at a pipeline: names only, of all the pipelines in it. Rule: LiteParsedPipeline of mongod 6.0. */
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/pipeline_parts.h"

#define DEPTH_MAX 20 /* of pipelines in each other: internalMaxSubPipelineViewDepth */

bool stage_begins_with_documents(struct bytes pipeline)
{
	struct value first = value_at(pipeline, 0), inner = value_missing();

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

/* A namespace as a document: its fields, then that it is none of ours. */
static int refuse_from(struct query_context *q, struct bytes from, const char *stage,
		       struct error *e)
{
	struct value names[2] = {value_missing(), value_missing()};
	struct fields fields = fields_of(from);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		bool is_db = bytes_equal(field.name, bytes_str("db"));

		if (!is_db && !bytes_equal(field.name, bytes_str("coll")))
			return query_error_unknown_field(e, "from", field.name);
		if (field.type != BSON_KIND_STRING && field.type != BSON_KIND_NULL)
			return query_error(e, QUERY_TYPE_MISMATCH,
					   "BSON field 'from.%s' is the wrong type '%s', expected "
					   "type 'string'",
					   is_db ? "db" : "coll", value_type_name(field.type));
		if (query_error_if_repeated(e, "from", from, &field) < 0)
			return e->code;
		names[is_db ? 0 : 1] = value_of_field(&field);
	}
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "%s with syntax {from: {db:<>, coll:<>},..} is not supported for db: %s "
			   "and coll: %s",
			   stage,
			   names[0].type == BSON_KIND_STRING ? stage_text(q, names[0].data) : "",
			   names[1].type == BSON_KIND_STRING ? stage_text(q, names[1].data) : "");
}

static int check_name(struct query_context *q, const struct value *name, struct error *e)
{
	if (memchr(name->data.at, '\0', name->data.len) != NULL)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "namespaces cannot have embedded null characters");
	if (name->data.len > 0 && name->data.at[0] == '.')
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Collection names cannot start with '.': %s",
				   stage_text(q, name->data));
	return 0;
}

static int lite_from(struct query_context *q, const struct value *from, const char *stage,
		     struct error *e)
{
	if (from->type == BSON_KIND_DOCUMENT)
		return refuse_from(q, from->data, stage, e);
	if (from->type != BSON_KIND_STRING)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "%s 'from' field must be a string, but found %s", stage,
				   value_type_name(from->type));
	if (check_name(q, from, e) < 0)
		return e->code;
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
		if (!stage_begins_with_documents(pipeline.data))
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
		return check_name(q, spec, e);
	if (spec->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "the $unionWith stage specification must be an object or "
				   "string, but found %s",
				   value_type_name(spec->type));
	fields = fields_of(spec->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("coll"))) {
			if (v.type == BSON_KIND_STRING && check_name(q, &v, e) < 0)
				return e->code;
			if (v.type != BSON_KIND_STRING && v.type != BSON_KIND_NULL)
				return query_error(e, QUERY_TYPE_MISMATCH,
						   "BSON field '$unionWith.coll' is the wrong type "
						   "'%s', expected type 'string'",
						   value_type_name(v.type));
		} else if (bytes_equal(field.name, bytes_str("pipeline"))) {
			if (check_objects(&v, e) < 0)
				return e->code;
		} else {
			return query_error_unknown_field(e, "$unionWith", field.name);
		}
		if (query_error_if_repeated(e, "$unionWith", spec->data, &field) < 0)
			return e->code;
	}
	coll = value_get(spec->data, bytes_str("coll"));
	pipeline = value_get(spec->data, bytes_str("pipeline"));
	if (value_is_nullish(&coll) &&
	    (value_is_missing(&pipeline) || !stage_begins_with_documents(pipeline.data)))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$unionWith stage without explicit collection must have a "
				   "pipeline with $documents as first stage");
	return value_is_missing(&pipeline) ? 0 : stage_lite(q, &pipeline, e);
}

static int check_facet_pipeline(struct query_context *q, const struct bson_field *facet,
				struct error *e)
{
	const char *name = stage_text(q, facet->name);
	struct bson_field element;
	struct fields fields;

	if (field_path_check_name(facet->name, e) < 0)
		return e->code;
	if (facet->type != BSON_KIND_ARRAY)
		return query_error(e, 40170, "arguments to $facet must be arrays, %s is type %s",
				   name, value_type_name(facet->type));
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
	return 0;
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
		if (check_facet_pipeline(q, &facet, e) < 0)
			return e->code;
	fields = fields_of(spec->data);
	while (fields_next(&fields, &facet)) {
		struct value pipeline = value_of_field(&facet);
		int result;

		q->depth--; /* a facet's is none in another */
		result = stage_lite(q, &pipeline, e);
		q->depth++;
		if (result < 0)
			return result;
	}
	return 0;
}

int stage_lite(struct query_context *q, const struct value *pipeline, struct error *e)
{
	struct bson_field element, stage;
	const struct pipeline_known *known;
	struct fields fields;

	if (check_objects(pipeline, e) < 0)
		return e->code;
	if (++q->depth > DEPTH_MAX + 1)
		return query_error(e, 232,
				   "Maximum number of nested sub-pipelines exceeded. Limit is %d",
				   DEPTH_MAX);
	fields = fields_of(pipeline->data);
	while (fields_next(&fields, &element)) {
		struct value operand;
		int result = 0;

		if (pipeline_open_stage(q, &element, &stage, &known, e) < 0)
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
		else if ((known->place & PIPELINE_REFUSED_AT_ONCE) != 0)
			result = stage_refuse(known->name, e);
		if (result < 0)
			return result;
	}
	q->depth--;
	return 0;
}
