/*
 * moment.h - the one way all readers read: the deployment as it was at one time.
 *
 * A moment is a snapshot, or a snapshot plus the entries of the oplog up to a timestamp (timeline.h
 * makes those). Readers (mount, server, dump, diff) see no difference.
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

/*
 * Make `entry` (of this moment) tell its documents: replays them if that was not done yet, and sets
 * entry->root. Call it before entry->root is used; cheap when there is nothing to do. An error tells why
 * this namespace can't be told at this moment (an entry that is not understood; with its optime).
 */
MUST_CHECK int moment_resolve(struct moment *moment, struct catalog_entry *entry, struct error *e);

/* Would moment_resolve() have to replay? Answers at once, also while another thread replays. */
bool moment_is_dear(struct moment *moment, const struct catalog_entry *entry);

/*
 * The document of `entry` with this key: 1 and the document appended, 0 when there is none. Cheaper than
 * moment_resolve() when one document is all that is wanted. Keyed collections only (ERR_INVALID).
 */
MUST_CHECK int moment_document(struct moment *moment, const struct catalog_entry *entry,
			       struct bytes key, struct buf *ret, struct error *e);

/* What it is: name, time, counts. Borrowed from the moment. Counts are those of the base while
 * documents have not been replayed. */
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
