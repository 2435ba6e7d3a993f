#include "query/decimal.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX 34
#define EXPONENT_MIN (-6176)
#define EXPONENT_MAX 6111
#define EXPONENT_BIAS 6176

typedef unsigned __int128 wide; /* the coefficient's type, everywhere in this file */

static wide power_of_ten(int n)
{
	wide p = 1;

	assert(n >= 0 && n <= 38);
	while (n-- > 0)
		p *= 10;
	return p;
}

static int digits_of(wide v)
{
	int n = 0;

	for (; v != 0; v /= 10)
		n++;
	return n;
}

_Decimal128 decimal_of_bytes(const uint8_t at[16])
{
	_Decimal128 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

void decimal_to_bytes(_Decimal128 v, uint8_t ret[16])
{
	memcpy(ret, &v, sizeof(v));
}

static uint64_t high_of(_Decimal128 v)
{
	uint8_t raw[16];

	decimal_to_bytes(v, raw);
	return get_le64(raw + 8);
}

static _Decimal128 of_words(uint64_t high, uint64_t low)
{
	uint8_t raw[16];

	put_le64(raw, low);
	put_le64(raw + 8, high);
	return decimal_of_bytes(raw);
}

struct decimal_parts decimal_take_apart(_Decimal128 v)
{
	struct decimal_parts parts = {.form = DECIMAL_FINITE};
	uint64_t high = high_of(v);
	uint8_t raw[16];

	decimal_to_bytes(v, raw);
	parts.negative = high >> 63 != 0;
	if ((high >> 58 & 0x1f) == 0x1f) {
		parts.form = DECIMAL_NAN;
	} else if ((high >> 58 & 0x1f) == 0x1e) {
		parts.form = DECIMAL_INFINITE;
	} else if ((high >> 61 & 3) == 3) { /* a coefficient over 10^34: means zero */
		parts.exponent = (int)(high >> 47 & 0x3fff) - EXPONENT_BIAS;
	} else {
		parts.exponent = (int)(high >> 49 & 0x3fff) - EXPONENT_BIAS;
		parts.coefficient = (wide)(high & 0x1ffffffffffff) << 64 | get_le64(raw);
		if (parts.coefficient >= power_of_ten(DIGITS_MAX))
			parts.coefficient = 0;
	}
	return parts;
}

static void note(unsigned *flags, unsigned more)
{
	if (flags != NULL)
		*flags |= more;
}

/* Divide by 10^drop; the flag says whether anything but zeros was dropped. */
static wide drop_digits(wide v, int drop, enum decimal_rounding rounding, bool negative,
			bool *ret_inexact)
{
	wide divisor, rest, half;

	*ret_inexact = false;
	if (drop <= 0)
		return v;
	if (drop > 38) { /* less than half a unit, whatever it was */
		*ret_inexact = v != 0;
		return v != 0 && ((rounding == DECIMAL_FLOOR && negative) ||
				  (rounding == DECIMAL_CEILING && !negative))
			       ? 1
			       : 0;
	}
	divisor = power_of_ten(drop);
	rest = v % divisor;
	half = divisor / 2;
	v /= divisor;
	*ret_inexact = rest != 0;
	if (rest == 0)
		return v;
	switch (rounding) {
	case DECIMAL_TRUNCATE:
		return v;
	case DECIMAL_FLOOR:
		return v + (negative ? 1 : 0);
	case DECIMAL_CEILING:
		return v + (negative ? 0 : 1);
	case DECIMAL_HALF_EVEN:
	default:
		return v + (rest > half || (rest == half && (v & 1) != 0) ? 1 : 0);
	}
}

static _Decimal128 infinite(bool negative)
{
	return of_words((negative ? 1ULL << 63 : 0) | 0x7800000000000000ULL, 0);
}

static _Decimal128 encode(bool negative, wide coefficient, int exponent)
{
	uint64_t high = (uint64_t)(coefficient >> 64);

	high |= (uint64_t)(exponent + EXPONENT_BIAS) << 49 | (negative ? 1ULL << 63 : 0);
	return of_words(high, (uint64_t)coefficient);
}

static _Decimal128 put_together(struct decimal_parts parts, enum decimal_rounding rounding,
				unsigned *flags)
{
	int exponent = parts.exponent, drop;
	wide c = parts.coefficient;
	bool inexact = false;

	if (parts.form == DECIMAL_NAN)
		return of_words(0x7c00000000000000ULL, 0);
	if (parts.form == DECIMAL_INFINITE)
		return infinite(parts.negative);
	drop = digits_of(c) - DIGITS_MAX;
	if (exponent < EXPONENT_MIN - (drop > 0 ? drop : 0))
		drop = EXPONENT_MIN - exponent;
	if (drop > 0) {
		c = drop_digits(c, drop, rounding, parts.negative, &inexact);
		exponent = exponent + drop;
		if (digits_of(c) > DIGITS_MAX) { /* 99..9 became 100..0 */
			c /= 10;
			exponent++;
		}
		if (inexact)
			note(flags, DECIMAL_INEXACT);
		if (inexact && digits_of(c) < DIGITS_MAX)
			note(flags, DECIMAL_UNDERFLOW);
	}
	if (c == 0 && exponent > EXPONENT_MAX)
		exponent = EXPONENT_MAX;
	while (exponent > EXPONENT_MAX && digits_of(c) < DIGITS_MAX) {
		c *= 10;
		exponent--;
	}
	if (exponent > EXPONENT_MAX) {
		note(flags, DECIMAL_OVERFLOW | DECIMAL_INEXACT);
		return infinite(parts.negative);
	}
	return encode(parts.negative, c, exponent);
}

_Decimal128 decimal_put_together(struct decimal_parts parts, unsigned *flags)
{
	return put_together(parts, DECIMAL_HALF_EVEN, flags);
}

bool decimal_is_nan(_Decimal128 v)
{
	return (high_of(v) >> 58 & 0x1f) == 0x1f;
}

bool decimal_is_infinite(_Decimal128 v)
{
	return (high_of(v) >> 58 & 0x1f) == 0x1e;
}

bool decimal_is_finite(_Decimal128 v)
{
	return (high_of(v) >> 59 & 0xf) != 0xf;
}

bool decimal_is_negative(_Decimal128 v)
{
	return high_of(v) >> 63 != 0;
}

/* The coefficient's digits; at least one. Returns their number. */
static size_t coefficient_text(wide v, char ret[40])
{
	char reversed[40];
	size_t len = 0;

	do {
		reversed[len++] = (char)('0' + (int)(v % 10));
		v /= 10;
	} while (v != 0);
	for (size_t i = 0; i < len; i++)
		ret[i] = reversed[len - 1 - i];
	ret[len] = 0;
	return len;
}

static size_t scientific_text(const char *sign, const char *digits, size_t len, int adjusted,
			      char ret[DECIMAL_TEXT_MAX])
{
	int n = snprintf(ret, DECIMAL_TEXT_MAX, "%s%c%s%sE%s%d", sign, digits[0],
			 len > 1 ? "." : "", digits + 1, adjusted >= 0 ? "+" : "", adjusted);

	return (size_t)n;
}

size_t decimal_text(_Decimal128 v, char ret[DECIMAL_TEXT_MAX])
{
	struct decimal_parts parts = decimal_take_apart(v);
	const char *sign = parts.negative ? "-" : "";
	char digits[40];
	size_t len;
	int adjusted, before;

	if (parts.form == DECIMAL_NAN)
		return (size_t)snprintf(ret, DECIMAL_TEXT_MAX, "NaN");
	if (parts.form == DECIMAL_INFINITE)
		return (size_t)snprintf(ret, DECIMAL_TEXT_MAX, "%sInfinity", sign);
	len = coefficient_text(parts.coefficient, digits);
	adjusted = parts.exponent + (int)len - 1;
	if (parts.exponent > 0 || adjusted < -6)
		return scientific_text(sign, digits, len, adjusted, ret);
	before = (int)len + parts.exponent; /* digits before the point */
	if (parts.exponent == 0)
		return (size_t)snprintf(ret, DECIMAL_TEXT_MAX, "%s%s", sign, digits);
	if (before > 0)
		return (size_t)snprintf(ret, DECIMAL_TEXT_MAX, "%s%.*s.%s", sign, before, digits,
					digits + before);
	return (size_t)snprintf(ret, DECIMAL_TEXT_MAX, "%s0.%.*s%s", sign, -before, "000000",
				digits);
}

/* Does `text` equal the lower-case `word`, in any case of letters? */
static bool is_word(struct bytes text, const char *word)
{
	if (text.len != strlen(word))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + 32 : text.at[i]) !=
		    word[i])
			return false;
	return true;
}

