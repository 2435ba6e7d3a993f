/*
 * near.h - a $near, $nearSphere or $geoNear at work: which index would answer it, and the stage that gives documents nearest first.
 *
 * There are no such indexes here. Where the catalog of the moment has one that mongod could use, the distance of each document that the
 * rest of the query matches is computed, and they are sorted by it; where it has none the query has mongod's error. Documents of the
 * same distance come in the order in which they are read (mongod's is that of a heap, of cells and of record ids).
 *
 * Threads: as stage.h.
 */
#ifndef QUERY_NEAR_H
#define QUERY_NEAR_H

#include "query/collection.h"
#include "query/match/match.h"
#include "query/match/match_near.h"
#include "query/stage/stage.h"

struct near_index {
	bool is_flat;	  /* a 2d index */
	double low, high; /* of a 2d index: what its coordinates are between, `min` and `max` */
};

/*
 * The index that mongod would use for the match's $near: true; else *ret_why has its planner's words. `hinted`: the specification of
 * the one that is to be used; empty: any. Rules: QueryPlannerIXSelect, PlanEnumerator::enumerateMandatoryIndex().
 */
bool near_find_index(struct expr_scope *scope, const struct collection *collection,
		     const struct match *match, struct bytes hinted, struct near_index *ret,
		     const char **ret_why);

/*
 * The field that a $geoNear without `key` is about: 27 when there is no geo index, or more than one of a kind. Borrowed from the
 * collection. Rule: extractGeoNearFieldFromIndexes() of pipeline_d.cpp.
 */
MUST_CHECK int near_field(const struct collection *collection, struct bytes *ret, struct error *e);

/*
 * Those of the source's documents that have a place within the bounds, nearest first (`sorts`), at most `limit` (0: all). Each has
 * stage_doc.near. Takes the source. Error 16433 at the first document when the center is not where the index has places.
 */
struct stage *near_open(struct query_context *q, struct expr_scope *scope,
			const struct match_near *near, const struct near_index *index,
			uint64_t limit, bool sorts, struct stage *source);

#endif
