#include "base/id_name_number.h"

#include <math.h>
#include <stdio.h>

#include "base/bson.h"
#include "base/ejson_shortest.h"
#include "base/id_name_text.h"
#include "base/key.h"

#define EXPONENT_BIAS 0x8000
#define DIGITS_MAX 768	  /* of a double, and one that may stand behind the last */
#define DIGITS_TYPED 40	  /* more than any text that we write has */
#define INTEGER_DIGITS 19 /* integers of so many digits are written out */
#define DECIMAL_DIGITS 34 /* of a Decimal128 */
#define DECIMAL_BIAS 6176 /* of its exponent */
#define DECIMAL_TOP 12287 /* largest biased exponent */

#define MS_PER_DAY INT64_C(86400000)
#define YEAR_MAX 300000000 /* beyond all dates */

/* +-0.DIGITS * 10^exponent; the first digit and the last are not 0. */
struct number {
	bool negative;
	int exponent;
	size_t count;
	uint8_t digits[DIGITS_MAX + 2];
};

/* Take the number of class negative or positive that `*key` begins with; *ret_key is its slice. */
static bool take_number(struct bytes *key, struct number *ret, struct bytes *ret_key)
{
	uint8_t flip = key->at[0] == CLASS_NEGATIVE ? 0xff : 0, pair;
	size_t at = 3;

	ret->negative = flip != 0;
	ret->count = 0;
	if (key->len < 5)
		return false;
	ret->exponent = ((key->at[1] ^ flip) << 8 | (key->at[2] ^ flip)) - EXPONENT_BIAS;
	for (; at < key->len && (pair = key->at[at] ^ flip) != 0; at++) {
		if (pair > 100 || ret->count >= DIGITS_MAX)
			return false;
		ret->digits[ret->count++] = (uint8_t)((pair - 1) / 10);
		ret->digits[ret->count++] = (uint8_t)((pair - 1) % 10);
	}
	if (at == key->len || ret->count == 0 || ret->digits[0] == 0)
		return false;
	if (ret->digits[ret->count - 1] == 0)
		ret->count--;
	*ret_key = bytes_of(key->at, at + 1);
	key->at += at + 1;
	key->len -= at + 1;
	return true;
}

static void add_digits(struct buf *ret, const struct number *n, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		buf_add_u8(ret, i < n->count ? (uint8_t)('0' + n->digits[i]) : '0');
}

/* Without the sign: 12.5, 0.00012, or 1.25e-7 and 1e+20. */
static void add_fraction(struct buf *ret, const struct number *n)
{
	if (n->exponent > 0 && (size_t)n->exponent < n->count) {
		add_digits(ret, n, 0, (size_t)n->exponent);
		buf_add_u8(ret, '.');
		add_digits(ret, n, (size_t)n->exponent, n->count);
		return;
	}
	if (n->exponent > -6 && n->exponent <= 0) {
		buf_add_str(ret, "0.");
		for (int i = n->exponent; i < 0; i++)
			buf_add_u8(ret, '0');
		add_digits(ret, n, 0, n->count);
		return;
	}
	add_digits(ret, n, 0, 1);
	if (n->count > 1) {
		buf_add_u8(ret, '.');
		add_digits(ret, n, 1, n->count);
	}
	buf_printf(ret, "e%+d", n->exponent - 1);
}

/* The nearest double. No decimal point is in the text: no locale matters. */
static double to_double(const struct number *n)
{
	char text[DIGITS_MAX + 2 + 16];

	for (size_t i = 0; i < n->count; i++)
		text[i] = (char)('0' + n->digits[i]);
	snprintf(text + n->count, 16, "e%d", n->exponent - (int)n->count);
	return n->negative ? -strtod(text, NULL) : strtod(text, NULL);
}

static bool double_key(double value, struct buf *ret)
{
	uint8_t payload[8];
	uint64_t bits;
	struct error ignored;

	memcpy(&bits, &value, sizeof(bits));
	put_le64(payload, bits);
	return key_of_value(BSON_KIND_DOUBLE, bytes_of(payload, 8), ret, &ignored) == 0;
}

/* The value of a double, exactly? */
static bool is_double(const struct number *n, struct bytes key, double *ret)
{
	OWNED(buf_release) struct buf again = {0};

	*ret = to_double(n);
	return isfinite(*ret) && *ret != 0 && double_key(*ret, &again) &&
	       bytes_equal(buf_bytes(&again), key);
}

