/*
 * context.h - what a command brings to everything that evaluates for it.
 *
 * One lives as long as its command, or as the cursor that the command left open. Threads: one at a time; a scan on
 * several cores has one context for each thread (query_context_fork).
 */
#ifndef QUERY_CONTEXT_H
#define QUERY_CONTEXT_H

#include <stdatomic.h>

#include "oplog/moment.h"
#include "query/arena.h"
#include "query/value.h"

#define QUERY_MEMORY_DEFAULT                                                                       \
	(100 * MIB) /* of one blocking stage, before it spills: mongod's limit */

struct query_context {
	struct arena *constants; /* what parsing makes; lives as long as the context */
	struct moment *moment;	 /* whose collections are read; NULL in tests of what needs none */
	struct bytes db;	 /* name of the command's database */
	struct bytes coll;	 /* the command's collection; empty for aggregate: 1 */
	struct collation *collation; /* NULL: simple. Owned by whoever made the context */
	struct bytes collation_spec; /* the document it was made of; empty: simple */
	int64_t now;		     /* $$NOW: milliseconds since 1970 */
	struct bytes
		let;   /* values of the command's `let`, evaluated: a document; empty when none */
	size_t memory; /* bytes that a blocking stage may hold */
	struct bytes lsid;   /* the command's session: {id: UUID}; empty when it has none */
	bool allow_disk_use; /* may it spill then? */
	bool keeps_gaps;     /* documents on their way keep the places of removed fields: gaps.h */
	bool in_find;	     /* find's dialect of texts and rules; else aggregate's */
	bool api_strict;     /* is only what the stable API, version 1, has allowed? */
	bool with_users;     /* may what holds credentials be read? */
	const char *host;    /* the server's "name:port"; NULL: the machine's name */
	uint64_t cluster_time; /* $$CLUSTER_TIME; 0: there is none, the server is no replica set */
	bool lacks_now;	       /* count on a collection knows none of both */
	bool in_filter;	       /* while the filter of a find, count or distinct is parsed */
	bool in_match;	       /* while the filter of a stage is parsed */
	bool has_near;	       /* the documents have a distance: {$meta: "geoNearDistance"} */
	bool folds_filter; /* while the constants of a filter are folded that the plan will hold */
	bool is_top;	   /* the pipeline is the command's own, not one inside of a stage */
	bool is_collectionless; /* the command is {aggregate: 1} */
	bool is_of_series; /* `coll` is the buckets of the time series that the command names */
	bool wants_search; /* $$SEARCH_META needs a $search: in the command's own pipeline, not in those of its stages */
	int depth;		   /* of $lookup, $facet and views inside each other */
	uint64_t deadline;	   /* as clock_ms(), 0: none. maxTimeMS */
	const atomic_bool *killed; /* NULL, or becomes true when the cursor is killed */
	unsigned steps;		   /* of stages and expressions: query_context_step() */
};

/* The context of a pipeline inside of a stage of `q`'s, whose constants live in `constants`. */
static inline struct query_context query_context_inside(const struct query_context *q,
							struct arena *constants)
{
	struct query_context inside = *q;

	inside.is_top = inside.is_collectionless = inside.is_of_series = inside.wants_search =
		false;
	inside.constants = constants;
	inside.depth++;
	return inside;
}

/* Is there time left, and is it wanted? 0; error 50 MaxTimeMSExpired, 237 CursorKilled. Cheap enough for each document. */
MUST_CHECK int query_context_check(struct query_context *q, struct error *e);

/* The same for what is done very often: looks each 64th time. */
MUST_CHECK static inline int query_context_step(struct query_context *q, struct error *e)
{
	return (++q->steps & 63) != 0 ? 0 : query_context_check(q, e);
}

#endif