/* What stands after the sign and is no digits; 1 it was a word. */
static int read_word(struct bytes text, struct decimal_parts *parts)
{
	if (is_word(text, "inf") || is_word(text, "infinity")) {
		parts->form = DECIMAL_INFINITE;
		return 1;
	}
	if (is_word(text, "nan")) {
		parts->form = DECIMAL_NAN;
		return 1;
	}
	return 0;
}

/* Digits with at most one point, from *at on; false when there is no digit. Beyond 36 digits only "not zero" is kept. */
static bool read_digits(struct bytes text, size_t *at, struct decimal_parts *parts)
{
	bool point = false, any = false, sticky = false;

	for (; *at < text.len; ++*at) {
		uint8_t c = text.at[*at];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		any = true;
		if (digits_of(parts->coefficient) < 36) {
			parts->coefficient = parts->coefficient * 10 + (wide)(c - '0');
			parts->exponent -= point ? 1 : 0;
		} else {
			sticky = sticky || c != '0';
			parts->exponent += point ? 0 : 1;
		}
	}
	if (sticky) { /* never just half of a unit, then */
		parts->coefficient = parts->coefficient * 10 + 1;
		parts->exponent--;
	}
	return any;
}

static bool read_exponent(struct bytes text, size_t *at, struct decimal_parts *parts)
{
	bool negative = false;
	int value = 0;
	size_t begin;

	if (*at == text.len)
		return true;
	if (text.at[*at] != 'e' && text.at[*at] != 'E')
		return false;
	++*at;
	if (*at < text.len && (text.at[*at] == '-' || text.at[*at] == '+'))
		negative = text.at[(*at)++] == '-';
	for (begin = *at; *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9'; ++*at)
		value = MIN_OF(value * 10 + (text.at[*at] - '0'), 1000000);
	parts->exponent += negative ? -value : value;
	return *at > begin;
}

_Decimal128 decimal_of_text(struct bytes text, unsigned *flags)
{
	struct decimal_parts parts = {.form = DECIMAL_FINITE};
	size_t at = 0;

	if (text.len > 0 && text.len < (size_t)1 << 30) {
		if (text.at[0] == '-' || text.at[0] == '+')
			parts.negative = text.at[at++] == '-';
		if (read_word(bytes_of(text.at + at, text.len - at), &parts) == 1)
			return parts.form == DECIMAL_NAN && parts.negative
				       ? of_words(0xfc00000000000000ULL, 0) /* it keeps its sign */
				       : put_together(parts, DECIMAL_TRUNCATE, flags);
		if (read_digits(text, &at, &parts) && read_exponent(text, &at, &parts) &&
		    at == text.len)
			return put_together(parts, DECIMAL_TRUNCATE, flags);
	}
	note(flags, DECIMAL_INVALID);
	return decimal_put_together((struct decimal_parts){.form = DECIMAL_NAN}, NULL);
}

/* From the text that snprintf's %e gives: "-d.ddde+XX". */
static struct decimal_parts parts_of_double(double v, int digits)
{
	struct decimal_parts parts = {.form = DECIMAL_FINITE, .negative = signbit(v) != 0};
	char text[80];
	const char *at = text;

	if (isnan(v)) {
		parts.form = DECIMAL_NAN;
	} else if (isinf(v)) {
		parts.form = DECIMAL_INFINITE;
	} else if (v != 0) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, fabs(v));
		for (; *at != 'e'; at++)
			if (*at >= '0' && *at <= '9')
				parts.coefficient = parts.coefficient * 10 + (wide)(*at - '0');
		parts.exponent = (int)strtol(at + 1, NULL, 10) - (digits - 1);
	}
	return parts;
}

