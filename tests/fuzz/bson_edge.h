/*
 * bson_edge.h - values at the edges of what BSON can hold, and a small source of random numbers.
 *
 * Each function draws one value: appends its payload to `ret` and returns its type. Threads: one at a time for a `random`.
 */
#ifndef TESTS_FUZZ_BSON_EDGE_H
#define TESTS_FUZZ_BSON_EDGE_H

#include "base/buf.h"

uint64_t bson_edge_draw(uint64_t *random);
/* 0 <= result < limit. */
size_t bson_edge_below(uint64_t *random, size_t limit);

/* Numbers, dates and timestamps: the least and the greatest, what is none, decimals in odd encodings. */
uint8_t bson_edge_number(uint64_t *random, struct buf *ret);
/* Strings, code and symbols: paths, variables, formats, patterns, no UTF-8, long ones. */
uint8_t bson_edge_text(uint64_t *random, struct buf *ret);
/* All else. */
uint8_t bson_edge_other(uint64_t *random, struct buf *ret);

#endif
