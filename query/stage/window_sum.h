/*
 * window_sum.h - a sum that lets go of values again: that of a window that moves (WindowFunctionSum and WindowFunctionAvg of mongod).
 *
 * All zero is a sum of nothing. Threads: one at a time.
 */
#ifndef QUERY_STAGE_WINDOW_SUM_H
#define QUERY_STAGE_WINDOW_SUM_H

#include "query/accumulator_sum.h"

/* How many of each type are in it says what it is. */
struct window_sum {
	struct accumulator_sum all;
	int64_t count, doubles, decimals;
	int64_t nans, above, below; /* no numbers and infinities are counted, not added */
};

/* Take in a number (`quantity` 1), or out (-1). */
void window_sum_update(struct window_sum *sum, const struct value *v, int quantity);
struct value window_sum_value(const struct window_sum *sum);
/* The average; null of nothing. */
struct value window_sum_mean(const struct window_sum *sum);

#endif