_Decimal128 decimal_of_double(double v)
{
	return decimal_put_together(parts_of_double(v, 15), NULL);
}

_Decimal128 decimal_of_double_exact(double v)
{
	struct decimal_parts parts = parts_of_double(v, DIGITS_MAX);

	while (parts.exponent < 0 && parts.coefficient != 0 && parts.coefficient % 10 == 0) {
		parts.coefficient /= 10;
		parts.exponent++;
	}
	return decimal_put_together(parts, NULL);
}

_Decimal128 decimal_of_int64(int64_t v)
{
	return encode(v < 0, v < 0 ? (wide)(-((__int128)v)) : (wide)v, 0);
}

/* Is the finite double just this number? Compares the exact digits of both. */
static bool is_same(double v, const struct decimal_parts *parts)
{
	char exact[800], digits[40];
	size_t len = coefficient_text(parts->coefficient, digits), n = 0;
	int adjusted = parts->exponent + (int)len - 1;
	const char *at = exact;

	if (v == 0)
		return parts->coefficient == 0;
	snprintf(exact, sizeof(exact), "%.766e", fabs(v));
	for (; *at != 'e'; at++) {
		if (*at == '.')
			continue;
		if (*at != (n < len ? digits[n] : '0'))
			return false;
		n++;
	}
	return strtol(at + 1, NULL, 10) == adjusted;
}

