#include "query/zone_rule.h"

/* ---- parsing */

struct text {
	const uint8_t *at, *end;
};

static bool take(struct text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

/* A number of at most four digits. */
static bool take_number(struct text *text, int *ret)
{
	int count = 0;

	*ret = 0;
	for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++, count++)
		if (count < 4)
			*ret = *ret * 10 + (*text->at - '0');
	return count > 0 && count <= 4;
}

/* "EST", "<-03>" */
static bool take_name(struct text *text)
{
	const uint8_t *begin = text->at;

	if (take(text, '<')) {
		while (text->at < text->end && *text->at != '>')
			text->at++;
		return take(text, '>');
	}
	while (text->at < text->end &&
	       ((*text->at >= 'A' && *text->at <= 'Z') || (*text->at >= 'a' && *text->at <= 'z')))
		text->at++;
	return text->at > begin;
}

/* "5", "-3:30", "02:00:00" in seconds. */
static bool take_time(struct text *text, int32_t *ret)
{
	bool negative = take(text, '-');
	int part = 0;

	if (!negative)
		take(text, '+');
	*ret = 0;
	for (int unit = 3600; unit > 0; unit /= 60) {
		if (unit < 3600 && !take(text, ':'))
			break;
		if (!take_number(text, &part))
			return false;
		*ret += part * unit;
	}
	if (negative)
		*ret = -*ret;
	return true;
}

static bool take_day(struct text *text, struct zone_rule_day *ret)
{
	ret->second = 2 * 3600;
	if (!take(text, ','))
		return false;
	if (take(text, 'M')) {
		ret->kind = ZONE_RULE_WEEKDAY;
		if (!take_number(text, &ret->month) || !take(text, '.') ||
		    !take_number(text, &ret->week) || !take(text, '.') ||
		    !take_number(text, &ret->day) || ret->month < 1 || ret->month > 12 ||
		    ret->week < 1 || ret->week > 5 || ret->day > 6)
			return false;
	} else {
		ret->kind = take(text, 'J') ? ZONE_RULE_JULIAN : ZONE_RULE_DAY;
		if (!take_number(text, &ret->day) || ret->day > 366)
			return false;
	}
	return !take(text, '/') || take_time(text, &ret->second);
}

bool zone_rule_parse(struct bytes from, struct zone_rule *ret)
{
	const uint8_t *end = from.len == 0 ? NULL : memchr(from.at, '\n', from.len);
	struct text text = {from.at, end};

	if (end == NULL || !take_name(&text) || !take_time(&text, &ret->standard))
		return false;
	ret->standard = -ret->standard;
	ret->has_dst = text.at < text.end;
	if (!ret->has_dst)
		return true;
	if (!take_name(&text))
		return false;
	ret->summer = ret->standard + 3600;
	if (text.at < text.end && *text.at != ',') {
		if (!take_time(&text, &ret->summer))
			return false;
		ret->summer = -ret->summer;
	}
	return take_day(&text, &ret->begin) && take_day(&text, &ret->end) && text.at == text.end;
}

/* ---- asking */

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970 of the first day of a year. */
static int64_t first_of(int64_t year)
{
	int64_t y = year - 1;
	int64_t fours = y >= 0 ? y / 4 : (y - 3) / 4, hundreds = y >= 0 ? y / 100 : (y - 99) / 100;
	int64_t eras = y >= 0 ? y / 400 : (y - 399) / 400;

	return y * 365 + fours - hundreds + eras - 719162;
}

/* The moment of the year's change, before the offset is taken off: local seconds. */
static int64_t change_of(const struct zone_rule_day *day, int64_t year)
{
	static const int lens[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t days = first_of(year), weekday;
	int len;

	if (day->kind == ZONE_RULE_DAY)
		return (days + day->day) * 86400 + day->second;
	if (day->kind == ZONE_RULE_JULIAN)
		return (days + day->day - 1 + (is_leap(year) && day->day >= 60)) * 86400 +
		       day->second;
	for (int month = 1; month < day->month; month++)
		days += lens[month - 1] + (month == 2 && is_leap(year));
	len = lens[day->month - 1] + (day->month == 2 && is_leap(year));
	weekday = ((days + 4) % 7 + 7) % 7;
	weekday = (day->day - weekday + 7) % 7 + 7 * (day->week - 1);
	if (weekday >= len)
		weekday -= 7;
	return (days + weekday) * 86400 + day->second;
}

void zone_rule_look(const struct zone_rule *rule, int64_t at, int64_t *since, int32_t *offset,
		    bool *is_dst)
{
	/* Near enough: the years around are looked at, too. */
	int64_t year = 1970 + at / 31556952;

	if (!rule->has_dst)
		return;
	for (int64_t y = year - 2; y <= year + 2; y++) {
		int64_t begin = change_of(&rule->begin, y) - rule->standard;
		int64_t end = change_of(&rule->end, y) - rule->summer;

		if (begin <= at && begin > *since) {
			*since = begin;
			*offset = rule->summer;
			*is_dst = true;
		}
		if (end <= at && end > *since) {
			*since = end;
			*offset = rule->standard;
			*is_dst = false;
		}
	}
}
