#include "query/expr/expr_op.h"

/* ---- $and, $or, $not */

static int eval_to_bool(const struct expr *self, struct expr_frame *frame, struct value *ret,
			struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_bool(value_is_true(&v));
	return 0;
}

/* What a conjunction of one becomes; it has no name that could be written. */
static const struct expr_op to_bool = {.name = "$", .least = 1, .most = 1, .eval = eval_to_bool};

/* Is there an argument whose truth is `wanted`? */
static int any(const struct expr *self, struct expr_frame *frame, bool wanted, struct error *e)
{
	for (size_t i = 0; i < self->count; i++) {
		struct value v;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_true(&v) == wanted)
			return 1;
	}
	return 0;
}

static int eval_and(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	int result = any(self, frame, false, e);

	if (result >= 0)
		*ret = value_bool(result == 0);
	return MIN_OF(result, 0);
}

static int eval_or(const struct expr *self, struct expr_frame *frame, struct value *ret,
		   struct error *e)
{
	int result = any(self, frame, true, e);

	if (result >= 0)
		*ret = value_bool(result == 1);
	return MIN_OF(result, 0);
}

/* A constant at the end decides it (`decides`), or is no longer needed. */
static int drop_constant(struct expr_scope *scope, const struct expr **self, bool decides)
{
	struct value v;
	struct expr *copy;

	if ((*self)->count == 0 || !expr_is_constant((*self)->args[(*self)->count - 1], &v))
		return 0;
	if (value_is_true(&v) == decides) {
		v = value_bool(decides);
		*self = expr_constant(scope, &v);
		return 0;
	}
	copy = arena_get(expr_scope_context(scope)->constants, sizeof(*copy));
	*copy = **self;
	copy->count--;
	if (copy->count == 1) {
		copy->op = &to_bool;
		copy->eval = eval_to_bool;
	}
	*self = copy;
	return 0;
}

static int optimize_and(struct expr_scope *scope, const struct expr **self, struct error *e UNUSED)
{
	return drop_constant(scope, self, false);
}

static int optimize_or(struct expr_scope *scope, const struct expr **self, struct error *e UNUSED)
{
	return drop_constant(scope, self, true);
}

static int eval_not(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_bool(!value_is_true(&v));
	return 0;
}

/* ---- $cond */

static int parse_cond(struct expr_scope *scope, const struct value *operand, struct expr *self,
		      struct error *e)
{
	static const char *const names[] = {"if", "then", "else"};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT) {
		result = expr_parse_args(scope, operand, self, e);
		if (result >= 0 && self->count != 3)
			return query_error(e, 16020,
					   "Expression $cond takes exactly 3 arguments. %zu were "
					   "passed in.",
					   self->count);
		return result;
	}
	result = expr_parse_named(scope, operand, names, 3, 17083,
				  "Unrecognized parameter to $cond: ", self, e);
	if (result < 0)
		return result;
	for (int i = 0; i < 3; i++)
		if (self->args[i] == NULL)
			return query_error(e, 17080 + i, "Missing '%s' parameter to $cond",
					   names[i]);
	return 0;
}

static int eval_cond(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	return expr_arg(self, value_is_true(&v) ? 1 : 2, frame, ret, e);
}

static int optimize_cond(struct expr_scope *scope UNUSED, const struct expr **self,
			 struct error *e UNUSED)
{
	struct value v;

	if (expr_is_constant((*self)->args[0], &v))
		*self = (*self)->args[value_is_true(&v) ? 1 : 2];
	return 0;
}

/* ---- $ifNull */

static int parse_if_null(struct expr_scope *scope, const struct value *operand, struct expr *self,
			 struct error *e)
{
	int result = expr_parse_args(scope, operand, self, e);

	if (result >= 0 && self->count < 2)
		return query_error(e, 1257300, "$ifNull needs at least two arguments, had: %zu",
				   self->count);
	return result;
}

static int eval_if_null(const struct expr *self, struct expr_frame *frame, struct value *ret,
			struct error *e)
{
	for (size_t i = 0; i < self->count; i++) {
		int result = expr_arg(self, i, frame, ret, e);

		if (result < 0 || !value_is_nullish(ret))
			return result;
	}
	return 0;
}

/* Constants that are null are dropped, but for the last; what follows a constant that is not is never reached. */
static int optimize_if_null(struct expr_scope *scope, const struct expr **self,
			    struct error *e UNUSED)
{
	struct expr *copy = arena_get(expr_scope_context(scope)->constants, sizeof(*copy));
	size_t n = 0;

	*copy = **self;
	for (size_t i = 0; i < copy->count; i++) {
		struct value v = value_missing();
		bool constant = expr_is_constant(copy->args[i], &v);

		if (constant && value_is_nullish(&v) && i + 1 < copy->count)
			continue;
		copy->args[n++] = copy->args[i];
		if (constant)
			break;
	}
	copy->count = n;
	*self = n == 1 ? copy->args[0] : copy;
	return 0;
}

/* ---- $switch: its arguments are case, then, case, then, ..., and the default in the last place, or NULL. */

