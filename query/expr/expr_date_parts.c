#include <inttypes.h>

#include "base/bson_build.h"
#include "query/expr/expr_date_inside.h"

/* $dateToParts and $dateFromParts. */

/* ---- $dateToParts */

enum { TO_DATE, TO_ZONE, TO_ISO };

static int parse_to_parts(struct expr_scope *scope, const struct value *operand, struct expr *self,
			  struct error *e)
{
	static const char *const names[] = {"date", "timezone", "iso8601"};
	static const uint8_t order[] = {TO_DATE, TO_ZONE, TO_ISO};
	struct value v[COUNT_OF(names)];
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40524,
				   "$dateToParts only supports an object as its argument");
	result = expr_collect(operand, names, COUNT_OF(names), 40520,
			      "Unrecognized argument to $dateToParts: ", v, e);
	if (result < 0)
		return result;
	if (value_is_missing(&v[TO_DATE]))
		return query_error(e, 40522, "Missing 'date' parameter to $dateToParts");
	return expr_parse_in_order(scope, v, order, COUNT_OF(order), self, e);
}

/* 1 and *ret, 0 it is nullish. */
static int iso_flag(const struct expr *self, struct expr_frame *frame, bool *ret, struct error *e)
{
	struct value v;
	int result;

	*ret = false;
	if (self->args[TO_ISO] == NULL)
		return 1;
	result = expr_arg(self, TO_ISO, frame, &v, e);
	if (result < 0)
		return result;
	if (value_is_nullish(&v))
		return 0;
	if (v.type != BSON_KIND_BOOL)
		return query_error(e, 40521, "iso8601 must evaluate to a bool, found %s",
				   expr_type(&v));
	*ret = v.flag;
	return 1;
}

static void write_parts(struct buf *b, const struct expr_moment *m, bool is_iso)
{
	size_t doc = bson_build_begin(b);
	int64_t year;
	int week;

	if (is_iso) {
		week = expr_calendar_iso_week(m, &year);
		bson_build_int32(b, "isoWeekYear", (int32_t)year);
		bson_build_int32(b, "isoWeek", week);
		bson_build_int32(b, "isoDayOfWeek", (expr_calendar_weekday(m->days) + 6) % 7 + 1);
	} else {
		bson_build_int32(b, "year", (int32_t)m->year);
		bson_build_int32(b, "month", m->month);
		bson_build_int32(b, "day", m->day);
	}
	bson_build_int32(b, "hour", m->hour);
	bson_build_int32(b, "minute", m->minute);
	bson_build_int32(b, "second", m->second);
	bson_build_int32(b, "millisecond", m->millisecond);
	bson_build_end(b, doc);
}

static int eval_to_parts(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	struct expr_moment m;
	struct value date;
	struct zone zone;
	bool is_iso = false;
	int64_t ms = 0;
	int has_flag, result = expr_arg(self, TO_DATE, frame, &date, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if ((result = expr_zone_arg(self, TO_ZONE, frame, &zone, e)) <= 0)
		return result;
	if ((has_flag = iso_flag(self, frame, &is_iso, e)) <= 0)
		return has_flag;
	if (value_is_nullish(&date))
		return 0;
	if ((result = expr_coerce_date(&date, &ms, e)) < 0)
		return result;
	m = expr_calendar_of(ms, zone);
	write_parts(&b, &m, is_iso);
	*ret = value_document(arena_copy(frame->arena, buf_bytes(&b)));
	return 0;
}

/* ---- $dateFromParts */

enum {
	YEAR,
	MONTH,
	DAY,
	HOUR,
	MINUTE,
	SECOND,
	MILLISECOND,
	ISO_YEAR,
	ISO_WEEK,
	ISO_DAY,
	ZONE,
	FROM_COUNT
};

static const char *const from_names[FROM_COUNT] = {
	"year",	       "month",	      "day",	 "hour",	 "minute",   "second",
	"millisecond", "isoWeekYear", "isoWeek", "isoDayOfWeek", "timezone",
};

static int parse_from_parts(struct expr_scope *scope, const struct value *operand,
			    struct expr *self, struct error *e)
{
	static const uint8_t order[FROM_COUNT] = {YEAR,	    MONTH,   DAY,	  HOUR,
						  MINUTE,   SECOND,  MILLISECOND, ISO_YEAR,
						  ISO_WEEK, ISO_DAY, ZONE};
	struct value v[FROM_COUNT];
	bool natural, iso;
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40519,
				   "$dateFromParts only supports an object as its argument");
	result = expr_collect(operand, from_names, FROM_COUNT, 40518,
			      "Unrecognized argument to $dateFromParts: ", v, e);
	if (result < 0)
		return result;
	natural = !value_is_missing(&v[YEAR]);
	iso = !value_is_missing(&v[ISO_YEAR]);
	if (!natural && !iso)
		return query_error(e, 40516,
				   "$dateFromParts requires either 'year' or 'isoWeekYear' to be "
				   "present");
	if (natural && (iso || !value_is_missing(&v[ISO_WEEK]) || !value_is_missing(&v[ISO_DAY])))
		return query_error(e, 40489,
				   "$dateFromParts does not allow mixing natural dates with ISO "
				   "dates");
	if (iso && (!value_is_missing(&v[MONTH]) || !value_is_missing(&v[DAY])))
		return query_error(e, 40525,
				   "$dateFromParts does not allow mixing ISO dates with natural "
				   "dates");
	return expr_parse_in_order(scope, v, order, FROM_COUNT, self, e);
}

