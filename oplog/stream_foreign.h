/*
 * stream_foreign.h - is this the oplog of the replica set whose snapshots the store has?
 *
 * Entries that overlap with the stream prove themselves. Others are compared with the newest exact
 * snapshot whose optime lies in the same slice: until a command changes that, operations on a namespace
 * that the snapshot holds carry the UUID that it has there. Before the entry with which a replica set was initiated
 * there is none.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_STREAM_FOREIGN_H
#define OPLOG_STREAM_FOREIGN_H

#include "oplog/stream.h"
#include "store/snapshot/manifest.h"

struct stream_foreign; /* opaque */
struct piece_cursor;

/* Reads the list of snapshots. */
MUST_CHECK int stream_foreign_new(struct store *store, struct stream_foreign **ret,
				  struct error *e);
void stream_foreign_free(struct stream_foreign *foreign);
DEFINE_OWNED(struct stream_foreign *, stream_foreign_free);

/* A slice begins. */
void stream_foreign_slice(struct stream_foreign *foreign);

/*
 * Look at the next entry of the slice. `entry` NULL: it is one that this version can't read, of time
 * `ts`. ERR_EXISTS with a hint: it is of another replica set.
 */
MUST_CHECK int stream_foreign_look(struct stream_foreign *foreign, uint64_t ts,
				   const struct entry *entry, struct error *e);

/* Is it the entry that each oplog begins with: that its replica set was initiated? */
bool stream_foreign_is_first(const struct entry *entry);

/* The same of a piece's first entry, behind which the cursor stands then. */
MUST_CHECK int stream_foreign_begins(struct piece_cursor *cursor, bool *ret, struct error *e);

/*
 * Is an exact snapshot, which is about to be made, of the replica set whose oplog the stream has? What was
 * logged after its optime is looked at until it is clear. ERR_EXISTS with a hint: it is of another one.
 */
MUST_CHECK int stream_foreign_check(struct store *store, const struct snapshot *snapshot,
				    struct error *e);

#endif