static int parse_branch(struct expr_scope *scope, const struct value *branch, struct expr *self,
			size_t n, struct error *e)
{
	struct bson_fields fields;
	struct bson_field field;

	if (branch->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40062,
				   "$switch expected each branch to be an object, found: %s",
				   expr_type(branch));
	fields = bson_fields(branch->data);
	while (expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		bool is_case = bytes_equal(field.name, bytes_str("case"));
		int result;

		if (!is_case && !bytes_equal(field.name, bytes_str("then")))
			return query_error(e, 40063,
					   "$switch found an unknown argument to a branch: %.*s",
					   (int)field.name.len, field.name.at);
		result = expr_parse_arg(scope, &v, self, n + (is_case ? 0 : 1), e);
		if (result < 0)
			return result;
	}
	if (self->args[n] == NULL)
		return query_error(e, 40064,
				   "$switch requires each branch have a 'case' expression");
	if (self->args[n + 1] == NULL)
		return query_error(e, 40065,
				   "$switch requires each branch have a 'then' expression.");
	return 0;
}

static int parse_branches(struct expr_scope *scope, const struct value *branches, struct expr *self,
			  struct error *e)
{
	const struct expr **before = self->args;
	size_t n = self->count - 1;
	struct bson_fields fields;
	struct bson_field field;

	if (branches->type != BSON_KIND_ARRAY)
		return query_error(e, 40061, "$switch expected an array for 'branches', found: %s",
				   expr_type(branches));
	/* Each 'branches' adds to those before it; the default stays behind them. */
	expr_args_new(scope, self, n + value_count(branches->data) * 2 + 1);
	memcpy(self->args, before, n * sizeof(*before));
	self->args[self->count - 1] = before[n];
	fields = bson_fields(branches->data);
	for (; expr_next(&fields, &field); n += 2) {
		struct value v = value_of_field(&field);
		int result = parse_branch(scope, &v, self, n, e);

		if (result < 0)
			return result;
	}
	return 0;
}

static int parse_switch(struct expr_scope *scope, const struct value *operand, struct expr *self,
			struct error *e)
{
	struct bson_fields fields;
	struct bson_field field;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40060, "$switch requires an object as an argument, found: %s",
				   expr_type(operand));
	expr_args_new(scope, self, 1);
	fields = bson_fields(operand->data);
	while (expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		int result;

		if (bytes_equal(field.name, bytes_str("branches")))
			result = parse_branches(scope, &v, self, e);
		else if (bytes_equal(field.name, bytes_str("default")))
			result = expr_parse_arg(scope, &v, self, self->count - 1, e);
		else
			result = query_error(e, 40067, "$switch found an unknown argument: %.*s",
					     (int)field.name.len, field.name.at);
		if (result < 0)
			return result;
	}
	if (self->count < 3)
		return query_error(e, 40068, "$switch requires at least one branch");
	return 0;
}

static int eval_switch(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	for (size_t i = 0; i + 1 < self->count; i += 2) {
		struct value v;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_true(&v))
			return expr_arg(self, i + 1, frame, ret, e);
	}
	if (self->args[self->count - 1] == NULL)
		return query_error(e, 40066,
				   "$switch could not find a matching branch for an input, and no "
				   "default was specified.");
	return expr_arg(self, self->count - 1, frame, ret, e);
}

/* Fold one branch; it goes to self->args[*n] unless its case is never true. 1: its case is always true. */
static int optimize_branch(struct expr_scope *scope, const struct expr *self,
			   const struct expr *branch[2], size_t *n, struct error *e)
{
	struct value v;
	bool constant;
	int result = expr_optimize(scope, &branch[0], e);

	if (result < 0)
		return result;
	constant = expr_is_constant(branch[0], &v);
	if (constant && !value_is_true(&v))
		return 0;
	result = expr_optimize(scope, &branch[1], e);
	if (result < 0)
		return result;
	if (constant)
		return 1;
	self->args[(*n)++] = branch[0];
	self->args[(*n)++] = branch[1];
	return 0;
}

static int optimize_switch(struct expr_scope *scope, const struct expr **self, struct error *e)
{
	struct expr *copy = arena_get(expr_scope_context(scope)->constants, sizeof(*copy));
	const struct expr *last = (*self)->args[(*self)->count - 1];
	size_t n = 0;
	int result = last == NULL ? 0 : expr_optimize(scope, &last, e);

	*copy = **self;
	for (size_t i = 0; result == 0 && i + 1 < copy->count; i += 2) {
		const struct expr *branch[2] = {copy->args[i], copy->args[i + 1]};

		result = optimize_branch(scope, copy, branch, &n, e);
		if (result > 0)
			last = branch[1];
	}
	if (result < 0)
		return result;
	if (n == 0 && last == NULL)
		return query_error(e, 40069,
				   "Cannot execute a switch statement where all the cases evaluate "
				   "to false without a default");
	copy->args[n] = last;
	copy->count = n + 1;
	*self = n == 0 ? last : copy;
	return 0;
}

const struct expr_op expr_ops_logic[] = {
	{.name = "$and",
	 .least = 0,
	 .most = -1,
	 .eval = eval_and,
	 .fold = EXPR_FOLD_ANY_ORDER,
	 .optimize = optimize_and},
	{.name = "$cond", .parse = parse_cond, .eval = eval_cond, .optimize = optimize_cond},
	{.name = "$ifNull",
	 .parse = parse_if_null,
	 .eval = eval_if_null,
	 .optimize = optimize_if_null},
	{.name = "$not", .least = 1, .most = 1, .eval = eval_not},
	{.name = "$or",
	 .least = 0,
	 .most = -1,
	 .eval = eval_or,
	 .fold = EXPR_FOLD_ANY_ORDER,
	 .optimize = optimize_or},
	{.name = "$switch",
	 .parse = parse_switch,
	 .eval = eval_switch,
	 .fold = EXPR_FOLD_SELF,
	 .optimize = optimize_switch},
	{.name = NULL},
};
