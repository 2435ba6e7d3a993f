#include <stdlib.h>
#include <strings.h>

#include "query/expr/expr_date_read.h"

/* The words and numbers in texts of dates. */

#define UNSET EXPR_DATE_READ_UNSET

/* ---- numbers */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int64_t expr_date_read_number(const char **at, int most, int *ret_len)
{
	char digits[32];
	int len = 0;

	while (!is_digit(**at)) {
		if (**at == 0)
			return UNSET;
		++*at;
	}
	while (is_digit(**at) && len < most && len < (int)sizeof(digits) - 1)
		digits[len++] = *(*at)++;
	digits[len] = 0;
	if (ret_len != NULL)
		*ret_len = len;
	return strtoll(digits, NULL, 10);
}

int64_t expr_date_read_signed(const char **at, int most)
{
	bool negative = false;
	int64_t number;

	while (!is_digit(**at) && **at != '+' && **at != '-') {
		if (**at == 0)
			return 0;
		++*at;
	}
	for (; **at == '+' || **at == '-'; ++*at)
		if (**at == '-')
			negative = !negative;
	number = expr_date_read_number(at, most, NULL);
	return negative ? (int64_t)(0 - (uint64_t)number) : number;
}

int64_t expr_date_read_fraction(const char **at)
{
	char text[40] = "0.";
	size_t len = 2;

	++*at;
	while (is_digit(**at) || **at == '.' || **at == ':') {
		if (len < sizeof(text) - 1 && is_digit(**at))
			text[len++] = **at;
		++*at;
	}
	text[len] = 0;
	return (int64_t)(strtod(text, NULL) * 1e6);
}

/* ---- words */

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The letters at *at, at most 15 of them kept. */
static void take_letters(const char **at, char ret[16])
{
	size_t len = 0;

	for (; is_letter(**at); ++*at)
		if (len < 15)
			ret[len++] = **at;
	ret[len] = 0;
}

struct word {
	const char *text;
	int value;
};

static const struct word months[] = {
	{"jan", 1},	  {"feb", 2},	   {"mar", 3},	     {"apr", 4},      {"may", 5},
	{"jun", 6},	  {"jul", 7},	   {"aug", 8},	     {"sep", 9},      {"sept", 9},
	{"oct", 10},	  {"nov", 11},	   {"dec", 12},	     {"i", 1},	      {"ii", 2},
	{"iii", 3},	  {"iv", 4},	   {"v", 5},	     {"vi", 6},	      {"vii", 7},
	{"viii", 8},	  {"ix", 9},	   {"x", 10},	     {"xi", 11},      {"xii", 12},
	{"january", 1},	  {"february", 2}, {"march", 3},     {"april", 4},    {"june", 6},
	{"july", 7},	  {"august", 8},   {"september", 9}, {"october", 10}, {"november", 11},
	{"december", 12},
};

int expr_date_read_month(const char **at)
{
	char word[16];

	while (**at != 0 && strchr(" \t-./", **at) != NULL)
		++*at;
	take_letters(at, word);
	for (size_t i = 0; i < COUNT_OF(months); i++)
		if (strcasecmp(word, months[i].text) == 0)
			return months[i].value;
	return 0;
}

static const struct word counts[] = {
	{"first", 1},	  {"next", 1},	 {"second", 2},	   {"third", 3},    {"fourth", 4},
	{"fifth", 5},	  {"sixth", 6},	 {"seventh", 7},   {"eight", 8},    {"eighth", 8},
	{"ninth", 9},	  {"tenth", 10}, {"eleventh", 11}, {"twelfth", 12}, {"last", -1},
	{"previous", -1}, {"this", 0},
};

int64_t expr_date_read_count(const char **at, int *behavior)
{
	char word[16];

	while (**at != 0 && strchr(" \t-/", **at) != NULL)
		++*at;
	take_letters(at, word);
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		if (strcasecmp(word, counts[i].text) == 0) {
			*behavior = counts[i].value == 0 ? 1 : 0;
			return counts[i].value;
		}
	return 0;
}

