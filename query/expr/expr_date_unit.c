#include "query/expr/expr_date_unit.h"

#include <inttypes.h>
#include <strings.h>

#include "query/query_error.h"

static const char *const names[] = {
	"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond",
};

int expr_date_unit_parse(struct bytes text, enum expr_date_unit *ret, struct error *e)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (bytes_equal(text, bytes_str(names[i]))) {
			*ret = (enum expr_date_unit)i;
			return 0;
		}
	return query_error(e, QUERY_FAILED_TO_PARSE, "unknown time unit value: %.*s", (int)text.len,
			   (const char *)text.at);
}

bool expr_date_unit_weekday(struct bytes text, int *ret)
{
	static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
					   "thursday", "friday", "saturday"};

	for (int i = 0; i < 7; i++)
		if ((text.len == 3 || text.len == strlen(days[i])) &&
		    strncasecmp((const char *)text.at, days[i], text.len) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

/* The length in milliseconds of an hour and what is shorter; 0 of the others. */
static int64_t length_of(enum expr_date_unit unit)
{
	switch (unit) {
	case EXPR_DATE_HOUR:
		return 3600000;
	case EXPR_DATE_MINUTE:
		return 60000;
	case EXPR_DATE_SECOND:
		return 1000;
	case EXPR_DATE_MILLISECOND:
		return 1;
	default:
		return 0;
	}
}

/* More than this is refused before anything is computed: as many units as all the milliseconds of 64 bits have, or a bit more. */
#define DAYS_MOST ((int64_t)(UINT64_MAX / 86400000) + 1)
#define YEARS_MOST (DAYS_MOST / 365 + 1)

static bool is_amount(int64_t amount, enum expr_date_unit unit)
{
	static const int64_t most[] = {
		[EXPR_DATE_YEAR] = YEARS_MOST,	       [EXPR_DATE_QUARTER] = YEARS_MOST * 4,
		[EXPR_DATE_MONTH] = YEARS_MOST * 12,   [EXPR_DATE_WEEK] = DAYS_MOST / 7,
		[EXPR_DATE_DAY] = DAYS_MOST,	       [EXPR_DATE_HOUR] = DAYS_MOST * 24,
		[EXPR_DATE_MINUTE] = DAYS_MOST * 1440, [EXPR_DATE_SECOND] = DAYS_MOST * 86400,
	};

	return unit == EXPR_DATE_MILLISECOND || (amount > -most[unit] && amount < most[unit]);
}

static int overflow(struct error *e)
{
	return query_error(e, 5166406, "dateAdd overflowed");
}

static int64_t of_day(const struct expr_moment *m)
{
	return ((m->hour * 60 + m->minute) * 60 + m->second) * 1000 + m->millisecond;
}

/* Seconds and milliseconds put together; the seconds alone have to fit, too. */
static int in_bounds(__int128 ms, int64_t *ret, struct error *e)
{
	__int128 seconds = ms / 1000 - (ms % 1000 < 0);

	if (ms > INT64_MAX || seconds * 1000 < INT64_MIN)
		return overflow(e);
	*ret = (int64_t)ms;
	return 0;
}

/* The local date with the clock as it was, in milliseconds of UTC. */
static int put_together(int64_t days, const struct expr_moment *m, struct zone zone, int64_t *ret,
			struct error *e)
{
	int64_t of_day_ms = of_day(m), seconds;

	if (days > INT64_MAX / 86400000 + 1 || days < INT64_MIN / 86400000 - 1)
		return overflow(e);
	seconds = days * 86400 + of_day_ms / 1000;
	seconds -= zone_offset_local(zone, seconds, m->is_dst);
	return in_bounds((__int128)seconds * 1000 + of_day_ms % 1000, ret, e);
}

/* Before 1970 and with a fraction of a second mongod counts from a second too early. */
static void step_back(struct expr_moment *m)
{
	int64_t seconds = m->days * 86400 + of_day(m) / 1000 - 1, rest;

	m->days = expr_calendar_floor(seconds, 86400, &rest);
	expr_calendar_date(m->days, &m->year, &m->month, &m->day);
	m->hour = (int)(rest / 3600);
	m->minute = (int)(rest / 60 % 60);
	m->second = (int)(rest % 60);
}

/* By how many days the date has to be nearer to its month's begin so that the month `months` later has it, too. */
static int64_t too_late(const struct expr_moment *m, int64_t months)
{
	int64_t month, year = expr_calendar_floor(m->year * 12 + m->month - 1 + months, 12, &month);

	return MAX_OF(m->day - expr_calendar_month_len(year, (int)month + 1), 0);
}

/* Units that are always as long. */
static int add_length(int64_t ms, enum expr_date_unit unit, int64_t amount, int64_t *ret,
		      struct error *e)
{
	__int128 sum = (__int128)amount * length_of(unit) + ms;

	if (unit != EXPR_DATE_MILLISECOND)
		return in_bounds(sum - (ms % 1000 < 0 ? 1000 : 0), ret, e);
	if (sum > INT64_MAX || sum < INT64_MIN)
		return query_error(e, 159, "Overflow while adding %" PRId64 "ms to %" PRId64 "ms",
				   amount, (int64_t)((uint64_t)ms + (uint64_t)amount));
	*ret = (int64_t)sum;
	return 0;
}

int expr_date_unit_add(int64_t ms, enum expr_date_unit unit, int64_t amount, struct zone zone,
		       int64_t *ret, struct error *e)
{
	struct expr_moment m;
	int64_t days, months;

	if (!is_amount(amount, unit))
		return query_error(e, 5976500,
				   "invalid dateAdd 'amount' parameter value: %" PRId64 " %s",
				   amount, names[unit]);
	if (length_of(unit) != 0)
		return add_length(ms, unit, amount, ret, e);
	m = expr_calendar_of(ms, zone);
	months = amount * (unit == EXPR_DATE_YEAR ? 12 : unit == EXPR_DATE_QUARTER ? 3 : 1);
	days = unit < EXPR_DATE_WEEK ? too_late(&m, months) : 0;
	if (ms % 1000 < 0)
		step_back(&m);
	if (unit < EXPR_DATE_WEEK)
		days = expr_calendar_days(m.year, m.month + months, m.day - days);
	else
		days = m.days + amount * (unit == EXPR_DATE_WEEK ? 7 : 1);
	return put_together(days, &m, zone, ret, e);
}

/* Days since the last begin of a week. */
static int in_week(int64_t days, int week)
{
	return (expr_calendar_weekday(days) - week + 7) % 7;
}

int expr_date_unit_diff(int64_t from, int64_t to, enum expr_date_unit unit, struct zone zone,
			int week, int64_t *ret, struct error *e)
{
	struct expr_moment a, b;
	int64_t length = length_of(unit), rest;

	if (unit == EXPR_DATE_MILLISECOND) {
		if (__builtin_sub_overflow(to, from, ret))
			return query_error(e, 5166308, "dateDiff overflowed");
		return 0;
	}
	a = expr_calendar_of(from, zone);
	b = expr_calendar_of(to, zone);
	switch (unit) {
	case EXPR_DATE_YEAR:
		*ret = b.year - a.year;
		break;
	case EXPR_DATE_QUARTER:
		*ret = (b.year - a.year) * 4 + (b.month - 1) / 3 - (a.month - 1) / 3;
		break;
	case EXPR_DATE_MONTH:
		*ret = (b.year - a.year) * 12 + b.month - a.month;
		break;
	case EXPR_DATE_WEEK:
		*ret = (b.days - a.days + in_week(a.days, week) - in_week(b.days, week)) / 7;
		break;
	case EXPR_DATE_DAY:
		*ret = b.days - a.days;
		break;
	default:
		length /= 1000;
		*ret = expr_calendar_floor(b.days * 86400 + of_day(&b) / 1000, length, &rest) -
		       expr_calendar_floor(a.days * 86400 + of_day(&a) / 1000, length, &rest) -
		       (b.offset - a.offset) / length;
	}
	return 0;
}

#define YEAR_2000_DAYS 10957 /* since 1970 */

/* The begin of bins: the year 2000, for weeks the first day in it that begins one. */
static int64_t reference_days(enum expr_date_unit unit, int week)
{
	return YEAR_2000_DAYS + (unit == EXPR_DATE_WEEK ? (week - 6 + 7) % 7 : 0);
}

#define BIN_MOST INT64_C(100000000000) /* units that are not always as long */

static int trunc_length(int64_t ms, int64_t reference, __int128 width, int64_t *ret,
			struct error *e)
{
	__int128 distance = (__int128)ms - reference, sum;

	if (width > INT64_MAX)
		return query_error(e, 5439002, "dateTrunc overflowed");
	if (distance < INT64_MIN || distance > INT64_MAX)
		return query_error(e, 5439000, "dateTrunc overflowed");
	sum = (distance / width - (distance % width < 0)) * width + reference;
	if (sum < INT64_MIN)
		return query_error(e, 5439001, "dateTrunc overflowed");
	*ret = (int64_t)sum;
	return 0;
}

int expr_date_unit_trunc(int64_t ms, enum expr_date_unit unit, int64_t bin, struct zone zone,
			 int week, int64_t *ret, struct error *e)
{
	int64_t days = reference_days(unit, week), reference, distance = 0, rest;
	int64_t length = length_of(unit);
	int result;

	reference = expr_calendar_utc(days * 86400, zone) * 1000;
	if (length != 0)
		return trunc_length(ms, reference, (__int128)length * bin, ret, e);
	if (bin > BIN_MOST)
		return query_error(e, 5439006, "dateTrunc unsupported binSize value");
	result = expr_date_unit_diff(reference, ms, unit, zone, week, &distance, e);
	if (result < 0)
		return result;
	distance = expr_calendar_floor(distance, bin, &rest);
	if (__builtin_mul_overflow(distance, bin, &distance))
		return overflow(e);
	return expr_date_unit_add(reference, unit, distance, zone, ret, e);
}
