#include "query/expr/expr_arithmetic.h"

#include <math.h>
#include <stdio.h>

#include "query/decimal_math.h"
#include "query/expr/expr_coerce.h"

int expr_number_arg(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	int result = expr_arg(self, 0, frame, ret, e);

	if (result < 0)
		return result;
	if (value_is_nullish(ret))
		return 0;
	if (!value_is_number(ret))
		return query_error(e, 28765, "%s only supports numeric types, not %s",
				   self->op->name, expr_type(ret));
	return 1;
}

const char *expr_double_text(double v, char ret[EXPR_DOUBLE_TEXT])
{
	snprintf(ret, EXPR_DOUBLE_TEXT, "%g", v);
	return ret;
}

static int width(uint8_t type)
{
	switch (type) {
	case BSON_KIND_INT32:
		return 1;
	case BSON_KIND_INT64:
		return 2;
	case BSON_KIND_DOUBLE:
		return 3;
	case BSON_KIND_DECIMAL:
		return 4;
	default:
		return 0;
	}
}

uint8_t expr_widest(uint8_t a, uint8_t b)
{
	int wa = width(a), wb = width(b);

	if (wa == 0 || wb == 0)
		return 0;
	return wa >= wb ? a : b;
}

/* By its 15 digits; what is no number keeps its sign. */
static _Decimal128 decimal_of(double v)
{
	struct value number = value_double(v);

	return value_to_decimal(&number);
}

/* ---- $add */

/* A sum in the narrowest type that holds it; once a date was met, of milliseconds. */
struct adder {
	uint8_t type;
	int64_t whole;
	double number;
	_Decimal128 decimal;
	bool is_date;
};

static int date_overflow(struct error *e)
{
	return query_error(e, QUERY_OVERFLOW, "date overflow");
}

/* The milliseconds that a number stands for, rounded. */
static int to_milliseconds(const struct value *v, int64_t *ret, struct error *e)
{
	unsigned flags = 0;

	switch (v->type) {
	case BSON_KIND_DOUBLE:
		if (!(v->number >= -0x1p63 && v->number < 0x1p63))
			return date_overflow(e);
		*ret = llround(v->number);
		return 0;
	case BSON_KIND_DECIMAL:
		*ret = decimal_to_int64(decimal_math_quantize(v->decimal, 0, DECIMAL_HALF_EVEN),
					&flags);
		if (flags & DECIMAL_INVALID)
			return date_overflow(e);
		return 0;
	default:
		*ret = value_to_int64(v);
		return 0;
	}
}

static int add_to_date(struct adder *adder, const struct value *v, struct error *e)
{
	int64_t ms;
	int result = to_milliseconds(v, &ms, e);

	if (result < 0)
		return result;
	if (__builtin_add_overflow(adder->whole, ms, &adder->whole))
		return date_overflow(e);
	return 0;
}

static struct value adder_value(const struct adder *adder)
{
	if (adder->is_date)
		return value_date(adder->whole);
	switch (adder->type) {
	case BSON_KIND_INT32:
		return expr_int_or_long(adder->whole);
	case BSON_KIND_INT64:
		return value_int64(adder->whole);
	case BSON_KIND_DOUBLE:
		return value_double(adder->number);
	default:
		return value_decimal(adder->decimal);
	}
}

/* The sum so far becomes one of a wider type. */
static void widen(struct adder *adder, uint8_t type)
{
	if (type == adder->type)
		return;
	if (type == BSON_KIND_DOUBLE)
		adder->number = (double)adder->whole;
	else if (type == BSON_KIND_DECIMAL)
		adder->decimal = adder->type == BSON_KIND_DOUBLE ? decimal_of(adder->number)
								 : decimal_of_int64(adder->whole);
	adder->type = type;
}

static int add(struct adder *adder, const struct value *v, struct error *e)
{
	int64_t sum;

	if (v->type == BSON_KIND_DATE) {
		struct value before = adder_value(adder), ms = value_int64(v->date);
		int result;

		if (adder->is_date)
			return query_error(e, 16612, "only one date allowed in an $add expression");
		adder->whole = 0;
		result = add_to_date(adder, &before, e);
		if (result < 0)
			return result;
		adder->is_date = true;
		return add_to_date(adder, &ms, e);
	}
	if (adder->is_date)
		return add_to_date(adder, v, e);
	widen(adder, expr_widest(adder->type, v->type));
	switch (adder->type) {
	case BSON_KIND_DOUBLE:
		adder->number += value_to_double(v);
		return 0;
	case BSON_KIND_DECIMAL:
		adder->decimal += value_to_decimal(v);
		return 0;
	default:
		if (!__builtin_add_overflow(adder->whole, value_to_int64(v), &sum)) {
			adder->whole = sum;
			return 0;
		}
		adder->number = (double)adder->whole + value_to_double(v);
		adder->type = BSON_KIND_DOUBLE;
		return 0;
	}
}

