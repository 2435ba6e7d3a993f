#include <math.h>

#include "query/decimal_math.h"
#include "query/expr/expr_arithmetic.h"

/* A function, and where it is defined. */
struct function {
	double (*of_double)(double);
	_Decimal128 (*of_decimal)(_Decimal128);
	double least, most;
	bool is_open; /* the ends do not belong to it */
};

static int outside(const struct expr *self, const struct function *f, const char *text,
		   struct error *e)
{
	char least[EXPR_DOUBLE_TEXT], most[EXPR_DOUBLE_TEXT];

	return query_error(e, 50989, "cannot apply %s to %s, value must be in %c%s,%s%c",
			   self->op->name, text, f->is_open ? '(' : '[',
			   expr_double_text(f->least, least), expr_double_text(f->most, most),
			   f->is_open ? ')' : ']');
}

static bool is_inside(const struct function *f, double v)
{
	return f->is_open ? v > f->least && v < f->most : v >= f->least && v <= f->most;
}

static int eval_function(const struct expr *self, struct expr_frame *frame,
			 const struct function *f, struct value *ret, struct error *e)
{
	char text[MAX_OF(EXPR_DOUBLE_TEXT, DECIMAL_TEXT_MAX)];
	struct value v;
	double number;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (v.type == BSON_KIND_DECIMAL) {
		_Decimal128 least = (_Decimal128)f->least, most = (_Decimal128)f->most;
		bool fits = f->is_open ? v.decimal > least && v.decimal < most
				       : v.decimal >= least && v.decimal <= most;

		if (decimal_is_nan(v.decimal)) {
			*ret = v;
			return 0;
		}
		if (!fits) {
			decimal_text(v.decimal, text);
			return outside(self, f, text, e);
		}
		*ret = value_decimal(f->of_decimal(v.decimal));
		return 0;
	}
	number = value_to_double(&v);
	if (!isnan(number) && !is_inside(f, number))
		return outside(self, f, expr_double_text(number, text), e);
	*ret = value_double(isnan(number) ? number : f->of_double(number));
	return 0;
}

#define FUNCTION(name, low, high, open)                                                            \
	static int eval_##name(const struct expr *self, struct expr_frame *frame,                  \
			       struct value *ret, struct error *e)                                 \
	{                                                                                          \
		static const struct function f = {.of_double = (name),                             \
						  .of_decimal = decimal_math_##name,               \
						  .least = (low),                                  \
						  .most = (high),                                  \
						  .is_open = (open)};                              \
                                                                                                   \
		return eval_function(self, frame, &f, ret, e);                                     \
	}

FUNCTION(acos, -1, 1, false)
FUNCTION(acosh, 1, INFINITY, false)
FUNCTION(asin, -1, 1, false)
FUNCTION(asinh, -INFINITY, INFINITY, false)
FUNCTION(atan, -INFINITY, INFINITY, false)
FUNCTION(atanh, -1, 1, false)
FUNCTION(cos, -INFINITY, INFINITY, true)
FUNCTION(cosh, -INFINITY, INFINITY, false)
FUNCTION(sin, -INFINITY, INFINITY, true)
FUNCTION(sinh, -INFINITY, INFINITY, false)
FUNCTION(tan, -INFINITY, INFINITY, true)
FUNCTION(tanh, -INFINITY, INFINITY, false)

static int eval_atan2(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	struct value v[2];

	*ret = value_null();
	for (int i = 0; i < 2; i++) {
		int result = expr_arg(self, (size_t)i, frame, &v[i], e);

		if (result < 0)
			return result;
		if (value_is_nullish(&v[i]))
			return 0;
		if (!value_is_number(&v[i]))
			return query_error(e, 51044 + i, "%s only supports numeric types, not %s",
					   self->op->name, expr_type(&v[i]));
	}
	if (expr_widest(v[0].type, v[1].type) == BSON_KIND_DECIMAL)
		*ret = value_decimal(
			decimal_math_atan2(value_to_decimal(&v[0]), value_to_decimal(&v[1])));
	else
		*ret = value_double(atan2(value_to_double(&v[0]), value_to_double(&v[1])));
	return 0;
}

/* Multiply by pi / 180, or by 180 / pi. */
static int turn(const struct expr *self, struct expr_frame *frame, _Decimal128 decimal,
		double number, struct value *ret, struct error *e)
{
	struct value v;
	int result = expr_number_arg(self, frame, &v, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (v.type == BSON_KIND_DECIMAL)
		*ret = value_decimal(v.decimal * decimal);
	else
		*ret = value_double(value_to_double(&v) * number);
	return 0;
}

static int eval_degrees_to_radians(const struct expr *self, struct expr_frame *frame,
				   struct value *ret, struct error *e)
{
	return turn(self, frame, 0.01745329251994329576923690768488613DL, M_PI / 180.0, ret, e);
}

static int eval_radians_to_degrees(const struct expr *self, struct expr_frame *frame,
				   struct value *ret, struct error *e)
{
	return turn(self, frame, 57.29577951308232087679815481410517DL, 180.0 / M_PI, ret, e);
}

const struct expr_op expr_ops_trigonometry[] = {
	{.name = "$acos", .least = 1, .most = 1, .eval = eval_acos},
	{.name = "$acosh", .least = 1, .most = 1, .eval = eval_acosh},
	{.name = "$asin", .least = 1, .most = 1, .eval = eval_asin},
	{.name = "$asinh", .least = 1, .most = 1, .eval = eval_asinh},
	{.name = "$atan", .least = 1, .most = 1, .eval = eval_atan},
	{.name = "$atan2", .least = 2, .most = 2, .eval = eval_atan2},
	{.name = "$atanh", .least = 1, .most = 1, .eval = eval_atanh},
	{.name = "$cos", .least = 1, .most = 1, .eval = eval_cos},
	{.name = "$cosh", .least = 1, .most = 1, .eval = eval_cosh},
	{.name = "$degreesToRadians", .least = 1, .most = 1, .eval = eval_degrees_to_radians},
	{.name = "$radiansToDegrees", .least = 1, .most = 1, .eval = eval_radians_to_degrees},
	{.name = "$sin", .least = 1, .most = 1, .eval = eval_sin},
	{.name = "$sinh", .least = 1, .most = 1, .eval = eval_sinh},
	{.name = "$tan", .least = 1, .most = 1, .eval = eval_tan},
	{.name = "$tanh", .least = 1, .most = 1, .eval = eval_tanh},
	{.name = NULL},
};
