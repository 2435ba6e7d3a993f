/* Prefix: reorder_ - does a query ask for an _id. */
#include "query/fields.h"
#include "query/stage/reorder.h"

static bool asks_exists(const struct value *operators)
{
	struct fields fields;
	struct bson_field op;

	if (operators->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(operators->data);
	while (fields_next(&fields, &op)) {
		struct value v = value_of_field(&op);

		if (bytes_is(op.name, "$exists") || (bytes_is(op.name, "$not") && asks_exists(&v)))
			return true;
	}
	return false;
}

static bool schema_requires_id(const struct value *v)
{
	struct fields fields;
	struct bson_field field;

	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return v->type == BSON_KIND_STRING && bytes_is(v->data, "_id");
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value one = value_of_field(&field);

		if (schema_requires_id(&one))
			return true;
	}
	return false;
}

bool reorder_asks_for_id(struct bytes query)
{
	struct fields fields = fields_of(query), list;
	struct bson_field field, element;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if ((bytes_is(field.name, "_id") && asks_exists(&v)) ||
		    (bytes_is(field.name, "$jsonSchema") && schema_requires_id(&v)))
			return true;
		if (v.type != BSON_KIND_ARRAY || field.name.len == 0 || field.name.at[0] != '$')
			continue;
		list = fields_of(v.data);
		while (fields_next(&list, &element))
			if (element.type == BSON_KIND_DOCUMENT &&
			    reorder_asks_for_id(element.value))
				return true;
	}
	return false;
}
