/*
 * scan.h - documents of a stored collection, as the first stage of a pipeline: all of them, those of an interval of `_id`s, or
 * those with given `_id`s; forward or backward; filtered by a match on all cores, in order.
 *
 * Keyed trees give the order of `_id`, or the natural order that is kept beside them (store/snapshot/catalog_order.h); ranked ones natural order. Interval and points are keys (base/key.h) and need a keyed tree.
 *
 * Threads: the stage belongs to one thread at a time; while a big scan with a match is asked for its next document it
 * filters with threads of its own, which have ended when it returns.
 */
#ifndef QUERY_SCAN_H
#define QUERY_SCAN_H

#include "query/collection.h"
#include "query/match/match.h"
#include "query/stage/stage.h"

struct scan_plan {
	bool backward;
	const struct match *match; /* NULL: every document */
	struct expr_scope *scope;  /* that the match was parsed in */
	const struct expr_frame
		*set; /* whose first `set_count` slots are those of the match's frame; or NULL */
	size_t set_count;
	bool has_low, has_high;
	struct bytes low, high; /* keys in [low, high) */
	const struct bytes *
		points; /* or only these keys, ascending, none twice; not NULL even when there are none */
	size_t point_count;
	bool is_points;
	bool natural; /* of all documents: in natural order, where it is known */
	bool numbers; /* the number of the record is wanted, in natural order where it is known */
	const uint32_t
		*order; /* set by scan_open(): ranks in natural order, or NULL: that of the tree */
};

/*
 * Make the stage. What the plan points to outlives it. A missing collection gives nothing. The documents are replayed first, but
 * for one point of a moment that was not replayed (moment_document()).
 */
MUST_CHECK int scan_open(struct query_context *q, struct collection *collection,
			 const struct scan_plan *plan, struct stage **ret, struct error *e);

/* Documents that were looked at so far. */
uint64_t scan_examined(const struct stage *stage);
/* Was this stage made by scan_open()? */
bool scan_is(const struct stage *stage);

#endif
