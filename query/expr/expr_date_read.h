/*
 * expr_date_read.h - inside the reading of dates from text: what was read so far, and the helpers of its two readers (by a format, and of
 * any text). The rules are those of timelib 2021, which mongod 6.0 has; positions, errors and warnings are told as it tells them.
 *
 * Prefix: expr_date_read_
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_DATE_READ_H
#define QUERY_EXPR_EXPR_DATE_READ_H

#include "base/buf.h"
#include "query/expr/expr_calendar.h"

#define EXPR_DATE_READ_UNSET (-99999) /* a field that was not read */

enum expr_date_read_zone {
	EXPR_DATE_READ_NO_ZONE,
	EXPR_DATE_READ_OFFSET,
	EXPR_DATE_READ_ABBREVIATION,
	EXPR_DATE_READ_UNKNOWN, /* an error was noted */
};

enum expr_date_read_special {
	EXPR_DATE_READ_NONE,
	EXPR_DATE_READ_WEEKDAYS,     /* "+3 weekdays" */
	EXPR_DATE_READ_NTH_IN_MONTH, /* "second monday of" */
	EXPR_DATE_READ_LAST_IN_MONTH,
};

/* "+1 month", "next monday", "last day of". */
struct expr_date_read_relative {
	int64_t year, month, day, hour, minute, second, microsecond;
	bool has_weekday;
	int64_t weekday;
	int weekday_behavior;
	enum expr_date_read_special special;
	int64_t special_amount;
	int of_month; /* 1 the first day, 2 the last, 0 neither */
};

struct expr_date_read {
	int64_t year, month, day, hour, minute, second, microsecond; /* or UNSET */
	int have_time, have_date, have_zone;
	bool have_relative;
	enum expr_date_read_zone zone;
	int32_t offset; /* seconds east of Greenwich */
	char abbreviation[8];
	struct expr_date_read_relative relative;
	struct buf errors, warnings;
};

void expr_date_read_init(struct expr_date_read *r);
void expr_date_read_release(struct expr_date_read *r);
DEFINE_OWNED_STRUCT(struct expr_date_read, expr_date_read_release);

/* Note that something is wrong at byte `at`, where `c` stands (0 at the end). */
void expr_date_read_error(struct expr_date_read *r, const char *text, size_t at, char c);
void expr_date_read_warning(struct expr_date_read *r, const char *text, size_t at, char c);

/* The two readers. */
void expr_date_read_format(struct expr_date_read *r, const char *format, const char *text);
void expr_date_read_free(struct expr_date_read *r, struct bytes text);

/* The moment in seconds, and r->microsecond made 0..999999; false when it does not fit. `zone`: of a text that named none. */
bool expr_date_read_seconds(struct expr_date_read *r, struct zone zone, int64_t *ret);

bool expr_date_read_is_time(const struct expr_date_read *r);
bool expr_date_read_is_date(const struct expr_date_read *r);

/* ---- words, at *at; all advance it. The texts end with a NUL. */
/* The next number, of at most `most` digits, after anything that is no digit; UNSET when there is none. `ret_len` may be NULL. */
int64_t expr_date_read_number(const char **at, int most, int *ret_len);
int64_t expr_date_read_signed(const char **at, int most);
/* ".5" or ":5" in microseconds. */
int64_t expr_date_read_fraction(const char **at);
/* A month by its name: 1..12, 0 none. */
int expr_date_read_month(const char **at);
/* Hours to add to `hour` for the next am or pm. */
int64_t expr_date_read_meridian(const char **at, int64_t hour);
/* A time zone: false when it is none that is known. */
bool expr_date_read_zone(const char **at, struct expr_date_read *r);
/* "next", "third": the number; *behavior 0 or 1. */
int64_t expr_date_read_count(const char **at, int *behavior);
/* "days", "monday": what `amount` of them mean, added to r->relative. */
void expr_date_read_unit(const char **at, int64_t amount, int behavior, bool keeps_time,
			 struct expr_date_read *r);
/* "monday" alone. */
void expr_date_read_weekday(const char **at, struct expr_date_read *r);

#endif
