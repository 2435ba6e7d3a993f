#include "query/decimal_math.h"

#include <string.h>

/* How the library was built: arguments and results by value, rounding and flags given with each call. */
#define DECIMAL_CALL_BY_REFERENCE 0
#define DECIMAL_GLOBAL_ROUNDING 0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#include <bid_conf.h>
#include <bid_functions.h>

#define EXPONENT_BIAS 6176

static BID_UINT128 to_library(_Decimal128 v)
{
	BID_UINT128 ret;

	memcpy(&ret, &v, sizeof(ret));
	return ret;
}

static _Decimal128 from_library(BID_UINT128 v)
{
	_Decimal128 ret;

	memcpy(&ret, &v, sizeof(ret));
	return ret;
}

#define FUNCTION(name, library_name)                                                               \
	_Decimal128 decimal_math_##name(_Decimal128 x)                                             \
	{                                                                                          \
		_IDEC_flags flags = 0;                                                             \
                                                                                                   \
		return from_library(library_name(to_library(x), BID_ROUNDING_TO_NEAREST, &flags)); \
	}

FUNCTION(exp, bid128_exp)
FUNCTION(ln, bid128_log)
FUNCTION(log10, bid128_log10)
FUNCTION(sqrt, bid128_sqrt)
FUNCTION(sin, bid128_sin)
FUNCTION(cos, bid128_cos)
FUNCTION(tan, bid128_tan)
FUNCTION(asin, bid128_asin)
FUNCTION(acos, bid128_acos)
FUNCTION(atan, bid128_atan)
FUNCTION(sinh, bid128_sinh)
FUNCTION(cosh, bid128_cosh)
FUNCTION(tanh, bid128_tanh)
FUNCTION(asinh, bid128_asinh)
FUNCTION(acosh, bid128_acosh)
FUNCTION(atanh, bid128_atanh)
static FUNCTION(exp2_, bid128_exp2) static FUNCTION(exp10_,
						    bid128_exp10) static FUNCTION(log2_,
										  bid128_log2)

	/* With all 34 digits, or the least exponent: 0E-6176 is added, negative, so that zeros keep their sign. */
	static _Decimal128 with_all_digits(_Decimal128 x)
{
	return x + from_library((BID_UINT128){.w = {0, (uint64_t)1 << 63}});
}

/* ---- powers with whole exponents, as the library had them that mongod has: newer ones are more exact there */

/* A fixed-point number, not negative: 64 bits before the point and 192 after it, the lowest word first. */
struct fixed {
	uint64_t w[4];
};

static const struct fixed ln_2 = {
	{0x40f343267298b62dULL, 0xc9e3b39803f2f6afULL, 0xb17217f7d1cf79abULL, 0}};
static const struct fixed ln_10 = {
	{0x8a3fb3e76977e43aULL, 0xa95b58ae0b4c28a3ULL, 0x4d763776aaa2b05bULL, 2}};

typedef unsigned __int128 wide;

