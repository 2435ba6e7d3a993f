/*
 * dbhash.h - what the command dbHash of a mongod prints, computed from a moment.
 *
 * For each collection the MD5 of its documents in `_id` order (in ICU order under a
 * collation), for each database the MD5 of its collections' hashes; the rules are in
 * docs/format/dbhash.md. system.views is made again from the views.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_DBHASH_H
#define TOOLS_DBHASH_H

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
