#include <math.h>

#include "query/expr/expr_arithmetic.h"
#include "query/summation.h"

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

/* The sum of the numbers among values, and how many they are. */
struct total {
	struct summation sum; /* of those that are no decimals */
	_Decimal128 decimal;
	uint8_t type;
	size_t count;
};

static struct total total_of(const struct value *values, size_t count)
{
	struct total total = {.decimal = 0.DL, .type = BSON_KIND_INT32};

	for (size_t i = 0; i < count; i++) {
		const struct value *v = &values[i];

		if (!value_is_number(v))
			continue;
		if (v->type == BSON_KIND_DECIMAL)
			total.decimal += v->decimal;
		else if (v->type == BSON_KIND_DOUBLE)
			summation_add_double(&total.sum, v->number);
		else
			summation_add_int64(&total.sum, value_to_int64(v));
		total.type = expr_widest(total.type, v->type);
		total.count++;
	}
	return total;
}

static struct value sum_value(const struct total *total)
{
	if (total->type == BSON_KIND_DECIMAL)
		return value_decimal(total->decimal + summation_decimal(&total->sum));
	if (total->type == BSON_KIND_DOUBLE || !summation_fits_int64(&total->sum))
		return value_double(summation_double(&total->sum));
	if (total->type == BSON_KIND_INT64)
		return value_int64(summation_int64(&total->sum));
	return expr_int_or_long(summation_int64(&total->sum));
}

static int eval_sum(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value *values;
	size_t count;
	struct total total;
	int result = inputs_of(self, frame, &values, &count, e);

	if (result < 0)
		return result;
	total = total_of(values, count);
	*ret = sum_value(&total);
	return 0;
}

static int eval_avg(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value *values;
	size_t count;
	struct total total;
	int result = inputs_of(self, frame, &values, &count, e);

	if (result < 0)
		return result;
	total = total_of(values, count);
	if (total.count == 0)
		*ret = value_null();
	else if (total.type == BSON_KIND_DECIMAL)
		*ret = value_decimal((total.decimal + summation_decimal(&total.sum)) /
				     (_Decimal128)(int64_t)total.count);
	else
		*ret = value_double(summation_double(&total.sum) / (double)total.count);
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
