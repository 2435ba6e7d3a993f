/* Prefix: plan_ - the collations of the views that the stages of a pipeline name. */
#include "query/collection.h"
#include "query/command_parse.h"
#include "query/fields.h"
#include "query/plan.h"
#include "query/query_error.h"

/* A view's collation, and that of a time series, is that of what is asked. */
static int check_name(struct query_context *q, struct bytes coll, struct error *e)
{
	OWNED(collection_release) struct collection c;
	struct bytes collation;

	collection_init(&c);
	if (collection_find(q->moment, q->db, coll, q->with_users, &c, e) < 0)
		return e->code;
	if (c.kind == COLLECTION_MISSING || c.kind == COLLECTION_STORED)
		return 0;
	if (collection_collation(&c, &collation, e) < 0)
		return e->code;
	if (command_collation_equals(q->collation_spec, collation))
		return 0;
	/* The namespace behind the words without a blank is mongod's. */
	return query_error(e, QUERY_OPTION_NOT_SUPPORTED_ON_VIEW,
			   "Cannot override a view's default collation%.*s.%.*s", (int)q->db.len,
			   (const char *)q->db.at, (int)coll.len, (const char *)coll.at);
}

static int check_facets(struct query_context *q, struct bytes facets, struct error *e)
{
	struct fields fields = fields_of(facets);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (field.type == BSON_KIND_ARRAY && plan_check_collations(q, field.value, e) < 0)
			return e->code;
	return 0;
}

static int check_join(struct query_context *q, const struct bson_field *stage, struct error *e)
{
	struct value coll = value_of_field(stage), pipeline;
	bool is_union = bytes_equal(stage->name, bytes_str("$unionWith"));

	if (coll.type == BSON_KIND_DOCUMENT)
		coll = value_get(stage->value, bytes_str(is_union ? "coll" : "from"));
	if (coll.type == BSON_KIND_STRING && check_name(q, coll.data, e) < 0)
		return e->code;
	if (stage->type != BSON_KIND_DOCUMENT)
		return 0;
	pipeline = value_get(stage->value, bytes_str("pipeline"));
	return pipeline.type == BSON_KIND_ARRAY ? plan_check_collations(q, pipeline.data, e) : 0;
}

int plan_check_collations(struct query_context *q, struct bytes pipeline, struct error *e)
{
	static const char *const joins[] = {"$lookup", "$graphLookup", "$unionWith"};
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element, stage;
	int code = 0;

	while (code == 0 && fields_next(&fields, &element)) {
		inner = fields_of(element.value);
		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &stage))
			continue;
		for (size_t i = 0; i < COUNT_OF(joins) && code == 0; i++)
			if (bytes_equal(stage.name, bytes_str(joins[i])))
				code = check_join(q, &stage, e);
		if (code == 0 && stage.type == BSON_KIND_DOCUMENT &&
		    bytes_equal(stage.name, bytes_str("$facet")))
			code = check_facets(q, stage.value, e);
	}
	return code;
}
