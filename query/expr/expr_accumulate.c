#include <math.h>

#include "query/accumulator_sum.h"
#include "query/expr/expr_arithmetic.h"

/* ---- $sum, $avg, ...: of the elements of a single array, or of all the arguments */

static int inputs_of(const struct expr *self, struct expr_frame *frame, struct value **ret,
		     size_t *ret_count, struct error *e)
{
	struct value *values = arena_get(frame->arena, self->count * sizeof(*values));

	for (size_t i = 0; i < self->count; i++) {
		int result = expr_arg(self, i, frame, &values[i], e);

		if (result < 0)
			return result;
	}
	*ret = values;
	*ret_count = self->count;
	if (self->count == 1 && values[0].type == BSON_KIND_ARRAY)
		*ret = expr_elements(frame->arena, values[0].data, ret_count);
	return 0;
}

/* As the accumulator sums the documents of a group: mongod's expression is that accumulator, fed with its arguments. */
static struct accumulator_sum total_of(const struct value *values, size_t count)
{
	struct accumulator_sum total = {0};

	for (size_t i = 0; i < count; i++)
		accumulator_sum_add(&total, &values[i]);
	return total;
}

static int eval_sum(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value *values;
	size_t count;
	struct accumulator_sum total;
	int result = inputs_of(self, frame, &values, &count, e);

	if (result < 0)
		return result;
	total = total_of(values, count);
	*ret = accumulator_sum_value(&total);
	return 0;
}

static int eval_avg(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value *values;
	size_t count;
	struct accumulator_sum total;
	int result = inputs_of(self, frame, &values, &count, e);

	if (result < 0)
		return result;
	total = total_of(values, count);
	*ret = accumulator_sum_mean(&total);
	return 0;
}

static int extreme(const struct expr *self, struct expr_frame *frame, int sense, struct value *ret,
		   struct error *e)
{
	struct value *values;
	size_t count;
	const struct value *best = NULL;
	int result = inputs_of(self, frame, &values, &count, e);

	if (result < 0)
		return result;
	for (size_t i = 0; i < count; i++)
		if (!value_is_nullish(&values[i]) &&
		    (best == NULL ||
		     value_compare(best, &values[i], frame->q->collation) * sense > 0))
			best = &values[i];
	*ret = best == NULL ? value_null() : *best;
	return 0;
}

static int eval_min(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	return extreme(self, frame, 1, ret, e);
}

static int eval_max(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	return extreme(self, frame, -1, ret, e);
}

/* Welford's way; `less` is 1 for a sample. */
static int deviation(const struct expr *self, struct expr_frame *frame, int64_t less,
		     struct value *ret, struct error *e)
{
	struct value *values;
	size_t count;
	int64_t n = 0;
	double mean = 0, squares = 0;
	int result = inputs_of(self, frame, &values, &count, e);

	if (result < 0)
		return result;
	for (size_t i = 0; i < count; i++) {
		double v, delta;

		if (!value_is_number(&values[i]))
			continue;
		v = value_to_double(&values[i]);
		n++;
		delta = v - mean;
		if (delta != 0) {
			/* As in the accumulator: the sign of a NaN is that of the newest. */
			mean = isnan(delta) ? delta : mean + delta / (double)n;
			delta *= v - mean;
			squares = isnan(delta) ? delta : squares + delta;
		}
	}
	*ret = n - less <= 0 ? value_null() : value_double(sqrt(squares / (double)(n - less)));
	return 0;
}

static int eval_std_dev_pop(const struct expr *self, struct expr_frame *frame, struct value *ret,
			    struct error *e)
{
	return deviation(self, frame, 0, ret, e);
}

static int eval_std_dev_samp(const struct expr *self, struct expr_frame *frame, struct value *ret,
			     struct error *e)
{
	return deviation(self, frame, 1, ret, e);
}

#define ANY_ORDER (EXPR_FOLD_ANY_ORDER | EXPR_FOLD_NOT_ONE)

const struct expr_op expr_ops_accumulate[] = {
	{.name = "$avg", .least = 0, .most = -1, .eval = eval_avg},
	{.name = "$max", .least = 0, .most = -1, .eval = eval_max, .fold = ANY_ORDER},
	{.name = "$min", .least = 0, .most = -1, .eval = eval_min, .fold = ANY_ORDER},
	{.name = "$stdDevPop", .least = 0, .most = -1, .eval = eval_std_dev_pop},
	{.name = "$stdDevSamp", .least = 0, .most = -1, .eval = eval_std_dev_samp},
	{.name = "$sum", .least = 0, .most = -1, .eval = eval_sum, .fold = ANY_ORDER},
	{.name = NULL},
};