static int eval_add(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct adder adder = {.type = BSON_KIND_INT32};

	for (size_t i = 0; i < self->count; i++) {
		struct value v;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_nullish(&v)) {
			*ret = value_null();
			return 0;
		}
		if (!value_is_number(&v) && v.type != BSON_KIND_DATE)
			return query_error(e, QUERY_TYPE_MISMATCH,
					   "$add only supports numeric or date types, not %s",
					   expr_type(&v));
		result = add(&adder, &v, e);
		if (result < 0)
			return result;
	}
	*ret = adder_value(&adder);
	return 0;
}

/* ---- $multiply */

struct product {
	uint8_t type;
	int64_t whole;
	double number;
	_Decimal128 decimal;
};

static void multiply(struct product *product, const struct value *v)
{
	uint8_t before = product->type;

	product->type = expr_widest(before, v->type);
	if (product->type == BSON_KIND_DECIMAL) {
		if (before != BSON_KIND_DECIMAL)
			product->decimal = before == BSON_KIND_DOUBLE
						   ? decimal_of(product->number)
						   : decimal_of_int64(product->whole);
		product->decimal *= value_to_decimal(v);
		return;
	}
	product->number *= value_to_double(v);
	if (product->type != BSON_KIND_DOUBLE &&
	    __builtin_mul_overflow(product->whole, value_to_int64(v), &product->whole))
		product->type = BSON_KIND_DOUBLE;
}

static int eval_multiply(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	struct product product = {.type = BSON_KIND_INT32, .whole = 1, .number = 1};

	for (size_t i = 0; i < self->count; i++) {
		struct value v;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_nullish(&v)) {
			*ret = value_null();
			return 0;
		}
		if (!value_is_number(&v))
			return query_error(e, QUERY_TYPE_MISMATCH,
					   "$multiply only supports numeric types, not %s",
					   expr_type(&v));
		multiply(&product, &v);
	}
	if (product.type == BSON_KIND_DOUBLE)
		*ret = value_double(product.number);
	else if (product.type == BSON_KIND_DECIMAL)
		*ret = value_decimal(product.decimal);
	else
		*ret = product.type == BSON_KIND_INT64 ? value_int64(product.whole)
						       : expr_int_or_long(product.whole);
	return 0;
}

/* ---- of two */

/* $subtract and $divide evaluate their second argument first: it shows when both are errors. */
static int eval_two_backwards(const struct expr *self, struct expr_frame *frame, struct value *a,
			      struct value *b, struct error *e)
{
	int result = expr_arg(self, 1, frame, b, e);

	return result < 0 ? result : expr_arg(self, 0, frame, a, e);
}

static int eval_two(const struct expr *self, struct expr_frame *frame, struct value *a,
		    struct value *b, struct error *e)
{
	int result = expr_arg(self, 0, frame, a, e);

	return result < 0 ? result : expr_arg(self, 1, frame, b, e);
}

static int subtract_from_date(const struct value *a, const struct value *b, struct value *ret,
			      struct error *e)
{
	int64_t ms, difference;
	int result;

	if (b->type == BSON_KIND_DATE) {
		*ret = value_int64((int64_t)((uint64_t)a->date - (uint64_t)b->date));
		return 0;
	}
	if (!value_is_number(b))
		return query_error(e, QUERY_TYPE_MISMATCH, "can't $subtract %s from Date",
				   expr_type(b));
	result = to_milliseconds(b, &ms, e);
	if (result < 0)
		return result;
	if (__builtin_sub_overflow(a->date, ms, &difference))
		return date_overflow(e);
	*ret = value_date(difference);
	return 0;
}

static int eval_subtract(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	struct value a, b;
	int64_t difference;
	int result = eval_two_backwards(self, frame, &a, &b, e);

	if (result < 0)
		return result;
	switch (expr_widest(a.type, b.type)) {
	case BSON_KIND_DECIMAL:
		*ret = value_decimal(value_to_decimal(&a) - value_to_decimal(&b));
		return 0;
	case BSON_KIND_DOUBLE:
		*ret = value_double(value_to_double(&a) - value_to_double(&b));
		return 0;
	case BSON_KIND_INT64:
		if (__builtin_sub_overflow(value_to_int64(&a), value_to_int64(&b), &difference))
			*ret = value_double(value_to_double(&a) - value_to_double(&b));
		else
			*ret = value_int64(difference);
		return 0;
	case BSON_KIND_INT32:
		*ret = expr_int_or_long((int64_t)a.int32 - b.int32);
		return 0;
	default:
		break;
	}
	if (value_is_nullish(&a) || value_is_nullish(&b)) {
		*ret = value_null();
		return 0;
	}
	if (a.type == BSON_KIND_DATE)
		return subtract_from_date(&a, &b, ret, e);
	return query_error(e, QUERY_TYPE_MISMATCH, "can't $subtract %s from %s", expr_type(&b),
			   expr_type(&a));
}

