/* Prefix: window_ */
#include <math.h>

#include "query/stage/window.h"

/* ---- where a window begins and ends */

static int64_t clamp(int64_t n, int64_t most)
{
	return n < 0 ? 0 : n > most ? most : n;
}

static int64_t bound_of(const struct window_bound *bound, size_t i, int64_t unbounded)
{
	int64_t n;

	if (bound->end == WINDOW_UNBOUNDED)
		return unbounded;
	if (bound->end == WINDOW_CURRENT)
		return (int64_t)i;
	n = value_to_int64(&bound->offset);
	if (n > INT32_MAX)
		n = INT32_MAX;
	return (int64_t)i + MAX_OF(n, (int64_t)INT32_MIN);
}

static int document_ends(const struct window_stage *self, const struct window_function *f, size_t i,
			 size_t *ret_low, size_t *ret_high)
{
	int64_t last = (int64_t)self->count - 1;
	int64_t low = bound_of(&f->bounds.low, i, 0), high = bound_of(&f->bounds.high, i, last);

	if (low > last || high < 0)
		return 0;
	*ret_low = (size_t)clamp(low, last);
	*ret_high = (size_t)clamp(high, last);
	return 1;
}

static bool has_type(const struct window_function *f, const struct value *v)
{
	return f->bounds.has_unit ? v->type == BSON_KIND_DATE : value_is_number(v);
}

int window_check_base(const struct window_function *f, const struct value *base, struct error *e)
{
	if (f->bounds.has_unit && base->type != BSON_KIND_DATE)
		return query_error(e, 5429513,
				   "Invalid range: Expected the sortBy field to be a Date, but it "
				   "was %s",
				   value_type_name(base->type));
	if (!f->bounds.has_unit && base->type == BSON_KIND_DATE)
		return query_error(e, 5429413,
				   "Invalid range: For windows that involve date or time ranges, a "
				   "unit must be provided.");
	if (!f->bounds.has_unit && !value_is_number(base))
		return query_error(e, 5429414,
				   "Invalid range: Expected the sortBy field to be a number, but "
				   "it was %s",
				   value_type_name(base->type));
	return 0;
}

/* mongod adds to a double as doubles do (0.1 + 0.1 is the 0.2 of a document), to whole numbers and decimals as decimals do. */
static int threshold(const struct window_function *f, const struct value *base,
		     const struct window_bound *bound, struct value *ret, struct error *e)
{
	if (!f->bounds.has_unit && base->type == BSON_KIND_DOUBLE) {
		*ret = value_double(base->number + value_to_double(&bound->offset));
		return 0;
	}
	if (!f->bounds.has_unit) {
		*ret = value_decimal(value_to_decimal(base) + value_to_decimal(&bound->offset));
		return 0;
	}
	*ret = value_date(0);
	return expr_date_unit_add(base->date, f->bounds.unit, value_to_int64(&bound->offset),
				  zone_utc(), &ret->date, e);
}

/* 1 and the least index within the lower bound, 0 there is none. It is looked for from where the one before was. */
static int range_low(struct window_stage *self, struct window_function *f, size_t i, size_t *ret,
		     struct error *e)
{
	const struct value *values = self->sort_values;
	struct value least;
	size_t at;

	if (f->bounds.low.end == WINDOW_CURRENT) {
		*ret = i;
		return 1;
	}
	if (f->bounds.low.end == WINDOW_OFFSET &&
	    threshold(f, &values[i], &f->bounds.low, &least, e) < 0)
		return e->code;
	for (at = f->range_low; at < self->count; at++) {
		if (f->bounds.low.end == WINDOW_UNBOUNDED
			    ? has_type(f, &values[at])
			    : value_compare(&values[at], &least, NULL) >= 0)
			break;
	}
	*ret = f->range_low = at;
	return at < self->count && has_type(f, &values[at]);
}