int64_t expr_date_read_meridian(const char **at, int64_t hour)
{
	int64_t more = 0;

	while (**at != 0 && strchr("AaPp", **at) == NULL)
		++*at;
	if (**at == 0)
		return 0;
	if (**at == 'a' || **at == 'A')
		more = hour == 12 ? -12 : 0;
	else
		more = hour != 12 ? 12 : 0;
	++*at;
	*at += **at == '.';
	*at += **at == 'M' || **at == 'm';
	*at += **at == '.';
	return more;
}

/* ---- time zones */

static const struct {
	char name[6];
	int32_t offset;
} zones[] = {
	{"a", 3600},	  {"acdt", 37800},  {"acst", 34200},  {"addt", -7200},	{"adt", -10800},
	{"aedt", 39600},  {"aest", 36000},  {"ahdt", -32400}, {"ahst", -36000}, {"akdt", -28800},
	{"akst", -32400}, {"amt", -13840},  {"apt", -10800},  {"ast", -14400},	{"awdt", 32400},
	{"awst", 28800},  {"awt", -10800},  {"b", 7200},      {"bdst", 7200},	{"bdt", -36000},
	{"bmt", -14309},  {"bst", 3600},    {"c", 10800},     {"cast", 34200},	{"cat", 7200},
	{"cddt", -14400}, {"cdt", -18000},  {"cemt", 10800},  {"cest", 7200},	{"cet", 3600},
	{"chst", 36000},  {"cmt", -15408},  {"cpt", -18000},  {"cst", -21600},	{"cwt", -18000},
	{"d", 14400},	  {"dmt", -1521},   {"e", 18000},     {"eat", 10800},	{"eddt", -10800},
	{"edt", -14400},  {"eest", 10800},  {"eet", 7200},    {"emt", -26248},	{"ept", -14400},
	{"est", -18000},  {"ewt", -14400},  {"f", 21600},     {"ffmt", -14660}, {"fmt", -4056},
	{"g", 25200},	  {"gdt", 39600},   {"gmt", 0},	      {"gst", 36000},	{"h", 28800},
	{"hdt", -34200},  {"hkst", 32400},  {"hkt", 28800},   {"hmt", -19776},	{"hpt", -34200},
	{"hst", -36000},  {"hwt", -34200},  {"i", 32400},     {"iddt", 14400},	{"idt", 10800},
	{"imt", 25025},	  {"ist", 7200},    {"jdt", 36000},   {"jmt", 8440},	{"jst", 32400},
	{"k", 36000},	  {"kdt", 36000},   {"kmt", 5736},    {"kst", 30600},	{"l", 39600},
	{"lst", 9394},	  {"m", 43200},	    {"mddt", -18000}, {"mdst", 16279},	{"mdt", -21600},
	{"mest", 7200},	  {"met", 3600},    {"mmt", 9017},    {"mpt", -21600},	{"msd", 14400},
	{"msk", 10800},	  {"mst", -25200},  {"mwt", -21600},  {"n", -3600},	{"nddt", -5400},
	{"ndt", -9052},	  {"npt", -9000},   {"nst", -12600},  {"nwt", -9000},	{"nzdt", 46800},
	{"nzmt", 41400},  {"nzst", 43200},  {"o", -7200},     {"p", -10800},	{"pddt", -21600},
	{"pdt", -25200},  {"pkst", 21600},  {"pkt", 18000},   {"plmt", 25590},	{"pmt", -13236},
	{"ppmt", -17340}, {"ppt", -25200},  {"pst", -28800},  {"pwt", -25200},	{"q", -14400},
	{"qmt", -18840},  {"r", -18000},    {"rmt", 5794},    {"s", -21600},	{"sast", 7200},
	{"sdmt", -16800}, {"sjmt", -20173}, {"smt", -13884},  {"sst", -39600},	{"t", -25200},
	{"tbmt", 10751},  {"tmt", 12344},   {"u", -28800},    {"uct", 0},	{"utc", 0},
	{"v", -32400},	  {"w", -36000},    {"wast", 7200},   {"wat", 3600},	{"wemt", 7200},
	{"west", 3600},	  {"wet", 0},	    {"wib", 25200},   {"wit", 32400},	{"wita", 28800},
	{"wmt", 5040},	  {"x", -39600},    {"y", -43200},    {"yddt", -25200}, {"ydt", -28800},
	{"ypt", -28800},  {"yst", -32400},  {"ywt", -28800},  {"z", 0},
};

