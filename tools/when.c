#include "tools/when.h"

#include <stdlib.h>
#include <time.h>

#include "tools/size.h"
#include "tools/suggest.h"
#include "tools/term.h"

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
	return error_hint(e, "write the second, in UTC: %04u-%02u-%02uT00:00:00Z", c->year,
			  c->month, c->day);
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
	char utc[TERM_RFC3339_LEN], as_local[TERM_RFC3339_LEN], zone[16] = "local time";

	term_rfc3339(clock_seconds(c), utc);
	term_rfc3339((uint64_t)local, as_local);
	strftime(zone, sizeof(zone), "%Z", &here);
	error_set(e, ERR_INVALID, "\"%s\" has no time zone", text);
	if (local < 0 || (uint64_t)local == clock_seconds(c))
		return error_hint(e, "for UTC (which is also the local time here) write %s", utc);
	return error_hint(e, "for UTC write %s; for local time (%s) write %s", utc, zone, as_local);
}

/* The zone at *at: Z or +02:00 (also +0200, +02); seconds to take away. */
static bool take_zone(const char **at, int64_t *ret)
{
	unsigned hours, minutes = 0;
	bool minus;

	*ret = 0;
	if (take(at, 'Z') || take(at, 'z'))
		return true;
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
	char whole[TERM_RFC3339_LEN];

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
		term_rfc3339(clock_seconds(&c), whole);
		error_set(e, ERR_INVALID, "\"%s\" has a fraction of a second", text);
		return error_hint(e, "a moment is a whole second or an optime: %s, or %llu.1",
				  whole, (unsigned long long)clock_seconds(&c));
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

		if (digits == 0 || digits > CHUNK_ID_HEX || text[3 + digits] != '\0')
			return error_set(e, ERR_INVALID,
					 "\"%s\": id: takes 1 to %d hex digits in lower case", text,
					 CHUNK_ID_HEX);
		ret->kind = WHEN_ID;
		return 0;
	}
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
	if (found == 0 || *end != '\0')
		*ret = (struct when){.kind = WHEN_NAME};
	return 0;
}

/* No snapshot of that name: what is near, or how the thing that was meant is written. */
static int no_name(const struct snapshot_list *list, const char *text, struct error *e)
{
	size_t digits = strspn(text, "0123456789"), hex = strspn(text, "0123456789abcdef");
	struct suggest near;

	error_set(e, ERR_NOT_FOUND, "there is no snapshot \"%s\"", text);
	suggest_begin(&near, bytes_str(text));
	for (size_t i = 0; i < list->count; i++)
		suggest_offer(&near, bytes_str(list->at[i].name));
	if (digits >= 9 && text[digits] == '\0')
		return error_hint(e, "seconds since 1970 are written @%s", text);
	if (digits == 4 && text[4] == '-')
		return error_hint(e,
				  "times are written 2026-11-21T09:41:07Z or 2026-11-21T094107Z");
	if (suggest_best(&near) != NULL)
		return error_hint(e, "did you mean \"%s\"?", suggest_best(&near));
	if (hex >= 4 && text[hex] == '\0')
		return error_hint(e, "a snapshot's id is written id:%s", text);
	return error_hint(e, "'yester snapshots' lists what can be opened");
}

/* "NAME (3 h 5 min before)". */
static void add_near(const struct snapshot *s, uint64_t seconds, struct buf *ret)
{
	char text[SIZE_TEXT_LEN];
	bool earlier = s->time <= seconds;

	size_duration_text((earlier ? seconds - s->time : s->time - seconds) * 1000, text);
	if (s->time == seconds)
		buf_printf(ret, "%s (within that second)", s->name);
	else
		buf_printf(ret, "%s (%s %s)", s->name, text, earlier ? "before" : "after");
}

/* ERR_NO_TIME: only snapshots can be opened, and these are the nearest. */
static int no_time(const struct snapshot_list *list, const char *text, uint64_t seconds,
		   struct error *e)
{
	OWNED(buf_release) struct buf near = {0};
	size_t after = 0;
	char when[TERM_TIME_LEN];

	while (after < list->count && list->at[after].time <= seconds)
		after++;
	if (after > 0)
		add_near(&list->at[after - 1], seconds, &near);
	if (after > 0 && after < list->count)
		buf_add_str(&near, " and ");
	if (after < list->count)
		add_near(&list->at[after], seconds, &near);
	term_time(seconds, false, when);
	error_set(e, ERR_NO_TIME, "%s: no snapshot shows %s; nearest: %s", text, when,
		  buf_text(&near));
	return error_hint(e, "only the moments of snapshots can be opened: --at %s",
			  list->at[after > 0 ? after - 1 : 0].name);
}

static bool shows(const struct snapshot *s, const struct when *when, uint64_t seconds)
{
	if (when->before)
		return false;
	if (when->kind == WHEN_OPTIME)
		return s->exact && s->optime.seconds == when->optime.seconds &&
		       s->optime.increment == when->optime.increment;
	return s->time == seconds;
}

/* The second that `when` is about, in a list that is not empty. */
static uint64_t second_of(const struct snapshot_list *list, const struct when *when, uint64_t now)
{
	uint64_t newest = list->at[list->count - 1].time;

	switch (when->kind) {
	case WHEN_BEFORE_NOW:
		return now - MIN_OF(now, when->seconds);
	case WHEN_BEFORE_LATEST:
		return newest - MIN_OF(newest, when->seconds);
	case WHEN_LATEST:
	case WHEN_LATEST_SNAPSHOT:
		return newest;
	default:
		return when->seconds;
	}
}

/* By the time that is asked for; an exact snapshot before others, then the newest. */
static int find_time(const struct snapshot_list *list, const char *text, const struct when *when,
		     uint64_t now, size_t *ret, struct error *e)
{
	uint64_t seconds = second_of(list, when, now);
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];

		if (!shows(s, when, seconds) || (found && list->at[*ret].exact && !s->exact))
			continue;
		*ret = i;
		found = true;
	}
	return found ? 0 : no_time(list, text, seconds, e);
}

int when_find(const struct snapshot_list *list, const char *text, uint64_t now, size_t *ret,
	      struct error *e)
{
	struct when when;
	int found;

	if (strcmp(text, "latest") != 0 && strcmp(text, "latest-snapshot") != 0) {
		for (size_t i = 0; i < list->count; i++) {
			if (strcmp(list->at[i].name, text) == 0) {
				*ret = i;
				return 0;
			}
		}
	}
	if (when_parse(text, &when, e) < 0)
		return e->code;
	if (list->count == 0) {
		error_set(e, ERR_NO_TIME, "the store has no snapshot yet");
		return error_hint(e, "'yester ingest' makes one from a mongodump");
	}
	if (when.kind == WHEN_NAME)
		return no_name(list, text, e);
	if (when.kind != WHEN_ID &&
	    (when.before || (when.kind != WHEN_LATEST && when.kind != WHEN_LATEST_SNAPSHOT)))
		return find_time(list, text, &when, now, ret, e);
	found = snapshots_find(list, text, ret, e);
	if (found != 0)
		return found < 0 ? found : 0;
	error_set(e, ERR_NOT_FOUND, "there is no snapshot %s", text);
	return error_hint(e, "'yester snapshots --json' lists the ids");
}