double decimal_to_double(_Decimal128 v, unsigned *flags)
{
	struct decimal_parts parts = decimal_take_apart(v);
	char digits[40], text[64];
	double result;

	if (parts.form == DECIMAL_NAN)
		return parts.negative ? -(double)NAN : (double)NAN;
	if (parts.form == DECIMAL_INFINITE)
		return parts.negative ? -(double)INFINITY : (double)INFINITY;
	coefficient_text(parts.coefficient, digits);
	snprintf(text, sizeof(text), "%se%d", digits, parts.exponent);
	result = strtod(text, NULL);
	if (isinf(result))
		note(flags, DECIMAL_OVERFLOW | DECIMAL_INEXACT);
	else if (flags != NULL && !is_same(result, &parts))
		note(flags, DECIMAL_INEXACT | (result < DBL_MIN ? DECIMAL_UNDERFLOW : 0u));
	return parts.negative ? -result : result;
}

int64_t decimal_to_int64(_Decimal128 v, unsigned *flags)
{
	struct decimal_parts parts = decimal_take_apart(v);
	wide limit = (wide)INT64_MAX + (parts.negative ? 1 : 0);
	bool inexact = false;

	if (parts.form == DECIMAL_FINITE) {
		if (parts.exponent < 0)
			parts.coefficient = drop_digits(parts.coefficient, -parts.exponent,
							DECIMAL_TRUNCATE, false, &inexact);
		for (; parts.exponent > 0 && parts.coefficient != 0 && parts.coefficient <= limit;
		     parts.exponent--)
			parts.coefficient *= 10;
		if (parts.coefficient <= limit) {
			if (inexact)
				note(flags, DECIMAL_INEXACT);
			return parts.negative ? (int64_t) - (__int128)parts.coefficient
					      : (int64_t)parts.coefficient;
		}
	}
	note(flags, DECIMAL_INVALID);
	return INT64_MIN;
}

_Decimal128 decimal_quantize(_Decimal128 v, int exponent, enum decimal_rounding rounding)
{
	struct decimal_parts parts = decimal_take_apart(v);
	bool inexact;

	if (parts.form != DECIMAL_FINITE)
		return v;
	if (exponent > parts.exponent)
		parts.coefficient = drop_digits(parts.coefficient, exponent - parts.exponent,
						rounding, parts.negative, &inexact);
	for (int up = parts.exponent; up > exponent && parts.coefficient != 0; up--) {
		parts.coefficient *= 10;
		if (digits_of(parts.coefficient) > DIGITS_MAX)
			break;
	}
	if (digits_of(parts.coefficient) > DIGITS_MAX || exponent < EXPONENT_MIN ||
	    exponent > EXPONENT_MAX)
		return decimal_put_together((struct decimal_parts){.form = DECIMAL_NAN}, NULL);
	return encode(parts.negative, parts.coefficient, exponent);
}

bool decimal_is_integral(_Decimal128 v)
{
	struct decimal_parts parts = decimal_take_apart(v);
	bool inexact = false;

	if (parts.form != DECIMAL_FINITE)
		return false;
	if (parts.exponent < 0)
		drop_digits(parts.coefficient, -parts.exponent, DECIMAL_TRUNCATE, false, &inexact);
	return !inexact;
}
