/* Functions that take in the documents of a window one by one: accumulators, and those that let go of them again. Prefix: window_ */
#include <math.h>

#include "query/decimal.h"
#include "query/stage/window.h"
#include "query/stage/window_sum.h"

/* What is known of the window so far; one of these by the function's kind. */
struct moving {
	struct window_stage *self;
	struct window_function *f;
	void *state; /* of an accumulator */
	size_t held; /* bytes that it has taken in since it began */
	struct window_sum sum, squares, mean_x, mean_y;
	int64_t count, strange; /* strange: no finite numbers */
	size_t first, last;	/* documents in it, when count_all > 0 */
	size_t count_all;
	bool has_begun;
	/* Of WINDOW_EXTREME: the documents that are the end, or will be when those before them have gone. */
	size_t *extremes, extreme_first, extreme_end;
	struct buf room;
};

static const struct value zero = {.type = BSON_KIND_INT32, .int32 = 0};

/* ---- $sum and $avg */

static void total_update(struct moving *m, const struct value *v, int quantity)
{
	if (value_is_number(v))
		window_sum_update(&m->sum, v, quantity);
}

/* ---- $min and $max: of equal values the oldest and the newest (WindowFunctionMinMax: the ends of a multiset) */

/* May document `i` still be asked for when `next` is in the window, too? It goes first. */
static bool is_beyond(const struct moving *m, size_t i, size_t next)
{
	int order =
		value_compare(&m->f->values[i], &m->f->values[next], m->self->base.q->collation);

	return m->f->is_least ? order <= 0 : order > 0;
}

static void extreme_add(struct moving *m, size_t i)
{
	if (value_is_nullish(&m->f->values[i]))
		return;
	while (m->extreme_end > m->extreme_first &&
	       !is_beyond(m, m->extremes[m->extreme_end - 1], i))
		m->extreme_end--;
	m->extremes[m->extreme_end++] = i;
}

/* The document `first` goes. */
static void extreme_remove(struct moving *m)
{
	if (m->extreme_first < m->extreme_end && m->extremes[m->extreme_first] == m->first)
		m->extreme_first++;
}

static struct value extreme_value(const struct moving *m)
{
	return m->extreme_first == m->extreme_end ? value_null()
						  : m->f->values[m->extremes[m->extreme_first]];
}

/* ---- $stdDev */

static bool is_finite(const struct value *v)
{
	return v->type == BSON_KIND_DECIMAL ? decimal_is_finite(v->decimal)
					    : isfinite(value_to_double(v));
}

static void deviation_update(struct moving *m, const struct value *v, int quantity)
{
	struct value change;
	double x, sum;

	if (!value_is_number(v))
		return;
	if (!is_finite(v)) {
		m->strange += quantity;
		m->count += quantity;
		return;
	}
	if (m->count == 0) {
		m->count++;
		accumulator_sum_add(&m->sum.all, v);
		return;
	}
	if (m->count + quantity == 0) {
		m->count = m->strange = 0;
		m->sum = m->squares = (struct window_sum){0};
		return;
	}
	/* Sums of $sum, to which a negative is added: mongod counts no infinities in these. */
	change = accumulator_sum_value(&m->sum.all);
	sum = value_to_double(&change);
	x = (double)m->count * value_to_double(v) - sum;
	m->count += quantity;
	change = value_double(value_to_double(v) * quantity);
	accumulator_sum_add(&m->sum.all, &change);
	change = value_double(x * x * quantity / (double)(m->count * (m->count - quantity)));
	accumulator_sum_add(&m->squares.all, &change);
}

static struct value deviation_result(struct moving *m)
{
	int64_t freedom = m->f->is_sample ? m->count - 1 : m->count;
	struct value squares = accumulator_sum_value(&m->squares.all);
	double all = value_to_double(&squares);

