#include <inttypes.h>

#include "query/expr/expr_date_inside.h"
#include "query/expr/expr_date_unit.h"

/* $dateAdd, $dateSubtract, $dateDiff, $dateTrunc. */

/* ---- $dateAdd, $dateSubtract */

enum { ADD_START, ADD_UNIT, ADD_AMOUNT, ADD_ZONE };

/* An argument that the operator does not have; null when all are known. */
static bool find_unknown(const struct value *operand, const char *const *names, size_t count,
			 struct bytes *ret)
{
	struct bson_fields fields = bson_fields(operand->data);
	struct bson_field field;

	while (expr_next(&fields, &field)) {
		size_t known = 0;

		while (known < count && !bytes_equal(field.name, bytes_str(names[known])))
			known++;
		*ret = field.name;
		if (known == count)
			return true;
	}
	return false;
}

static int unknown_argument(const char *op, int code, struct bytes name, const char *expected,
			    struct error *e)
{
	return query_error(e, code, "Unrecognized argument to %s: %.*s. Expected arguments are %s",
			   op, (int)name.len, (const char *)name.at, expected);
}

static int parse_add(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     struct error *e)
{
	static const char *const names[] = {"startDate", "unit", "amount", "timezone"};
	struct bson_fields fields;
	struct bson_field field;
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 5166400, "%s expects an object as its argument",
				   self->op->name);
	expr_args_new(scope, self, COUNT_OF(names));
	fields = bson_fields(operand->data);
	while (expr_next(&fields, &field)) { /* in the order that they come in */
		struct value v = value_of_field(&field);
		size_t known = 0;

		while (known < COUNT_OF(names) && !bytes_equal(field.name, bytes_str(names[known])))
			known++;
		if (known == COUNT_OF(names))
			return unknown_argument(self->op->name, 5166401, field.name,
						"startDate, unit, amount, and optionally timezone.",
						e);
		if ((result = expr_parse_arg(scope, &v, self, known, e)) < 0)
			return result;
	}
	for (int i = ADD_START; i <= ADD_AMOUNT; i++)
		if (self->args[i] == NULL)
			return query_error(e, 5166402,
					   "%s requires startDate, unit, and amount to be present",
					   self->op->name);
	return 0;
}

static bool is_date_like(const struct value *v)
{
	return v->type == BSON_KIND_DATE || v->type == BSON_KIND_TIMESTAMP ||
	       v->type == BSON_KIND_OBJECT_ID;
}

static int add(const struct expr *self, const struct value *v, struct zone zone, int64_t *ret,
	       struct error *e)
{
	const char *name = self->op->name;
	enum expr_date_unit unit = EXPR_DATE_YEAR;
	int64_t amount, ms = 0;
	int result;

	if (!is_date_like(&v[ADD_START]))
		return query_error(e, 5166403, "%s requires startDate to be convertible to a date",
				   name);
	if (v[ADD_UNIT].type != BSON_KIND_STRING)
		return query_error(e, 5166404, "%s expects string defining the time unit", name);
	if ((result = expr_date_unit_parse(v[ADD_UNIT].data, &unit, e)) < 0)
		return result;
	if (!value_is_number(&v[ADD_AMOUNT]) || !value_as_int64(&v[ADD_AMOUNT], &amount))
		return query_error(e, 5166405, "%s expects integer amount of time units", name);
	if ((result = expr_coerce_date(&v[ADD_START], &ms, e)) < 0)
		return result;
	if (name[5] == 'S') {
		if (amount == INT64_MIN)
			return query_error(e, 6045000,
					   "invalid $dateSubtract 'amount' parameter value: "
					   "%" PRId64,
					   amount);
		amount = -amount;
	}
	return expr_date_unit_add(ms, unit, amount, zone, ret, e);
}

static int eval_add(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	struct value v[3];
	struct zone zone;
	int64_t ms = 0;
	int result;

	*ret = value_null();
	for (size_t i = ADD_START; i <= ADD_AMOUNT; i++) {
		if ((result = expr_arg(self, i, frame, &v[i], e)) < 0)
			return result;
		if (value_is_nullish(&v[i]))
			return 0;
	}
	if ((result = expr_zone_arg(self, ADD_ZONE, frame, &zone, e)) <= 0)
		return result;
	if ((result = add(self, v, zone, &ms, e)) < 0)
		return result;
	*ret = value_date(ms);
	return 0;
}

/* ---- what $dateDiff and $dateTrunc share */

static int unit_of(const struct expr *self, const struct value *v, enum expr_date_unit *ret,
		   struct error *e)
{
	OWNED(buf_release) struct buf quoted = {0};

