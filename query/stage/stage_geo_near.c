/*
 * $geoNear: its words, and what it writes into each document. The documents come with their distances already (plan_geo.c, near.h).
 * Rules: src/mongo/db/pipeline/document_source_geo_near.cpp and .._cursor.cpp of mongod 6.0.
 */
#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

struct geo_stage {
	struct stage base;
	struct bytes distance, place; /* paths; place empty: it is not shown */
	double factor;
	struct buf half, out;
};

static int geo_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct geo_stage *self = (struct geo_stage *)stage;
	int more = stage_next(stage->source, ret, e);
	struct value v;

	if (more <= 0)
		return more;
	/* A $lookup may put it behind the stages of a view. */
	if (ret->near.len == 0)
		return query_error(
			e, 40218,
			"query requires $geoNear distance metadata, but it is not available");
	v = value_get(ret->near, bytes_str(STAGE_NEAR_DISTANCE));
	v = value_double(v.number * self->factor);
	buf_reset(&self->half);
	stage_set_path(&self->half, ret->doc, self->distance, &v);
	ret->doc = buf_bytes(&self->half);
	if (self->place.len == 0)
		return 1;
	v = value_get(ret->near, bytes_str(STAGE_NEAR_POINT));
	buf_reset(&self->out);
	stage_set_path(&self->out, ret->doc, self->place, &v);
	ret->doc = buf_bytes(&self->out);
	return 1;
}

static void geo_close(struct stage *stage)
{
	struct geo_stage *self = (struct geo_stage *)stage;

	buf_release(&self->half);
	buf_release(&self->out);
}

static const struct stage_kind geo_kind = {"$geoNear", geo_next, geo_close, NULL, NULL};

/* ---- its words */

static int parse_number(const struct bson_field *field, double *ret, struct error *e)
{
	struct value v = value_of_field(field);

	if (!value_is_number(&v))
		return query_error(e, QUERY_TYPE_MISMATCH, "%.*s must be a number",
				   (int)field->name.len, (const char *)field->name.at);
	*ret = value_to_double(&v);
	if (!(*ret >= 0))
		return query_error(e, QUERY_BAD_VALUE, "%.*s must be nonnegative",
				   (int)field->name.len, (const char *)field->name.at);
	return 0;
}

static int parse_key(const struct value *v, struct error *e)
{
	if (v->type != BSON_KIND_STRING)
		return query_error(
			e, QUERY_TYPE_MISMATCH,
			"$geoNear parameter 'key' must be of type string but found type: "
			"%s",
			value_type_name(v->type));
	if (v->data.len == 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "$geoNear parameter 'key' cannot be the empty string");
	return field_path_check(v->data, e);
}

static int parse_path(const struct value *v, int code, const char *words, struct bytes *ret,
		      struct error *e)
{
	if (v->type != BSON_KIND_STRING)
		return query_error(e, code, "%s", words);
	*ret = v->data;
	return field_path_check(v->data, e);
}

/* Fields that it had once. */
static int check_gone(struct bytes name, struct error *e)
{
	if (bytes_is(name, "collation"))
		return query_error(e, 40227,
				   "$geoNear does not accept the 'collation' parameter. Instead, "
				   "specify a collation for the entire aggregation command.");
	if (bytes_is(name, "limit") || bytes_is(name, "num"))
		return query_error(e, bytes_is(name, "num") ? 50857 : 50858,
				   "$geoNear no longer supports the '%.*s' parameter. Use a $limit "
				   "stage instead.",
				   (int)name.len, (const char *)name.at);
	if (bytes_is(name, "start"))
		return query_error(e, 50856, "$geoNear no longer supports the 'start' argument.");
	return 0;
}

static int parse_field(struct stage_build *b, const struct bson_field *field,
		       struct geo_stage *self, struct error *e)
{
	struct value v = value_of_field(field);
	const struct expr *near;
	double ignored;

	if (bytes_is(field->name, "near"))
		return expr_parse(b->scope, &v, &near, e);
	if (bytes_is(field->name, "distanceField"))
		return parse_path(&v, 16606,
				  "$geoNear requires a 'distanceField' option as a String",
				  &self->distance, e);
	if (bytes_is(field->name, "includeLocs"))
		return parse_path(&v, 16607,
				  "$geoNear requires that 'includeLocs' option is a String",
				  &self->place, e);
	if (bytes_is(field->name, "maxDistance") || bytes_is(field->name, "minDistance"))
		return parse_number(field, &ignored, e);
	if (bytes_is(field->name, "distanceMultiplier"))
		return parse_number(field, &self->factor, e);
	if (bytes_is(field->name, "query") && v.type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH, "query must be an object");
	if (bytes_is(field->name, "key"))
		return parse_key(&v, e);
	return check_gone(field->name, e);
}

static int check_missing(const char *name, struct error *e)
{
	if (strcmp(name, "near") == 0)
		return query_error(e, 5860400, "$geoNear requires a 'near' argument");
	if (strcmp(name, "distanceField") == 0)
		return query_error(e, 16606,
				   "$geoNear requires a 'distanceField' option as a String");
	return 0;
}

int stage_make_geo_near(struct stage_build *b, struct bytes name UNUSED,
			const struct value *operand, struct stage *source, struct stage **ret,
			struct error *e)
{
	/* In whatever order they are written. */
	static const char *const names[] = {"collation",   "limit",	  "num",
					    "start",	   "near",	  "distanceField",
					    "maxDistance", "minDistance", "distanceMultiplier",
					    "query",	   "includeLocs", "key"};
	OWNED(stage_free) struct stage *made = NULL;
	struct geo_stage *self = stage_new(b, &geo_kind, sizeof(*self), operand, source);
	struct bson_field field;

	made = &self->base;
	self->factor = 1;
	if (operand->type != BSON_KIND_DOCUMENT && operand->type != BSON_KIND_ARRAY)
		return query_error(e, 10065, "invalid parameter: expected an object ($geoNear)");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		bool found = fields_find(self->base.spec.data, bytes_str(names[i]), &field);

		if ((found ? parse_field(b, &field, self, e) : check_missing(names[i], e)) < 0)
			return e->code;
	}
	*ret = TAKE(made);
	return 0;
}
