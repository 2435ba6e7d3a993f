#include <stdio.h>

#include "query/expr/expr_fields.h"
#include "query/expr/expr_op.h"

static int merge(struct expr_fields *fields, const struct value *v, struct error *e)
{
	if (value_is_nullish(v))
		return 0;
	if (v->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, 40400,
			"$mergeObjects requires object inputs, but input %s is of type %s",
			expr_text(fields->arena, v), expr_type(v));
	expr_fields_set_all(fields, v->data);
	return 0;
}

static int eval_merge_objects(const struct expr *self, struct expr_frame *frame, struct value *ret,
			      struct error *e)
{
	struct expr_fields fields = {.arena = frame->arena};
	int result = 0;

	for (size_t i = 0; i < self->count && result >= 0; i++) {
		struct value v, *elements;
		size_t count;

		result = expr_arg(self, i, frame, &v, e);
		if (result < 0)
			return result;
		if (self->count > 1 || v.type != BSON_KIND_ARRAY) {
			result = merge(&fields, &v, e);
			continue;
		}
		elements = expr_elements(frame->arena, v.data, &count);
		for (size_t k = 0; k < count && result >= 0; k++)
			result = merge(&fields, &elements[k], e);
	}
	if (result >= 0)
		*ret = expr_fields_document(&fields);
	return result;
}

/* ---- $getField */

/* The name has to be there when it is parsed, before any folding, and be text. */
static int constant_name(const struct expr *name_expr, const char *name, const int codes[3],
			 struct error *e)
{
	OWNED(buf_release) struct buf path = {0};
	struct value v;

	if (expr_path_text(name_expr, &path))
		return query_error(e, codes[0],
				   "'$%s' is a field path reference which is not allowed in this "
				   "context. Did you mean {$literal: '$%s'}?",
				   buf_text(&path), buf_text(&path));
	if (!expr_is_constant(name_expr, &v))
		return query_error(e, codes[1],
				   "%s requires 'field' to evaluate to a constant, but got a "
				   "non-constant argument",
				   name);
	if (v.type != BSON_KIND_STRING)
		return query_error(e, codes[2],
				   "%s requires 'field' to evaluate to type String, but got %s",
				   name, expr_type(&v));
	return 0;
}

/* The whole operand is the name, the input is $$CURRENT. */
static int parse_short_get_field(struct expr_scope *scope, const struct value *operand,
				 struct expr *self, struct error *e)
{
	int result;

	expr_args_new(scope, self, 2);
	result = expr_parse_arg(scope, operand, self, 0, e);
	if (result < 0)
		return result;
	return expr_parse_path(scope, bytes_str("$$CURRENT"), &self->args[1], e);
}

static int parse_get_field(struct expr_scope *scope, const struct value *operand, struct expr *self,
			   struct error *e)
{
	static const char *const names[] = {"field", "input"};
	static const int codes[] = {5654600, 5654601, 5654602};
	struct bson_fields fields;
	struct bson_field field;
	bool is_short = operand->type != BSON_KIND_DOCUMENT;
	int result;

	if (!is_short) {
		fields = bson_fields(operand->data);
		is_short =
			expr_next(&fields, &field) && field.name.len > 0 && field.name.at[0] == '$';
	}
	if (is_short)
		result = parse_short_get_field(scope, operand, self, e);
	else
		result = expr_parse_named(scope, operand, names, 2, 3041701,
					  "$getField found an unknown argument: ", self, e);
	if (result < 0)
		return result;
	for (int i = 0; i < 2; i++)
		if (self->args[i] == NULL)
			return query_error(e, 3041702 + i,
					   "$getField requires '%s' to be specified", names[i]);
	return constant_name(self->args[0], "$getField", codes, e);
}

static int eval_get_field(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct value name, input;
	int result = expr_arg(self, 0, frame, &name, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &input, e);
	if (result < 0)
		return result;
	if (value_is_nullish(&input))
		*ret = value_is_missing(&input) ? value_missing() : value_null();
	else if (input.type == BSON_KIND_DOCUMENT)
		*ret = value_get(input.data, name.data);
	else
		*ret = value_missing();
	return 0;
}