	if (v->type != BSON_KIND_STRING)
		return query_error(e, 5439013, "%s requires 'unit' to be a string, but got %s",
				   self->op->name, expr_type(v));
	if (expr_date_unit_parse(v->data, ret, e) < 0)
		return query_error(
			e, 5439014,
			"%s parameter 'unit' value cannot be recognized as a time unit: %s",
			self->op->name, query_error_quote(v->data, &quoted));
	return 0;
}

/* The day that weeks begin on, 0 Sunday. */
static int weekday_of(const struct expr *self, const struct value *v, int *ret, struct error *e)
{
	OWNED(buf_release) struct buf quoted = {0};

	*ret = 0;
	if (value_is_missing(v))
		return 0;
	if (v->type != BSON_KIND_STRING)
		return query_error(e, 5439015,
				   "%s requires 'startOfWeek' to be a string, but got %s",
				   self->op->name, expr_type(v));
	if (!expr_date_unit_weekday(v->data, ret))
		return query_error(e, 5439016,
				   "%s parameter 'startOfWeek' value cannot be recognized as a "
				   "day of a week: %s",
				   self->op->name, query_error_quote(v->data, &quoted));
	return 0;
}

/* The argument `week`, which only matters when `unit` says so: 1 and *ret (missing when it does not), 0 nullish. */
static int week_arg(const struct expr *self, size_t week, const struct value *unit,
		    struct expr_frame *frame, struct value *ret, struct error *e)
{
	int result;

	*ret = value_missing();
	if (self->args[week] == NULL || unit->type != BSON_KIND_STRING ||
	    !bytes_equal(unit->data, bytes_str("week")))
		return 1;
	result = expr_arg(self, week, frame, ret, e);
	return result < 0 ? result : !value_is_nullish(ret);
}

static int zone_arg(const struct expr *self, size_t n, struct expr_frame *frame, struct zone *ret,
		    struct error *e)
{
	int result = expr_zone_arg(self, n, frame, ret, e);

	if (result < 0)
		return query_error_cause(e, "%s parameter 'timezone' value parsing failed",
					 self->op->name);
	return result;
}

/* ---- $dateDiff */

enum { DIFF_START, DIFF_END, DIFF_UNIT, DIFF_ZONE, DIFF_WEEK };

static int parse_diff(struct expr_scope *scope, const struct value *operand, struct expr *self,
		      struct error *e)
{
	static const char *const names[] = {"startDate", "endDate", "unit", "timezone",
					    "startOfWeek"};
	static const uint8_t order[] = {DIFF_WEEK, DIFF_ZONE, DIFF_UNIT, DIFF_END, DIFF_START};
	struct value v[COUNT_OF(names)];
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 5166301, "$dateDiff only supports an object as its argument");
	result = expr_collect(operand, names, COUNT_OF(names), 5166302,
			      "Unrecognized argument to $dateDiff: ", v, e);
	if (result < 0)
		return result;
	for (int i = DIFF_START; i <= DIFF_UNIT; i++)
		if (value_is_missing(&v[i]))
			return query_error(e, 5166303 + i, "Missing '%s' parameter to $dateDiff",
					   names[i]);
	return expr_parse_in_order(scope, v, order, COUNT_OF(order), self, e);
}

static int diff_date(const struct value *v, const char *which, int64_t *ret, struct error *e)
{
	if (!is_date_like(v))
		return query_error(e, 5166307, "$dateDiff requires '%s' to be a date, but got %s",
				   which, expr_type(v));
	return expr_coerce_date(v, ret, e);
}

static int eval_diff(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	enum expr_date_unit unit = EXPR_DATE_YEAR;
	struct value v[3], week;
	struct zone zone;
	int64_t from = 0, to = 0, difference = 0;
	int day = 0, result;

	*ret = value_null();
	for (size_t i = DIFF_START; i <= DIFF_UNIT; i++) {
		if ((result = expr_arg(self, i, frame, &v[i], e)) < 0)
			return result;
		if (value_is_nullish(&v[i]))
			return 0;
	}
	if ((result = week_arg(self, DIFF_WEEK, &v[DIFF_UNIT], frame, &week, e)) <= 0 ||
	    (result = zone_arg(self, DIFF_ZONE, frame, &zone, e)) <= 0)
		return result;
	if ((result = diff_date(&v[DIFF_START], "startDate", &from, e)) < 0 ||
	    (result = diff_date(&v[DIFF_END], "endDate", &to, e)) < 0 ||
	    (result = unit_of(self, &v[DIFF_UNIT], &unit, e)) < 0 ||
	    (result = weekday_of(self, &week, &day, e)) < 0 ||
	    (result = expr_date_unit_diff(from, to, unit, zone, day, &difference, e)) < 0)
		return result;
	*ret = value_int64(difference);
	return 0;
}

