#include "query/expr/expr_date_read.h"

#include "query/query_error.h"

#define UNSET EXPR_DATE_READ_UNSET

void expr_date_read_init(struct expr_date_read *r)
{
	*r = (struct expr_date_read){
		.year = UNSET,
		.month = UNSET,
		.day = UNSET,
		.hour = UNSET,
		.minute = UNSET,
		.second = UNSET,
		.microsecond = UNSET,
	};
}

void expr_date_read_release(struct expr_date_read *r)
{
	buf_release(&r->errors);
	buf_release(&r->warnings);
}

/* An error's text is a C string: a NUL is written as the two bytes that stand for it in it (see query_error.h). */
static void note(struct buf *to, const char *text, size_t at, char c)
{
	buf_printf(to, "; %zu: %s '", at, text);
	if (c == 0)
		buf_add_str(to, QUERY_ERROR_NUL);
	else
		buf_add_u8(to, (uint8_t)c);
	buf_add_str(to, "'");
}

#define NOTES_MAX (16 * KIB) /* of a text that is wrong everywhere not all is told */

void expr_date_read_error(struct expr_date_read *r, const char *text, size_t at, char c)
{
	if (r->errors.len < NOTES_MAX)
		note(&r->errors, text, at, c);
}

void expr_date_read_warning(struct expr_date_read *r, const char *text, size_t at, char c)
{
	if (r->warnings.len < NOTES_MAX)
		note(&r->warnings, text, at, c);
}

bool expr_date_read_is_time(const struct expr_date_read *r)
{
	return r->hour >= 0 && r->hour <= 23 && r->minute >= 0 && r->minute <= 59 &&
	       r->second >= 0 && r->second <= 59;
}

bool expr_date_read_is_date(const struct expr_date_read *r)
{
	return r->month >= 1 && r->month <= 12 && r->day >= 1 &&
	       r->day <= expr_calendar_month_len(r->year, (int)r->month);
}

/* ---- by a format */

#define ZONE_UNKNOWN "passing a time zone identifier as part of the string is not allowed"

/* A text and the places where it is read. */
struct reader {
	struct expr_date_read *r;
	const char *text, *at, *begin; /* `begin`: of the specifier's part */
	int64_t iso_year, iso_week, iso_day;
};

static void wrong(struct reader *in, const char *text)
{
	expr_date_read_error(in->r, text, (size_t)(in->begin - in->text), *in->begin);
}

static void read_number(struct reader *in, int most, int64_t *slot, const char *missing)
{
	if (*in->at < '0' || *in->at > '9')
		wrong(in, "Unexpected data found.");
	*slot = expr_date_read_number(&in->at, most, NULL);
	if (*slot == UNSET)
		wrong(in, missing);
}

/* Minutes and seconds have two digits, always. */
static void read_pair(struct reader *in, int64_t *slot, const char *missing)
{
	int64_t number;
	int len = 0;

	if (*in->at < '0' || *in->at > '9')
		wrong(in, "Unexpected data found.");
	number = expr_date_read_number(&in->at, 2, &len);
	if (number == UNSET || len != 2)
		wrong(in, missing);
	else
		*slot = number;
}

static void read_millisecond(struct reader *in)
{
	const char *before = in->at;
	int64_t number;

	if (*in->at < '0' || *in->at > '9')
		wrong(in, "Unexpected data found.");
	number = expr_date_read_number(&in->at, 3, NULL);
	if (number == UNSET || in->at == before) {
		wrong(in, "A three digit millisecond could not be found");
		return;
	}
	for (size_t len = (size_t)(in->at - before); len < 3; len++)
		number *= 10;
	for (size_t len = (size_t)(in->at - before); len > 3; len--)
		number /= 10;
	in->r->microsecond = number * 1000;
}

static void read_iso(struct reader *in, char c)
{
	int64_t *slot = c == 'G' ? &in->iso_year : c == 'V' ? &in->iso_week : &in->iso_day;

	*slot = expr_date_read_number(&in->at, c == 'G' ? 4 : c == 'V' ? 2 : 1, NULL);
	if (*slot == UNSET)
		wrong(in, c == 'G'   ? "A four digit ISO year could not be found"
			  : c == 'V' ? "A two digit ISO week could not be found"
				     : "A single digit day of week could not be found");
	else if (c == 'V' && (*slot < 1 || *slot > 53))
		wrong(in, "ISO Week must be between 1 and 53");
	else if (c == 'u' && (*slot < 1 || *slot > 7))
		wrong(in, "Day of week must be between 1 and 7");
}

/* "+90": minutes. */
static void read_minutes(struct reader *in)
{
	bool negative = *in->at == '-';
	int64_t minutes = 0;

	if (*in->at != '+' && *in->at != '-') {
		wrong(in, "Invalid timezone offset in minutes");
		return;
	}
	for (in->at++; *in->at >= '0' && *in->at <= '9'; in->at++)
		minutes = MIN_OF(minutes * 10 + (*in->at - '0'), 10000000);
	in->r->zone = EXPR_DATE_READ_OFFSET;
	in->r->offset = (int32_t)(negative ? -minutes : minutes) * 60;
}

