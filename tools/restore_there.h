/*
 * restore_there.h - which collections and views the target has, whether there is data in one, and what removes it.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_THERE_H
#define TOOLS_RESTORE_THERE_H

#include "tools/restore_target.h"

struct restore_there; /* opaque: what was asked so far */

struct restore_there *restore_there_new(struct restore_target *target);
void restore_there_free(struct restore_there *there);
DEFINE_OWNED(struct restore_there *, restore_there_free);

/*
 * Is there a collection, view or time series of that name? 1, and its type ("collection", "view", "timeseries") and
 * options, valid until it is freed; 0. Each database is listed once. ERR_REMOTE, ERR_REFUSED.
 */
MUST_CHECK int restore_there_find(struct restore_there *there, const char *db, const char *coll,
				  const char **ret_type, struct bytes *ret_options,
				  struct error *e);

/*
 * Append the collection's indexes but that on _id: those that remove documents, and the others; as restore_spec_indexes()
 * takes them apart: 1. 0: the user may
 * not list them, or it was dropped meanwhile. ERR_REMOTE, ERR_CORRUPT.
 */
MUST_CHECK int restore_there_indexes(struct restore_there *there, const char *db, const char *coll,
				     struct buf *ret_ttl, struct buf *ret, struct error *e);

/* Which collection has this UUID? 1, and its names, valid as above; 0: none. All databases are listed. ERR_REMOTE, ERR_REFUSED. */
MUST_CHECK int restore_there_uuid(struct restore_there *there, const uint8_t *uuid,
				  const char **ret_db, const char **ret_coll, struct error *e);

/* Has the collection a document? 1 or 0. ERR_REMOTE. */
MUST_CHECK int restore_there_has_data(struct restore_there *there, const char *db, const char *coll,
				      struct error *e);

#endif