	if (m->strange > 0 || freedom <= 0)
		return value_null();
	if (all < 0 || (!m->f->is_sample && m->count == 1)) {
		m->squares = (struct window_sum){0};
		return zero;
	}
	return value_double(sqrt(all / (double)freedom));
}

/* ---- $covariance */

static int pair_of(const struct value *v, struct value *ret_x, struct value *ret_y)
{
	if (v->type != BSON_KIND_ARRAY || value_count(v->data) != 2)
		return 0;
	*ret_x = value_at(v->data, 0);
	*ret_y = value_at(v->data, 1);
	return value_is_number(ret_x) && value_is_number(ret_y);
}

static int minus_mean(struct moving *m, const struct value *v, const struct window_sum *mean,
		      struct value *ret, struct error *e)
{
	struct value now = window_sum_mean(mean);

	return window_calculate(m->self, WINDOW_SUBTRACT, v, &now, ret, e);
}

/* A decimal NaN beside another, or beside what is no decimal: mongod makes a double of it. */
static bool is_lone_decimal_nan(const struct value *v, const struct value *other)
{
	return v->type == BSON_KIND_DECIMAL && decimal_is_nan(v->decimal) &&
	       (other->type != BSON_KIND_DECIMAL || decimal_is_nan(other->decimal));
}

/* An infinity or NaN shows in the result alone, until it is taken out again. */
static int covariance_strange(struct moving *m, const struct value *x, const struct value *y,
			      int quantity, struct error *e)
{
	struct value change;

	if (window_calculate(m->self, WINDOW_ADD, x, y, &change, e) < 0)
		return e->code;
	if (is_lone_decimal_nan(x, y) || is_lone_decimal_nan(y, x))
		change = value_double(NAN);
	window_sum_update(&m->squares, &change, quantity);
	return 0;
}

static int covariance_add(struct moving *m, const struct value *v, struct error *e)
{
	struct value x, y, dx, dy, change;

	if (!pair_of(v, &x, &y))
		return 0;
	if (!is_finite(&x) || !is_finite(&y))
		return covariance_strange(m, &x, &y, 1, e);
	if (m->count > 0 && minus_mean(m, &x, &m->mean_x, &dx, e) < 0)
		return e->code;
	window_sum_update(&m->mean_x, &x, 1);
	window_sum_update(&m->mean_y, &y, 1);
	if (m->count++ == 0)
		return 0; /* less no mean it adds nothing, not even that it is a decimal */
	if (minus_mean(m, &y, &m->mean_y, &dy, e) < 0 ||
	    window_calculate(m->self, WINDOW_MULTIPLY, &dx, &dy, &change, e) < 0)
		return e->code;
	window_sum_update(&m->squares, &change, 1);
	return 0;
}

static int covariance_remove(struct moving *m, const struct value *v, struct error *e)
{
	struct value x, y, dx, dy, change;

	if (!pair_of(v, &x, &y))
		return 0;
	if (!is_finite(&x) || !is_finite(&y))
		return covariance_strange(m, &x, &y, -1, e);
	if (--m->count == 0) {
		m->mean_x = m->mean_y = m->squares = (struct window_sum){0};
		return 0;
	}
	window_sum_update(&m->mean_x, &x, -1);
	if (minus_mean(m, &x, &m->mean_x, &dx, e) < 0 ||
	    minus_mean(m, &y, &m->mean_y, &dy, e) < 0 ||
	    window_calculate(m->self, WINDOW_MULTIPLY, &dx, &dy, &change, e) < 0)
		return e->code;
	window_sum_update(&m->squares, &change, -1);
	window_sum_update(&m->mean_y, &y, -1);
	return 0;
}

static int covariance_result(struct moving *m, struct value *ret, struct error *e)
{
	double freedom = (double)(m->f->is_sample ? m->count - 1 : m->count);
	struct value all = window_sum_value(&m->squares);

	struct value divisor = value_double(freedom);

	*ret = value_double(0);
	if (m->count == 1 && !m->f->is_sample)
		return 0;
	if (freedom <= 0)
		*ret = value_null();
	else if (all.type == BSON_KIND_DECIMAL)
		return window_calculate(m->self, WINDOW_DIVIDE, &all, &divisor, ret, e);
	else
		*ret = value_double(value_to_double(&all) / freedom);
	return 0;
}