static int range_high(struct window_stage *self, struct window_function *f, size_t i, size_t low,
		      size_t *ret, struct error *e)
{
	const struct value *values = self->sort_values;
	struct value most;
	size_t at = MAX_OF(low, f->range_high);

	if (f->bounds.high.end == WINDOW_CURRENT) {
		*ret = i;
		return 1;
	}
	if (f->bounds.high.end == WINDOW_UNBOUNDED) {
		for (at = MAX_OF(i, at); at < self->count && has_type(f, &values[at]); at++)
			;
		*ret = f->range_high = at - 1;
		return 1;
	}
	if (threshold(f, &values[i], &f->bounds.high, &most, e) < 0)
		return e->code;
	for (; at < self->count && value_compare(&most, &values[at], NULL) >= 0; at++)
		;
	if (at <= low)
		return 0;
	*ret = f->range_high = at - 1;
	return 1;
}

int window_ends(struct window_stage *self, struct window_function *f, size_t i, size_t *ret_low,
		size_t *ret_high, struct error *e)
{
	int found;

	if (!f->bounds.is_range)
		return document_ends(self, f, i, ret_low, ret_high);
	if (i == 0)
		f->range_low = f->range_high = 0;
	if (window_check_base(f, &self->sort_values[i], e) < 0)
		return e->code;
	found = range_low(self, f, i, ret_low, e);
	return found == 1 ? range_high(self, f, i, *ret_low, ret_high, e) : found;
}

/* ---- arithmetic */

int window_calculate(struct window_stage *self, enum window_op op, const struct value *a,
		     const struct value *b, struct value *ret, struct error *e)
{
	struct expr_frame *frame = &self->work.frame;
	struct value v;

	frame->slots[self->op_slots[0]] = *a;
	frame->slots[self->op_slots[1]] = *b;
	if (expr_eval(self->ops[op], frame, &v, e) < 0)
		return e->code;
	*ret = v;
	return 0;
}

/* ---- functions of the order alone */

static void run_rank(struct window_stage *self, struct window_function *f)
{
	int64_t rank = 0, same = 1;
	struct collation *collation = self->base.q->collation;

	for (size_t i = 0; i < self->count; i++) {
		const struct value *v = &self->sort_values[i],
				   *before = i == 0 ? v : &self->sort_values[i - 1];
		/* Not as in a sort: null is another value than none. */
		bool is_same = i > 0 && value_compare(v, before, collation) == 0;

		if (f->kind == WINDOW_NUMBER) {
			rank = (int64_t)i + 1;
		} else if (f->kind == WINDOW_DENSE_RANK) {
			rank += !is_same;
		} else if (is_same) {
			same++;
		} else {
			rank += i == 0 ? 1 : same;
			same = 1;
		}
		f->results[i] = rank <= INT32_MAX ? value_int32((int32_t)rank) : value_int64(rank);
	}
}

/* The input for one document alone: the others are not looked at, and can't fail. */
static int input_at(struct window_stage *self, struct window_function *f, size_t i,
		    const struct value *fallback, struct value *ret, struct error *e)
{
	struct stage_doc doc = {0};
	struct value v;

	if (stage_store_get_doc(self->docs, i, &self->room, &doc, e) < 0)
		return e->code;
	expr_frame_set(&self->work.frame, doc.doc);
	if (expr_eval(f->input, &self->work.frame, &v, e) < 0)
		return e->code;
	*ret = value_is_missing(&v) ? *fallback : value_keep(self->arena, v);
	return 0;
}

static int run_shift(struct window_stage *self, struct window_function *f, struct error *e)
{
	for (size_t i = 0; i < self->count; i++) {
		int64_t from = (int64_t)i + f->shift;

		self->now = i;
		f->results[i] = f->fallback;
		if (from >= 0 && from < (int64_t)self->count &&
		    input_at(self, f, (size_t)from, &f->fallback, &f->results[i], e) < 0)
			return e->code;
	}
	return 0;
}

