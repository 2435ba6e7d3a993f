/*
 * timeline_visit.h - making what is to be known of a moment, once: in the machine's cache. For timeline_*.c only.
 *
 * Threads: any; replays are done one after another.
 */
#ifndef OPLOG_TIMELINE_VISIT_H
#define OPLOG_TIMELINE_VISIT_H

#include "oplog/timeline_internal.h"

enum visit_kind {
	VISIT_ALL,   /* everything */
	VISIT_NAMES, /* the catalog; collections have the base's documents */
	VISIT_ONE,   /* one collection */
};

struct visit_want {
	enum visit_kind kind;
	const struct catalog_entry *only; /* of VISIT_ONE; it has a UUID */
};

/* What a visit found: a snapshot of `cache`, which is the timeline's, that stays there until this is released. */
struct timeline_visited {
	struct store *cache;
	struct store_cache_pin *pin;
	struct snapshot snapshot;
};
void timeline_visited_release(struct timeline_visited *visited);
DEFINE_OWNED_STRUCT(struct timeline_visited, timeline_visited_release);

/*
 * What is wanted of the moment `point`: from an earlier visit, else by a replay. With `only_cached` 0 when it would have to be
 * replayed; else 1. The caller releases *ret.
 */
MUST_CHECK int timeline_visit(struct timeline *timeline, const struct timeline_point *point,
			      const struct visit_want *want, bool only_cached,
			      const struct progress *progress, struct timeline_visited *ret,
			      struct error *e);

/* The document with `key` of a collection of the moment: 1 and it is appended, 0 there is none. */
MUST_CHECK int timeline_visit_document(struct timeline *timeline,
				       const struct timeline_point *point,
				       const struct catalog_entry *only, struct bytes key,
				       const struct progress *progress, struct buf *ret,
				       struct error *e);

/* A lazy moment; timeline_lazy.c. */
MUST_CHECK int timeline_lazy_open(struct timeline *timeline, const struct timeline_point *point,
				  const struct progress *progress, struct moment **ret,
				  struct error *e);

/* What was visited under the point's own name, as readers see it. */
MUST_CHECK int timeline_open_visited(const struct timeline_point *point,
				     const struct timeline_visited *visited, struct moment **ret,
				     struct error *e);

#endif
