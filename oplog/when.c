#include "oplog/when.h"

#include <stdlib.h>
#include <time.h>

#include "base/chunk_id.h"
#include "base/time_text.h"

/* Exactly `count` digits at *at, and past them. */
static bool take_digits(const char **at, unsigned count, unsigned *ret)
{
	*ret = 0;
	for (unsigned i = 0; i < count; i++) {
		if ((*at)[i] < '0' || (*at)[i] > '9')
			return false;
		*ret = *ret * 10 + (unsigned)((*at)[i] - '0');
	}
	*at += count;
	return true;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* A whole decimal number of at most `max` at *at. */
static bool take_number(const char **at, uint64_t max, uint64_t *ret)
{
	const char *start = *at;

	*ret = 0;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		*ret = *ret * 10 + (uint64_t)(**at - '0');
		if (*ret > max)
			return false;
	}
	return *at > start;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* What hints put behind a time, so that who pastes it gets the moment that was meant. */
static const char *tilde(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[len - 1] == '~' ? "~" : "";
}

/* What a date and time say, before their zone is known. */
struct clock {
	unsigned year, month, day, hour, minute, second;
};

/* Seconds since 1970 if the clock shows UTC. */
static uint64_t clock_seconds(const struct clock *c)
{
	struct tm utc = {
		.tm_year = (int)c->year - 1900,
		.tm_mon = (int)c->month - 1,
		.tm_mday = (int)c->day,
		.tm_hour = (int)c->hour,
		.tm_min = (int)c->minute,
		.tm_sec = (int)c->second,
	};

	return (uint64_t)timegm(&utc);
}

static bool take_clock(const char **at, struct clock *c)
{
	bool colons;

	if (!take_digits(at, 2, &c->hour))
		return false;
	colons = take(at, ':');
	if (!take_digits(at, 2, &c->minute))
		return false;
	if (colons && !take(at, ':'))
		return false;
	return take_digits(at, 2, &c->second);
}

static int no_clock(const struct clock *c, const char *text, struct error *e)
{
	error_set(e, ERR_INVALID, "\"%s\" is a date without a time of day", text);
	return error_hint(e, "write the second, in UTC: %04u-%02u-%02uT00:00:00Z%s", c->year,
			  c->month, c->day, tilde(text));
}

/* "2026-11-21T09:41:07" without a zone: show how it reads in UTC and here. */
static int no_zone(const struct clock *c, const char *text, struct error *e)
{
	struct tm here = {
		.tm_year = (int)c->year - 1900,
		.tm_mon = (int)c->month - 1,
		.tm_mday = (int)c->day,
		.tm_hour = (int)c->hour,
		.tm_min = (int)c->minute,
		.tm_sec = (int)c->second,
		.tm_isdst = -1,
	};
	time_t local = mktime(&here);
	char utc[TIME_TEXT_RFC3339_LEN], as_local[TIME_TEXT_RFC3339_LEN], zone[16] = "local time";

	time_text_rfc3339(clock_seconds(c), utc);
	time_text_rfc3339((uint64_t)local, as_local);
	strftime(zone, sizeof(zone), "%Z", &here);
	error_set(e, ERR_INVALID, "\"%s\" has no time zone", text);
	if (local < 0 || (uint64_t)local == clock_seconds(c))
		return error_hint(e, "for UTC (which is also the local time here) write %s%s", utc,
				  tilde(text));
	return error_hint(e, "for UTC write %s%s; for local time (%s) write %s%s", utc, tilde(text),
			  zone, as_local, tilde(text));
}

/* The zone at *at: Z or +02:00 (also +0200, +02), or " UTC" as times are printed; seconds to take away. */
static bool take_zone(const char **at, int64_t *ret)
{
	unsigned hours, minutes = 0;
	bool minus;

	*ret = 0;
	if (take(at, 'Z') || take(at, 'z'))
		return true;
	if (strncmp(*at, " UTC", 4) == 0) {
		*at += 4;
		return true;
	}
	minus = **at == '-';
	if (!take(at, '+') && !take(at, '-'))
		return false;
	if (!take_digits(at, 2, &hours))
		return false;
	if (**at != '\0' && **at != '~') {
		take(at, ':');
		if (!take_digits(at, 2, &minutes))
			return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	*ret = (int64_t)(hours * 3600 + minutes * 60) * (minus ? -1 : 1);
	return true;
}

static int check_clock(const struct clock *c, const char *text, struct error *e)
{
	if (c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > days_of_month(c->year, c->month))
		return error_set(e, ERR_INVALID, "\"%s\": there is no such day", text);
	if (c->hour > 23 || c->minute > 59 || c->second > 59)
		return error_set(e, ERR_INVALID, "\"%s\": there is no such time of day", text);
	return 0;
}

/*
 * Text that begins like a date. 1 and the time; 0 when it is no date after all; `end` is where
 * reading stopped.
 */
static int parse_date(const char *text, const char **end, uint64_t *ret, struct error *e)
{
	struct clock c = {0};
	const char *at = text;
	int64_t offset, seconds;
	char whole[TIME_TEXT_RFC3339_LEN];

	if (!take_digits(&at, 4, &c.year) || !take(&at, '-') || !take_digits(&at, 2, &c.month) ||
	    !take(&at, '-') || !take_digits(&at, 2, &c.day))
		return 0;
	if (check_clock(&c, text, e) < 0)
		return e->code;
	if (*at == '\0' || *at == '~')
		return no_clock(&c, text, e);
	if (!take(&at, 'T') && !take(&at, 't') && !take(&at, ' '))
		return 0;
	if (!take_clock(&at, &c))
		return 0;
	if (check_clock(&c, text, e) < 0)
		return e->code;
	if (*at == '.' || *at == ',') {
		time_text_rfc3339(clock_seconds(&c), whole);
		error_set(e, ERR_INVALID, "\"%s\" has a fraction of a second", text);
		return error_hint(e, "a moment is a whole second or an optime: %s%s, or %llu.1%s",
				  whole, tilde(text), (unsigned long long)clock_seconds(&c),
				  tilde(text));
	}
	if (*at == '\0' || *at == '~')
		return no_zone(&c, text, e);
	if (!take_zone(&at, &offset))
		return 0;
	seconds = (int64_t)clock_seconds(&c) - offset;
	if (seconds < 0 || seconds > UINT32_MAX)
		return error_set(e, ERR_INVALID, "\"%s\": oplog times are from 1970 to 2106", text);
	*ret = (uint64_t)seconds;
	*end = at;
	return 1;
}

/* "15:00", "15:00:30": of which day? */
static bool is_time_of_day(const char *text)
{
	const char *at = text;
	unsigned hour, minute;

	if (!take_digits(&at, 1, &hour))
		return false;
	if (*at != ':' && (hour > 2 || !take_digits(&at, 1, &minute)))
		return false;
	return take(&at, ':') && take_digits(&at, 2, &minute) && minute < 60 &&
	       (*at == '\0' || *at == ':' || *at == '~');
}

static int no_day(const char *text, struct error *e)
{
	char now[TIME_TEXT_RFC3339_LEN];

	time_text_rfc3339((uint64_t)time(NULL), now);
	error_set(e, ERR_INVALID, "\"%s\" is a time of day without a date", text);
	return error_hint(e, "write all of it, in UTC or with +02:00 for Z; now is %s", now);
}

/* "2h", "1d12h", "90": seconds. */
static bool take_duration(const char **at, uint64_t *ret)
{
	*ret = 0;
	do {
		uint64_t count;

		if (!take_number(at, UINT32_MAX, &count))
			return false;
		if (take(at, 'w'))
			count *= 7 * 86400;
		else if (take(at, 'd'))
			count *= 86400;
		else if (take(at, 'h'))
			count *= 3600;
		else if (take(at, 'm'))
			count *= 60;
		else
			take(at, 's');
		*ret += count;
	} while (**at != '\0' && **at != '~');
	return true;
}

/* "@1700000000", "1700000000.5": 1 when `text` is one, 0 when not. */
static int parse_number(const char *text, const char **end, struct when *ret, struct error *e)
{
	const char *at = text + (*text == '@');
	uint64_t seconds, increment;

	if (!take_number(&at, UINT32_MAX, &seconds))
		return 0;
	if (*text == '@') {
		if (*at == '.' || *at == ',') {
			error_set(e, ERR_INVALID, "\"%s\" has a fraction of a second", text);
			return error_hint(e, "an optime is written without @: %s", text + 1);
		}
		ret->kind = WHEN_TIME;
		ret->seconds = seconds;
		*end = at;
		return 1;
	}
	if (!take(&at, '.') && !take(&at, ',') && !take(&at, ':'))
		return 0;
	if (!take_number(&at, UINT32_MAX, &increment))
		return 0;
	ret->kind = WHEN_OPTIME;
	ret->optime.seconds = (uint32_t)seconds;
	ret->optime.increment = (uint32_t)increment;
	ret->seconds = seconds;
	*end = at;
	return 1;
}

/* The words: "latest", "latest-snapshot", "now-2h", "latest-2h". 1 or 0. */
static int parse_word(const char *text, const char **end, struct when *ret)
{
	const char *at;

	if (strncmp(text, "latest-snapshot", 15) == 0) {
		ret->kind = WHEN_LATEST_SNAPSHOT;
		*end = text + 15;
		return 1;
	}
	if (strncmp(text, "latest", 6) == 0) {
		at = text + 6;
		ret->kind = *at == '-' ? WHEN_BEFORE_LATEST : WHEN_LATEST;
	} else if (strncmp(text, "now", 3) == 0) {
		at = text + 3;
		ret->kind = WHEN_BEFORE_NOW;
	} else {
		return 0;
	}
	if (*at == '-') {
		at++;
		if (!take_duration(&at, &ret->seconds))
			return 0;
	}
	*end = at;
	return 1;
}

int when_parse(const char *text, struct when *ret, struct error *e)
{
	const char *end = text;
	int found;

	*ret = (struct when){.kind = WHEN_NAME};
	if (*text == '\0') {
		error_set(e, ERR_INVALID, "the moment is empty");
		return error_hint(e, "for example: latest, 2026-11-21T09:41:07Z, id:1a2b");
	}
	if (strncmp(text, "id:", 3) == 0) {
		size_t digits = strspn(text + 3, "0123456789abcdef");

		end = text + 3 + digits;
		ret->before = *end == '~';
		if (digits == 0 || digits > CHUNK_ID_HEX || end[ret->before] != '\0')
			return error_set(e, ERR_INVALID,
					 "\"%s\": id: takes 1 to %d hex digits in lower case", text,
					 CHUNK_ID_HEX);
		ret->kind = WHEN_ID;
		return 0;
	}
	if (is_time_of_day(text))
		return no_day(text, e);
	found = parse_word(text, &end, ret);
	if (found == 0)
		found = parse_number(text, &end, ret, e);
	if (found == 0) {
		found = parse_date(text, &end, &ret->seconds, e);
		if (found > 0)
			ret->kind = WHEN_TIME;
	}
	if (found < 0)
		return found;
	if (found > 0 && *end == '~') {
		ret->before = true;
		end++;
	}
	if (found == 0 || *end != '\0') /* no snapshot's name has a ~ in it */
		*ret = (struct when){.kind = WHEN_NAME, .before = text[strlen(text) - 1] == '~'};
	return 0;
}
