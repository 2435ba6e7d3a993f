/*
 * find_stage.h - the stages that only find has: its sort, skip and limit, projection, bounds by min and max.
 *
 * Each takes its source, also on failure, and gives the source itself back when there is nothing to do.
 *
 * Threads: as stage.h.
 */
#ifndef QUERY_FIND_STAGE_H
#define QUERY_FIND_STAGE_H

#include "query/match/match.h"
#include "query/project.h"
#include "query/sort.h"

/* Sort by `sort`, at most `limit` (0: all); `keep_keys` for {$meta: "sortKey"}. */
struct stage *find_stage_sort(struct query_context *q, struct expr_scope *scope,
			      const struct sort *sort, uint64_t limit, bool keep_keys,
			      struct stage *source);

/* Leave out the first `skip`, end after `limit` (0: none). */
struct stage *find_stage_cut(struct query_context *q, uint64_t skip, uint64_t limit,
			     struct stage *source);

enum find_stage_extra {
	FIND_STAGE_RECORD_ID = 1, /* append {$recordId: rank} */
	FIND_STAGE_ONLY_KEY =
		2, /* returnKey: only the fields of `key`, to which the projection is applied */
};

/*
 * Project; `key` is an index' key pattern for FIND_STAGE_ONLY_KEY (empty: no index was used, documents become {}), `by` the same as a
 * sort, with its bounds (NULL: values are those of the fields).
 */
struct stage *find_stage_project(struct query_context *q, struct expr_scope *scope,
				 const struct project *project, unsigned extra, struct bytes key,
				 const struct sort *by, struct stage *source);

/*
 * Only documents that the index holds (it may be sparse, partial, or of places), in its order if that is wanted. `spec`: as listIndexes
 * tells it; empty: no index.
 */
struct stage *find_stage_index(struct query_context *q, struct expr_scope *scope, struct bytes spec,
			       bool in_order, struct stage *source);

/* Only documents that match: for filters that are asked behind the bounds of min and max. NULL: all. */
struct stage *find_stage_match(struct query_context *q, struct expr_scope *scope,
			       const struct match *match, struct stage *source);

/* Only documents that have a key within the bounds: sort_within(). */
struct stage *find_stage_bounds(struct query_context *q, struct expr_scope *scope,
				const struct sort *within, struct stage *source);

#endif
