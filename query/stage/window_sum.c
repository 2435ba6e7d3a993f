#include "query/stage/window_sum.h"

#include <math.h>

#include "query/decimal.h"

/* What a sum could not let go of again: RemovableSum counts it. */
static bool sum_count(struct window_sum *sum, const struct value *v, int quantity)
{
	double x = value_to_double(v);

	if (v->type == BSON_KIND_DECIMAL && v->decimal - v->decimal == 0)
		return false; /* a decimal that no double holds */
	if (isfinite(x))
		return false;
	if (isnan(x))
		sum->nans += quantity;
	else
		*(x > 0 ? &sum->above : &sum->below) += quantity;
	return true;
}

void window_sum_update(struct window_sum *sum, const struct value *v, int quantity)
{
	struct value change = *v;

	sum->count += quantity;
	sum->doubles += v->type == BSON_KIND_DOUBLE ? quantity : 0;
	sum->decimals += v->type == BSON_KIND_DECIMAL ? quantity : 0;
	if (sum_count(sum, v, quantity))
		return;
	if (quantity < 0 && v->type == BSON_KIND_DECIMAL)
		change.decimal = -v->decimal;
	else if (quantity < 0 && v->type == BSON_KIND_DOUBLE)
		change.number = -v->number;
	else if (quantity < 0 && v->type == BSON_KIND_INT64 && v->int64 == INT64_MIN) {
		const struct value most = value_int64(INT64_MAX);

		accumulator_sum_add(&sum->all, &most);
		change = value_int64(1);
	} else if (quantity < 0 && v->type == BSON_KIND_INT32 && v->int32 != INT32_MIN) {
		change = value_int32(-v->int32); /* an int is added in one part, a long in two */
	} else if (quantity < 0)
		change = value_int64(-value_to_int64(v));
	accumulator_sum_add(&sum->all, &change);
}

struct value window_sum_value(const struct window_sum *sum)
{
	struct value v = accumulator_sum_value(&sum->all);
	bool fits;

	if (sum->nans > 0 || sum->above > 0 || sum->below > 0) {
		v = value_double(sum->nans > 0 || (sum->above > 0 && sum->below > 0) ? NAN
				 : sum->above > 0				     ? INFINITY
										     : -INFINITY);
		return sum->decimals > 0 ? value_decimal(value_to_decimal(&v)) : v;
	}
	/* What is no longer a decimal is whole when it fits, but for a sum that only rounds to the least long. */
	fits = v.type != BSON_KIND_DECIMAL || v.decimal >= (_Decimal128)INT64_MIN;
	if (v.type == BSON_KIND_DECIMAL && sum->decimals == 0) {
		struct value even =
			value_decimal(decimal_quantize(v.decimal, 0, DECIMAL_HALF_EVEN));
		int64_t whole;

		v = sum->doubles <= 0 && value_as_int64(&even, &whole)
			    ? value_int64(whole)
			    : value_double(value_to_double(&v));
	}
	if (v.type == BSON_KIND_DOUBLE && sum->doubles <= 0 && fits && v.number >= -0x1p63 &&
	    v.number < 0x1p63)
		v = value_int64(llround(v.number));
	if (v.type == BSON_KIND_INT64 && v.int64 >= INT32_MIN && v.int64 <= INT32_MAX)
		v = value_int32((int32_t)v.int64);
	return v;
}

struct value window_sum_mean(const struct window_sum *sum)
{
	struct value v = window_sum_value(sum);

	if (sum->count == 0)
		return value_null();
	if (v.type == BSON_KIND_DECIMAL)
		return value_decimal(v.decimal / (_Decimal128)sum->count);
	return value_double(value_to_double(&v) / (double)sum->count);
}