/* ---- $integral */

static int check_integral(const struct moving *m, size_t i, struct error *e)
{
	const struct value *x = &m->self->sort_values[i], *y = &m->f->values[i];

	if (!value_is_number(y) || (!value_is_number(x) && x->type != BSON_KIND_DATE))
		return query_error(e, 5423900,
				   "The input value of $integral window function must be a vector "
				   "of 2 value, the first value must be numeric or date type and "
				   "the second must be numeric.");
	if (m->f->unit_ms != 0 && x->type != BSON_KIND_DATE)
		return query_error(e, 5423901,
				   "$integral with 'unit' expects the sortBy field to be a Date");
	if (m->f->unit_ms == 0 && !value_is_number(x))
		return query_error(
			e, 5423902,
			"$integral (with no 'unit') expects the sortBy field to be numeric");
	return 0;
}

static bool is_nan(const struct moving *m, size_t i)
{
	const struct value *x = &m->self->sort_values[i], *y = &m->f->values[i];

	return isnan(value_to_double(y)) || (value_is_number(x) && isnan(value_to_double(x)));
}

/* The area between two neighbours. */
static int trapezoid(struct moving *m, size_t a, size_t b, struct value *ret, struct error *e)
{
	const struct value *x = m->self->sort_values, *y = m->f->values;
	struct value width, heights, two = value_double(2), area;

	*ret = zero;
	if (is_nan(m, a) || is_nan(m, b) || value_is_number(&x[a]) != value_is_number(&x[b]))
		return 0;
	if (window_calculate(m->self, WINDOW_SUBTRACT, &x[b], &x[a], &width, e) < 0 ||
	    window_calculate(m->self, WINDOW_ADD, &y[b], &y[a], &heights, e) < 0 ||
	    window_calculate(m->self, WINDOW_MULTIPLY, &heights, &width, &area, e) < 0)
		return e->code;
	return window_calculate(m->self, WINDOW_DIVIDE, &area, &two, ret, e);
}

static int integral_add(struct moving *m, size_t i, struct error *e)
{
	struct value area;

	if (check_integral(m, i, e) < 0)
		return e->code;
	m->strange += is_nan(m, i);
	if (m->count_all > 0) {
		if (trapezoid(m, i - 1, i, &area, e) < 0)
			return e->code;
		window_sum_update(&m->sum, &area, 1);
	}
	return 0;
}

static int integral_remove(struct moving *m, size_t i, struct error *e)
{
	struct value area;

	m->strange -= is_nan(m, i);
	if (m->count_all > 1) {
		if (trapezoid(m, i, i + 1, &area, e) < 0)
			return e->code;
		window_sum_update(&m->sum, &area, -1);
	}
	return 0;
}

static int integral_result(struct moving *m, struct value *ret, struct error *e)
{
	struct value unit = value_int64(m->f->unit_ms), all = window_sum_value(&m->sum);

	*ret = m->count_all == 0 ? value_null() : m->strange > 0 ? value_double(NAN) : all;
	if (m->count_all == 0 || m->strange > 0 || m->f->unit_ms == 0)
		return 0;
	return window_calculate(m->self, WINDOW_DIVIDE, &all, &unit, ret, e);
}

/* ---- one window after the other */

static int forget(struct moving *m, struct error *e)
{
	struct value none = value_missing();

	m->sum = m->squares = m->mean_x = m->mean_y = (struct window_sum){0};
	m->count = m->strange = 0;
	m->extreme_first = m->extreme_end = 0;
	m->count_all = 0;
	m->has_begun = false;
	if (m->f->acc == NULL)
		return 0;
	accumulator_end(m->f->acc, m->state);
	m->held = 0;
	return accumulator_begin(m->f->acc, m->state, &m->self->work.frame, &none, e);
}