static void read_specifier(struct reader *in, char c)
{
	struct expr_date_read *r = in->r;

	switch (c) {
	case 'd':
		read_number(in, 2, &r->day, "A two digit day could not be found");
		break;
	case 'm':
		read_number(in, 2, &r->month, "A two digit month could not be found");
		break;
	case 'Y':
		read_number(in, 4, &r->year, "A four digit year could not be found");
		break;
	case 'H':
		read_number(in, 2, &r->hour, "A two digit hour could not be found");
		break;
	case 'M':
		read_pair(in, &r->minute, "A two digit minute could not be found");
		break;
	case 'S':
		read_pair(in, &r->second, "A two digit second could not be found");
		break;
	case 'L':
		read_millisecond(in);
		break;
	case 'z':
		if (!expr_date_read_zone(&in->at, r))
			wrong(in, ZONE_UNKNOWN);
		break;
	case 'Z':
		read_minutes(in);
		break;
	default:
		read_iso(in, c);
	}
}

static void read_all(struct reader *in, const char *format)
{
	for (; *format != 0 && *in->at != 0; format++) {
		in->begin = in->at;
		if (format[0] == '%' && format[1] != '%') {
			read_specifier(in, *++format);
			continue;
		}
		format += *format == '%';
		if (*format != *in->at)
			wrong(in, "Format literal not found");
		in->at++;
	}
	in->begin = in->at;
	if (*in->at != 0)
		wrong(in, "Trailing data");
	if (*format != 0)
		wrong(in, "Not enough data available to satisfy format");
}

static void finish_iso(struct reader *in)
{
	static const char mixed[] = "Mixing of ISO dates with natural dates is not allowed";
	struct expr_date_read *r = in->r;
	bool has_week = in->iso_week != UNSET || in->iso_day != UNSET;
	int month, day;

	if (r->year != UNSET && (has_week || in->iso_year != UNSET))
		wrong(in, mixed);
	if (in->iso_year != UNSET && (r->year != UNSET || r->month != UNSET || r->day != UNSET))
		wrong(in, mixed);
	if (in->iso_year != UNSET) {
		int64_t days = expr_calendar_iso_days(in->iso_year,
						      in->iso_week == UNSET ? 1 : in->iso_week,
						      in->iso_day == UNSET ? 1 : in->iso_day);

		expr_calendar_date(days, &r->year, &month, &day);
		r->month = month;
		r->day = day;
	} else if (has_week) {
		expr_date_read_warning(r, "The parsed date was invalid",
				       (size_t)(in->at - in->text), *in->at);
	}
}

void expr_date_read_format(struct expr_date_read *r, const char *format, const char *text)
{
	struct reader in = {.r = r,
			    .text = text,
			    .at = text,
			    .begin = text,
			    .iso_year = UNSET,
			    .iso_week = UNSET,
			    .iso_day = UNSET};
	int64_t *time[] = {&r->hour, &r->minute, &r->second, &r->microsecond};
	bool any = false;

	read_all(&in, format);
	for (size_t i = 0; i < COUNT_OF(time); i++)
		any = any || *time[i] != UNSET;
	for (size_t i = 0; any && i < COUNT_OF(time); i++)
		if (*time[i] == UNSET)
			*time[i] = 0;
	finish_iso(&in);
	if (any && !expr_date_read_is_time(r))
		expr_date_read_warning(r, "The parsed time was invalid", (size_t)(in.at - text),
				       *in.at);
	if (r->year != UNSET && r->month != UNSET && r->day != UNSET && !expr_date_read_is_date(r))
		expr_date_read_warning(r, "The parsed date was invalid", (size_t)(in.at - text),
				       *in.at);
}

/* ---- from what was read to a moment */

/* The date in days since 1970; wide, since amounts are any number. */
static __int128 days_of(const struct expr_date_read *r)
{
	return expr_calendar_days(r->year, r->month, 1) + (__int128)r->day - 1;
}

/* Numbers that are larger are no date of 64 bits, whatever is done with them. */
#define AMOUNT_MAX INT64_C(1000000000000000)

static bool is_sane(const struct expr_date_read *r)
{
	const struct expr_date_read_relative *to = &r->relative;
	const int64_t numbers[] = {r->year,    to->year,	   to->month,
				   to->day,    to->hour,	   to->minute,
				   to->second, to->special_amount, to->microsecond};

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		if (numbers[i] > AMOUNT_MAX * 10 || numbers[i] < -AMOUNT_MAX * 10)
			return false;
	return to->year < AMOUNT_MAX / 10 && to->year > -AMOUNT_MAX / 10 &&
	       r->year < AMOUNT_MAX / 10 && r->year > -AMOUNT_MAX / 10;
}

