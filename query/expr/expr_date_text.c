#include <inttypes.h>
#include <stdlib.h>

#include "query/expr/expr_date_inside.h"
#include "query/expr/expr_date_read.h"

/* $dateToString and $dateFromString. */

#define TO_SPECIFIERS "%dGHjLmMSuUVwYzZ"
#define FROM_SPECIFIERS "%dGHLmMSuVYzZ"

/* ---- formats */

int expr_date_check_format(struct bytes format, const char *allowed, struct error *e)
{
	for (size_t i = 0; i < format.len; i++) {
		if (format.at[i] != '%')
			continue;
		if (++i == format.len)
			return query_error(e, 18535, "Unmatched '%%' at end of format string");
		if (format.at[i] == 0 || strchr(allowed, format.at[i]) == NULL)
			return query_error(e, 18536,
					   "Invalid format character '%%%c' in format string",
					   format.at[i]);
	}
	return 0;
}

/* Digits with zeros before them; only numbers of a year that has four digits. */
static int padded(struct buf *ret, int64_t number, int width, struct error *e)
{
	if (number < 0 || number > 9999)
		return query_error(e, 18537,
				   "Could not convert date to string: date component was outside "
				   "the supported range of 0-9999: %" PRId64,
				   number);
	buf_printf(ret, "%0*" PRId64, width, number);
	return 0;
}

static int one_specifier(char c, const struct expr_moment *m, struct buf *ret, struct error *e)
{
	int64_t year;
	int week = expr_calendar_iso_week(m, &year);
	int32_t minutes = m->offset / 60;

	switch (c) {
	case 'Y':
		return padded(ret, m->year, 4, e);
	case 'm':
		return padded(ret, m->month, 2, e);
	case 'd':
		return padded(ret, m->day, 2, e);
	case 'H':
		return padded(ret, m->hour, 2, e);
	case 'M':
		return padded(ret, m->minute, 2, e);
	case 'S':
		return padded(ret, m->second, 2, e);
	case 'L':
		return padded(ret, m->millisecond, 3, e);
	case 'j':
		return padded(ret, expr_calendar_day_of_year(m), 3, e);
	case 'w':
		return padded(ret, expr_calendar_weekday(m->days) + 1, 1, e);
	case 'u':
		return padded(ret, (expr_calendar_weekday(m->days) + 6) % 7 + 1, 1, e);
	case 'U':
		return padded(ret, expr_calendar_week(m), 2, e);
	case 'V':
		return padded(ret, week, 2, e);
	case 'G':
		return padded(ret, year, 4, e);
	case 'z':
		buf_add_str(ret, m->offset < 0 ? "-" : "+");
		buf_printf(ret, "%02d%02d", abs(m->offset / 3600), abs(minutes) % 60);
		return 0;
	case 'Z':
		buf_printf(ret, "%d", minutes);
		return 0;
	default:
		buf_add_str(ret, "%");
		return 0;
	}
}

int expr_date_format(struct bytes format, int64_t ms, struct zone zone, struct buf *ret,
		     struct error *e)
{
	struct expr_moment m = expr_calendar_of(ms, zone);
	int result;

	for (size_t i = 0; i < format.len; i++) {
		if (format.at[i] != '%' || i + 1 == format.len) {
			buf_add_u8(ret, format.at[i]);
			continue;
		}
		result = one_specifier((char)format.at[++i], &m, ret, e);
		if (result < 0)
			return result;
	}
	return 0;
}

/* ---- $dateToString */

enum { TO_FORMAT, TO_DATE, TO_ZONE, TO_ON_NULL };

static int parse_to_string(struct expr_scope *scope, const struct value *operand, struct expr *self,
			   struct error *e)
{
	static const char *const names[] = {"format", "date", "timezone", "onNull"};
	static const uint8_t order[] = {TO_DATE, TO_FORMAT, TO_ZONE, TO_ON_NULL};
	struct value v[COUNT_OF(names)];
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 18629,
				   "$dateToString only supports an object as its argument");
	result = expr_collect(operand, names, COUNT_OF(names), 18534,
			      "Unrecognized argument to $dateToString: ", v, e);
	if (result < 0)
		return result;
	if (value_is_missing(&v[TO_DATE]))
		return query_error(e, 18628, "Missing 'date' parameter to $dateToString");
	return expr_parse_in_order(scope, v, order, COUNT_OF(order), self, e);
}