static int add_accumulated(struct moving *m, size_t i, struct error *e)
{
	struct bytes doc;
	int64_t more;

	if (accumulator_argument(m->f->acc) != NULL) {
		more = accumulator_add_value(m->f->acc, m->state, m->self->base.q, &m->f->values[i],
					     e);
	} else {
		if (stage_store_get(m->self->docs, i, &m->room, &doc, e) < 0)
			return e->code;
		expr_frame_set(&m->self->work.frame, doc);
		more = accumulator_add(m->f->acc, m->state, &m->self->work.frame, e);
	}
	if (more < 0)
		return e->code;
	m->held += (size_t)more;
	return 0;
}

static int add(struct moving *m, size_t i, struct error *e)
{
	int result = 0;

	if (m->f->kind == WINDOW_ACCUMULATE)
		result = add_accumulated(m, i, e);
	else if (m->f->kind == WINDOW_INTEGRAL)
		result = integral_add(m, i, e);
	else if (m->f->kind == WINDOW_COVARIANCE)
		result = covariance_add(m, &m->f->values[i], e);
	else if (m->f->kind == WINDOW_SUM)
		total_update(m, &m->f->values[i], 1);
	else if (m->f->kind == WINDOW_EXTREME)
		extreme_add(m, i);
	else
		deviation_update(m, &m->f->values[i], 1);
	if (result < 0)
		return result;
	if (m->count_all++ == 0)
		m->first = i;
	m->last = i;
	m->has_begun = true;
	return 0;
}

/* 1: it can't be taken out, begin anew. */
static int remove_first(struct moving *m, struct error *e)
{
	int result = 0;

	if (m->f->kind == WINDOW_ACCUMULATE)
		return 1;
	if (m->f->kind == WINDOW_INTEGRAL)
		result = integral_remove(m, m->first, e);
	else if (m->f->kind == WINDOW_COVARIANCE)
		result = covariance_remove(m, &m->f->values[m->first], e);
	else if (m->f->kind == WINDOW_SUM)
		total_update(m, &m->f->values[m->first], -1);
	else if (m->f->kind == WINDOW_EXTREME)
		extreme_remove(m);
	else
		deviation_update(m, &m->f->values[m->first], -1);
	m->first++;
	m->count_all--;
	return result;
}

/*
 * Sums, deviations, covariances and integrals keep what rounding has left in them (of decimals also the exponent), when a window is
 * empty and when it has nothing of the one before.
 */
static bool keeps_rest(const struct moving *m)
{
	return m->f->kind == WINDOW_SUM || m->f->kind == WINDOW_DEVIATION ||
	       m->f->kind == WINDOW_COVARIANCE || m->f->kind == WINDOW_INTEGRAL;
}

static int empty(struct moving *m, struct error *e)
{
	if (!keeps_rest(m))
		return forget(m, e);
	while (m->count_all > 0)
		if (remove_first(m, e) < 0)
			return e->code;
	return 0;
}

/* Make it the window from `low` to `high`. */
static int move_to(struct moving *m, size_t low, size_t high, struct error *e)
{
	/* mongod adds what comes before it takes out what goes. */
	bool stays = keeps_rest(m);
	bool anew = (m->count_all == 0 && !(stays && m->has_begun)) || low < m->first ||
		    (low > m->last && !stays) || high < m->last;
	/* Behind an empty window what lies between is passed over, behind another it is added and taken out. */
	size_t next = m->count_all == 0 ? MAX_OF(m->last + 1, low) : m->last + 1;
	int result;

	for (size_t i = next; !anew && i <= high; i++)
		if (add(m, i, e) < 0)
			return e->code;
	while (!anew && m->first < low) {
		result = remove_first(m, e);
		if (result < 0)
			return result;
		anew = result == 1;
	}
	if (!anew)
		return 0;
	if (forget(m, e) < 0)
		return e->code;
	for (size_t i = low; i <= high; i++)
		if (add(m, i, e) < 0)
			return e->code;
	return 0;
}