/* ---- $setField, $unsetField: field, input, value */

static int parse_set(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     size_t count, struct error *e)
{
	static const char *const names[] = {"field", "input", "value"};
	static const int codes[] = {4161108, 4161106, 4161107};
	const char *name = self->op->name;
	struct value field;
	char unknown[64];
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 4161100, "%s only supports an object as its argument", name);
	snprintf(unknown, sizeof(unknown), "%s found an unknown argument: ", name);
	result = expr_parse_named(scope, operand, names, count, 4161101, unknown, self, e);
	if (result < 0)
		return result;
	if (self->args[0] == NULL)
		return query_error(e, 4161102, "%s requires 'field' to be specified", name);
	if (count == 3 && self->args[2] == NULL)
		return query_error(e, 4161103, "%s requires 'value' to be specified", name);
	if (self->args[1] == NULL)
		return query_error(e, 4161109, "%s requires 'input' to be specified", name);
	if (constant_name(self->args[0], "$setField", codes, e) < 0)
		return e->code;
	if (expr_is_constant(self->args[0], &field) &&
	    memchr(field.data.at, '\0', field.data.len) != NULL)
		return query_error(e, 9534700,
				   "$setField: 'field' cannot contain an embedded null byte");
	return 0;
}

static int parse_set_field(struct expr_scope *scope, const struct value *operand, struct expr *self,
			   struct error *e)
{
	return parse_set(scope, operand, self, 3, e);
}

static int parse_unset_field(struct expr_scope *scope, const struct value *operand,
			     struct expr *self, struct error *e)
{
	if (expr_scope_context(scope)->api_strict)
		return query_error(e, QUERY_API_STRICT,
				   "%s is not allowed with 'apiStrict: true' in API Version 1",
				   self->op->name);
	return parse_set(scope, operand, self, 2, e);
}

static int eval_set_field(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct expr_fields fields = {.arena = frame->arena, .gaps = frame->q->keeps_gaps};
	struct value name, input, v = value_missing();
	int result = expr_arg(self, 0, frame, &name, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &input, e);
	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&input))
		return 0;
	if (input.type != BSON_KIND_DOCUMENT)
		return query_error(e, 4161105,
				   "$setField requires 'input' to evaluate to type Object");
	if (self->count == 3) {
		result = expr_arg(self, 2, frame, &v, e);
		if (result < 0)
			return result;
	}
	expr_fields_set_all(&fields, input.data);
	expr_fields_set(&fields, name.data, &v);
	*ret = expr_fields_document(&fields);
	return 0;
}

/* ---- $objectToArray, $arrayToObject */

static struct value key_and_value(struct arena *arena, struct bytes key, const struct value *v)
{
	struct bytes names[2] = {bytes_str("k"), bytes_str("v")};
	struct value values[2] = {value_string(key), *v};

	return expr_document_of(arena, names, values, 2);
}

static int eval_object_to_array(const struct expr *self, struct expr_frame *frame,
				struct value *ret, struct error *e)
{
	struct value object, *rows;
	struct bson_fields fields;
	struct bson_field field;
	size_t n = 0;
	int result = expr_arg(self, 0, frame, &object, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&object))
		return 0;
	if (object.type != BSON_KIND_DOCUMENT)
		return query_error(e, 40390, "$objectToArray requires a document input, found: %s",
				   expr_type(&object));
	rows = arena_get(frame->arena, value_count(object.data) * sizeof(*rows));
	fields = bson_fields(object.data);
	while (expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		rows[n++] = key_and_value(frame->arena, field.name, &v);
	}
	*ret = expr_array_of(frame->arena, rows, n);
	return 0;
}

static int check_key(const struct value *key, int code, const char *text, int nul_code,
		     struct error *e)
{
	if (key->type != BSON_KIND_STRING)
		return query_error(e, code, "%s%s", text, expr_type(key));
	if (memchr(key->data.at, '\0', key->data.len) != NULL)
		return query_error(e, nul_code, "Key field cannot contain an embedded null byte");
	return 0;
}

