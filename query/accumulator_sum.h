/*
 * accumulator_sum.h - the sum of numbers as $sum and $avg make it: what is no decimal in a struct summation, decimals apart.
 *
 * Source of the rule: accumulator_sum.cpp and accumulator_avg.cpp of mongod 6.0. Threads: one at a time.
 */
#ifndef QUERY_ACCUMULATOR_SUM_H
#define QUERY_ACCUMULATOR_SUM_H

#include "query/summation.h"
#include "query/value.h"

struct accumulator_sum {
	struct summation whole;
	_Decimal128 decimal;
	int64_t count;
	uint8_t type; /* the widest so far; 0: none */
};

/* Take in a value; what is no number is passed over. */
void accumulator_sum_add(struct accumulator_sum *sum, const struct value *v);
void accumulator_sum_merge(struct accumulator_sum *sum, const struct accumulator_sum *other);
/* As $sum gives it: of the widest type that was met, int32 0 for none. */
struct value accumulator_sum_value(const struct accumulator_sum *sum);
/* As $avg gives it; null for none. */
struct value accumulator_sum_mean(const struct accumulator_sum *sum);

#endif