static int run_end(struct window_stage *self, struct window_function *f, struct error *e)
{
	struct value null = value_null();
	size_t low, high;
	int found;

	for (size_t i = 0; i < self->count; i++) {
		self->now = i;
		found = window_ends(self, f, i, &low, &high, e);
		if (found < 0)
			return found;
		f->results[i] = null;
		if (found == 1 && input_at(self, f, f->kind == WINDOW_FIRST ? low : high, &null,
					   &f->results[i], e) < 0)
			return e->code;
	}
	return 0;
}

static void run_locf(struct window_stage *self, struct window_function *f)
{
	struct value last = value_null();

	for (size_t i = 0; i < self->count; i++) {
		if (!value_is_nullish(&f->values[i]))
			last = f->values[i];
		f->results[i] = last;
	}
}

/* ---- $expMovingAvg */

static void run_average(struct window_stage *self, struct window_function *f)
{
	_Decimal128 now = 0.DL;
	bool has_any = false;

	for (size_t i = 0; i < self->count; i++) {
		const struct value *v = &f->values[i];

		if (value_is_number(v)) {
			f->was_decimal |= v->type == BSON_KIND_DECIMAL;
			now = has_any ? value_to_decimal(v) * f->alpha + now * (1.DL - f->alpha)
				      : value_to_decimal(v);
			has_any = true;
		}
		f->results[i] = !has_any	 ? value_null()
				: f->was_decimal ? value_decimal(now)
						 : value_double((double)now);
	}
}

/* ---- $derivative */

static int derivative_at(struct window_stage *self, struct window_function *f, size_t low,
			 size_t high, struct value *ret, struct error *e)
{
	const struct value *left = &self->sort_values[low], *right = &self->sort_values[high];
	bool dates = left->type == BSON_KIND_DATE && right->type == BSON_KIND_DATE;
	bool a_date = left->type == BSON_KIND_DATE || right->type == BSON_KIND_DATE;
	struct value run, rise, unit = value_int64(f->unit_ms);

	if (f->unit_ms != 0 && !dates)
		return query_error(e, 5624900,
				   "$derivative with 'unit' expects the sortBy field to be a Date");
	if (f->unit_ms == 0 && a_date)
		return query_error(e, 5624901,
				   "$derivative where the sortBy is a Date requires an 'unit'");
	if (f->unit_ms == 0 && (!value_is_number(left) || !value_is_number(right)))
		return query_error(
			e, 5624902,
			"$derivative (with no 'unit') expects the sortBy field to be numeric");
	if (window_calculate(self, WINDOW_SUBTRACT, right, left, &run, e) < 0 ||
	    window_calculate(self, WINDOW_SUBTRACT, &f->values[high], &f->values[low], &rise, e) <
		    0)
		return e->code;
	if (value_is_nullish(&rise))
		return query_error(e, 5624903, "$derivative input must not be null or missing");
	if (window_calculate(self, WINDOW_DIVIDE, &rise, &run, ret, e) < 0) {
		if (e->server != QUERY_BAD_VALUE)
			return e->code;
		*ret = value_null(); /* nothing lies between the ends */
		return 0;
	}
	return f->unit_ms == 0 ? 0 : window_calculate(self, WINDOW_MULTIPLY, ret, &unit, ret, e);
}

static int run_derivative(struct window_stage *self, struct window_function *f, struct error *e)
{
	size_t low, high;
	int found;

	for (size_t i = 0; i < self->count; i++) {
		self->now = i;
		found = window_ends(self, f, i, &low, &high, e);
		if (found < 0)
			return found;
		f->results[i] = value_null();
		if (found == 1 && derivative_at(self, f, low, high, &f->results[i], e) < 0)
			return e->code;
	}
	return 0;
}

/* ---- $linearFill */

