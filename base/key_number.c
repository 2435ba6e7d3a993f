#include "base/key_number.h"

#define CLASS_NAN 30
#define CLASS_MINUS_INFINITY 31
#define CLASS_NEGATIVE 32
#define CLASS_ZERO 33
#define CLASS_POSITIVE 34
#define CLASS_INFINITY 35

#define EXPONENT_BIAS 0x8000

/* A number as limbs of nine decimal digits, the least first. 86 limbs hold any double. */
#define LIMB 1000000000U
#define LIMB_DIGITS 9
#define LIMBS_MAX 88
#define DIGITS_MAX (LIMBS_MAX * LIMB_DIGITS)

struct limbs {
	uint32_t at[LIMBS_MAX];
	size_t count;
};

static size_t only_class(uint8_t *at, uint8_t class)
{
	at[0] = class;
	return 1;
}

/*
 * The key of +-0.DIGITS * 10^exponent. digits[0] is not 0; zeros at the end are dropped here.
 * One more digit may be written behind the last.
 */
static size_t put_digits(uint8_t *at, bool negative, uint8_t *digits, size_t count, int exponent)
{
	size_t len = 3;

	while (digits[count - 1] == 0)
		count--;
	if (count & 1)
		digits[count++] = 0;
	at[0] = negative ? CLASS_NEGATIVE : CLASS_POSITIVE;
	put_be16(at + 1, (uint16_t)(exponent + EXPONENT_BIAS));
	for (size_t i = 0; i < count; i += 2)
		at[len++] = (uint8_t)(digits[i] * 10 + digits[i + 1] + 1);
	at[len++] = 0;
	if (negative) {
		for (size_t i = 1; i < len; i++)
			at[i] = (uint8_t)~at[i];
	}
	return len;
}

static size_t put_magnitude(uint8_t *at, bool negative, uint64_t value)
{
	uint8_t digits[24];
	size_t first = 22; /* digits[22] is free for the padding */

	if (value == 0)
		return only_class(at, CLASS_ZERO);
	for (; value != 0; value /= 10)
		digits[--first] = (uint8_t)(value % 10);
	return put_digits(at, negative, digits + first, 22 - first, (int)(22 - first));
}

size_t key_number_int(uint8_t *at, int64_t value)
{
	return put_magnitude(at, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void multiply(struct limbs *n, uint32_t factor)
{
	uint64_t carry = 0;

	for (size_t i = 0; i < n->count; i++) {
		carry += (uint64_t)n->at[i] * factor;
		n->at[i] = (uint32_t)(carry % LIMB);
		carry /= LIMB;
	}
	for (; carry != 0; carry /= LIMB)
		n->at[n->count++] = (uint32_t)(carry % LIMB);
}

/* Multiply by base^times, `chunk` = base^chunk_times being the largest power in 32 bits. */
static void multiply_power(struct limbs *n, uint32_t base, unsigned times, uint32_t chunk,
			   unsigned chunk_times)
{
	for (; times >= chunk_times; times -= chunk_times)
		multiply(n, chunk);
	for (; times > 0; times--)
		multiply(n, base);
}

/* The limbs' decimal digits, the first not 0, into `digits`; returns how many. */
static size_t limbs_digits(const struct limbs *n, uint8_t digits[DIGITS_MAX + 1])
{
	size_t count = 0, skip = 0;

	for (size_t i = n->count; i-- > 0;) {
		uint32_t limb = n->at[i];

		for (size_t k = LIMB_DIGITS; k-- > 0; limb /= 10)
			digits[count + k] = (uint8_t)(limb % 10);
		count += LIMB_DIGITS;
	}
	while (digits[skip] == 0)
		skip++;
	memmove(digits, digits + skip, count - skip);
	return count - skip;
}

/* mantissa * 2^exponent, mantissa not 0, written out exactly. */
static size_t put_binary(uint8_t *at, bool negative, uint64_t mantissa, int exponent)
{
	struct limbs n = {.count = 0};
	uint8_t digits[DIGITS_MAX + 1];
	int shift = __builtin_ctzll(mantissa), scale = 0;
	size_t count;

	mantissa >>= shift;
	exponent += shift;
	for (; mantissa != 0; mantissa /= LIMB)
		n.at[n.count++] = (uint32_t)(mantissa % LIMB);
	if (exponent >= 0) {
		multiply_power(&n, 2, (unsigned)exponent, 1U << 31, 31);
	} else {
		/* m / 2^k is m * 5^k / 10^k. */
		multiply_power(&n, 5, (unsigned)-exponent, 1220703125, 13);
		scale = exponent;
	}
	count = limbs_digits(&n, digits);
	return put_digits(at, negative, digits, count, (int)count + scale);
}

size_t key_number_double(uint8_t *at, double value)
{
	uint64_t bits, mantissa;
	bool negative;
	int biased;

	/* Every double below 2^63 that an int64 holds has that integer's key. */
	if (value > -0x1p63 && value < 0x1p63 && (double)(int64_t)value == value)
		return key_number_int(at, (int64_t)value);
	memcpy(&bits, &value, sizeof(bits));
	negative = bits >> 63;
	biased = (int)(bits >> 52 & 0x7ff);
	mantissa = bits & (((uint64_t)1 << 52) - 1);
	if (biased == 0x7ff && mantissa != 0)
		return only_class(at, CLASS_NAN);
	if (biased == 0x7ff)
		return only_class(at, negative ? CLASS_MINUS_INFINITY : CLASS_INFINITY);
	if (biased == 0)
		biased = 1;
	else
		mantissa |= (uint64_t)1 << 52;
	return put_binary(at, negative, mantissa, biased - 1075);
}

size_t key_number_decimal(uint8_t *at, const uint8_t *decimal)
{
	const unsigned __int128 limit =
		(unsigned __int128)10000000000000000U * 1000000000000000000U;
	uint64_t low = get_le64(decimal), high = get_le64(decimal + 8);
	bool negative = high >> 63;
	unsigned __int128 coefficient;
	uint8_t digits[36];
	size_t first = 35;

	if ((high >> 58 & 0x1f) == 0x1f)
		return only_class(at, CLASS_NAN);
	if ((high >> 58 & 0x1f) == 0x1e)
		return only_class(at, negative ? CLASS_MINUS_INFINITY : CLASS_INFINITY);
	/* With these two bits set the coefficient is 2^113 or more. */
	if ((high >> 61 & 3) == 3)
		return only_class(at, CLASS_ZERO);
	coefficient = (unsigned __int128)(high & (((uint64_t)1 << 49) - 1)) << 64 | low;
	/* IEEE 754: a coefficient of more than 34 digits is not canonical and means 0. */
	if (coefficient == 0 || coefficient >= limit)
		return only_class(at, CLASS_ZERO);
	while (coefficient != 0) {
		unsigned __int128 rest = coefficient / 1000000000;
		uint32_t limb = (uint32_t)(coefficient - rest * 1000000000);

		for (int i = 0; i < LIMB_DIGITS && (rest != 0 || limb != 0); i++, limb /= 10)
			digits[--first] = (uint8_t)(limb % 10);
		coefficient = rest;
	}
	return put_digits(at, negative, digits + first, 35 - first,
			  (int)(high >> 49 & 0x3fff) - 6176 + (int)(35 - first));
}
