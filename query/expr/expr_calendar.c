#include "query/expr/expr_calendar.h"

/* Rule of both: Howard Hinnant, "chrono-compatible low-level date algorithms". */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), rest;
	int64_t era = expr_calendar_floor(y, 400, &rest);
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + rest * 365 + rest / 4 - rest / 100 + of_year - 719468;
}

int64_t expr_calendar_days(int64_t year, int64_t month, int64_t day)
{
	int64_t rest;

	year += expr_calendar_floor(month - 1, 12, &rest);
	return days_of(year, (int)rest + 1, 1) + day - 1;
}

void expr_calendar_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	int64_t rest, era = expr_calendar_floor(days + 719468, 146097, &rest);
	int64_t yoe = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int64_t doy = rest - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

struct expr_moment expr_calendar_of(int64_t ms, struct zone zone)
{
	struct expr_moment m;
	int64_t milli, rest, seconds = expr_calendar_floor(ms, 1000, &milli);

	m.offset = zone_offset(zone, seconds);
	m.is_dst = zone_is_dst(zone, seconds);
	m.days = expr_calendar_floor(seconds + m.offset, 86400, &rest);
	expr_calendar_date(m.days, &m.year, &m.month, &m.day);
	m.hour = (int)(rest / 3600);
	m.minute = (int)(rest / 60 % 60);
	m.second = (int)(rest % 60);
	m.millisecond = (int)milli;
	return m;
}

int64_t expr_calendar_utc(int64_t local_seconds, struct zone zone)
{
	return local_seconds - zone_offset_local(zone, local_seconds, zone_is_dst(zone, 0));
}

bool expr_calendar_is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int expr_calendar_month_len(int64_t year, int month)
{
	static const int lens[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return lens[month - 1] + (month == 2 && expr_calendar_is_leap(year));
}

int expr_calendar_weekday(int64_t days)
{
	int64_t rest;

	expr_calendar_floor(days + 4, 7, &rest);
	return (int)rest;
}

int expr_calendar_day_of_year(const struct expr_moment *m)
{
	return (int)(m->days - days_of(m->year, 1, 1)) + 1;
}

int expr_calendar_week(const struct expr_moment *m)
{
	return (expr_calendar_day_of_year(m) + 6 - expr_calendar_weekday(m->days)) / 7;
}

/* The Monday of week 1. */
static int64_t iso_begin(int64_t year)
{
	int64_t fourth = days_of(year, 1, 4);

	return fourth - (expr_calendar_weekday(fourth) + 6) % 7;
}

int expr_calendar_iso_week(const struct expr_moment *m, int64_t *ret_year)
{
	int64_t year = m->year;

	if (m->days < iso_begin(year))
		year--;
	else if (m->days >= iso_begin(year + 1))
		year++;
	*ret_year = year;
	return (int)((m->days - iso_begin(year)) / 7) + 1;
}

int64_t expr_calendar_iso_days(int64_t year, int64_t week, int64_t day)
{
	return iso_begin(year) + (week - 1) * 7 + day - 1;
}
