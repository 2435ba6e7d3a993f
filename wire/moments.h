/*
 * moments.h - the moments that clients ask for, by name or by timestamp: found, opened, and a few kept open.
 *
 * The default one is what --at says; when that moves ("latest"), new snapshots and operations are seen a moment later.
 *
 * Threads: any.
 */
#ifndef WIRE_MOMENTS_H
#define WIRE_MOMENTS_H

#include "oplog/timeline.h"

#define MOMENTS_KEPT 32	     /* moments that stay open */
#define MOMENTS_NAME_MAX 128 /* bytes of a WHEN behind a database's name */

struct moments; /* opaque */

/* What clients see of one. */
struct moments_at {
	struct moment *moment; /* a reference, for moment_release() */
	uint64_t ts;	       /* up to and with this timestamp */
};

/* `store` must outlive it. `at`: the default WHEN (NULL: latest), which is looked for at once: errors of timeline_find(). */
MUST_CHECK int moments_open(struct store *store, const char *at, struct moments **ret,
			    struct error *e);
void moments_close(struct moments *moments);
DEFINE_OWNED(struct moments *, moments_close);

/* The default moment, as it is now. */
MUST_CHECK int moments_default(struct moments *moments, struct moments_at *ret, struct error *e);
/* Its timestamp alone: nothing is replayed, and no replay is waited for. Errors of timeline_find(). */
MUST_CHECK int moments_default_ts(struct moments *moments, uint64_t *ret, struct error *e);
/* The moment called `when`. An unknown one is an error 246 SnapshotUnavailable for the client, which tells what can be reached. */
MUST_CHECK int moments_named(struct moments *moments, struct bytes when, struct moments_at *ret,
			     struct error *e);
/* The moment at a timestamp. Outside of what can be reached: 239 SnapshotTooOld before it, else 246. */
MUST_CHECK int moments_timed(struct moments *moments, uint64_t ts, struct moments_at *ret,
			     struct error *e);

/*
 * Does `db` name a moment: "shop@2026-11-21T094107Z"? 1 and the parts; 0: it does not, or a real database of that
 * name is there.
 */
MUST_CHECK int moments_split(struct moments *moments, struct bytes db, struct bytes *ret_db,
			     struct bytes *ret_when, struct error *e);

/* Is there such a database at this moment? */
MUST_CHECK int moments_has_db(struct moment *moment, struct bytes db, struct error *e);

/* Replays end, with ERR_CANCELLED: the server does. */
void moments_stop(struct moments *moments);

#endif
