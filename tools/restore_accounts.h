/*
 * restore_accounts.h - where the users and roles of a moment lie: in admin, or (a dump of one database, made with
 * --dumpDbUsersAndRoles) beside that database's collections.
 *
 * Where both are there, those of admin count: they are of the whole deployment, and mongorestore reads no others then.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_ACCOUNTS_H
#define TOOLS_RESTORE_ACCOUNTS_H

#include "base/ns_filter.h"
#include "oplog/moment.h"

/* What mongodump puts before the name of a collection of admin, in the folder of the database that was asked for. */
#define RESTORE_ACCOUNTS_BESIDE "$admin."

/* Are there users or roles in admin? 1, 0. */
MUST_CHECK int restore_accounts_in_admin(struct moment *moment, struct error *e);

/* Is this where users or roles are? With `in_admin` only those of admin are meant. */
bool restore_accounts_is(const struct catalog_entry *entry, bool in_admin);

/*
 * Call `take` for each place that `filter` (may be NULL) takes: with NULL for admin, which has those of all databases, or with
 * the name of each database that has its own. Its errors end it.
 */
MUST_CHECK int restore_accounts_each(struct moment *moment, const struct ns_filter *filter,
				     int (*take)(void *ctx, const char *db, struct error *e),
				     void *ctx, struct error *e);

#endif
