/*
 * restore_fit.h - can the target hold what is planned? Asked before anything is dropped or made.
 *
 * What a server does not know (a stage of a view, an operator of a validator, a locale) it says to a question that reads
 * nothing: the plan of a query on a collection that is not there. Who may not ask learns it when it is made.
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

#endif
