/* Prefix: value_ (of value.h) */
#include <math.h>

#include "query/decimal.h"
#include "query/value.h"

#define INT64_LIMIT 0x1p63 /* the first double above every int64 */

double value_to_double(const struct value *v)
{
	switch (v->type) {
	case BSON_KIND_INT32:
		return v->int32;
	case BSON_KIND_INT64:
		return (double)v->int64;
	case BSON_KIND_DOUBLE:
		return v->number;
	case BSON_KIND_DECIMAL:
		return (double)v->decimal;
	default:
		return 0;
	}
}

static int64_t double_to_int64(double number)
{
	if (isnan(number))
		return 0;
	if (!(number < INT64_LIMIT))
		return INT64_MAX;
	return number < -INT64_LIMIT ? INT64_MIN : (int64_t)number;
}

static int64_t clamp_decimal(_Decimal128 number)
{
	if (decimal_is_nan(number))
		return 0;
	if (number >= (_Decimal128)INT64_MAX)
		return INT64_MAX;
	return number <= (_Decimal128)INT64_MIN ? INT64_MIN : (int64_t)number;
}

int64_t value_to_int64(const struct value *v)
{
	switch (v->type) {
	case BSON_KIND_INT32:
		return v->int32;
	case BSON_KIND_INT64:
		return v->int64;
	case BSON_KIND_DOUBLE:
		return double_to_int64(v->number);
	case BSON_KIND_DECIMAL:
		return clamp_decimal(v->decimal);
	default:
		return 0;
	}
}

int64_t value_round_int64(const struct value *v)
{
	if (v->type == BSON_KIND_DECIMAL) {
		_Decimal128 rounded = decimal_quantize(v->decimal, 0, DECIMAL_HALF_EVEN);

		/* A NaN here is too long for a quantize: it has no fraction. */
		if (!decimal_is_nan(rounded))
			return clamp_decimal(rounded);
	}
	return value_to_int64(v);
}

/* ---- a double as a decimal of 15 digits */

typedef unsigned __int128 wide; /* holds the 34 digits of a decimal's coefficient */

#define DIGITS 15
#define DIGITS_LIMIT 1000000000000000U /* 10^15 */
#define EXPONENT_BIAS 6176
#define SIGN_BIT ((uint64_t)1 << 63)

static wide coefficient_of(const uint64_t words[2])
{
	return (wide)(words[1] & (((uint64_t)1 << 49) - 1)) << 64 | words[0];
}

/* Divide by 10^places, half to even. */
static wide drop_digits(wide number, int places)
{
	wide scale = 1, rest;

	for (int i = 0; i < places; i++)
		scale *= 10;
	rest = number % scale;
	number /= scale;
	if (rest * 2 > scale || (rest * 2 == scale && (number & 1) != 0))
		number++;
	return number;
}

/*
 * Always exactly 15 digits, zeros at the end and all: 1.5 is 1.50000000000000. Rule:
 * Decimal128(double, kRoundTo15Digits).
 */
static _Decimal128 double_to_decimal(double number)
{
	_Decimal128 ret = (_Decimal128)number;
	uint64_t words[2];
	wide all, count;
	int digits = 0, exponent;

	if (number == 0 || isinf(number) || isnan(number))
		return ret;
	memcpy(words, &ret, sizeof(words));
	all = coefficient_of(words);
	exponent = (int)(words[1] >> 49 & 0x3fff);
	for (count = all; count != 0; count /= 10)
		digits++;
	if (digits > DIGITS) {
		all = drop_digits(all, digits - DIGITS);
	} else {
		for (int i = digits; i < DIGITS; i++)
			all *= 10;
	}
	exponent += digits - DIGITS;
	if (all >= DIGITS_LIMIT) {
		all /= 10;
		exponent++;
	}
	words[0] = (uint64_t)all;
	words[1] = (words[1] & SIGN_BIT) | (uint64_t)exponent << 49;
	memcpy(&ret, words, sizeof(ret));
	return ret;
}

_Decimal128 value_to_decimal(const struct value *v)
{
	switch (v->type) {
	case BSON_KIND_INT32:
		return (_Decimal128)v->int32;
	case BSON_KIND_INT64:
		return (_Decimal128)v->int64;
	case BSON_KIND_DOUBLE:
		return double_to_decimal(v->number);
	case BSON_KIND_DECIMAL:
		return v->decimal;
	default:
		return (_Decimal128)0;
	}
}

/* ---- integral */

bool value_as_int64(const struct value *v, int64_t *ret)
{
	switch (v->type) {
	case BSON_KIND_INT32:
		*ret = v->int32;
		return true;
	case BSON_KIND_INT64:
		*ret = v->int64;
		return true;
	case BSON_KIND_DOUBLE:
		if (!(v->number >= -INT64_LIMIT && v->number < INT64_LIMIT) ||
		    v->number != trunc(v->number))
			return false;
		*ret = (int64_t)v->number;
		return true;
	case BSON_KIND_DECIMAL:
		if (!(v->decimal >= (_Decimal128)INT64_MIN &&
		      v->decimal <= (_Decimal128)INT64_MAX) ||
		    v->decimal != (_Decimal128)(int64_t)v->decimal)
			return false;
		*ret = (int64_t)v->decimal;
		return true;
	default:
		return false;
	}
}

bool value_as_int32(const struct value *v, int32_t *ret)
{
	int64_t number;

	if (!value_as_int64(v, &number) || number < INT32_MIN || number > INT32_MAX)
		return false;
	*ret = (int32_t)number;
	return true;
}
