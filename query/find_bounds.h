/*
 * find_bounds.h - min and max of a find, as bounds of the keys of the hinted index.
 *
 * Rules: QueryPlanner::plan() and indexCompatibleMaxMin() of src/mongo/db/query/query_planner.cpp of mongod 6.0.
 *
 * Threads: pure.
 */
#ifndef QUERY_FIND_BOUNDS_H
#define QUERY_FIND_BOUNDS_H

#include "query/sort.h"

enum find_bounds {
	FIND_BOUNDS_READ,
	FIND_BOUNDS_UNFIT, /* other fields than the index has, or strings that it compares otherwise */
	FIND_BOUNDS_EMPTY, /* min is not below max */
};

/*
 * The index with its bounds as a sort, in the context's constants; NULL where it is of a kind that has no order. `spec`: as listIndexes
 * tells it; `min` and `max` may be empty.
 */
enum find_bounds find_bounds_read(struct query_context *q, struct expr_scope *scope,
				  struct bytes spec, struct bytes min, struct bytes max,
				  const struct sort **ret);

#endif
