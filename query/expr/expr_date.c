#include "query/expr/expr_date_inside.h"

/* $year, $month, ... : parts of a date, with a time zone. */

enum { DATE, ZONE };

int expr_coerce_date(const struct value *v, int64_t *ret, struct error *e)
{
	switch (v->type) {
	case BSON_KIND_DATE:
		*ret = v->date;
		return 0;
	case BSON_KIND_TIMESTAMP:
		*ret = (int64_t)(v->timestamp >> 32) * 1000;
		return 0;
	case BSON_KIND_OBJECT_ID:
		*ret = (int64_t)(int32_t)get_be32(v->data.at) * 1000;
		return 0;
	default:
		return query_error(e, 16006, "can't convert from BSON type %s to Date",
				   expr_type(v));
	}
}

int expr_zone_arg(const struct expr *self, size_t n, struct expr_frame *frame, struct zone *ret,
		  struct error *e)
{
	struct value v;
	int result;

	*ret = zone_utc();
	if (self->args[n] == NULL)
		return 1;
	result = expr_arg(self, n, frame, &v, e);
	if (result < 0)
		return result;
	if (value_is_nullish(&v))
		return 0;
	if (v.type != BSON_KIND_STRING)
		return query_error(e, 40517, "timezone must evaluate to a string, found %s",
				   expr_type(&v));
	result = zone_find(v.data, ret, e);
	return result < 0 ? result : 1;
}

int expr_parse_in_order(struct expr_scope *scope, const struct value *values, const uint8_t *order,
			size_t count, struct expr *self, struct error *e)
{
	int result;

	expr_args_new(scope, self, count);
	for (size_t i = 0; i < count; i++) {
		if (value_is_missing(&values[order[i]]))
			continue;
		result = expr_parse_arg(scope, &values[order[i]], self, order[i], e);
		if (result < 0)
			return result;
	}
	return 0;
}

static int parse_options(struct expr_scope *scope, const struct value *operand, struct expr *self,
			 struct error *e)
{
	struct bson_fields fields = bson_fields(operand->data);
	struct bson_field field;
	int result;

	while (expr_next(&fields, &field)) {
		bool is_date = bytes_equal(field.name, bytes_str("date"));
		struct value v = value_of_field(&field);

		if (!is_date && !bytes_equal(field.name, bytes_str("timezone")))
			return query_error(e, 40535, "unrecognized option to %s: \"%.*s\"",
					   self->op->name, (int)field.name.len,
					   (const char *)field.name.at);
		result = expr_parse_arg(scope, &v, self, is_date ? DATE : ZONE, e);
		if (result < 0)
			return result;
	}
	if (self->args[DATE] == NULL) {
		OWNED(buf_release) struct buf text = {0};

		value_text_element(bytes_str(self->op->name), operand, &text);
		return query_error(e, 40539, "missing 'date' argument to %s, provided: %s",
				   self->op->name, buf_text(&text));
	}
	return 0;
}

static int parse_date(struct expr_scope *scope, const struct value *operand, struct expr *self,
		      struct error *e)
{
	struct value v = *operand;

	expr_args_new(scope, self, 2);
	if (operand->type == BSON_KIND_DOCUMENT &&
	    (operand->data.len <= BSON_MIN_LEN || operand->data.at[5] != '$'))
		return parse_options(scope, operand, self, e);
	if (operand->type == BSON_KIND_ARRAY) {
		size_t count = value_count(operand->data);

		if (count != 1)
			return query_error(e, 40536,
					   "%s accepts exactly one argument if given an array, but "
					   "was given %zu",
					   self->op->name, count);
		v = value_at(operand->data, 0);
	}
	return expr_parse_arg(scope, &v, self, DATE, e);
}

/* 1 and the moment, 0 an argument is nullish. */
static int moment_of(const struct expr *self, struct expr_frame *frame, struct expr_moment *ret,
		     struct error *e)
{
	struct zone zone = zone_utc();
	struct value date, id;
	int64_t ms = 0;
	int result = expr_arg(self, DATE, frame, &date, e);