#define PART_MIN (-32768)
#define PART_MAX 32767

/* 1 and *ret, 0 it is nullish. */
static int number_of(const struct expr *self, size_t n, struct expr_frame *frame, int64_t *ret,
		     struct error *e)
{
	bool bounded = n != SECOND && n != MILLISECOND && n != YEAR && n != ISO_YEAR;
	struct value v;
	int result;

	if (self->args[n] == NULL) {
		*ret = n == YEAR || n == ISO_YEAR ? 1970 : n < HOUR || n > MILLISECOND ? 1 : 0;
		return 1;
	}
	result = expr_arg(self, n, frame, &v, e);
	if (result < 0)
		return result;
	if (value_is_nullish(&v))
		return 0;
	if (!value_is_number(&v) || !value_as_int64(&v, ret))
		return query_error(e, 40515,
				   "'%s' must evaluate to an integer, found %s with value %s",
				   from_names[n], expr_type(&v), expr_text(frame->arena, &v));
	if (bounded && (*ret < PART_MIN || *ret > PART_MAX))
		return query_error(e, 31034,
				   "'%s' must evaluate to a value in the range [%d, %d]; value "
				   "%" PRId64 " is not in range",
				   from_names[n], PART_MIN, PART_MAX, *ret);
	return 1;
}

/* The date part in days since 1970: 1, 0 a part is nullish. */
static int days_of(const struct expr *self, struct expr_frame *frame, int64_t *ret, struct error *e)
{
	size_t first = self->args[YEAR] != NULL ? YEAR : ISO_YEAR;
	int64_t part[3] = {0};
	int result;

	for (size_t i = 0; i < 3; i++)
		if ((result = number_of(self, first + i, frame, &part[i], e)) <= 0)
			return result;
	if (part[0] < 1 || part[0] > 9999)
		return query_error(
			e, first == YEAR ? 40523 : 31095,
			"'%s' must evaluate to an integer in the range 1 to 9999, found %" PRId64,
			from_names[first], part[0]);
	*ret = first == YEAR ? expr_calendar_days(part[0], part[1], part[2])
			     : expr_calendar_iso_days(part[0], part[1], part[2]);
	return 1;
}

static int too_far(struct error *e)
{
	return query_error(e, 159,
			   "Overflow casting from a lower-precision duration to a "
			   "higher-precision duration");
}

static int eval_from_parts(const struct expr *self, struct expr_frame *frame, struct value *ret,
			   struct error *e)
{
	int64_t part[4] = {0}, days = 0, seconds, rest;
	__int128 ms;
	struct zone zone;
	int result;

	*ret = value_null();
	for (size_t i = 0; i < 4; i++)
		if ((result = number_of(self, HOUR + i, frame, &part[i], e)) <= 0)
			return result;
	if ((result = expr_zone_arg(self, ZONE, frame, &zone, e)) <= 0)
		return result;
	if ((result = days_of(self, frame, &days, e)) <= 0)
		return result;
	if (part[3] > INT64_MAX / 1000 || part[3] < INT64_MIN / 1000)
		return too_far(e);
	seconds = expr_calendar_floor(part[3], 1000, &rest);
	if (__builtin_add_overflow(seconds, part[2], &seconds) ||
	    __builtin_add_overflow(seconds, days * 86400 + part[0] * 3600 + part[1] * 60,
				   &seconds) ||
	    !expr_seconds_fit(seconds))
		return too_far(e);
	ms = (__int128)expr_calendar_utc(seconds, zone) * 1000 + rest;
	if (ms > INT64_MAX || ms < INT64_MIN)
		return too_far(e);
	*ret = value_date((int64_t)ms);
	return 0;
}

const struct expr_op expr_ops_date_parts[] = {
	{.name = "$dateToParts", .parse = parse_to_parts, .eval = eval_to_parts},
	{.name = "$dateFromParts", .parse = parse_from_parts, .eval = eval_from_parts},
	{.name = NULL},
};
