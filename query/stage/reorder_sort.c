/* Prefix: reorder_ - may a $sort go before a $lookup or an $unwind? */
#include "query/fields.h"
#include "query/stage/reorder_part.h"

static struct bytes text_of(const struct value *spec, const char *name)
{
	struct value v = value_missing();

	if (spec->type == BSON_KIND_DOCUMENT)
		v = value_get(spec->data, bytes_str(name));
	return v.type == BSON_KIND_STRING ? v.data : bytes_of(NULL, 0);
}

/* The path of an $unwind without its dollar. */
static struct bytes unwound(const struct value *operand)
{
	struct bytes path =
		operand->type == BSON_KIND_STRING ? operand->data : text_of(operand, "path");

	return path.len == 0 ? path : bytes_of(path.at + 1, path.len - 1);
}

bool reorder_is_unwound(const struct value *lookup, const struct value *unwind)
{
	return bytes_equal(text_of(lookup, "as"), unwound(unwind));
}

static bool touches(struct bytes changed, struct bytes path)
{
	return changed.len > 0 &&
	       (reorder_is_within(changed, path) || reorder_is_within(path, changed));
}

bool reorder_sort_moves(struct bytes name, const struct value *operand, const struct value *sort)
{
	bool is_lookup = bytes_is(name, "$lookup");
	struct bytes changed[2] = {is_lookup ? text_of(operand, "as") : unwound(operand),
				   text_of(operand, "includeArrayIndex")};
	struct bson_field field;
	struct fields fields;

	if ((!is_lookup && !bytes_is(name, "$unwind")) || sort->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(sort->data);
	while (fields_next(&fields, &field))
		if (field.type == BSON_KIND_DOCUMENT || touches(changed[0], field.name) ||
		    touches(changed[1], field.name))
			return false;
	return true;
}