#define ABBREVIATION_MAX 5

/* "5", "0530", "05:30", "053015", "05:30:15" in seconds; false when it is none of these. */
static bool read_correction(const char **at, int32_t *ret)
{
	const char *begin = *at;
	long number = strtol(begin, NULL, 10);
	size_t len;

	while (is_digit(**at) || **at == ':')
		++*at;
	len = (size_t)(*at - begin);
	*ret = 0;
	if (len == 1 || len == 2) {
		*ret = (int32_t)number * 3600;
	} else if (len == 3 || len == 4) {
		if (begin[1] == ':' || begin[2] == ':')
			*ret = (int32_t)(number * 3600 +
					 strtol(begin + (begin[1] == ':' ? 2 : 3), NULL, 10) * 60);
		else
			*ret = (int32_t)(number / 100 * 3600 + number % 100 * 60);
	} else if (len == 5 && begin[2] == ':') {
		*ret = (int32_t)(number * 3600 + strtol(begin + 3, NULL, 10) * 60);
	} else if (len == 6) {
		*ret = (int32_t)(number / 10000 * 3600 + number / 100 % 100 * 60 + number % 100);
	} else if (len == 8 && begin[2] == ':' && begin[5] == ':') {
		*ret = (int32_t)(number * 3600 + strtol(begin + 3, NULL, 10) * 60 +
				 strtol(begin + 6, NULL, 10));
	} else {
		return false;
	}
	return true;
}

static bool read_abbreviation(const char **at, struct expr_date_read *r)
{
	const char *begin = *at;
	size_t len;

	while (is_letter(**at) || is_digit(**at) || (**at != 0 && strchr("/_-+", **at) != NULL))
		++*at;
	len = (size_t)(*at - begin);
	r->zone = EXPR_DATE_READ_UNKNOWN;
	r->offset = 0;
	if (len == 0 || len > ABBREVIATION_MAX)
		return false;
	for (size_t i = 0; i < COUNT_OF(zones); i++)
		if (strlen(zones[i].name) == len && strncasecmp(zones[i].name, begin, len) == 0) {
			r->zone = EXPR_DATE_READ_ABBREVIATION;
			r->offset = zones[i].offset;
			for (size_t c = 0; c <= len; c++)
				r->abbreviation[c] =
					(char)(is_letter(begin[c]) && c < len ? begin[c] & ~0x20
									      : 0);
			return true;
		}
	return false;
}

bool expr_date_read_zone(const char **at, struct expr_date_read *r)
{
	bool found, negative;

	while (**at == ' ' || **at == '\t' || **at == '(')
		++*at;
	if (strncmp(*at, "GMT", 3) == 0 && ((*at)[3] == '+' || (*at)[3] == '-'))
		*at += 3;
	if (**at == '+' || **at == '-') {
		negative = *(*at)++ == '-';
		r->zone = EXPR_DATE_READ_OFFSET;
		found = read_correction(at, &r->offset);
		if (negative)
			r->offset = -r->offset;
	} else {
		found = read_abbreviation(at, r);
	}
	while (**at == ')')
		++*at;
	return found;
}

/* ---- what relative texts are about */

enum unit { MICROSECOND, SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, WEEKDAY, WEEKDAYS };

