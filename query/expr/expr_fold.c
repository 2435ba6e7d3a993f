#include "query/expr/expr_inside.h"

/* Evaluate `expr`, all of whose arguments are constants, and put the result in its place. */
static int fold(struct expr_scope *scope, const struct expr **expr, struct error *e)
{
	struct query_context *q = expr_scope_context(scope);
	struct expr_frame frame = expr_frame_new(q, scope, q->constants);
	struct value v;
	int result = expr_eval(*expr, &frame, &v, e);

	if (result < 0)
		return result;
	*expr = expr_constant(scope, &v);
	return 0;
}

/* The constants of args[from..to) become one: the operator's value of them. */
static int fold_some(struct expr_scope *scope, const struct expr *self, const struct expr **from,
		     size_t count, const struct expr **ret, struct error *e)
{
	struct expr part = *self;
	const struct expr *expr = &part;
	int result;

	part.args = from;
	part.count = count;
	result = fold(scope, &expr, e);
	if (result >= 0)
		*ret = expr;
	return result;
}

static bool is_constant(const struct expr *expr)
{
	return expr->eval == expr_eval_constant;
}

/* Is `arg` the same operator as `self`, so that its arguments may take its place? */
static bool is_nested(const struct expr *self, const struct expr *arg)
{
	return arg->op == self->op &&
	       ((self->op->fold & EXPR_FOLD_NOT_ONE) == 0 || arg->count != 1);
}

/* {$add: [{$add: [a, b]}, c]} is {$add: [a, b, c]}: the arguments with those of the same operator in their places. */
static void flatten(struct expr_scope *scope, struct expr *self)
{
	struct expr flat = *self;
	size_t count = 0, nested = 0, n = 0;

	for (size_t i = 0; i < self->count; i++) {
		bool is = is_nested(self, self->args[i]);

		nested += is;
		count += is ? self->args[i]->count : 1;
	}
	if (nested == 0)
		return;
	expr_args_new(scope, &flat, count);
	for (size_t i = 0; i < self->count; i++) {
		const struct expr *arg = self->args[i];

		if (!is_nested(self, arg)) {
			flat.args[n++] = arg;
			continue;
		}
		memcpy(flat.args + n, arg->args, arg->count * sizeof(*arg->args));
		n += arg->count;
	}
	*self = flat;
}

struct gather {
	const struct expr **others, **constants;
	size_t other_count, constant_count;
};

/* What was gathered of constants goes to the others: as it is when it is one, else as one. */
static int flush(struct expr_scope *scope, const struct expr *self, struct gather *gather,
		 struct error *e)
{
	int result;

	if (gather->constant_count == 0)
		return 0;
	if (gather->constant_count == 1) {
		gather->others[gather->other_count++] = gather->constants[0];
	} else {
		result = fold_some(scope, self, gather->constants, gather->constant_count,
				   &gather->others[gather->other_count++], e);
		if (result < 0)
			return result;
	}
	gather->constant_count = 0;
	return 0;
}

/* Some arguments are constants, and the operator is associative. */
static int fold_neighbours(struct expr_scope *scope, struct expr *self, struct error *e)
{
	unsigned fold_kind = self->op->fold;
	struct arena *arena = expr_scope_context(scope)->constants;
	struct gather gather = {0};
	bool any_order = (fold_kind & EXPR_FOLD_ANY_ORDER) != 0;
	int result;

	if (fold_kind & EXPR_FOLD_COLLATED_IN_ORDER && expr_scope_context(scope)->collation != NULL)
		any_order = false;
	flatten(scope, self);
	gather.others = arena_get(arena, self->count * sizeof(*gather.others));
	gather.constants = arena_get(arena, self->count * sizeof(*gather.constants));
	for (size_t i = 0; i < self->count; i++) {
		if (is_constant(self->args[i])) {
			gather.constants[gather.constant_count++] = self->args[i];
			continue;
		}
		if (!any_order) {
			result = flush(scope, self, &gather, e);
			if (result < 0)
				return result;
		}
		gather.others[gather.other_count++] = self->args[i];
	}
	result = flush(scope, self, &gather, e);
	self->args = gather.others;
	self->count = gather.other_count;
	return result;
}

static bool path_is_constant(const struct expr *expr)
{
	const struct expr_path *path = expr->more;

	return expr->eval == expr_eval_path &&
	       (path->variable == EXPR_VARIABLE_LET || path->variable == EXPR_VARIABLE_NOW ||
		path->variable == EXPR_VARIABLE_CLUSTER_TIME ||
		path->variable == EXPR_VARIABLE_REMOVE);
}

static bool is_foldable(const struct expr *expr)
{
	if (expr->op == NULL)
		return expr->eval == expr_eval_object || expr->eval == expr_eval_array;
	return !expr->op->is_not_constant && (expr->op->fold & EXPR_FOLD_ARGS) == 0;
}

static int optimize_operator(struct expr_scope *scope, const struct expr **expr, struct error *e)
{
	const struct expr_op *op = (*expr)->op;

	if (op->fold & (EXPR_FOLD_ANY_ORDER | EXPR_FOLD_IN_ORDER) &&
	    !(op->fold & EXPR_FOLD_NOT_ONE && (*expr)->count == 1)) {
		struct expr *copy = arena_get(expr_scope_context(scope)->constants, sizeof(*copy));

		*copy = **expr;
		if (fold_neighbours(scope, copy, e) < 0)
			return e->code;
		*expr = copy;
	}
	return op->optimize == NULL ? 0 : op->optimize(scope, expr, e);
}

int expr_optimize(struct expr_scope *scope, const struct expr **expr, struct error *e)
{
	struct expr *self;
	size_t constants = 0, present = 0;

	if (path_is_constant(*expr))
		return fold(scope, expr, e);
	if ((*expr)->op == NULL ? (*expr)->args == NULL : ((*expr)->op->fold & EXPR_FOLD_NOT) != 0)
		return 0;
	self = arena_get(expr_scope_context(scope)->constants, sizeof(*self));
	*self = **expr;
	expr_args_new(scope, self, (*expr)->count);
	if (self->op != NULL && self->op->fold & EXPR_FOLD_SELF) {
		memcpy(self->args, (*expr)->args, self->count * sizeof(*self->args));
		*expr = self;
		return self->op->optimize(scope, expr, e);
	}
	for (size_t i = 0; i < self->count; i++) {
		int result;

		self->args[i] = (*expr)->args[i];
		if (self->args[i] == NULL)
			continue;
		result = expr_optimize(scope, &self->args[i], e);
		if (result < 0)
			return result;
		present++;
		constants += is_constant(self->args[i]);
	}
	*expr = self;
	if (constants == present && is_foldable(self))
		return fold(scope, expr, e);
	return self->op == NULL ? 0 : optimize_operator(scope, expr, e);
}

int expr_optimize_error(struct error *e)
{
	return query_error_cause(e, "Failed to optimize pipeline");
}
