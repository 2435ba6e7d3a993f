#include "query/expr/expr_op.h"

static int compare(const struct expr *self, struct expr_frame *frame, int *ret, struct error *e)
{
	struct value a, b;
	int result = expr_arg(self, 0, frame, &a, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &b, e);
	if (result < 0)
		return result;
	*ret = value_compare(&a, &b, frame->q->collation);
	return 0;
}

static int eval_cmp(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	int order, result = compare(self, frame, &order, e);

	if (result < 0)
		return result;
	*ret = value_int32((order > 0) - (order < 0));
	return 0;
}

#define COMPARISON(name, condition)                                                                \
	static int eval_##name(const struct expr *self, struct expr_frame *frame,                  \
			       struct value *ret, struct error *e)                                 \
	{                                                                                          \
		int order, result = compare(self, frame, &order, e);                               \
                                                                                                   \
		if (result < 0)                                                                    \
			return result;                                                             \
		*ret = value_bool(condition);                                                      \
		return 0;                                                                          \
	}

COMPARISON(eq, order == 0)
COMPARISON(ne, order != 0)
COMPARISON(gt, order > 0)
COMPARISON(gte, order >= 0)
COMPARISON(lt, order < 0)
COMPARISON(lte, order <= 0)

const struct expr_op expr_ops_compare[] = {
	{.name = "$cmp", .least = 2, .most = 2, .eval = eval_cmp},
	{.name = "$eq", .least = 2, .most = 2, .eval = eval_eq},
	{.name = "$gt", .least = 2, .most = 2, .eval = eval_gt},
	{.name = "$gte", .least = 2, .most = 2, .eval = eval_gte},
	{.name = "$lt", .least = 2, .most = 2, .eval = eval_lt},
	{.name = "$lte", .least = 2, .most = 2, .eval = eval_lte},
	{.name = "$ne", .least = 2, .most = 2, .eval = eval_ne},
	{.name = NULL},
};
