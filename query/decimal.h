/*
 * decimal.h - Decimal128: text, and what lies between it and the other numbers.
 *
 * + - * / and comparison are the compiler's (_Decimal128 in BID form, bit for bit what mongod computes: reference/query.md 2.6).
 * Here are the conversions, by mongod's rules (src/mongo/platform/decimal128.cpp of 6.0: facts measured on 6.0.27).
 *
 * Threads: pure.
 */
#ifndef QUERY_DECIMAL_H
#define QUERY_DECIMAL_H

#include "base/bytes.h"

/* What happened in a conversion; a set. The names of IEEE 754's exceptions. */
enum decimal_flags {
	DECIMAL_EXACT = 0,
	DECIMAL_INEXACT = 1 << 0,   /* digits were lost */
	DECIMAL_INVALID = 1 << 1,   /* no number, or it does not fit the integer */
	DECIMAL_OVERFLOW = 1 << 2,  /* became infinite */
	DECIMAL_UNDERFLOW = 1 << 3, /* became subnormal or zero, and inexact */
};

/* A decimal taken apart: (-1)^negative * coefficient * 10^exponent. */
enum decimal_form { DECIMAL_FINITE, DECIMAL_INFINITE, DECIMAL_NAN };
struct decimal_parts {
	enum decimal_form form;
	bool negative;
	unsigned __int128 coefficient; /* < 10^34; 0 unless finite */
	int exponent;		       /* -6176..6111 */
};
struct decimal_parts decimal_take_apart(_Decimal128 v);
/* The other way. The coefficient may have more than 34 digits, the exponent any value: rounds to even (like mongod's
 * arithmetic), keeps the exponent when it can. `flags` (may be NULL) is or-ed. */
_Decimal128 decimal_put_together(struct decimal_parts parts, unsigned *flags);

bool decimal_is_nan(_Decimal128 v);
bool decimal_is_infinite(_Decimal128 v);
bool decimal_is_finite(_Decimal128 v);
bool decimal_is_negative(_Decimal128 v); /* the sign bit: also of -0 and NaN */

/* The 16 bytes as they are in BSON. */
_Decimal128 decimal_of_bytes(const uint8_t at[16]);
void decimal_to_bytes(_Decimal128 v, uint8_t ret[16]);

/* The text as mongod writes it ("1.5", "1E+3", "NaN", "-Infinity"): returns its length, at most DECIMAL_TEXT_MAX - 1. */
#define DECIMAL_TEXT_MAX 48
size_t decimal_text(_Decimal128 v, char ret[DECIMAL_TEXT_MAX]);

/*
 * Read text. Cuts off what is more than 34 digits, as mongod does (measured on $toDecimal). Flags: INVALID (result NaN) when it is no number, OVERFLOW, UNDERFLOW,
 * INEXACT. The whole text must be a number, no blanks.
 */
_Decimal128 decimal_of_text(struct bytes text, unsigned *flags);

/* A double by its 15 significant digits (trailing zeros kept: 0.1 gives 0.100000000000000): what $toDecimal, $add and the others do. */
_Decimal128 decimal_of_double(double v);
/* A double by 34 digits: exact to decimal's precision; for comparison and for what mongod does with kRoundTo34Digits. */
_Decimal128 decimal_of_double_exact(double v);
_Decimal128 decimal_of_int64(int64_t v);

/* Correctly rounded. Flags OVERFLOW (infinite), UNDERFLOW, INEXACT. `flags` may be NULL. */
double decimal_to_double(_Decimal128 v, unsigned *flags);
/* Truncated towards zero. INEXACT when there was a fraction; INVALID (INT64_MIN) for NaN, infinite and out of range. `flags` may be NULL. */
int64_t decimal_to_int64(_Decimal128 v, unsigned *flags);

/* How to round to a place. */
enum decimal_rounding { DECIMAL_HALF_EVEN, DECIMAL_TRUNCATE, DECIMAL_FLOOR, DECIMAL_CEILING };
/*
 * Rounded to a multiple of 10^exponent, with that exponent (IEEE quantize): $round, $trunc, $floor and $ceil of mongod use it. NaN when the
 * result has over 34 digits; infinities stay.
 */
_Decimal128 decimal_quantize(_Decimal128 v, int exponent, enum decimal_rounding rounding);
/* Is it finite, without a fraction? */
bool decimal_is_integral(_Decimal128 v);

#endif
