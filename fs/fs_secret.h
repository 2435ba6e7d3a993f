/*
 * fs_secret.h - which namespaces hold password hashes and keys.
 *
 * Threads: pure.
 */
#ifndef FS_FS_SECRET_H
#define FS_FS_SECRET_H

#include <stdbool.h>

#include "store/snapshot/catalog.h"

/* Users, roles and keys: admin's own, and what mongodump makes of them for one database. */
bool fs_secret_is(const struct catalog_entry *entry);

#endif