static const struct {
	const char *text;
	enum unit unit;
	int many;
} units[] = {
	{"ms", MICROSECOND, 1000},
	{"msec", MICROSECOND, 1000},
	{"msecs", MICROSECOND, 1000},
	{"millisecond", MICROSECOND, 1000},
	{"milliseconds", MICROSECOND, 1000},
	{"\u00b5s", MICROSECOND, 1},
	{"usec", MICROSECOND, 1},
	{"usecs", MICROSECOND, 1},
	{"\u00b5sec", MICROSECOND, 1},
	{"\u00b5secs", MICROSECOND, 1},
	{"microsecond", MICROSECOND, 1},
	{"microseconds", MICROSECOND, 1},
	{"sec", SECOND, 1},
	{"secs", SECOND, 1},
	{"second", SECOND, 1},
	{"seconds", SECOND, 1},
	{"min", MINUTE, 1},
	{"mins", MINUTE, 1},
	{"minute", MINUTE, 1},
	{"minutes", MINUTE, 1},
	{"hour", HOUR, 1},
	{"hours", HOUR, 1},
	{"day", DAY, 1},
	{"days", DAY, 1},
	{"week", DAY, 7},
	{"weeks", DAY, 7},
	{"fortnight", DAY, 14},
	{"fortnights", DAY, 14},
	{"forthnight", DAY, 14},
	{"forthnights", DAY, 14},
	{"month", MONTH, 1},
	{"months", MONTH, 1},
	{"year", YEAR, 1},
	{"years", YEAR, 1},
	{"mondays", WEEKDAY, 1},
	{"monday", WEEKDAY, 1},
	{"mon", WEEKDAY, 1},
	{"tuesdays", WEEKDAY, 2},
	{"tuesday", WEEKDAY, 2},
	{"tue", WEEKDAY, 2},
	{"wednesdays", WEEKDAY, 3},
	{"wednesday", WEEKDAY, 3},
	{"wed", WEEKDAY, 3},
	{"thursdays", WEEKDAY, 4},
	{"thursday", WEEKDAY, 4},
	{"thu", WEEKDAY, 4},
	{"fridays", WEEKDAY, 5},
	{"friday", WEEKDAY, 5},
	{"fri", WEEKDAY, 5},
	{"saturdays", WEEKDAY, 6},
	{"saturday", WEEKDAY, 6},
	{"sat", WEEKDAY, 6},
	{"sundays", WEEKDAY, 0},
	{"sunday", WEEKDAY, 0},
	{"sun", WEEKDAY, 0},
	{"weekday", WEEKDAYS, 1},
	{"weekdays", WEEKDAYS, 1},
};

/* The unit's place in the table; its size when it is none. */
static size_t take_unit(const char **at)
{
	const char *begin = *at;
	size_t len, i;

	while (**at != 0 && strchr(" ,\t;:/.-()", **at) == NULL)
		++*at;
	len = (size_t)(*at - begin);
	for (i = 0; i < COUNT_OF(units); i++)
		if (strlen(units[i].text) == len && strncasecmp(units[i].text, begin, len) == 0)
			break;
	return i;
}

static void forget_time(struct expr_date_read *r)
{
	r->have_time = 0;
	r->hour = r->minute = r->second = r->microsecond = 0;
}

/* What timelib counts wraps around; a sum that is out of bounds is refused later. */
static void count(int64_t *slot, int64_t amount, int64_t many)
{
	*slot = (int64_t)((uint64_t)*slot + (uint64_t)amount * (uint64_t)many);
}

void expr_date_read_unit(const char **at, int64_t amount, int behavior, bool keeps_time,
			 struct expr_date_read *r)
{
	struct expr_date_read_relative *to = &r->relative;
	size_t i = take_unit(at);

	if (i == COUNT_OF(units))
		return;
	switch (units[i].unit) {
	case MICROSECOND:
		count(&to->microsecond, amount, units[i].many);
		return;
	case SECOND:
		count(&to->second, amount, 1);
		return;
	case MINUTE:
		count(&to->minute, amount, 1);
		return;
	case HOUR:
		count(&to->hour, amount, 1);
		return;
	case DAY:
		count(&to->day, amount, units[i].many);
		return;
	case MONTH:
		count(&to->month, amount, 1);
		return;
	case YEAR:
		count(&to->year, amount, 1);
		return;
	case WEEKDAY:
		to->has_weekday = true;
		count(&to->day, amount > 0 ? amount - 1 : amount, 7);
		to->weekday = units[i].many;
		to->weekday_behavior = behavior;
		break;
	case WEEKDAYS:
	default:
		to->special = EXPR_DATE_READ_WEEKDAYS;
		to->special_amount = amount;
	}
	r->have_relative = true;
	if (!keeps_time)
		forget_time(r);
}

void expr_date_read_weekday(const char **at, struct expr_date_read *r)
{
	size_t i = take_unit(at);

	r->have_relative = true;
	r->relative.has_weekday = true;
	forget_time(r);
	if (i < COUNT_OF(units))
		r->relative.weekday = units[i].many;
	if (r->relative.weekday_behavior != 2)
		r->relative.weekday_behavior = 1;
}