static int check_fill(const struct value *fill, const struct value *sort, const struct value *last,
		      struct error *e)
{
	if (!value_is_number(fill) && !value_is_nullish(fill))
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Value to be filled must be numeric or nullish, but found %s",
				   value_type_name(fill->type));
	if (!value_is_number(sort) && sort->type != BSON_KIND_DATE &&
	    sort->type != BSON_KIND_TIMESTAMP && sort->type != BSON_KIND_OBJECT_ID)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Value of the sortBy field must be numeric or a date, but found "
				   "%s",
				   value_type_name(sort->type));
	if (last == NULL)
		return 0;
	if (value_compare(sort, last, NULL) == 0)
		return query_error(e, 6050106, "There can be no repeated values in the sort field");
	if (value_is_number(sort) != value_is_number(last))
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Conflicting sort value types, previously received type %s, but "
				   "found %s",
				   value_type_name(last->type), value_type_name(sort->type));
	return 0;
}

/* y1 + (x - x1) * ((y2 - y1) / (x2 - x1)) */
static int interpolate(struct window_stage *self, struct window_function *f, size_t before,
		       size_t after, size_t i, struct value *ret, struct error *e)
{
	const struct value *x = self->sort_values, *y = f->values;
	struct value rise, run, slope, distance, step;

	if (window_calculate(self, WINDOW_SUBTRACT, &x[i], &x[before], &distance, e) < 0 ||
	    window_calculate(self, WINDOW_SUBTRACT, &y[after], &y[before], &rise, e) < 0 ||
	    window_calculate(self, WINDOW_SUBTRACT, &x[after], &x[before], &run, e) < 0 ||
	    window_calculate(self, WINDOW_DIVIDE, &rise, &run, &slope, e) < 0 ||
	    window_calculate(self, WINDOW_MULTIPLY, &distance, &slope, &step, e) < 0)
		return e->code;
	return window_calculate(self, WINDOW_ADD, &y[before], &step, ret, e);
}

static int run_linear(struct window_stage *self, struct window_function *f, struct error *e)
{
	size_t before = SIZE_MAX, after = 0;

	for (size_t i = 0; i < self->count; i++) {
		self->now = i;
		if (check_fill(&f->values[i], &self->sort_values[i],
			       i > 0				    ? &self->sort_values[i - 1]
			       : f->last_sort.type == VALUE_MISSING ? NULL
								    : &f->last_sort,
			       e) < 0)
			return e->code;
		/* An ObjectId's bytes would have to be kept. */
		f->last_sort = self->sort_values[i].type == BSON_KIND_OBJECT_ID
				       ? value_missing()
				       : self->sort_values[i];
		f->results[i] = value_null();
		if (!value_is_nullish(&f->values[i])) {
			before = i;
			f->results[i] = f->values[i];
			continue;
		}
		if (before == SIZE_MAX)
			continue;
		for (after = MAX_OF(after, i + 1);
		     after < self->count && (value_is_nullish(&f->values[after]) ||
					     value_is_nullish(&self->sort_values[after]));
		     after++)
			;
		if (after < self->count &&
		    interpolate(self, f, before, after, i, &f->results[i], e) < 0)
			return e->code;
	}
	return 0;
}

int window_run(struct window_stage *self, struct window_function *f, struct error *e)
{
	switch (f->kind) {
	case WINDOW_RANK:
	case WINDOW_DENSE_RANK:
	case WINDOW_NUMBER:
		run_rank(self, f);
		return 0;
	case WINDOW_SHIFT:
		return run_shift(self, f, e);
	case WINDOW_FIRST:
	case WINDOW_LAST:
		return run_end(self, f, e);
	case WINDOW_LOCF:
		run_locf(self, f);
		return 0;
	case WINDOW_AVERAGE:
		run_average(self, f);
		return 0;
	case WINDOW_DERIVATIVE:
		return run_derivative(self, f, e);
	case WINDOW_LINEAR:
		return run_linear(self, f, e);
	case WINDOW_ACCUMULATE:
	case WINDOW_INTEGRAL:
	case WINDOW_COVARIANCE:
	case WINDOW_DEVIATION:
	case WINDOW_SUM:
	case WINDOW_EXTREME:
		break;
	}
	return window_run_moving(self, f, e);
}
