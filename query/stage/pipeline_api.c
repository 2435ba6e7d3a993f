/* Prefix: pipeline_ - what apiStrict leaves of the stages. Rule: LiteParsedPipeline::validate() of mongod 6.0. */
#include "query/fields.h"
#include "query/stage/pipeline_parts.h"

static int check_inner(struct query_context *q, const struct pipeline_known *known,
		       const struct value *operand, struct error *e)
{
	struct bson_field facet;
	struct fields fields;
	struct value inner;

	if (operand->type != BSON_KIND_DOCUMENT)
		return 0;
	if (known->make != stage_make_facet) {
		inner = value_get(operand->data, bytes_str("pipeline"));
		return inner.type == BSON_KIND_ARRAY ? pipeline_check_api(q, &inner, e) : 0;
	}
	fields = fields_of(operand->data);
	while (fields_next(&fields, &facet)) {
		inner = value_of_field(&facet);
		if (pipeline_check_api(q, &inner, e) < 0)
			return e->code;
	}
	return 0;
}

int pipeline_check_api(struct query_context *q, const struct value *pipeline, struct error *e)
{
	struct fields fields = fields_of(pipeline->data);
	const struct pipeline_known *known;
	struct bson_field element, stage;

	while (fields_next(&fields, &element)) {
		struct value operand;

		if (pipeline_open_stage(q, &element, &stage, &known, e) < 0)
			return e->code;
		if (known->place & PIPELINE_UNSTABLE)
			return query_error(
				e, QUERY_API_STRICT,
				"%s is not allowed with 'apiStrict: true' in API Version 1",
				known->name);
		operand = value_of_field(&stage);
		if ((known->place & PIPELINE_HAS_PIPELINES) &&
		    check_inner(q, known, &operand, e) < 0)
			return e->code;
	}
	return 0;
}