static void fixed_add(struct fixed *a, const struct fixed *b)
{
	wide carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (wide)a->w[i] + b->w[i];
		a->w[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

static void fixed_negate(struct fixed *a)
{
	const struct fixed one = {{1, 0, 0, 0}};

	for (int i = 0; i < 4; i++)
		a->w[i] = ~a->w[i];
	fixed_add(a, &one);
}

static struct fixed fixed_times(const struct fixed *a, uint64_t n)
{
	struct fixed ret;
	wide carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (wide)a->w[i] * n;
		ret.w[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return ret;
}

static struct fixed fixed_over(const struct fixed *a, uint64_t n)
{
	struct fixed ret;
	wide rest = 0;

	for (int i = 3; i >= 0; i--) {
		rest = rest << 64 | a->w[i];
		ret.w[i] = (uint64_t)(rest / n);
		rest %= n;
	}
	return ret;
}

/* The product of two numbers below 1. */
static struct fixed fixed_product(const struct fixed *a, const struct fixed *b)
{
	uint64_t all[8] = {0};
	struct fixed ret;

	for (int i = 0; i < 4; i++) {
		wide carry = 0;

		for (int k = 0; k < 4; k++) {
			carry += (wide)a->w[i] * b->w[k] + all[i + k];
			all[i + k] = (uint64_t)carry;
			carry >>= 64;
		}
		all[i + 4] = (uint64_t)carry;
	}
	for (int i = 0; i < 4; i++)
		ret.w[i] = all[i + 3];
	return ret;
}

/* a / b of a < b < 2^115. */
static struct fixed fixed_quotient(wide a, wide b)
{
	struct fixed ret = {{0}};

	for (int i = 191; i >= 0; i--) {
		a <<= 1;
		if (a >= b) {
			a -= b;
			ret.w[i / 64] |= (uint64_t)1 << i % 64;
		}
	}
	return ret;
}

/* ln of m / 2^(bits - 1), which is in [1, 2): 2 artanh((m - 1) / (m + 1)). */
static struct fixed fixed_ln(wide m, int bits)
{
	wide unit = (wide)1 << (bits - 1);
	struct fixed z = fixed_quotient(m - unit, m + unit), square = fixed_product(&z, &z);
	struct fixed sum = z;

	for (uint64_t n = 3; (z.w[0] | z.w[1] | z.w[2]) != 0; n += 2) {
		struct fixed part;

		z = fixed_product(&z, &square);
		part = fixed_over(&z, n);
		fixed_add(&sum, &part);
	}
	return fixed_times(&sum, 2);
}

static _Decimal128 fused(_Decimal128 x, _Decimal128 y, _Decimal128 z)
{
	_IDEC_flags flags = 0;

	return from_library(bid128_fma(to_library(x), to_library(y), to_library(z),
				       BID_ROUNDING_TO_NEAREST, &flags));
}

/* A logarithm in two parts: the first 28 places after the point, and 19 more. */
struct two_parts {
	_Decimal128 high, low;
};

#define HIGH_PLACES 28
#define LOW_PLACES 47
#define TEN_TO_14 100000000000000U
#define TEN_TO_19 10000000000000000000U

/* For what is next to 1: the series of ln(1 + t). That `low` has the wrong sign is the library's. */
static struct two_parts ln_near_one(_Decimal128 x)
{
	_Decimal128 t = x - 1.DL, t2 = t * t, t3 = t * t2, t4 = t * t3;
	_Decimal128 rest = -0.5DL * t2 + 0.3333333333333333333333333333333333DL * t3 - 0.25DL * t4;
	_Decimal128 high = t + rest;

	return (struct two_parts){.high = high, .low = high - t - rest};
}

/* ln(x) of x > 0. */
static struct fixed fixed_ln_of(struct decimal_parts parts)
{
	struct fixed ln, piece;
	int bits = 0;

	while (bits < 128 && parts.coefficient >> bits != 0)
		bits++;
	ln = fixed_ln(parts.coefficient, bits);
	piece = fixed_times(&ln_2, (uint64_t)(bits - 1));
	fixed_add(&ln, &piece);
	piece = fixed_times(&ln_10,
			    (uint64_t)(parts.exponent < 0 ? -parts.exponent : parts.exponent));
	if (parts.exponent < 0)
		fixed_negate(&piece);
	fixed_add(&ln, &piece);
	return ln;
}

static _Decimal128 part_of(bool negative, wide coefficient, int exponent)
{
	return decimal_put_together((struct decimal_parts){.form = DECIMAL_FINITE,
							   .negative = negative,
							   .coefficient = coefficient,
							   .exponent = exponent},
				    NULL);
}

static struct two_parts ln_in_two_parts(_Decimal128 x)
{
	struct fixed ln = fixed_ln_of(decimal_take_apart(x));
	bool negative = (ln.w[3] >> 63) != 0;
	wide coefficient;

	if (negative)
		fixed_negate(&ln);
	/* Times 10^28, what is before the point apart, in two steps: nothing is lost above. */
	coefficient = (wide)ln.w[3] * TEN_TO_14 * TEN_TO_14;
	ln.w[3] = 0;
	ln = fixed_times(&ln, TEN_TO_14);
	coefficient += (wide)ln.w[3] * TEN_TO_14;
	ln.w[3] = 0;
	ln = fixed_times(&ln, TEN_TO_14);
	coefficient += ln.w[3];
	if (coefficient >> 65 == 0)
		return ln_near_one(x);
	return (struct two_parts){
		.high = part_of(negative, coefficient, -HIGH_PLACES),
		.low = part_of(negative, (uint64_t)((wide)ln.w[2] * TEN_TO_19 >> 64), -LOW_PLACES),
	};
}

/* x^y of finite numbers that are not 0, y whole. */
static _Decimal128 whole_power(_Decimal128 x, _Decimal128 y)
{
	bool flips = decimal_is_negative(x) && decimal_math_mod(y, 2.DL) != 0;
	struct two_parts ln = ln_in_two_parts(decimal_is_negative(x) ? -x : x);
	_Decimal128 product = y * ln.high, rest = fused(y, ln.high, -product), result;

	rest = fused(y, ln.low, rest);
	result = decimal_math_exp(product);
	if (result == 0)
		return result;
	if (decimal_is_infinite(result))
		return result;
	result = fused(result, rest, result);
	return flips ? -result : result;
}

/* Of every power that is zero: mongod adds a positive 0E-6176, so that it has lost its sign. */
static const _Decimal128 least_zero = 0E-6176DL;

_Decimal128 decimal_math_pow(_Decimal128 x, _Decimal128 y)
{
	_IDEC_flags flags = 0;
	_Decimal128 result;

	if (x == 10 && y != 0)
		result = decimal_math_exp10_(y);
	else if (x == 10)
		return least_zero; /* that is what mongod's library says */
	else if (x == 2)
		result = decimal_math_exp2_(y);
	else if (decimal_is_finite(x) && x != 0 && x != 1 && y != 0 && decimal_is_integral(y))
		result = whole_power(x, y);
	else
		result = from_library(
			bid128_pow(to_library(x), to_library(y), BID_ROUNDING_TO_NEAREST, &flags));
	return result == 0 ? least_zero : with_all_digits(result);
}

_Decimal128 decimal_math_log(_Decimal128 x, _Decimal128 base)
{
	if (base == 2)
		return decimal_math_log2_(x);
	if (base == 10)
		return decimal_math_log10(x);
	return decimal_math_ln(x) / decimal_math_ln(base);
}

_Decimal128 decimal_math_mod(_Decimal128 x, _Decimal128 y)
{
	_IDEC_flags flags = 0;

	return from_library(bid128_fmod(to_library(x), to_library(y), &flags));
}

_Decimal128 decimal_math_atan2(_Decimal128 y, _Decimal128 x)
{
	_IDEC_flags flags = 0;

	return from_library(
		bid128_atan2(to_library(y), to_library(x), BID_ROUNDING_TO_NEAREST, &flags));
}

_Decimal128 decimal_math_of_double(double v)
{
	_IDEC_flags flags = 0;

	return from_library(binary64_to_bid128(v, BID_ROUNDING_TO_NEAREST, &flags));
}

_Decimal128 decimal_math_quantize(_Decimal128 x, int exponent, enum decimal_rounding rounding)
{
	static const _IDEC_round modes[] = {
		[DECIMAL_HALF_EVEN] = BID_ROUNDING_TO_NEAREST,
		[DECIMAL_TRUNCATE] = BID_ROUNDING_TO_ZERO,
		[DECIMAL_FLOOR] = BID_ROUNDING_DOWN,
		[DECIMAL_CEILING] = BID_ROUNDING_UP,
	};
	BID_UINT128 quantum = {.w = {1, (uint64_t)(exponent + EXPONENT_BIAS) << 49}};
	_IDEC_flags flags = 0;

	return from_library(bid128_quantize(to_library(x), quantum, modes[rounding], &flags));
}

#define DIGITS 34

_Decimal128 decimal_math_round(_Decimal128 x, int exponent, enum decimal_rounding rounding)
{
	_Decimal128 full = with_all_digits(x);
	struct decimal_parts parts = decimal_take_apart(full);

	/* The quantum in its full form is 1000...0E(exponent - 33). */
	if (parts.form == DECIMAL_FINITE && parts.exponent - (exponent - (DIGITS - 1)) > DIGITS - 1)
		return full;
	return decimal_math_quantize(full, exponent, rounding);
}