static void normalize(struct expr_date_read *r)
{
	int month, day;
	__int128 days = days_of(r);

	expr_calendar_date((int64_t)days, &r->year, &month, &day);
	r->month = month;
	r->day = day;
}

/* "first day of", "second monday of": the day that is counted from. */
static void go_to_begin(struct expr_date_read *r)
{
	struct expr_date_read_relative *to = &r->relative;

	if (to->special == EXPR_DATE_READ_NTH_IN_MONTH ||
	    to->special == EXPR_DATE_READ_LAST_IN_MONTH) {
		r->day = 1;
		r->month += to->month + (to->special == EXPR_DATE_READ_LAST_IN_MONTH);
		to->month = 0;
	}
}

static void go_of_month(struct expr_date_read *r)
{
	if (r->relative.of_month == 1)
		r->day = 1;
	if (r->relative.of_month == 2) {
		r->day = 0;
		r->month++;
	}
}

static void go_to_weekday(struct expr_date_read *r)
{
	struct expr_date_read_relative *to = &r->relative;
	int64_t now = expr_calendar_weekday((int64_t)days_of(r)), difference;

	if (to->weekday_behavior == 2) {
		if (now == 0 && to->weekday != 0)
			to->weekday -= 7;
		if (to->weekday == 0 && now != 0)
			to->weekday = 7;
		r->day += to->weekday - now;
		return;
	}
	difference = to->weekday - now;
	if ((to->day < 0 && difference < 0) ||
	    (to->day >= 0 && difference <= -to->weekday_behavior))
		difference += 7;
	if (to->weekday >= 0)
		r->day += difference;
	else
		r->day -= 7 - (-to->weekday - now);
}

/* "+3 weekdays": Saturdays and Sundays are not counted. */
static void go_weekdays(struct expr_date_read *r)
{
	int64_t amount = r->relative.special_amount, rest = amount % 5;
	int now = expr_calendar_weekday((int64_t)days_of(r));

	r->day += amount / 5 * 7;
	if (amount > 0) {
		if (rest == 0)
			r->day -= now == 0 ? 2 : now == 6 ? 1 : 0;
		else if (now == 6)
			r->day += 1;
		else if (now + rest > 5)
			r->day += 2;
	} else {
		if (rest == 0)
			r->day += now == 6 ? 2 : now == 0 ? 1 : 0;
		else if (now == 0)
			r->day -= 1;
		else if (now + rest < 1)
			r->day -= 2;
	}
	r->day += rest;
}

/* Weekdays are counted from the day that the hours lead to. */
static void go_by_clock(struct expr_date_read *r)
{
	struct expr_date_read_relative *to = &r->relative;
	__int128 seconds = (__int128)(r->hour + to->hour) * 3600 +
			   (__int128)(r->minute + to->minute) * 60 + r->second + to->second;
	int64_t rest = (int64_t)(seconds % 86400);

	rest += rest < 0 ? 86400 : 0;
	r->day += (int64_t)((seconds - rest) / 86400);
	r->hour = rest / 3600;
	r->minute = rest / 60 % 60;
	r->second = rest % 60;
	to->hour = to->minute = to->second = 0;
	normalize(r);
}

bool expr_date_read_seconds(struct expr_date_read *r, struct zone zone, int64_t *ret)
{
	struct expr_date_read_relative *to = &r->relative;
	__int128 seconds, carry = 0;
	int64_t rest;

	if (!is_sane(r))
		return false;
	go_to_begin(r);
	go_of_month(r);
	normalize(r);
	if (to->has_weekday) {
		go_to_weekday(r);
		normalize(r);
	}
	if (r->have_relative) {
		r->microsecond += to->microsecond;
		r->day += to->day;
		r->month += to->month;
		r->year += to->year;
	}
	go_of_month(r);
	if (r->day > AMOUNT_MAX || r->day < -AMOUNT_MAX)
		return false;
	normalize(r);
	if (to->special == EXPR_DATE_READ_WEEKDAYS) {
		go_by_clock(r);
		go_weekdays(r);
	}
	if (r->microsecond != UNSET) {
		carry = expr_calendar_floor(r->microsecond, 1000000, &rest);
		r->microsecond = rest;
	}
	seconds = days_of(r) * 86400 + r->hour * 3600 + r->minute * 60 + r->second;
	if (seconds > INT64_MAX / 2 || seconds < INT64_MIN / 2)
		return false;
	if (r->zone == EXPR_DATE_READ_NO_ZONE)
		seconds = expr_calendar_utc((int64_t)seconds, zone);
	else
		seconds -= r->offset;
	if (r->have_relative)
		seconds += (__int128)to->hour * 3600 + (__int128)to->minute * 60 + to->second;
	seconds += carry;
	*ret = (int64_t)seconds;
	return seconds <= INT64_MAX && seconds >= INT64_MIN;
}
