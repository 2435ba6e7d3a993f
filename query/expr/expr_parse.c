#include "query/expr/expr_inside.h"
#include "query/field_path.h"
#include "query/name_table.h"

#define STRING_MAX (16 * MIB) /* a value's */

int expr_eval_constant(const struct expr *self, struct expr_frame *frame UNUSED, struct value *ret,
		       struct error *e UNUSED)
{
	*ret = self->value;
	return 0;
}

const struct expr *expr_constant(struct expr_scope *scope, const struct value *v)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct expr *expr = arena_zeroed(arena, sizeof(*expr));

	expr->eval = expr_eval_constant;
	expr->value = value_keep(arena, *v);
	return expr;
}

bool expr_is_constant(const struct expr *expr, struct value *ret)
{
	if (expr->eval != expr_eval_constant)
		return false;
	*ret = expr->value;
	return true;
}

void expr_args_new(struct expr_scope *scope, struct expr *self, size_t count)
{
	self->args =
		arena_zeroed(expr_scope_context(scope)->constants, count * sizeof(*self->args));
	self->count = count;
}

int expr_parse_arg(struct expr_scope *scope, const struct value *from, struct expr *self, size_t n,
		   struct error *e)
{
	return expr_parse(scope, from, &self->args[n], e);
}

int expr_parse_args(struct expr_scope *scope, const struct value *operand, struct expr *self,
		    struct error *e)
{
	struct bson_fields fields;
	struct bson_field field;
	size_t n = 0;

	if (operand->type != BSON_KIND_ARRAY) {
		expr_args_new(scope, self, 1);
		return expr_parse_arg(scope, operand, self, 0, e);
	}
	expr_args_new(scope, self, value_count(operand->data));
	fields = bson_fields(operand->data);
	while (n < self->count && expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		int result = expr_parse_arg(scope, &v, self, n++, e);

		if (result < 0)
			return result;
	}
	return 0;
}

static size_t name_index(const char *const *names, size_t count, struct bytes name)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(name, bytes_str(names[i])))
			return i;
	return count;
}

int expr_collect(const struct value *operand, const char *const *names, size_t count, int unknown,
		 const char *unknown_text, struct value *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(operand->data);
	struct bson_field field;

	for (size_t i = 0; i < count; i++)
		ret[i] = value_missing();
	while (expr_next(&fields, &field)) {
		size_t i = name_index(names, count, field.name);

		if (i == count)
			return query_error(e, unknown, "%s%.*s", unknown_text, (int)field.name.len,
					   field.name.at);
		ret[i] = value_of_field(&field);
	}
	return 0;
}

int expr_parse_named(struct expr_scope *scope, const struct value *operand,
		     const char *const *names, size_t count, int unknown, const char *unknown_text,
		     struct expr *self, struct error *e)
{
	struct bson_fields fields = bson_fields(operand->data);
	struct bson_field field;

	expr_args_new(scope, self, count);
	while (expr_next(&fields, &field)) {
		size_t i = name_index(names, count, field.name);
		struct value v = value_of_field(&field);
		int result;

		if (i == count)
			return query_error(e, unknown, "%s%.*s", unknown_text, (int)field.name.len,
					   field.name.at);
		result = expr_parse_arg(scope, &v, self, i, e);
		if (result < 0)
			return result;
	}
	return 0;
}

/* ---- what is no operator */

int expr_eval_object(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	const struct expr_object *object = self->more;
	struct value *values = arena_get(frame->arena, self->count * sizeof(*values));

	for (size_t i = 0; i < self->count; i++) {
		int result = expr_arg(self, i, frame, &values[i], e);

		if (result < 0)
			return result;
	}
	*ret = (frame->q->keeps_gaps ? expr_document_with_gaps : expr_document_of)(
		frame->arena, object->names, values, self->count);
	return 0;
}

int expr_eval_array(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value *values = arena_get(frame->arena, self->count * sizeof(*values));

	for (size_t i = 0; i < self->count; i++) {
		int result = expr_arg(self, i, frame, &values[i], e);

		if (result < 0)
			return result;
	}
	*ret = expr_array_of(frame->arena, values, self->count);
	return 0;
}

