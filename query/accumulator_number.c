/* $sum, $avg, $count, $stdDevPop, $stdDevSamp. Prefix: accumulator_ */
#include <math.h>

#include "base/bson_build.h"
#include "query/accumulator_op.h"
#include "query/accumulator_sum.h"

/* ---- $sum */

static int64_t sum_add(const struct accumulator *acc, void *state, struct query_context *q,
		       const struct value *v, struct error *e)
{
	(void)acc;
	(void)q;
	(void)e;
	accumulator_sum_add(state, v);
	return 0;
}

static int64_t count_add(const struct accumulator *acc, void *state, struct query_context *q,
			 const struct value *v, struct error *e)
{
	struct value one = value_int32(1);

	(void)acc;
	(void)q;
	(void)v;
	(void)e;
	accumulator_sum_add(state, &one);
	return 0;
}

static int sum_result(const struct accumulator *acc, void *state, struct query_context *q,
		      struct arena *arena, struct value *ret, struct error *e)
{
	(void)acc;
	(void)q;
	(void)arena;
	(void)e;
	*ret = accumulator_sum_value(state);
	return 0;
}

/* The whole state as a binary value: exact. */
static struct value state_value(const void *state, size_t size, struct arena *arena)
{
	uint8_t *at = arena_get(arena, size + 5);

	put_le32(at, (uint32_t)size);
	at[4] = 0;
	memcpy(at + 5, state, size);
	return (struct value){.type = BSON_KIND_BINARY, .data = bytes_of(at, size + 5)};
}

static int sum_partial(const struct accumulator *acc, void *state, struct query_context *q,
		       struct arena *arena, struct value *ret, struct error *e)
{
	(void)acc;
	(void)q;
	(void)e;
	*ret = state_value(state, sizeof(struct accumulator_sum), arena);
	return 0;
}

static int64_t sum_merge(const struct accumulator *acc, void *state, struct query_context *q,
			 const struct value *v, struct error *e)
{
	struct accumulator_sum other;

	(void)acc;
	(void)q;
	(void)e;
	memcpy(&other, v->data.at + 5, sizeof(other));
	accumulator_sum_merge(state, &other);
	return 0;
}

static int count_parse(struct expr_scope *scope, const struct value *operand,
		       struct accumulator *ret, struct error *e)
{
	(void)scope;
	(void)ret;
	if (operand->type != BSON_KIND_DOCUMENT || value_count(operand->data) != 0)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "$count takes no arguments, i.e. $count:{}");
	return 0;
}

/* ---- $avg */

static int avg_result(const struct accumulator *acc, void *state, struct query_context *q,
		      struct arena *arena, struct value *ret, struct error *e)
{
	(void)acc;
	(void)q;
	(void)arena;
	(void)e;
	*ret = accumulator_sum_mean(state);
	return 0;
}

/* ---- $stdDev */

struct deviation {
	int64_t count;
	double mean, m2;
};

static int64_t deviation_add(const struct accumulator *acc, void *state, struct query_context *q,
			     const struct value *v, struct error *e)
{
	struct deviation *d = state;
	double x, delta;

	(void)acc;
	(void)q;
	(void)e;
	if (!value_is_number(v))
		return 0;
	x = value_to_double(v);
	d->count++;
	delta = x - d->mean;
	if (delta != 0.0) {
		/* The sign of a NaN is that of the newest: what the processor does with the operands in mongod's order. */
		d->mean = isnan(delta) ? delta : d->mean + delta / (double)d->count;
		delta *= x - d->mean;
		d->m2 = isnan(delta) ? delta : d->m2 + delta;
	}
	return 0;
}

static int deviation_partial(const struct accumulator *acc, void *state, struct query_context *q,
			     struct arena *arena, struct value *ret, struct error *e)
{
	(void)acc;
	(void)q;
	(void)e;
	*ret = state_value(state, sizeof(struct deviation), arena);
	return 0;
}

static int64_t deviation_merge(const struct accumulator *acc, void *state, struct query_context *q,
			       const struct value *v, struct error *e)
{
	struct deviation *d = state, other;
	double delta, count;

	(void)acc;
	(void)q;
	(void)e;
	memcpy(&other, v->data.at + 5, sizeof(other));
	if (other.count == 0)
		return 0;
	delta = other.mean - d->mean;
	count = (double)(other.count + d->count);
	if (delta != 0.0) {
		d->mean = ((double)d->count * d->mean + (double)other.count * other.mean) / count;
		d->m2 += delta * delta * ((double)d->count * (double)other.count / count);
	}
	d->m2 += other.m2;
	d->count += other.count;
	return 0;
}

static int deviation_result(const struct accumulator *acc, void *state, struct query_context *q,
			    struct arena *arena, struct value *ret, struct error *e)
{
	const struct deviation *d = state;
	int64_t freedom = acc->op->is_single ? d->count - 1 : d->count; /* of a sample */

	(void)q;
	(void)arena;
	(void)e;
	*ret = freedom <= 0 ? value_null() : value_double(sqrt(d->m2 / (double)freedom));
	return 0;
}

const struct accumulator_op accumulator_ops_number[] = {{.name = "$sum",
							 .size = sizeof(struct accumulator_sum),
							 .add = sum_add,
							 .merge = sum_merge,
							 .result = sum_result,
							 .partial = sum_partial},
							{.name = "$count",
							 .size = sizeof(struct accumulator_sum),
							 .parse = count_parse,
							 .add = count_add,
							 .merge = sum_merge,
							 .result = sum_result,
							 .partial = sum_partial},
							{.name = "$avg",
							 .size = sizeof(struct accumulator_sum),
							 .add = sum_add,
							 .merge = sum_merge,
							 .result = avg_result,
							 .partial = sum_partial},
							{.name = "$stdDevPop",
							 .size = sizeof(struct deviation),
							 .add = deviation_add,
							 .merge = deviation_merge,
							 .result = deviation_result,
							 .partial = deviation_partial},
							{.name = "$stdDevSamp",
							 .size = sizeof(struct deviation),
							 .add = deviation_add,
							 .merge = deviation_merge,
							 .result = deviation_result,
							 .partial = deviation_partial,
							 .is_single = true},
							{0}};