/* An argument `format`, checked: 1, 0 nullish or not there (then missing). */
static int format_arg(const struct expr *self, size_t n, struct expr_frame *frame, int code,
		      const char *allowed, struct value *ret, struct error *e)
{
	int result;

	*ret = value_missing();
	if (self->args[n] == NULL)
		return 0;
	result = expr_arg(self, n, frame, ret, e);
	if (result < 0)
		return result;
	if (value_is_nullish(ret)) {
		*ret = value_null();
		return 0;
	}
	if (ret->type != BSON_KIND_STRING)
		return query_error(e, code,
				   "%s requires that 'format' be a string, found: %s with value %s",
				   self->op->name, expr_type(ret), expr_text(frame->arena, ret));
	result = expr_date_check_format(ret->data, allowed, e);
	return result < 0 ? result : 1;
}

static int eval_to_string(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	struct bytes used = bytes_str("%Y-%m-%dT%H:%M:%S.%LZ");
	struct value date, format;
	struct zone zone;
	int64_t ms = 0;
	int has_format, has_zone, result = expr_arg(self, TO_DATE, frame, &date, e);

	if (result < 0)
		return result;
	has_format = format_arg(self, TO_FORMAT, frame, 18533, TO_SPECIFIERS, &format, e);
	if (has_format < 0)
		return has_format;
	has_zone = expr_zone_arg(self, TO_ZONE, frame, &zone, e);
	if (has_zone < 0)
		return has_zone;
	*ret = value_null();
	if (value_is_nullish(&date))
		return self->args[TO_ON_NULL] == NULL ? 0
						      : expr_arg(self, TO_ON_NULL, frame, ret, e);
	if (has_zone == 0 || (has_format == 0 && self->args[TO_FORMAT] != NULL))
		return 0;
	if (has_format == 1)
		used = format.data;
	if ((result = expr_coerce_date(&date, &ms, e)) < 0 ||
	    (result = expr_date_format(used, ms, zone, &b, e)) < 0)
		return result;
	*ret = expr_string_of(frame->arena, &b);
	return 0;
}

/* ---- reading */

#define FAILURE QUERY_CONVERSION_FAILURE

static bool is_unset(int64_t v)
{
	return v == EXPR_DATE_READ_UNSET;
}

#define SECONDS_MAX (INT64_MAX / 1000000) /* mongod counts microseconds */

/* What mongod checks after timelib has read. */
static int check_read(struct expr_date_read *r, struct bytes text, bool has_zone, struct error *e)
{
	OWNED(buf_release) struct buf quoted = {0};

	if (r->errors.len + r->warnings.len > 0) {
		buf_add_bytes(&r->errors, buf_bytes(&r->warnings));
		return query_error(e, FAILURE, "Error parsing date string '%s'%s",
				   query_error_quote(text, &quoted), buf_text(&r->errors));
	}
	if (is_unset(r->hour) && is_unset(r->minute) && is_unset(r->second))
		r->hour = r->minute = r->second = r->microsecond = 0;
	if (is_unset(r->year) || is_unset(r->month) || is_unset(r->day) || is_unset(r->hour) ||
	    is_unset(r->minute) || is_unset(r->second))
		return query_error(e, FAILURE,
				   "an incomplete date/time string has been found, with elements "
				   "missing: \"%s\"",
				   query_error_quote(text, &quoted));
	if (!has_zone || r->zone == EXPR_DATE_READ_NO_ZONE)
		return 0;
	if (r->zone == EXPR_DATE_READ_OFFSET)
		return query_error(e, FAILURE,
				   "you cannot pass in a date/time string with GMT offset together "
				   "with a timezone argument");
	return query_error(e, FAILURE,
			   "you cannot pass in a date/time string with time zone information "
			   "('%s') together with a timezone argument",
			   r->abbreviation);
}

int expr_date_of_text(struct bytes text, struct bytes format, const struct zone *zone, int64_t *ret,
		      struct error *e)
{
	OWNED(expr_date_read_release) struct expr_date_read r;
	int64_t seconds = 0;
	__int128 us;
	int result;

