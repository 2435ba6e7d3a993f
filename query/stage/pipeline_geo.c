/*
 * What a $geoNear asks of the collection: the query that it is.
 * Rules: src/mongo/db/pipeline/document_source_geo_near.cpp of mongod 6.0.
 */
#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/stage/pipeline.h"

struct bytes pipeline_geo_key(const struct value *operand)
{
	return value_get(operand->data, bytes_str("key")).data;
}

static bool is_of_document(const struct value *v);

static bool names_document(struct bytes text)
{
	static const char *const roots[] = {"$$ROOT", "$$CURRENT"};

	if (text.len < 2 || text.at[0] != '$')
		return false;
	for (size_t i = 0; i < COUNT_OF(roots); i++)
		if (text.len >= strlen(roots[i]) &&
		    memcmp(text.at, roots[i], strlen(roots[i])) == 0)
			return true;
	return text.at[1] != '$';
}

static bool any_of_document(struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (!bytes_is(field.name, "$literal") && !bytes_is(field.name, "$const") &&
		    is_of_document(&v))
			return true;
	}
	return false;
}

/* Does an expression ask for fields of a document? */
static bool is_of_document(const struct value *v)
{
	if (v->type == BSON_KIND_STRING)
		return names_document(v->data);
	return (v->type == BSON_KIND_DOCUMENT || v->type == BSON_KIND_ARRAY) &&
	       any_of_document(v->data);
}

static int eval_near(struct expr_scope *scope, const struct expr_frame *set, size_t set_count,
		     const struct value *near, struct value *ret, struct error *e)
{
	struct query_context *q = expr_scope_context(scope);
	struct expr_frame frame;
	const struct expr *expr;

	if (is_of_document(near))
		return query_error(e, 5860402, "$geoNear requires a constant near argument");
	if (expr_parse(scope, near, &expr, e) < 0)
		return e->code;
	frame = expr_frame_new(q, scope, q->constants);
	if (set != NULL)
		memcpy(frame.slots, set->slots, set_count * sizeof(*frame.slots));
	if (expr_eval(expr, &frame, ret, e) < 0)
		return e->code;
	if (ret->type != BSON_KIND_DOCUMENT && ret->type != BSON_KIND_ARRAY)
		return query_error(e, 5860401,
				   "$geoNear requires near argument to be a GeoJSON object or a "
				   "legacy point(array)");
	return 0;
}

static void copy_number(struct buf *out, const struct value *operand, const char *from,
			const char *to)
{
	struct value v = value_get(operand->data, bytes_str(from));

	if (value_is_number(&v))
		bson_build_double(out, to, value_to_double(&v));
}

int pipeline_geo_query(struct expr_scope *scope, const struct expr_frame *set, size_t set_count,
		       const struct value *operand, struct bytes field, struct bytes *ret,
		       struct error *e)
{
	OWNED(buf_release) struct buf out = {0}, inner = {0};
	struct value near = value_get(operand->data, bytes_str("near")), place;
	struct value query = value_get(operand->data, bytes_str("query"));
	struct value spherical = value_get(operand->data, bytes_str("spherical")), asked;
	size_t begin;

	if (eval_near(scope, set, set_count, &near, &place, e) < 0)
		return e->code;
	begin = bson_build_begin(&inner);
	value_write(&inner, bytes_str(value_is_true(&spherical) ? "$nearSphere" : "$near"), &place);
	copy_number(&inner, operand, "minDistance", "$minDistance");
	copy_number(&inner, operand, "maxDistance", "$maxDistance");
	bson_build_end(&inner, begin);
	asked = value_document(buf_bytes(&inner));
	begin = bson_build_begin(&out);
	if (query.type == BSON_KIND_DOCUMENT)
		buf_add(&out, query.data.at + 4, query.data.len - BSON_MIN_LEN);
	value_write(&out, field, &asked);
	bson_build_end(&out, begin);
	*ret = arena_copy(expr_scope_context(scope)->constants, buf_bytes(&out));
	return 0;
}