	if (result < 0)
		return result;
	if (value_is_nullish(&date))
		return 0;
	result = expr_coerce_date(&date, &ms, e);
	if (result < 0)
		return result;
	if (self->args[ZONE] != NULL) {
		if ((result = expr_arg(self, ZONE, frame, &id, e)) < 0)
			return result;
		if (value_is_nullish(&id))
			return 0;
		if (id.type != BSON_KIND_STRING)
			return query_error(e, 40533,
					   "%s requires a string for the timezone argument, but "
					   "was given a %s (%s)",
					   self->op->name, expr_type(&id),
					   expr_text(frame->arena, &id));
		if ((result = zone_find(id.data, &zone, e)) < 0)
			return result;
	}
	*ret = expr_calendar_of(ms, zone);
	return 1;
}

static int64_t year_of(const struct expr_moment *m)
{
	return m->year;
}

static int64_t month_of(const struct expr_moment *m)
{
	return m->month;
}

static int64_t day_of(const struct expr_moment *m)
{
	return m->day;
}

static int64_t hour_of(const struct expr_moment *m)
{
	return m->hour;
}

static int64_t minute_of(const struct expr_moment *m)
{
	return m->minute;
}

static int64_t second_of(const struct expr_moment *m)
{
	return m->second;
}

static int64_t millisecond_of(const struct expr_moment *m)
{
	return m->millisecond;
}

static int64_t weekday_of(const struct expr_moment *m)
{
	return expr_calendar_weekday(m->days) + 1;
}

static int64_t day_of_year(const struct expr_moment *m)
{
	return expr_calendar_day_of_year(m);
}

static int64_t week_of(const struct expr_moment *m)
{
	return expr_calendar_week(m);
}

static int64_t iso_weekday_of(const struct expr_moment *m)
{
	return (expr_calendar_weekday(m->days) + 6) % 7 + 1;
}

static int64_t iso_week_of(const struct expr_moment *m)
{
	int64_t year;

	return expr_calendar_iso_week(m, &year);
}

static int64_t iso_year_of(const struct expr_moment *m)
{
	int64_t year;

	expr_calendar_iso_week(m, &year);
	return year;
}

static const struct part {
	const char *name;
	int64_t (*get)(const struct expr_moment *m);
	bool is_long;
} parts[] = {
	{"$year", year_of, false},
	{"$month", month_of, false},
	{"$dayOfMonth", day_of, false},
	{"$hour", hour_of, false},
	{"$minute", minute_of, false},
	{"$second", second_of, false},
	{"$millisecond", millisecond_of, false},
	{"$dayOfWeek", weekday_of, false},
	{"$dayOfYear", day_of_year, false},
	{"$week", week_of, false},
	{"$isoDayOfWeek", iso_weekday_of, false},
	{"$isoWeek", iso_week_of, false},
	{"$isoWeekYear", iso_year_of, true},
};

static int eval_part(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	const struct part *part = parts;
	struct expr_moment m;
	int64_t number;
	int result = moment_of(self, frame, &m, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (result == 0)
		return 0;
	while (part->name != self->op->name && strcmp(part->name, self->op->name) != 0)
		part++;
	number = part->get(&m);
	*ret = part->is_long ? value_int64(number) : value_int32((int32_t)number);
	return 0;
}

#define PART(word)                                                                                 \
	{                                                                                          \
		.name = word, .parse = parse_date, .eval = eval_part                               \
	}

const struct expr_op expr_ops_date[] = {
	PART("$year"),	      PART("$month"),  PART("$dayOfMonth"),   PART("$hour"),
	PART("$minute"),      PART("$second"), PART("$millisecond"),  PART("$dayOfWeek"),
	PART("$dayOfYear"),   PART("$week"),   PART("$isoDayOfWeek"), PART("$isoWeek"),
	PART("$isoWeekYear"), {.name = NULL},
};