static int duplicate_name(struct bytes doc, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	value_text_bson(doc, false, &text);
	return query_error(e, 16406, "duplicate field name specified in object literal: %s",
			   buf_text(&text));
}

/* {a: <expr>, b: <expr>} */
static int parse_fields(struct expr_scope *scope, struct bytes doc, struct expr *self,
			struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct expr_object *object = arena_zeroed(arena, sizeof(*object));
	struct bson_fields fields = bson_fields(doc);
	struct name_table names = {0};
	struct bson_field field;
	size_t n = 0;

	self->eval = expr_eval_object;
	self->more = object;
	expr_args_new(scope, self, value_count(doc));
	while (n < self->count && expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		int result = field_path_check_name(field.name, e);

		if (result < 0)
			return result;
		if (name_table_find(&names, field.name) < n)
			return duplicate_name(doc, e);
		name_table_add(arena, &names, arena_copy(arena, field.name));
		result = expr_parse_arg(scope, &v, self, n++, e);
		if (result < 0)
			return result;
	}
	object->names = names.names;
	return 0;
}

/* ---- operators */

static int check_count(const struct expr_op *op, const struct expr *self, struct error *e)
{
	const char *name = op->name;
	size_t count = self->count;

	if (op->least == op->most && count != (size_t)op->least)
		return query_error(e, 16020,
				   "Expression %s takes exactly %d arguments. %zu were passed in.",
				   name, op->least, count);
	if (op->most >= 0 && (count < (size_t)op->least || count > (size_t)op->most))
		return query_error(e, 28667,
				   "Expression %s takes at least %d arguments, and at most %d, but "
				   "%zu were passed in.",
				   name, op->least, op->most, count);
	if (count < (size_t)op->least)
		return query_error(e, 28667,
				   "Expression %s takes at least %d arguments, but %zu were passed "
				   "in.",
				   name, op->least, count);
	return 0;
}

static int parse_operator(struct expr_scope *scope, struct bytes doc,
			  const struct bson_field *field, struct expr *self, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	const struct expr_op *op;
	struct value operand = value_of_field(field);
	int result;

	if (value_count(doc) != 1) {
		value_text_bson(doc, false, &text);
		return query_error(e, 15983,
				   "An object representing an expression must have exactly one "
				   "field: %s",
				   buf_text(&text));
	}
	op = expr_op_find(field->name);
	if (op == NULL)
		return query_error(e, QUERY_INVALID_PIPELINE_OPERATOR,
				   "Unrecognized expression '%.*s'", (int)field->name.len,
				   field->name.at);
	self->op = op;
	self->eval = op->eval;
	self->words = operand;
	if (op->parse != NULL)
		return op->parse(scope, &operand, self, e);
	result = expr_parse_args(scope, &operand, self, e);
	return result < 0 ? result : check_count(op, self, e);
}

int expr_parse_object(struct expr_scope *scope, struct bytes doc, const struct expr **ret,
		      struct error *e)
{
	struct expr *self = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*self));
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int result;

	if (expr_next(&fields, &field) && field.name.len > 0 && field.name.at[0] == '$')
		result = parse_operator(scope, doc, &field, self, e);
	else
		result = parse_fields(scope, doc, self, e);
	if (result < 0)
		return result;
	*ret = self;
	return 0;
}

int expr_parse(struct expr_scope *scope, const struct value *from, const struct expr **ret,
	       struct error *e)
{
	struct expr *self;
	int result;

	switch (from->type) {
	case BSON_KIND_STRING:
		if (from->data.len > 0 && from->data.at[0] == '$')
			return expr_parse_path(scope, from->data, ret, e);
		if (from->data.len >= STRING_MAX)
			return query_error(e, 16493, "Tried to create string longer than 16MB");
		break;
	case BSON_KIND_DOCUMENT:
		return expr_parse_object(scope, from->data, ret, e);
	case BSON_KIND_ARRAY:
		self = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*self));
		self->eval = expr_eval_array;
		result = expr_parse_args(scope, from, self, e);
		if (result >= 0)
			*ret = self;
		return result;
	default:
		break;
	}
	*ret = expr_constant(scope, from);
	return 0;
}
