/*
 * restore_users.h - users and roles of a moment into the target.
 *
 * They go into two collections of admin first, and are merged by the server's own command (_mergeAuthzCollections, as
 * mongorestore does), which checks who may.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_USERS_H
#define TOOLS_RESTORE_USERS_H

#include "base/ns_filter.h"
#include "oplog/moment.h"
#include "tools/restore_target.h"

struct restore_users_result {
	uint64_t users, roles;
};

/*
 * Restore users and roles of the databases of which `filter` takes all (NULL: of all databases). `drop`, which a filter
 * excludes: those that the moment does not have go. ERR_REFUSED: the server does not let us.
 */
MUST_CHECK int restore_users_run(struct moment *moment, struct restore_target *target,
				 const struct ns_filter *filter, bool drop,
				 struct restore_users_result *ret, struct error *e);

#endif