static int eval_divide(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	struct value a, b;
	int result = eval_two_backwards(self, frame, &a, &b, e);

	if (result < 0)
		return result;
	if (value_is_number(&a) && value_is_number(&b)) {
		if (value_to_double(&b) == 0 && (b.type != BSON_KIND_DECIMAL || b.decimal == 0))
			return query_error(e, QUERY_BAD_VALUE, "can't $divide by zero");
		if (expr_widest(a.type, b.type) == BSON_KIND_DECIMAL)
			*ret = value_decimal(value_to_decimal(&a) / value_to_decimal(&b));
		else
			*ret = value_double(value_to_double(&a) / value_to_double(&b));
		return 0;
	}
	if (value_is_nullish(&a) || value_is_nullish(&b)) {
		*ret = value_null();
		return 0;
	}
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "$divide only supports numeric types, not %s and %s", expr_type(&a),
			   expr_type(&b));
}

static int mod_numbers(const struct value *a, const struct value *b, struct value *ret,
		       struct error *e)
{
	int64_t divisor;
	double right;

	if (expr_widest(a->type, b->type) == BSON_KIND_DECIMAL) {
		_Decimal128 decimal = value_to_decimal(b);

		if (decimal == 0)
			return query_error(e, 5733415, "can't $mod by zero");
		*ret = value_decimal(decimal_math_mod(value_to_decimal(a), decimal));
		return 0;
	}
	right = value_to_double(b);
	if (right == 0)
		return query_error(e, 16610, "can't $mod by zero");
	divisor = value_to_int64(b);
	if (a->type == BSON_KIND_DOUBLE ||
	    (b->type == BSON_KIND_DOUBLE &&
	     !(right >= INT32_MIN && right <= INT32_MAX && (double)(int32_t)right == right))) {
		*ret = value_double(fmod(value_to_double(a), right));
		return 0;
	}
	divisor = divisor == -1 ? 0 : value_to_int64(a) % divisor;
	if (a->type == BSON_KIND_INT64 || b->type == BSON_KIND_INT64)
		*ret = value_int64(divisor);
	else
		*ret = value_int32((int32_t)divisor);
	return 0;
}

static int eval_mod(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value a, b;
	int result = eval_two(self, frame, &a, &b, e);

	if (result < 0)
		return result;
	if (value_is_number(&a) && value_is_number(&b))
		return mod_numbers(&a, &b, ret, e);
	if (value_is_nullish(&a) || value_is_nullish(&b)) {
		*ret = value_null();
		return 0;
	}
	return query_error(e, 16611, "$mod only supports numeric types, not %s and %s",
			   expr_type(&a), expr_type(&b));
}

/* ---- of one */

static int eval_abs(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value v;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	switch (v.type) {
	case BSON_KIND_DOUBLE:
		*ret = value_double(fabs(v.number));
		return 0;
	case BSON_KIND_DECIMAL:
		*ret = value_decimal(decimal_is_negative(v.decimal) ? -v.decimal : v.decimal);
		return 0;
	case BSON_KIND_INT64:
		if (v.int64 == INT64_MIN)
			return query_error(e, 28680, "can't take $abs of long long min");
		*ret = value_int64(v.int64 < 0 ? -v.int64 : v.int64);
		return 0;
	default:
		*ret = expr_int_or_long(v.int32 < 0 ? -(int64_t)v.int32 : v.int32);
		return 0;
	}
}

static int round_whole(const struct expr *self, struct expr_frame *frame,
		       double (*of_double)(double), enum decimal_rounding rounding,
		       struct value *ret, struct error *e)
{
	struct value v;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (v.type == BSON_KIND_DOUBLE)
		v.number = of_double(v.number);
	else if (v.type == BSON_KIND_DECIMAL)
		v.decimal = decimal_math_quantize(v.decimal, 0, rounding);
	*ret = v;
	return 0;
}

static int eval_ceil(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	return round_whole(self, frame, ceil, DECIMAL_CEILING, ret, e);
}

static int eval_floor(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return round_whole(self, frame, floor, DECIMAL_FLOOR, ret, e);
}

const struct expr_op expr_ops_arithmetic[] = {
	{.name = "$abs", .least = 1, .most = 1, .eval = eval_abs},
	{.name = "$add", .least = 0, .most = -1, .eval = eval_add, .fold = EXPR_FOLD_ANY_ORDER},
	{.name = "$ceil", .least = 1, .most = 1, .eval = eval_ceil},
	{.name = "$divide", .least = 2, .most = 2, .eval = eval_divide},
	{.name = "$floor", .least = 1, .most = 1, .eval = eval_floor},
	{.name = "$mod", .least = 2, .most = 2, .eval = eval_mod},
	{.name = "$multiply",
	 .least = 0,
	 .most = -1,
	 .eval = eval_multiply,
	 .fold = EXPR_FOLD_ANY_ORDER},
	{.name = "$subtract", .least = 2, .most = 2, .eval = eval_subtract},
	{.name = NULL},
};
