/*
 * expr_date_inside.h - what the operators of dates share.
 *
 * Prefix: expr_
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_DATE_INSIDE_H
#define QUERY_EXPR_EXPR_DATE_INSIDE_H

#include "query/expr/expr_calendar.h"
#include "query/expr/expr_coerce.h"

/* A date, or a timestamp or object id taken for one: milliseconds since 1970. 16006. */
MUST_CHECK int expr_coerce_date(const struct value *v, int64_t *ret, struct error *e);
/* A date of whole seconds: is it in the range of milliseconds? */
static inline bool expr_seconds_fit(int64_t seconds)
{
	return seconds <= INT64_MAX / 1000 && seconds >= INT64_MIN / 1000;
}

/* The zone that argument `n` says; UTC when there is none. 1 and *ret, 0 it is nullish. 40517, 40485. */
MUST_CHECK int expr_zone_arg(const struct expr *self, size_t n, struct expr_frame *frame,
			     struct zone *ret, struct error *e);

/* Parse what expr_collect() gave, as arguments in the order of `order`: mongod's, which shows when several are wrong. */
MUST_CHECK int expr_parse_in_order(struct expr_scope *scope, const struct value *values,
				   const uint8_t *order, size_t count, struct expr *self,
				   struct error *e);

/* The format's check: 18535, 18536. */
MUST_CHECK int expr_date_check_format(struct bytes format, const char *allowed, struct error *e);
/* A date by a format that was checked; appended to `ret`. 18537. */
MUST_CHECK int expr_date_format(struct bytes format, int64_t ms, struct zone zone, struct buf *ret,
				struct error *e);

/* Parse a text as a date: 241 ConversionFailure. `format` with at NULL: free form. `zone` is that of the argument `timezone`; NULL: none
 * was given, and the text may name one. */
MUST_CHECK int expr_date_of_text(struct bytes text, struct bytes format, const struct zone *zone,
				 int64_t *ret, struct error *e);

#endif
