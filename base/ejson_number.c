#include "base/ejson_number.h"

#include <math.h>

#include "base/ejson_shortest.h"

#define DIGITS_MAX 36
#define MS_PER_DAY 86400000

static const char pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

/* Decimal digits of value before `end`; returns where they start. */
static inline uint8_t *digits_before(uint8_t *end, uint64_t value)
{
	for (; value >= 100; value /= 100) {
		end -= 2;
		memcpy(end, pairs + 2 * (value % 100), 2);
	}
	if (value < 10) {
		*--end = (uint8_t)('0' + value);
		return end;
	}
	end -= 2;
	memcpy(end, pairs + 2 * value, 2);
	return end;
}

static size_t put_unsigned(uint8_t *at, uint64_t value)
{
	uint8_t digits[24], *first = digits_before(digits + sizeof(digits), value);
	size_t len = (size_t)(digits + sizeof(digits) - first);

	memcpy(at, first, len);
	return len;
}

size_t ejson_number_int(uint8_t *at, int64_t value)
{
	if (value >= 0)
		return put_unsigned(at, (uint64_t)value);
	*at = '-';
	return 1 + put_unsigned(at + 1, -(uint64_t)value);
}

size_t ejson_number_int_len(int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	size_t len = value < 0 ? 2 : 1;

	for (; rest >= 10000; rest /= 10000)
		len += 4;
	return len + (rest >= 10) + (rest >= 100) + (rest >= 1000);
}

static size_t put_text(uint8_t *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return len;
}

/* 0.ddd, ddd.ddd or ddd, the point standing behind digit number `whole` (may be below 0). */
static size_t put_plain(uint8_t *at, const uint8_t *digits, size_t count, int whole)
{
	size_t len = 0, before = whole > 0 ? (size_t)whole : 0;

	if (whole <= 0)
		at[len++] = '0';
	for (size_t i = 0; i < before; i++)
		at[len++] = i < count ? digits[i] : '0';
	if (before >= count)
		return len;
	at[len++] = '.';
	for (; whole < 0; whole++)
		at[len++] = '0';
	memcpy(at + len, digits + before, count - before);
	return len + count - before;
}

/* d.ddd, the exponent of ten not yet. */
static size_t put_first_point_rest(uint8_t *at, const uint8_t *digits, size_t count)
{
	at[0] = digits[0];
	if (count == 1)
		return 1;
	at[1] = '.';
	memcpy(at + 2, digits + 1, count - 1);
	return count + 1;
}

size_t ejson_number_double(uint8_t *at, double value)
{
	uint8_t room[24], *digits;
	size_t len = 0, count;
	int exponent, first;
	uint64_t shortest;

	if (isnan(value))
		return put_text(at, "NaN");
	if (signbit(value))
		at[len++] = '-';
	value = fabs(value);
	if (isinf(value))
		return len + put_text(at + len, "Infinity");
	if (value < 1e6 && (double)(uint64_t)value == value) {
		len += put_unsigned(at + len, (uint64_t)value);
		return len + put_text(at + len, ".0");
	}
	ejson_shortest(value, &shortest, &exponent);
	digits = digits_before(room + sizeof(room), shortest);
	count = (size_t)(room + sizeof(room) - digits);
	first = exponent + (int)count - 1; /* the power of ten of the first digit */
	if (first >= -4 && first < 6)
		return len + put_plain(at + len, digits, count, first + 1);
	len += put_first_point_rest(at + len, digits, count);
	at[len++] = 'E';
	at[len++] = first < 0 ? '-' : '+';
	first = first < 0 ? -first : first;
	if (first < 10)
		at[len++] = '0';
	return len + put_unsigned(at + len, (uint64_t)first);
}

/* The digits of a coefficient below 2^113; "0" for 0. */
static size_t coefficient_digits(uint64_t high, uint64_t low, uint8_t digits[DIGITS_MAX])
{
	unsigned __int128 rest = (unsigned __int128)high << 64 | low;
	const uint64_t split = 1000000000000000000U;
	uint8_t room[DIGITS_MAX], *first = room + sizeof(room);
	size_t len;

	while (rest >= split) {
		uint8_t *start = first - 18;

		first = digits_before(first, (uint64_t)(rest % split));
		while (first > start)
			*--first = '0';
		rest /= split;
	}
	first = digits_before(first, (uint64_t)rest);
	len = (size_t)(room + sizeof(room) - first);
	memcpy(digits, first, len);
	return len;
}

size_t ejson_number_decimal(uint8_t *at, const uint8_t *decimal)
{
	uint64_t low = get_le64(decimal), high = get_le64(decimal + 8);
	bool negative = high >> 63, huge = (high >> 61 & 3) == 3;
	int exponent = (int)(high >> (huge ? 47 : 49) & 0x3fff) - 6176, first;
	uint8_t digits[DIGITS_MAX];
	size_t len = 0, count;

	if ((high >> 58 & 0x1f) == 0x1f)
		return put_text(at, "NaN");
	if (negative)
		at[len++] = '-';
	if ((high >> 58 & 0x1f) == 0x1e)
		return len + put_text(at + len, "Infinity");
	if (huge)
		high = low = 0;
	count = coefficient_digits(high & (((uint64_t)1 << 49) - 1), low, digits);
	first = exponent + (int)count - 1;
	if (exponent <= 0 && first >= -6)
		return len + put_plain(at + len, digits, count, first + 1);
	len += put_first_point_rest(at + len, digits, count);
	at[len++] = 'E';
	if (first >= 0)
		at[len++] = '+';
	return len + ejson_number_int(at + len, first);
}

/* Year, month, day (from 1) of a day since 1970-01-01, 0 or later: years begin with March here. */
static void civil_date(unsigned day, unsigned *year, unsigned *month, unsigned *day_of_month)
{
	unsigned since, era, in_era, years, in_year, march;

	since = day + 719468; /* since 0000-03-01 */
	era = since / 146097; /* 400 years */
	in_era = since % 146097;
	years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	in_year = in_era - (365 * years + years / 4 - years / 100);
	march = (5 * in_year + 2) / 153;
	*day_of_month = in_year - (153 * march + 2) / 5 + 1;
	*month = march < 10 ? march + 3 : march - 9;
	*year = era * 400 + years + (*month <= 2);
}

static inline void put_pair(uint8_t *at, unsigned value, char behind)
{
	memcpy(at, pairs + 2 * value, 2);
	at[2] = (uint8_t)behind;
}

size_t ejson_number_date(uint8_t *at, int64_t ms)
{
	unsigned in_day = (unsigned)(ms % MS_PER_DAY), fraction = in_day % 1000;
	unsigned year, month, day;
	size_t len = 19;

	civil_date((unsigned)(ms / MS_PER_DAY), &year, &month, &day);
	memcpy(at, pairs + 2 * (year / 100), 2);
	put_pair(at + 2, year % 100, '-');
	put_pair(at + 5, month, '-');
	put_pair(at + 8, day, 'T');
	put_pair(at + 11, in_day / 3600000, ':');
	put_pair(at + 14, in_day / 60000 % 60, ':');
	put_pair(at + 17, in_day / 1000 % 60, '.');
	if (fraction != 0) {
		at[20] = (uint8_t)('0' + fraction / 100);
		at[21] = (uint8_t)('0' + fraction / 10 % 10);
		at[22] = (uint8_t)('0' + fraction % 10);
		len = 23;
		while (at[len - 1] == '0')
			len--;
	}
	at[len++] = 'Z';
	return len;
}
