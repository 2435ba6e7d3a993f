/*
 * moment.h - the one way all readers read: the deployment as it was at one time.
 *
 * Today a moment is a snapshot; with the oplog it becomes a snapshot plus the entries up to
 * a timestamp. Readers (mount, server, dump, diff) see no difference.
 *
 * Namespaces are ranked 0..count-1 in byte order of "db.coll"; those of one database are
 * next to each other. A moment is immutable.
 *
 * Threads: any.
 */
#ifndef OPLOG_MOMENT_H
#define OPLOG_MOMENT_H

#include "store/snapshot/catalog.h"
#include "store/snapshot/snapshots.h"
#include "store/tree/tree_cursor.h"

struct moment; /* opaque, refcounted */

/* The moment that a snapshot shows. The snapshot is copied. */
MUST_CHECK int moment_open(struct store *store, const struct snapshot *snapshot,
			   struct moment **ret, struct error *e);
struct moment *moment_hold(struct moment *moment);
void moment_release(struct moment *moment);
DEFINE_OWNED(struct moment *, moment_release);

struct store *moment_store(struct moment *moment);

/* What it is: name, time, counts. Borrowed from the moment. */
const struct snapshot *moment_snapshot(const struct moment *moment);

/* Namespaces of all kinds. */
uint64_t moment_count(const struct moment *moment);

/* Entry number `rank` into *ret (initialised, reused). 1, or 0 when rank >= count. */
MUST_CHECK int moment_entry(struct moment *moment, uint64_t rank, struct catalog_entry *ret,
			    struct error *e);

/* Find "db.coll". 1 and its rank and entry (each may be NULL), 0 when there is none. */
MUST_CHECK int moment_find(struct moment *moment, struct bytes ns, uint64_t *ret_rank,
			   struct catalog_entry *ret, struct error *e);

/* Rank of the first namespace that is >= `text` in byte order; count when none. */
MUST_CHECK int moment_seek(struct moment *moment, struct bytes text, uint64_t *ret_rank,
			   struct error *e);

/* When the namespace last changed, seconds since 1970 (the snapshot's time when not known). */
MUST_CHECK int moment_changed(struct moment *moment, struct bytes ns, uint64_t *ret_seconds,
			      struct error *e);

#endif
