/*
 * dbhash.h - what the command dbHash of a mongod prints, computed from a moment.
 *
 * A collection's hash is the MD5 of its documents in the order of the `_id` index: ICU order
 * under a collation, also where the collection is capped; natural order when it is capped
 * without that index, else the text "no _id _index". A database's is the MD5 of those texts,
 * in byte order of names. system.profile and tmp.mr.* are left out; system.views, which dumps
 * lack, is made again from the views. Compared with mongod 4.2, 4.4, 5.0 and 6.0.
 *
 * Threads: any; one run belongs to one thread.
 */
#ifndef OPLOG_DBHASH_H
#define OPLOG_DBHASH_H

#include "base/chunk_id.h"
#include "base/progress.h"
#include "oplog/moment.h"

/* One collection's line. */
struct dbhash_collection {
	struct bytes db, name;
	const char *hash; /* 32 hex digits, or "no _id _index" */
	bool capped;
	const uint8_t *uuid; /* 16 bytes, or NULL when not known */
};

struct dbhash_sink {
	void *ctx;
	/* Is this collection to be hashed? NULL: all are. */
	bool (*wanted)(void *ctx, struct bytes db, struct bytes name);
	/* Each collection, in byte order of names; then the database's own hash. */
	int (*collection)(void *ctx, const struct dbhash_collection *c, struct error *e);
	int (*database)(void *ctx, struct bytes db, const char *md5, struct error *e);
};

/*
 * Hash the databases of `moment`: all but local, or the one called `only`. Sorts spill to
 * `tmp_dir`. ERR_CANCELLED, and the errors of reading.
 */
MUST_CHECK int dbhash_run(struct moment *moment, const char *only, const char *tmp_dir,
			  const struct progress *progress, const struct dbhash_sink *sink,
			  struct error *e);

#endif