	expr_date_read_init(&r);
	if (format.at == NULL) {
		expr_date_read_free(&r, text);
	} else {
		OWNED(buf_release) struct buf a = {0}, b = {0};

		buf_add_bytes(&a, format);
		buf_add_bytes(&b, text);
		expr_date_read_format(&r, buf_text(&a), buf_text(&b));
	}
	result = check_read(&r, text, zone != NULL, e);
	if (result < 0)
		return result;
	if (!expr_date_read_seconds(&r, zone == NULL ? zone_utc() : *zone, &seconds) ||
	    seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
		return query_error(e, 159,
				   "Overflow casting from a lower-precision duration to a "
				   "higher-precision duration");
	us = (__int128)seconds * 1000000 + r.microsecond;
	*ret = (int64_t)(us / 1000);
	return 0;
}

/* ---- $dateFromString */

enum { FROM_TEXT, FROM_FORMAT, FROM_ZONE, FROM_ON_NULL, FROM_ON_ERROR };

static int parse_from_string(struct expr_scope *scope, const struct value *operand,
			     struct expr *self, struct error *e)
{
	static const char *const names[] = {"dateString", "format", "timezone", "onNull",
					    "onError"};
	static const uint8_t order[] = {FROM_TEXT, FROM_ZONE, FROM_FORMAT, FROM_ON_NULL,
					FROM_ON_ERROR};
	struct value v[COUNT_OF(names)];
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, 40540,
			"$dateFromString only supports an object as an argument, found: %s",
			expr_type(operand));
	result = expr_collect(operand, names, COUNT_OF(names), 40541,
			      "Unrecognized argument to $dateFromString: ", v, e);
	if (result < 0)
		return result;
	if (value_is_missing(&v[FROM_TEXT]))
		return query_error(e, 40542, "Missing 'dateString' parameter to $dateFromString");
	return expr_parse_in_order(scope, v, order, COUNT_OF(order), self, e);
}

static int read_text(const struct value *text, const struct value *format, const struct zone *zone,
		     bool is_null, struct expr_frame *frame, struct value *ret, struct error *e)
{
	struct bytes by = bytes_of(NULL, 0);
	int64_t ms = 0;
	int result;

	if (text->type != BSON_KIND_STRING)
		return query_error(e, FAILURE,
				   "$dateFromString requires that 'dateString' be a string, found: "
				   "%s with value %s",
				   expr_type(text), expr_text(frame->arena, text));
	*ret = value_null();
	if (is_null)
		return 0;
	if (format->type == BSON_KIND_STRING)
		by = format->data;
	result = expr_date_of_text(text->data, by, zone, &ms, e);
	if (result < 0)
		return result;
	*ret = value_date(ms);
	return 0;
}

static int eval_from_string(const struct expr *self, struct expr_frame *frame, struct value *ret,
			    struct error *e)
{
	struct value text, format;
	struct zone zone;
	bool is_null;
	int has_format, has_zone, result = expr_arg(self, FROM_TEXT, frame, &text, e);

	if (result < 0)
		return result;
	has_format = format_arg(self, FROM_FORMAT, frame, 40684, FROM_SPECIFIERS, &format, e);
	if (has_format < 0)
		return has_format;
	has_zone = expr_zone_arg(self, FROM_ZONE, frame, &zone, e);
	if (has_zone < 0)
		return has_zone;
	*ret = value_null();
	if (value_is_nullish(&text))
		return self->args[FROM_ON_NULL] == NULL
			       ? 0
			       : expr_arg(self, FROM_ON_NULL, frame, ret, e);
	is_null = has_zone == 0 || (has_format == 0 && self->args[FROM_FORMAT] != NULL);
	/* "+00:00" is as if none was given. */
	has_zone = self->args[FROM_ZONE] != NULL && (zone.is_named || !zone_is_utc(zone));
	result = read_text(&text, &format, has_zone != 0 ? &zone : NULL, is_null, frame, ret, e);
	if (result < 0 && e->server == FAILURE && self->args[FROM_ON_ERROR] != NULL)
		return expr_arg(self, FROM_ON_ERROR, frame, ret, e);
	return result;
}

const struct expr_op expr_ops_date_text[] = {
	{.name = "$dateToString", .parse = parse_to_string, .eval = eval_to_string},
	{.name = "$dateFromString", .parse = parse_from_string, .eval = eval_from_string},
	{.name = NULL},
};
