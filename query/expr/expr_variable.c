#include "query/expr/expr_op.h"

static int parse_literal(struct expr_scope *scope, const struct value *operand, struct expr *self,
			 struct error *e UNUSED)
{
	*self = *expr_constant(scope, operand);
	return 0;
}

/* ---- $let: its arguments are the variables' values and then `in`; the slots are in `more`. */

static int define_variables(struct expr_scope *scope, const struct value *variables,
			    struct expr *self, size_t *slots, struct error *e)
{
	struct bson_fields fields = bson_fields(variables->data);
	struct bson_field field;
	struct bytes *names =
		arena_get(expr_scope_context(scope)->constants, self->count * sizeof(*names));
	size_t n = 0;
	int result = 0;

	/* All values are outside of the scope that they make. */
	while (result >= 0 && expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		names[n] = field.name;
		result = expr_parse_arg(scope, &v, self, n++, e);
	}
	for (size_t i = 0; result >= 0 && i < n; i++)
		result = expr_scope_define(scope, names[i], &slots[i], e);
	return result;
}

static int parse_let(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     struct error *e)
{
	static const char *const names[] = {"vars", "in"};
	struct value v[2];
	struct expr_scope_mark mark;
	size_t *slots;
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 16874, "$let only supports an object as its argument");
	result = expr_collect(operand, names, 2, 16875, "Unrecognized parameter to $let: ", v, e);
	if (result < 0)
		return result;
	for (int i = 0; i < 2; i++)
		if (value_is_missing(&v[i]))
			return query_error(e, 16876 + i, "Missing '%s' parameter to $let",
					   names[i]);
	if (v[0].type != BSON_KIND_DOCUMENT && v[0].type != BSON_KIND_ARRAY)
		return query_error(e, 10065, "invalid parameter: expected an object (vars)");
	expr_args_new(scope, self, value_count(v[0].data) + 1);
	slots = arena_get(expr_scope_context(scope)->constants, self->count * sizeof(*slots));
	self->more = slots;
	mark = expr_scope_begin(scope);
	result = define_variables(scope, &v[0], self, slots, e);
	if (result >= 0)
		result = expr_parse_arg(scope, &v[1], self, self->count - 1, e);
	expr_scope_end(scope, mark);
	return result;
}

static int eval_let(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	const size_t *slots = self->more;

	for (size_t i = 0; i + 1 < self->count; i++) {
		int result = expr_arg(self, i, frame, &frame->slots[slots[i]], e);

		if (result < 0)
			return result;
	}
	return expr_arg(self, self->count - 1, frame, ret, e);
}

static int optimize_let(struct expr_scope *scope UNUSED, const struct expr **self,
			struct error *e UNUSED)
{
	if ((*self)->count == 1)
		*self = (*self)->args[0];
	return 0;
}

const struct expr_op expr_ops_variable[] = {
	{.name = "$const", .parse = parse_literal},
	{.name = "$let",
	 .parse = parse_let,
	 .eval = eval_let,
	 .fold = EXPR_FOLD_ARGS,
	 .optimize = optimize_let},
	{.name = "$literal", .parse = parse_literal},
	{.name = NULL},
};
