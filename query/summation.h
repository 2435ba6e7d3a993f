/*
 * summation.h - the sum of doubles in twice their precision: of $sum, $avg, $stdDevPop, $add's kin. Nine times 0.1 is 0.9.
 *
 * The steps are those of mongod 6.0, to the last bit (found by comparing sums: Dekker's two-sum of the addend, Knuth's of the sum).
 * Threads: pure.
 */
#ifndef QUERY_SUMMATION_H
#define QUERY_SUMMATION_H

#include <stdbool.h>

#include "base/bytes.h"

/* All zero is the empty sum. */
struct summation {
	double sum, addend; /* the number is sum + addend */
	double special;	    /* the plain sum: what is infinite or no number shows here */
	bool has_any;	    /* something was added */
};

void summation_add_double(struct summation *s, double v);
void summation_add_int64(struct summation *s, int64_t v);
void summation_add(struct summation *s, const struct summation *other);

double summation_double(const struct summation *s);
/* 34 digits, exactly rounded parts. */
_Decimal128 summation_decimal(const struct summation *s);
bool summation_fits_int64(const struct summation *s);
/* The nearest integer towards the sum; only when it fits. */
int64_t summation_int64(const struct summation *s);
bool summation_is_finite(const struct summation *s);

#endif