static struct number shortest(double value)
{
	struct number n = {.count = 0};
	char text[24];
	uint64_t digits;
	int exponent;

	ejson_shortest(fabs(value), &digits, &exponent);
	n.count = (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)digits);
	n.exponent = exponent + (int)n.count;
	for (size_t i = 0; i < n.count; i++)
		n.digits[i] = (uint8_t)(text[i] - '0');
	return n;
}

bool id_name_number_write(struct bytes *key, struct buf *ret)
{
	static const char *const words[] = {"NaN", "%-Infinity", "", "0", "", "Infinity"};
	uint8_t class = key->at[0];
	struct number n, few;
	struct bytes whole;
	double value;

	if (class != CLASS_NEGATIVE && class != CLASS_POSITIVE) {
		buf_add_str(ret, words[class - CLASS_NAN]);
		key->at++;
		key->len--;
		return true;
	}
	if (!take_number(key, &n, &whole))
		return false;
	if (n.exponent >= (int)n.count && n.exponent <= INTEGER_DIGITS) {
		buf_add_str(ret, n.negative ? "%-" : "");
		add_digits(ret, &n, 0, (size_t)n.exponent);
		return true;
	}
	if (is_double(&n, whole, &value)) {
		few = shortest(value);
		buf_add_str(ret, n.negative ? "%-" : "");
		add_fraction(ret, &few);
		return true;
	}
	if (n.count > DECIMAL_DIGITS)
		return false;
	buf_add_str(ret, n.negative ? "%dec,-" : "%dec,");
	add_fraction(ret, &n);
	return true;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

/* e+12 at offset `at`, to the end. */
static bool parse_exponent(struct bytes text, size_t at, int *ret)
{
	int value = 0;
	bool negative;

	if (text.len < at + 3 || text.len > at + 6 || text.at[at] != 'e' ||
	    (text.at[at + 1] != '+' && text.at[at + 1] != '-'))
		return false;
	negative = text.at[at + 1] == '-';
	for (at += 2; at < text.len; at++) {
		if (!is_digit(text.at[at]))
			return false;
		value = value * 10 + (text.at[at] - '0');
	}
	*ret = negative ? -value : value;
	return true;
}

/* *ret_integer: it has neither a point nor an exponent. Zero has no digits. */
static bool parse_number(struct bytes text, struct number *ret, bool *ret_integer)
{
	bool point = false;
	int exponent = 0;
	size_t i;

	*ret = (struct number){.count = 0};
	for (i = 0; i < text.len && (is_digit(text.at[i]) || text.at[i] == '.'); i++) {
		if (text.at[i] == '.') {
			if (point || i == 0 || i + 1 == text.len || !is_digit(text.at[i + 1]))
				return false;
			point = true;
			continue;
		}
		if (!point)
			ret->exponent++;
		/* Zeros in front say where the point is, and nothing else. */
		if (ret->count == 0 && text.at[i] == '0') {
			ret->exponent--;
			continue;
		}
		if (ret->count == DIGITS_TYPED)
			return false;
		ret->digits[ret->count++] = (uint8_t)(text.at[i] - '0');
	}
	*ret_integer = i == text.len && !point;
	if (i == 0 || (i < text.len && !parse_exponent(text, i, &exponent)))
		return false;
	ret->exponent += exponent;
	while (ret->count > 0 && ret->digits[ret->count - 1] == 0)
		ret->count--;
	return true;
}

/* The key by way of a Decimal128; false when there is none of this value. */
static bool decimal_key(const struct number *n, struct buf *ret)
{
	unsigned __int128 coefficient = 0;
	int biased = n->exponent - (int)n->count + DECIMAL_BIAS;
	size_t count = n->count;
	uint8_t payload[16];
	struct error ignored;

	if (count > DECIMAL_DIGITS)
		return false;
	for (size_t i = 0; i < count; i++)
		coefficient = coefficient * 10 + n->digits[i];
	for (; biased > DECIMAL_TOP && count < DECIMAL_DIGITS; biased--, count++)
		coefficient *= 10;
	if (biased < 0 || biased > DECIMAL_TOP)
		return false;
	put_le64(payload, (uint64_t)coefficient);
	put_le64(payload + 8, (uint64_t)(coefficient >> 64) | (uint64_t)biased << 49 |
				      (uint64_t)n->negative << 63);
	return key_of_value(BSON_KIND_DECIMAL, bytes_of(payload, 16), ret, &ignored) == 0;
}

bool id_name_number_parse(struct bytes text, bool negative, bool exact, struct buf *ret_key)
{
	struct number n;
	bool integer;
	double value;

	if (!parse_number(text, &n, &integer))
		return false;
	n.negative = negative;
	if (n.count == 0) {
		buf_add_u8(ret_key, CLASS_ZERO);
		return true;
	}
	if (exact || (integer && n.exponent <= INTEGER_DIGITS))
		return decimal_key(&n, ret_key);
	value = to_double(&n);
	return isfinite(value) && double_key(value, ret_key);
}

/* Days since 1970 of a day of the Gregorian calendar, and back (Hinnant, "chrono-compatible
 * low-level date algorithms"): years begin in March, eras have 400. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void day_of(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	*ret_day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (unsigned)(month < 10 ? month + 3 : month - 9);
	*ret_year = year + era * 400 + (*ret_month <= 2);
}

void id_name_number_write_date(int64_t ms, struct buf *ret)
{
	int64_t days = ms / MS_PER_DAY, rest = ms % MS_PER_DAY, year;
	unsigned month, day, fraction;

	if (rest < 0) {
		rest += MS_PER_DAY;
		days--;
	}
	day_of(days, &year, &month, &day);
	buf_add_str(ret, year < 0 ? "%-" : year > 9999 ? "+" : "");
	buf_printf(ret, "%04lld-%02u-%02uT%02u:%02u:%02u", (long long)(year < 0 ? -year : year),
		   month, day, (unsigned)(rest / 3600000), (unsigned)(rest / 60000 % 60),
		   (unsigned)(rest / 1000 % 60));
	fraction = (unsigned)(rest % 1000);
	if (fraction != 0) {
		buf_printf(ret, ".%03u", fraction);
		while (ret->at[ret->len - 1] == '0')
			ret->len--;
	}
	buf_add_u8(ret, 'Z');
}

/* Take `min` to `max` digits; false when there are not so many. */
static bool take_digits(struct bytes *text, size_t min, size_t max, int64_t *ret)
{
	size_t i = 0;

	*ret = 0;
	for (; i < text->len && i < max && is_digit(text->at[i]); i++)
		*ret = *ret * 10 + (text->at[i] - '0');
	text->at += i;
	text->len -= i;
	return i >= min;
}

static bool take_byte(struct bytes *text, char byte)
{
	if (text->len == 0 || text->at[0] != (uint8_t)byte)
		return false;
	text->at++;
	text->len--;
	return true;
}

/* The rest of a second: nothing, or a point and up to three digits. */
static bool take_fraction(struct bytes *text, int64_t *ret)
{
	size_t before;

	*ret = 0;
	if (!take_byte(text, '.'))
		return true;
	before = text->len;
	if (!take_digits(text, 1, 3, ret))
		return false;
	for (size_t digits = before - text->len; digits < 3; digits++)
		*ret *= 10;
	return true;
}

bool id_name_number_parse_date(struct bytes text, bool negative, int64_t *ret_ms)
{
	int64_t year, month, day, hour, minute, second, fraction, days, in_day;

	(void)take_byte(&text, '+');
	if (!take_digits(&text, 4, 9, &year) || year > YEAR_MAX || !take_byte(&text, '-') ||
	    !take_digits(&text, 2, 2, &month) || month < 1 || month > 12 ||
	    !take_byte(&text, '-') || !take_digits(&text, 2, 2, &day) || day < 1 || day > 31 ||
	    !take_byte(&text, 'T') || !take_digits(&text, 2, 2, &hour) || hour > 23 ||
	    !take_byte(&text, ':') || !take_digits(&text, 2, 2, &minute) || minute > 59 ||
	    !take_byte(&text, ':') || !take_digits(&text, 2, 2, &second) || second > 59 ||
	    !take_fraction(&text, &fraction) || !take_byte(&text, 'Z') || text.len > 0)
		return false;
	days = days_of(negative ? -year : year, (unsigned)month, (unsigned)day);
	in_day = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
	/* The first day there is begins before the first millisecond: count from the next one. */
	if (days < 0) {
		days++;
		in_day -= MS_PER_DAY;
	}
	return !__builtin_mul_overflow(days, MS_PER_DAY, ret_ms) &&
	       !__builtin_add_overflow(*ret_ms, in_day, ret_ms);
}
