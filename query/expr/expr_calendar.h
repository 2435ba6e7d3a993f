/*
 * expr_calendar.h - milliseconds since 1970 and the calendar (Gregorian, also before 1582; there is a year 0).
 *
 * Prefix: expr_calendar_
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_CALENDAR_H
#define QUERY_EXPR_EXPR_CALENDAR_H

#include "query/zone.h"

/* A moment as a clock and calendar on the wall show it. */
struct expr_moment {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second, millisecond;
	int64_t days;	/* since 1970, of the local date */
	int32_t offset; /* seconds east of Greenwich */
	bool is_dst;
};

struct expr_moment expr_calendar_of(int64_t ms, struct zone zone);

/* Days since 1970 of a date of the calendar; month and day may be any number: they carry. */
int64_t expr_calendar_days(int64_t year, int64_t month, int64_t day);
/* The other way. */
void expr_calendar_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
/* Seconds since 1970 in UTC of local seconds. Of a time that is there twice it is the one of the season of 1970-01-01. */
int64_t expr_calendar_utc(int64_t local_seconds, struct zone zone);

bool expr_calendar_is_leap(int64_t year);
int expr_calendar_month_len(int64_t year, int month);

/* 0 Sunday .. 6 Saturday; from days since 1970. */
int expr_calendar_weekday(int64_t days);
/* 1 .. 366 */
int expr_calendar_day_of_year(const struct expr_moment *m);
/* Weeks begin on Sunday; the days before the first Sunday are week 0. */
int expr_calendar_week(const struct expr_moment *m);
/* ISO 8601: its week and the year that the week belongs to. */
int expr_calendar_iso_week(const struct expr_moment *m, int64_t *ret_year);
/* Days since 1970 of a date of ISO 8601; week and day (1 Monday) may be any number. */
int64_t expr_calendar_iso_days(int64_t year, int64_t week, int64_t day);

/* Quotient and rest where the rest is never negative. */
static inline int64_t expr_calendar_floor(int64_t a, int64_t b, int64_t *ret_rest)
{
	int64_t q = a / b, r = a % b;

	if (r < 0) {
		r += b;
		q--;
	}
	*ret_rest = r;
	return q;
}

#endif
