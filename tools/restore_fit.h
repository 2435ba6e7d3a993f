/*
 * restore_fit.h - can the target hold what is planned? Asked before anything is dropped or made.
 *
 * What a server does not know (a stage of a view, an operator of a validator, a locale) it says to a question that reads
 * nothing: the plan of a query on a collection that is not there; of options by having a create explained, which no server
 * does, and by one with a word behind WiredTiger's that none of those has, which is looked at in order. Who may not ask learns it when it is made.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_FIT_H
#define TOOLS_RESTORE_FIT_H

#include "tools/restore_plan.h"

/*
 * 1: nothing is against it; 0: it can't be, and why is appended to *ret_why, in words that follow its name. ERR_CORRUPT,
 * ERR_REMOTE.
 */
MUST_CHECK int restore_fit_check(struct restore_target *target,
				 const struct restore_plan_item *item, struct buf *ret_why,
				 struct error *e);

/*
 * Is it a name that servers of that version take? NULL, or what is wrong with it. NamespaceString of mongod
 * (src/mongo/db/namespace_string.h).
 */
const char *restore_fit_name(const char *db, const char *coll, bool series, bool long_names);

/*
 * Can a moment of a server of that version (NULL: unknown) have buckets that the target does not read? From 5.2 on they are
 * compressed, from 8.0 on also those that are not in order (src/mongo/db/timeseries/timeseries_constants.h).
 */
bool restore_fit_looks_at_buckets(const struct restore_target *target, const char *version);

/* Does the target read this bucket? 1; 0: no, and why is appended to *ret_why, as above. ERR_CORRUPT. */
MUST_CHECK int restore_fit_bucket(const struct restore_target *target, struct bytes doc,
				  struct buf *ret_why, struct error *e);

/* ERR_REFUSED for the first of the plan that can't be held; 0 there is none. */
MUST_CHECK int restore_fit_refuse(const struct restore_plan *plan, struct error *e);

#endif
