/*
 * match_index.h - Prefix: match_
 *
 * What mongod's planner would think of a match and an index: for queries that have no other plan than one by an index, a $near.
 * Rules: planner_ixselect.cpp, indexability.h, expression_algo.cpp of src/mongo/db of mongod 6.0.
 *
 * Threads: pure.
 */
#ifndef QUERY_MATCH_MATCH_INDEX_H
#define QUERY_MATCH_MATCH_INDEX_H

#include "query/match/match.h"

/* A field of an index, the first of its key, that the planner wants a predicate for. */
struct match_key {
	struct bytes path;
	bool is_sphere;	 /* a 2dsphere field: only places on the earth will do */
	bool is_sparse;	 /* the index is */
	bool is_foreign; /* the index compares strings otherwise than the query */
};

/* The match as the planner has it: its comparisons of an $expr are predicates. Lives in `arena`. */
struct match_plan; /* opaque */
const struct match_plan *match_plan_of(const struct match *match, struct arena *arena);

/* Does it name the field so that an index which begins with it is looked at? QueryPlannerIXSelect::getFields(). */
bool match_plan_names(const struct match_plan *plan, struct bytes path);
/* Is there a predicate beside the $near that gives bounds for the field in an index that is none of btrees? */
bool match_plan_bounds(const struct match_plan *plan, const struct match_key *key);
/*
 * Is each document that matches one that `filter`, of a partial index, matches? expression::isSubsetOf(). `foreign`: the two compare
 * strings otherwise.
 */
bool match_plan_is_within(const struct match_plan *plan, const struct match *filter, bool foreign);

#endif
