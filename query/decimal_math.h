/*
 * decimal_math.h - functions of Decimal128 beyond + - * /: Intel's library, which is the one that mongod has, so that the last digit agrees.
 *
 * What mongod does around a call is done here, too (src/mongo/platform/decimal128.cpp of 6.0; measured).
 * Threads: pure.
 */
#ifndef QUERY_DECIMAL_MATH_H
#define QUERY_DECIMAL_MATH_H

#include "query/decimal.h"

_Decimal128 decimal_math_exp(_Decimal128 x);
_Decimal128 decimal_math_ln(_Decimal128 x);
_Decimal128 decimal_math_log10(_Decimal128 x);
/* To any base > 0 but 1. */
_Decimal128 decimal_math_log(_Decimal128 x, _Decimal128 base);
_Decimal128 decimal_math_sqrt(_Decimal128 x);
_Decimal128 decimal_math_pow(_Decimal128 x, _Decimal128 y);
/* The rest of x / y, with the sign of x. */
_Decimal128 decimal_math_mod(_Decimal128 x, _Decimal128 y);

_Decimal128 decimal_math_sin(_Decimal128 x);
_Decimal128 decimal_math_cos(_Decimal128 x);
_Decimal128 decimal_math_tan(_Decimal128 x);
_Decimal128 decimal_math_asin(_Decimal128 x);
_Decimal128 decimal_math_acos(_Decimal128 x);
_Decimal128 decimal_math_atan(_Decimal128 x);
_Decimal128 decimal_math_atan2(_Decimal128 y, _Decimal128 x);
_Decimal128 decimal_math_sinh(_Decimal128 x);
_Decimal128 decimal_math_cosh(_Decimal128 x);
_Decimal128 decimal_math_tanh(_Decimal128 x);
_Decimal128 decimal_math_asinh(_Decimal128 x);
_Decimal128 decimal_math_acosh(_Decimal128 x);
_Decimal128 decimal_math_atanh(_Decimal128 x);

/* A double to 34 digits, and with the exponent that it comes with: what $round of a double begins with. */
_Decimal128 decimal_math_of_double(double v);
/* What $round and $trunc do: as quantize, but what has no 34 digits left is given back, with all its digits. */
_Decimal128 decimal_math_round(_Decimal128 x, int exponent, enum decimal_rounding rounding);
/* To a multiple of 10^exponent; NaN when that has over 34 digits, or x is infinite. */
_Decimal128 decimal_math_quantize(_Decimal128 x, int exponent, enum decimal_rounding rounding);

#endif
