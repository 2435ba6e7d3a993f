/*
 * restore_users.h - users and roles of a moment into the target.
 *
 * Those of admin, or those that lie beside a database's collections (restore_accounts.h). They go into two collections of admin first, and are merged by the server's own command (_mergeAuthzCollections, as
 * mongorestore does), which checks who may.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_USERS_H
#define TOOLS_RESTORE_USERS_H

#include "base/ns_filter.h"
#include "oplog/moment.h"
#include "tools/restore_notes.h"
#include "tools/restore_plan.h"
#include "tools/restore_target.h"

struct restore_users_result {
	uint64_t users, roles; /* that are there as they were */
	uint64_t
		kept; /* users and roles that are there otherwise (another password, other roles), and were left so */
};

/*
 * Restore users and roles of the databases of which `filter` takes all (NULL: of all databases). Those that are there otherwise
 * are left so in the modes that leave documents (the server's command does), and told in `notes`; else they become what they
 * were. RESTORE_MODE_DROP, unless the filter leaves something out of what is in admin: those that the moment does not have go (of one database, where they
 * lie beside its collections). What is missing
 * afterwards (the server tells nobody but its log why it takes no user) is told in `notes`, too. ERR_REFUSED: the server does not let us (the role restore is enough).
 */
MUST_CHECK int restore_users_run(struct moment *moment, struct restore_target *target,
				 const struct ns_filter *filter, enum restore_mode mode,
				 struct restore_notes *notes, struct restore_users_result *ret,
				 struct error *e);

#endif
