#include <math.h>

#include "query/decimal_math.h"
#include "query/expr/expr_arithmetic.h"

static int eval_exp(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value v;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (v.type == BSON_KIND_DECIMAL)
		*ret = value_decimal(decimal_math_exp(v.decimal));
	else
		*ret = value_double(exp(value_to_double(&v)));
	return 0;
}

static int eval_sqrt(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	struct value v;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (v.type == BSON_KIND_DECIMAL ? v.decimal < 0 : value_to_double(&v) < 0)
		return query_error(e, 28714, "$sqrt's argument must be greater than or equal to 0");
	if (v.type == BSON_KIND_DECIMAL)
		*ret = value_decimal(decimal_math_sqrt(v.decimal));
	else
		*ret = value_double(sqrt(value_to_double(&v)));
	return 0;
}

/* $ln and $log10. */
static int logarithm(const struct expr *self, struct expr_frame *frame, int code,
		     double (*of_double)(double), _Decimal128 (*of_decimal)(_Decimal128),
		     struct value *ret, struct error *e)
{
	char text[EXPR_DOUBLE_TEXT];
	struct value v;
	double number;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (v.type == BSON_KIND_DECIMAL && v.decimal > 0) {
		*ret = value_decimal(of_decimal(v.decimal));
		return 0;
	}
	number = value_to_double(&v);
	if (!(number > 0 || isnan(number)))
		return query_error(e, code, "%s's argument must be a positive number, but is %s",
				   self->op->name, expr_double_text(number, text));
	*ret = value_double(of_double(number));
	return 0;
}

static int eval_ln(const struct expr *self, struct expr_frame *frame, struct value *ret,
		   struct error *e)
{
	return logarithm(self, frame, 28766, log, decimal_math_ln, ret, e);
}

static int eval_log10(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return logarithm(self, frame, 28761, log10, decimal_math_log10, ret, e);
}

/* Two numbers: 1, or 0 when one is nullish. `what` are their names in the messages. */
static int two_numbers(const struct expr *self, struct expr_frame *frame, struct value v[2],
		       const char *const what[2], int code, struct error *e)
{
	for (size_t i = 0; i < 2; i++) {
		int result = expr_arg(self, i, frame, &v[i], e);

		if (result < 0)
			return result;
	}
	if (value_is_nullish(&v[0]) || value_is_nullish(&v[1]))
		return 0;
	for (int i = 0; i < 2; i++)
		if (!value_is_number(&v[i]))
			return query_error(e, code + i, "%s's %s must be numeric, not %s",
					   self->op->name, what[i], expr_type(&v[i]));
	return 1;
}

