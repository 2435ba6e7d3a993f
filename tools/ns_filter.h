/*
 * ns_filter.h - --nsInclude and --nsExclude patterns, as mongorestore understands them.
 *
 * Threads: a filter is immutable once its patterns are added.
 */
#ifndef TOOLS_NS_FILTER_H
#define TOOLS_NS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

struct ns_filter; /* opaque */

struct ns_filter *ns_filter_new(void);
void ns_filter_free(struct ns_filter *filter);
DEFINE_OWNED(struct ns_filter *, ns_filter_free);

/* Add a pattern: "db.coll", `*` matches anything, backslash escapes. ERR_INVALID: not a pattern (a $, no dot). */
MUST_CHECK int ns_filter_include(struct ns_filter *filter, const char *pattern, struct error *e);
MUST_CHECK int ns_filter_exclude(struct ns_filter *filter, const char *pattern, struct error *e);

/*
 * Does the filter take this namespace? No includes: all that is not excluded. NULL takes all.
 * The buckets of a time series (system.buckets.X) are matched by its name, X.
 */
bool ns_filter_takes(const struct ns_filter *filter, const char *db, const char *coll,
		     size_t coll_len);

/* True when the filter has a pattern: what it leaves is not the whole deployment. */
bool ns_filter_is_partial(const struct ns_filter *filter);

#endif
