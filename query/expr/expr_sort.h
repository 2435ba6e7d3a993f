/*
 * expr_sort.h - a sort that leaves equal values in the order in which mongod's leaves them: that of the C++ library it is built with
 * (introsort: quicksort by the median of three, insertion sort for what is short, heap sort when it gets too deep). It is not stable.
 *
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_SORT_H
#define QUERY_EXPR_EXPR_SORT_H

#include "query/value.h"

/* <0, 0, >0: a total order. */
typedef int expr_sort_compare(const struct value *a, const struct value *b, const void *context);

void expr_sort(struct value *values, size_t count, expr_sort_compare *compare, const void *context);

#endif
