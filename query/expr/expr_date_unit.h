/*
 * expr_date_unit.h - arithmetic of dates by units of the calendar: dateAdd(), dateDiff() and truncateDate() of mongod 6.0.
 *
 * $densify, $fill and windows by time use it, too.
 *
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_DATE_UNIT_H
#define QUERY_EXPR_EXPR_DATE_UNIT_H

#include "query/expr/expr_calendar.h"

enum expr_date_unit {
	EXPR_DATE_YEAR,
	EXPR_DATE_QUARTER,
	EXPR_DATE_MONTH,
	EXPR_DATE_WEEK,
	EXPR_DATE_DAY,
	EXPR_DATE_HOUR,
	EXPR_DATE_MINUTE,
	EXPR_DATE_SECOND,
	EXPR_DATE_MILLISECOND,
};

/* "year" ... "millisecond". 9 FailedToParse "unknown time unit value: x". */
MUST_CHECK int expr_date_unit_parse(struct bytes text, enum expr_date_unit *ret, struct error *e);
/* "monday", "Mon": 0 Sunday .. 6 Saturday; false when it is no day. */
bool expr_date_unit_weekday(struct bytes text, int *ret);

/* The moment that is `amount` units later; at most the last day of a month is kept. 5976500, 5166406. */
MUST_CHECK int expr_date_unit_add(int64_t ms, enum expr_date_unit unit, int64_t amount,
				  struct zone zone, int64_t *ret, struct error *e);
/* How many borders of units lie between; `week` is the day that weeks begin on, 0 Sunday. */
MUST_CHECK int expr_date_unit_diff(int64_t from, int64_t to, enum expr_date_unit unit,
				   struct zone zone, int week, int64_t *ret, struct error *e);
/* The begin of the bin of `bin` units that the moment is in; bins are counted from the year 2000. */
MUST_CHECK int expr_date_unit_trunc(int64_t ms, enum expr_date_unit unit, int64_t bin,
				    struct zone zone, int week, int64_t *ret, struct error *e);

#endif