static int pair_of_array(const struct value *element, struct value pair[2], struct error *e)
{
	size_t count;

	if (element->type != BSON_KIND_ARRAY)
		return query_error(e, 40396,
				   "$arrayToObject requires a consistent input format. Elements "
				   "mustall be arrays or all be objects. Array was detected, now "
				   "found: %s",
				   expr_type(element));
	count = value_count(element->data);
	if (count != 2)
		return query_error(e, 40397,
				   "$arrayToObject requires an array of size 2 arrays,found array "
				   "of size: %zu",
				   count);
	pair[0] = value_at(element->data, 0);
	pair[1] = value_at(element->data, 1);
	return check_key(&pair[0], 40395,
			 "$arrayToObject requires an array of key-value pairs, where the key must "
			 "be of type string. Found key type: ",
			 4940400, e);
}

static int pair_of_object(const struct value *element, struct value pair[2], struct arena *arena,
			  struct error *e)
{
	size_t count;

	if (element->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40391,
				   "$arrayToObject requires a consistent input format. Elements "
				   "mustall be arrays or all be objects. Object was detected, now "
				   "found: %s",
				   expr_type(element));
	count = value_count(element->data);
	if (count != 2)
		return query_error(e, 40392,
				   "$arrayToObject requires an object keys of 'k' and 'v'. Found "
				   "incorrect number of keys:%zu",
				   count);
	pair[0] = value_get(element->data, bytes_str("k"));
	pair[1] = value_get(element->data, bytes_str("v"));
	if (value_is_missing(&pair[0]) || value_is_missing(&pair[1]))
		return query_error(e, 40393,
				   "$arrayToObject requires an object with keys 'k' and 'v'. "
				   "Missing either or both keys from: %s",
				   expr_text(arena, element));
	return check_key(&pair[0], 40394,
			 "$arrayToObject requires an object with keys 'k' and 'v', where the value "
			 "of 'k' must be of type string. Found type: ",
			 4940401, e);
}

static int eval_array_to_object(const struct expr *self, struct expr_frame *frame,
				struct value *ret, struct error *e)
{
	struct expr_fields fields = {.arena = frame->arena};
	struct value array, *elements;
	size_t count;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&array))
		return 0;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 40386, "$arrayToObject requires an array input, found: %s",
				   expr_type(&array));
	elements = expr_elements(frame->arena, array.data, &count);
	if (count > 0 && elements[0].type != BSON_KIND_ARRAY &&
	    elements[0].type != BSON_KIND_DOCUMENT)
		return query_error(e, 40398,
				   "Unrecognised input type format for $arrayToObject: %s",
				   expr_type(&elements[0]));
	for (size_t i = 0; i < count; i++) {
		struct value pair[2];

		if (elements[0].type == BSON_KIND_ARRAY)
			result = pair_of_array(&elements[i], pair, e);
		else
			result = pair_of_object(&elements[i], pair, frame->arena, e);
		if (result < 0)
			return result;
		expr_fields_set(&fields, pair[0].data, &pair[1]);
	}
	*ret = expr_fields_document(&fields);
	return 0;
}

const struct expr_op expr_ops_object[] = {
	{.name = "$arrayToObject", .least = 1, .most = 1, .eval = eval_array_to_object},
	{.name = "$getField",
	 .parse = parse_get_field,
	 .eval = eval_get_field,
	 .fold = EXPR_FOLD_NOT},
	{.name = "$mergeObjects", .least = 0, .most = -1, .eval = eval_merge_objects},
	{.name = "$objectToArray", .least = 1, .most = 1, .eval = eval_object_to_array},
	{.name = "$setField",
	 .parse = parse_set_field,
	 .eval = eval_set_field,
	 .fold = EXPR_FOLD_NOT},
	{.name = "$unsetField",
	 .parse = parse_unset_field,
	 .eval = eval_set_field,
	 .fold = EXPR_FOLD_NOT},
	{.name = NULL},
};
