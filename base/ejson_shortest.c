#include "base/ejson_shortest.h"

#include <stdbool.h>
#include <string.h>

#include "base/ejson_powers.h"

/*
 * After Raffaello Giulietti, "The Schubfach way to render doubles" (2020). A double is
 * c * 2^q; all reals in its rounding interval read back as it. With 10^k the largest power of
 * ten that is not wider than the interval, the interval holds one or two multiples of 10^k
 * next to the value, and at most one of 10^(k+1), which is then shorter. All is compared in
 * units of 10^k / 4, with products of 64 x 128 bits whose lost bits are kept as one sticky
 * bit at the end, which suffices for the comparisons to be exact.
 */

#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1075 /* of the mantissa read as an integer */

/* The top 64 bits of power * factor / 2^128; the last is set when anything was lost. */
static uint64_t multiply_sticky(const uint64_t power[2], uint64_t factor)
{
	uint64_t low = (uint64_t)((unsigned __int128)power[1] * factor >> 64);
	unsigned __int128 product = (unsigned __int128)power[0] * factor + low;

	return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* floor(log10(2^q)), or of 3/4 * 2^q; right for |q| < 1500. */
static int log10_of(int q, bool three_quarters)
{
	return (q * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

/* floor(log2(10^k)); right for |k| < 1233. */
static int log2_of(int k)
{
	return (k * 1741647) >> 19;
}

/*
 * Choose between two neighbours, multiples of `unit` in the interval [lower, upper]: 1 and the
 * one that alone lies in it, 0 when both or none do.
 */
static bool only_one(uint64_t below, uint64_t unit, uint64_t lower, uint64_t upper, bool *ret_above)
{
	bool below_in = lower <= below, above_in = below + unit <= upper;

	*ret_above = above_in;
	return below_in != above_in;
}

/* The digits for c * 2^q, perhaps with zeros at the end. */
static uint64_t decimal_of(uint64_t c, int q, bool uneven, int *ret_exponent)
{
	int k = log10_of(q, uneven), shift = q + log2_of(-k) + 1;
	const uint64_t *power = ejson_powers[-k - EJSON_POWERS_MIN];
	uint64_t odd = c & 1, lower, upper, middle, quarter, tens;
	bool above;

	/* The interval is closed when c is even, since ties go to even. */
	lower = multiply_sticky(power, (4 * c - (uneven ? 1 : 2)) << shift) + odd;
	middle = multiply_sticky(power, (4 * c) << shift);
	upper = multiply_sticky(power, (4 * c + 2) << shift) - odd;
	quarter = middle / 4;
	*ret_exponent = k;
	if (quarter >= 10) {
		tens = quarter / 10;
		if (only_one(40 * tens, 40, lower, upper, &above)) {
			*ret_exponent = k + 1;
			return tens + above;
		}
	}
	if (only_one(4 * quarter, 4, lower, upper, &above))
		return quarter + above;
	/* Both are in: the nearer one, of a tie the even one. */
	if (middle == 4 * quarter + 2)
		return quarter + (quarter & 1);
	return quarter + (middle > 4 * quarter + 2);
}

/* Of what people write most: up to nine digits before the point and six behind it. */
static bool is_short_decimal(double value, uint64_t *ret_millionths)
{
	uint64_t millionths;

	if (value >= 1e9 || value < 1e-6)
		return false;
	/*
	 * The quotient of two exact doubles is the double nearest to the decimal. No other
	 * decimal of up to 15 digits has this one as its nearest (DBL_DIG), so none is shorter.
	 */
	millionths = (uint64_t)(value * 1e6 + 0.5);
	*ret_millionths = millionths;
	return (double)millionths / 1e6 == value;
}

static void drop_zeros(uint64_t *digits, int *exponent)
{
	if (*digits % 100000000 == 0) {
		*digits /= 100000000;
		*exponent += 8;
	}
	if (*digits % 10000 == 0) {
		*digits /= 10000;
		*exponent += 4;
	}
	for (; *digits % 10 == 0; *digits /= 10)
		*exponent += 1;
}

void ejson_shortest(double value, uint64_t *ret_digits, int *ret_exponent)
{
	uint64_t bits, c;

	memcpy(&bits, &value, sizeof(bits));
	c = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	*ret_exponent = 0;
	if (is_short_decimal(value, ret_digits)) {
		*ret_exponent = -6;
	} else if (value < 0x1p53 && (double)(uint64_t)value == value) {
		/* Another decimal with fewer digits is 1 or more away: too far. */
		*ret_digits = (uint64_t)value;
	} else if (value < 0x1p-1022) {
		*ret_digits = decimal_of(c, 1 - EXPONENT_BIAS, false, ret_exponent);
	} else {
		int biased = (int)(bits >> MANTISSA_BITS);

		/* Below a power of two the doubles are twice as dense. */
		*ret_digits = decimal_of(c | (uint64_t)1 << MANTISSA_BITS, biased - EXPONENT_BIAS,
					 c == 0 && biased > 1, ret_exponent);
	}
	drop_zeros(ret_digits, ret_exponent);
}