static int eval_log(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	static const char *const what[2] = {"argument", "base"};
	char text[EXPR_DOUBLE_TEXT];
	struct value v[2];
	double number, base;
	int result = two_numbers(self, frame, v, what, 28756, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (expr_widest(v[0].type, v[1].type) == BSON_KIND_DECIMAL) {
		_Decimal128 a = value_to_decimal(&v[0]), b = value_to_decimal(&v[1]);

		if (a > 0 && b > 0 && b != 1) {
			*ret = value_decimal(decimal_math_log(a, b));
			return 0;
		}
	}
	number = value_to_double(&v[0]);
	base = value_to_double(&v[1]);
	if (!(number > 0 || isnan(number)))
		return query_error(e, 28758, "$log's argument must be a positive number, but is %s",
				   expr_double_text(number, text));
	if (!((base > 0 && base != 1) || isnan(base)))
		return query_error(
			e, 28759, "$log's base must be a positive number not equal to 1, but is %s",
			expr_double_text(base, text));
	*ret = value_double(log(number) / log(base));
	return 0;
}

/* base^exponent of whole numbers: true when it fits. */
static bool whole_power(int64_t base, int64_t exponent, int64_t *ret)
{
	int64_t power = 1;

	if (base == 0 || base == 1) {
		*ret = base == 1 || exponent == 0;
		return true;
	}
	if (base == -1) {
		*ret = exponent % 2 == 0 ? 1 : -1;
		return true;
	}
	if (exponent < 0 || exponent > 63)
		return false;
	for (int64_t i = 0; i < exponent; i++)
		if (__builtin_mul_overflow(power, base, &power))
			return false;
	*ret = power;
	return true;
}

static int eval_pow(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	static const char *const what[2] = {"base", "exponent"};
	struct value v[2];
	uint8_t type;
	int64_t power;
	bool is_zero, is_negative;
	int result = two_numbers(self, frame, v, what, 28762, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	type = expr_widest(v[0].type, v[1].type);
	if (type == BSON_KIND_DECIMAL) {
		v[0] = value_decimal(value_to_decimal(&v[0]));
		v[1] = value_decimal(value_to_decimal(&v[1]));
		is_zero = v[0].decimal == 0;
		is_negative = decimal_is_negative(v[1].decimal);
	} else {
		is_zero = value_to_double(&v[0]) == 0;
		is_negative = value_to_double(&v[1]) < 0;
	}
	if (is_zero && is_negative)
		return query_error(e, 28764,
				   "$pow cannot take a base of 0 and a negative exponent");
	if (type == BSON_KIND_DECIMAL)
		*ret = value_decimal(decimal_math_pow(v[0].decimal, v[1].decimal));
	else if (type == BSON_KIND_DOUBLE ||
		 !whole_power(value_to_int64(&v[0]), value_to_int64(&v[1]), &power))
		*ret = value_double(pow(value_to_double(&v[0]), value_to_double(&v[1])));
	else
		*ret = type == BSON_KIND_INT64 ? value_int64(power) : expr_int_or_long(power);
	return 0;
}

/* ---- $round, $trunc */

#define PLACES_LEAST (-20)
#define PLACES_MOST 100

/* The second argument: 1 and *ret, 0 it is nullish. */
static int places_arg(const struct expr *self, struct expr_frame *frame, int64_t *ret,
		      struct error *e)
{
	struct value v;
	int32_t places;
	int result;

	*ret = 0;
	if (self->count < 2)
		return 1;
	result = expr_arg(self, 1, frame, &v, e);
	if (result < 0)
		return result;
	if (value_is_nullish(&v))
		return 0;
	if (!value_is_number(&v))
		return query_error(e, 16004, "can't convert from BSON type %s to long",
				   expr_type(&v));
	if (v.type == BSON_KIND_DOUBLE && !(v.number >= -0x1p63 && v.number < 0x1p63))
		return query_error(e, 31109, "Can't coerce out of range value %s to long",
				   expr_text(frame->arena, &v));
	if (!value_as_int32(&v, &places))
		return query_error(e, 51082, "precision argument to  %s must be a integral value",
				   self->op->name);
	if (places < PLACES_LEAST || places > PLACES_MOST)
		return query_error(
			e, 51083,
			"cannot apply %s with precision value %d value must be in [-20, 100]",
			self->op->name, places);
	*ret = places;
	return 1;
}

static int round_to(const struct expr *self, const struct value *v, int64_t places,
		    enum decimal_rounding rounding, struct value *ret, struct error *e)
{
	int exponent = (int)-places;
	unsigned flags = 0;
	_Decimal128 decimal;
	int64_t whole;

	*ret = *v;
	if (v->type == BSON_KIND_DOUBLE) {
		if (isinf(v->number))
			return 0;
		decimal = decimal_math_round(decimal_math_of_double(v->number), exponent, rounding);
		*ret = value_double(decimal_to_double(decimal, NULL));
		return 0;
	}
	if (v->type == BSON_KIND_DECIMAL) {
		if (!decimal_is_infinite(v->decimal))
			*ret = value_decimal(decimal_math_round(v->decimal, exponent, rounding));
		return 0;
	}
	if (places >= 0)
		return 0;
	decimal = decimal_math_round(value_to_decimal(v), exponent, rounding);
	whole = decimal_to_int64(decimal, &flags);
	if (flags & DECIMAL_INVALID) {
		char text[DECIMAL_TEXT_MAX];

		decimal_text(decimal, text);
		return query_error(e, 51080,
				   "invalid conversion from Decimal128 result in %s resulting from "
				   "arguments: [%lld, %lld]",
				   self->op->name, (long long)value_to_int64(v), (long long)places);
	}
	if (v->type == BSON_KIND_INT64 || whole > INT32_MAX)
		*ret = value_int64(whole);
	else
		*ret = value_int32((int32_t)whole);
	return 0;
}

static int round_or_trunc(const struct expr *self, struct expr_frame *frame,
			  enum decimal_rounding rounding, struct value *ret, struct error *e)
{
	struct value v;
	int64_t places;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&v))
		return 0;
	if (!value_is_number(&v))
		return query_error(e, 51081, "%s only supports numeric types, not %s",
				   self->op->name, expr_type(&v));
	result = places_arg(self, frame, &places, e);
	return result <= 0 ? result : round_to(self, &v, places, rounding, ret, e);
}

static int eval_round(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return round_or_trunc(self, frame, DECIMAL_HALF_EVEN, ret, e);
}

static int eval_trunc(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return round_or_trunc(self, frame, DECIMAL_TRUNCATE, ret, e);
}

const struct expr_op expr_ops_arithmetic_more[] = {
	{.name = "$exp", .least = 1, .most = 1, .eval = eval_exp},
	{.name = "$ln", .least = 1, .most = 1, .eval = eval_ln},
	{.name = "$log", .least = 2, .most = 2, .eval = eval_log},
	{.name = "$log10", .least = 1, .most = 1, .eval = eval_log10},
	{.name = "$pow", .least = 2, .most = 2, .eval = eval_pow},
	{.name = "$round", .least = 1, .most = 2, .eval = eval_round},
	{.name = "$sqrt", .least = 1, .most = 1, .eval = eval_sqrt},
	{.name = "$trunc", .least = 1, .most = 2, .eval = eval_trunc},
	{.name = NULL},
};
