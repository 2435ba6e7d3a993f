/*
 * catalog_secret.h - which namespaces hold password hashes and keys.
 *
 * The mount, the server and whoever else shows namespaces to others ask here, so that none shows what another hides.
 *
 * Threads: pure.
 */
#ifndef STORE_SNAPSHOT_CATALOG_SECRET_H
#define STORE_SNAPSHOT_CATALOG_SECRET_H

#include <stdbool.h>

#include "base/bytes.h"

/*
 * Users, roles and keys: admin's own, what mongodump --dumpDbUsersAndRoles makes of them for one database, and the
 * system.users that each database had before MongoDB 2.6.
 */
bool catalog_secret_is(struct bytes db, struct bytes coll);

#endif
