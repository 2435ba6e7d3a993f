/*
 * ns.h - full names of collections, "DB.COLL". All here is pure.
 */
#ifndef BASE_NS_H
#define BASE_NS_H

#include "base/bytes.h"

/* Is it the name of something in that database: "DB." and at least a byte more? */
static inline bool ns_in_db(struct bytes ns, struct bytes db)
{
	return ns.len > db.len + 1 && ns.at[db.len] == '.' &&
	       bytes_equal(bytes_of(ns.at, db.len), db);
}

#endif
