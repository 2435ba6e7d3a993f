/*
 * catalog_normal.h - options and indexes in a form in which what means the same has the same bytes.
 *
 * Versions of servers and tools list the same collection in different ways: the order of the
 * fields, ns in specs (up to 4.2), background, int32 for int64 or double, false for nothing.
 * It is for comparing only; what is stored stays as it was listed.
 *
 * Source: listings of 4.2.6 to 6.0.27 and list_indexes.idl of mongo/db.
 *
 * Threads: pure.
 */
#ifndef STORE_SNAPSHOT_CATALOG_NORMAL_H
#define STORE_SNAPSHOT_CATALOG_NORMAL_H

#include "store/snapshot/catalog.h"

/* Append the normal form of a document of options (empty: {}). ERR_CORRUPT. */
MUST_CHECK int catalog_normal_options(struct bytes options, struct buf *ret, struct error *e);

/* The same for one index's spec. */
MUST_CHECK int catalog_normal_index(struct bytes spec, struct buf *ret, struct error *e);

/* The same for an array of specs (empty: []): in order of their names. */
MUST_CHECK int catalog_normal_indexes(struct bytes indexes, struct buf *ret, struct error *e);

/* 1 when a spec is that of the index on _id, ascending or descending, and on nothing else; 0 not. ERR_CORRUPT. */
MUST_CHECK int catalog_normal_is_id_index(struct bytes spec, struct error *e);

/*
 * 1 when both have the same type, options and indexes, else 0. Names, UUIDs and documents don't count.
 * ERR_CORRUPT.
 */
MUST_CHECK int catalog_normal_same(const struct catalog_entry *a, const struct catalog_entry *b,
				   struct error *e);

#endif
