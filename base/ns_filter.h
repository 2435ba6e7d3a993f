/*
 * ns_filter.h - --nsInclude and --nsExclude patterns, as mongorestore understands them.
 *
 * Threads: a filter is immutable once its patterns are added.
 */
#ifndef BASE_NS_FILTER_H
#define BASE_NS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
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

/* The same of a full name, "db.coll". What has no dot is taken only by a filter that takes all. */
bool ns_filter_takes_ns(const struct ns_filter *filter, struct bytes ns);

/* True when the filter has a pattern: what it leaves is not the whole deployment. */
bool ns_filter_is_partial(const struct ns_filter *filter);

/* Append it as a document: {include: [patterns], exclude: [patterns]}, as they were given. */
void ns_filter_encode(const struct ns_filter *filter, struct buf *ret);

/* The filter in such a document, which bson_check() has passed. ERR_CORRUPT: it is none. The caller frees. */
MUST_CHECK int ns_filter_decode(struct bytes doc, struct ns_filter **ret, struct error *e);

#endif
