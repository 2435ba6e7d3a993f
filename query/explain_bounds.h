/*
 * explain_bounds.h - which part of the index of `_id` a plan reads, in mongod's words, and what of the filter is asked behind it.
 *
 * Threads: pure.
 */
#ifndef QUERY_EXPLAIN_BOUNDS_H
#define QUERY_EXPLAIN_BOUNDS_H

#include "query/plan.h"

/*
 * Append the elements of `indexBounds._id`: "(3, inf.0]", "[1, 1]". `filter`: as match_serialize() has it. Rule: IndexBounds::toBSON()
 * and IndexBoundsBuilder of mongod: a comparison ends where its value's kind ends.
 */
void explain_bounds_add(const struct plan *plan, struct bytes filter, struct buf *ret);

/* Append `filter`, what of the serialized filter is not about `_id`; nothing when there is no more. */
void explain_bounds_rest(struct bytes filter, struct buf *ret);

#endif