/* ---- $dateTrunc */

enum { TRUNC_DATE, TRUNC_BIN, TRUNC_UNIT, TRUNC_ZONE, TRUNC_WEEK };

static int parse_trunc(struct expr_scope *scope, const struct value *operand, struct expr *self,
		       struct error *e)
{
	static const char *const names[] = {"date", "binSize", "unit", "timezone", "startOfWeek"};
	static const uint8_t order[] = {TRUNC_WEEK, TRUNC_ZONE, TRUNC_BIN, TRUNC_UNIT, TRUNC_DATE};
	struct value v[COUNT_OF(names)];
	struct bytes unknown;
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 5439007,
				   "$dateTrunc only supports an object as its argument");
	if (find_unknown(operand, names, COUNT_OF(names), &unknown))
		return unknown_argument(
			self->op->name, 5439008, unknown,
			"date, unit, and optionally, binSize, timezone, startOfWeek", e);
	result = expr_collect(operand, names, COUNT_OF(names), 5439008, "", v, e);
	if (result < 0)
		return result;
	if (value_is_missing(&v[TRUNC_DATE]))
		return query_error(e, 5439009, "Missing 'date' parameter to $dateTrunc");
	if (value_is_missing(&v[TRUNC_UNIT]))
		return query_error(e, 5439010, "Missing 'unit' parameter to $dateTrunc");
	return expr_parse_in_order(scope, v, order, COUNT_OF(order), self, e);
}

static int bin_of(const struct value *v, struct expr_frame *frame, int64_t *ret, struct error *e)
{
	*ret = 1;
	if (value_is_missing(v))
		return 0;
	if (!value_is_number(v) || !value_as_int64(v, ret))
		return query_error(e, 5439017,
				   "$dateTrunc requires 'binSize' to be a 64-bit integer, but got "
				   "value '%s' of type %s",
				   expr_text(frame->arena, v), expr_type(v));
	if (*ret <= 0)
		return query_error(e, 5439018,
				   "$dateTrunc requires 'binSize' to be greater than 0, but got "
				   "value %" PRId64,
				   *ret);
	return 0;
}

static int trunc_date(const struct value *v, int64_t *ret, struct error *e)
{
	if (!is_date_like(v))
		return query_error(e, 5439012,
				   "$dateTrunc requires 'date' to be a date, but got %s",
				   expr_type(v));
	return expr_coerce_date(v, ret, e);
}

static int eval_trunc(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	enum expr_date_unit unit = EXPR_DATE_YEAR;
	struct value v[3] = {value_missing(), value_missing(), value_missing()}, week;
	struct zone zone;
	int64_t bin = 1, ms = 0;
	int day = 0, result;

	*ret = value_null();
	for (size_t i = TRUNC_DATE; i <= TRUNC_UNIT; i++) {
		if (self->args[i] == NULL)
			continue;
		if ((result = expr_arg(self, i, frame, &v[i], e)) < 0)
			return result;
		if (value_is_nullish(&v[i]))
			return 0;
	}
	if ((result = week_arg(self, TRUNC_WEEK, &v[TRUNC_UNIT], frame, &week, e)) <= 0 ||
	    (result = zone_arg(self, TRUNC_ZONE, frame, &zone, e)) <= 0)
		return result;
	if ((result = trunc_date(&v[TRUNC_DATE], &ms, e)) < 0 ||
	    (result = unit_of(self, &v[TRUNC_UNIT], &unit, e)) < 0 ||
	    (result = bin_of(&v[TRUNC_BIN], frame, &bin, e)) < 0 ||
	    (result = weekday_of(self, &week, &day, e)) < 0 ||
	    (result = expr_date_unit_trunc(ms, unit, bin, zone, day, &ms, e)) < 0)
		return result;
	*ret = value_date(ms);
	return 0;
}

const struct expr_op expr_ops_date_math[] = {
	{.name = "$dateAdd", .parse = parse_add, .eval = eval_add},
	{.name = "$dateSubtract", .parse = parse_add, .eval = eval_add},
	{.name = "$dateDiff", .parse = parse_diff, .eval = eval_diff},
	{.name = "$dateTrunc", .parse = parse_trunc, .eval = eval_trunc},
	{.name = NULL},
};