static int result_of(struct moving *m, struct value *ret, struct error *e)
{
	struct window_stage *self = m->self;

	if (m->f->kind == WINDOW_ACCUMULATE) {
		arena_reset(m->f->arena);
		return accumulator_result(m->f->acc, m->state, self->base.q, m->f->arena, ret, e) <
				       0
			       ? e->code
			       : 0;
	} else if (m->f->kind == WINDOW_INTEGRAL) {
		if (integral_result(m, ret, e) < 0)
			return e->code;
	} else if (m->f->kind == WINDOW_COVARIANCE) {
		if (covariance_result(m, ret, e) < 0)
			return e->code;
	} else if (m->f->kind == WINDOW_SUM) {
		*ret = m->f->is_mean ? window_sum_mean(&m->sum) : window_sum_value(&m->sum);
	} else if (m->f->kind == WINDOW_EXTREME) {
		*ret = extreme_value(m);
	} else {
		*ret = deviation_result(m);
	}
	*ret = value_keep(self->arena, *ret);
	return 0;
}

/* Move the window to that of document `i`. *result is that of the document before, and stays it where the window is the same. */
static int step(struct moving *m, size_t i, struct value *result, struct error *e)
{
	size_t low = 0, high = 0;
	bool is_same;
	int found;

	m->self->now = i;
	if (i == 0 && forget(m, e) < 0)
		return e->code;
	found = window_ends(m->self, m->f, i, &low, &high, e);
	if (found < 0)
		return found;
	/* A deviation that came out below 0 is forgotten by asking: asked again it is another 0. */
	is_same = i > 0 && m->f->kind != WINDOW_DEVIATION &&
		  (found == 0 ? m->count_all == 0
			      : m->count_all > 0 && m->first == low && m->last == high);
	if (is_same)
		return 0;
	if ((found == 0 ? empty(m, e) : move_to(m, low, high, e)) < 0)
		return e->code;
	return result_of(m, result, e);
}

static struct moving *moving_new(struct window_stage *self, struct window_function *f)
{
	struct moving *m = xcalloc(1, sizeof(*m));

	m->self = self;
	m->f = f;
	if (f->acc != NULL)
		m->state = xcalloc(1, accumulator_size(f->acc));
	if (f->kind == WINDOW_EXTREME)
		m->extremes = arena_get(self->arena, self->count * sizeof(*m->extremes));
	return m;
}

static void moving_free(struct moving *m)
{
	if (m == NULL)
		return;
	if (m->f->acc != NULL)
		accumulator_end(m->f->acc, m->state);
	free(m->state);
	buf_release(&m->room);
	free(m);
}
DEFINE_OWNED(struct moving *, moving_free);

int window_run_moving(struct window_stage *self, struct window_function *f, struct error *e)
{
	OWNED(moving_free) struct moving *m = moving_new(self, f);

	for (size_t i = 0; i < self->count; i++) {
		if (i > 0)
			f->results[i] = f->results[i - 1];
		if (step(m, i, &f->results[i], e) < 0)
			return e->code;
	}
	return 0;
}

int window_moving_result(struct window_stage *self, struct window_function *f, size_t i,
			 struct value *ret, struct error *e)
{
	if (f->moving == NULL)
		f->moving = moving_new(self, f);
	if (f->arena == NULL)
		f->arena = arena_new();
	return step(f->moving, i, ret, e);
}

size_t window_moving_memory(const struct window_function *f)
{
	const struct moving *m = f->moving;

	return arena_held(f->arena) + (m == NULL ? 0 : sizeof(*m) + m->held + m->room.cap);
}

void window_moving_end(struct window_function *f)
{
	moving_free(f->moving);
	f->moving = NULL;
}
