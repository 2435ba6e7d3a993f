/*
 * replay_indexes.h - the indexes of one collection while the oplog is replayed: an array of specs.
 *
 * Specs are kept as listIndexes shows them, _id_ first and then in the order in which their builds
 * began, as mongodump writes them. An index that is being built is none yet.
 *
 * Threads: pure.
 */
#ifndef OPLOG_REPLAY_INDEXES_H
#define OPLOG_REPLAY_INDEXES_H

#include "oplog/command.h"

/*
 * Append a spec of the log as servers of version `major` list it: from 5.0 on the fields have one
 * order and a type each (list_indexes.idl of mongo/db). `ns`: up to 4.2 the collection's name is in it,
 * behind the index's; empty: not. ERR_CORRUPT.
 */
MUST_CHECK int replay_indexes_listed(struct bytes spec, int major, struct bytes ns, struct buf *ret,
				     struct error *e);

/*
 * Append the spec that a clustered collection lists besides its indexes, made of its options
 * (clusteredIndex, collation, expireAfterSeconds). 1, or 0: it is none. ERR_CORRUPT.
 */
MUST_CHECK int replay_indexes_clustered(struct bytes options, struct buf *ret, struct error *e);

/*
 * Add an index, or put it in the place of the one of the same name; 1, or 0 when an equal one (catalog_normal.h)
 * is there. `before`: is it to lie before this index? ERR_CORRUPT: a spec without a name.
 */
typedef bool replay_indexes_before(void *ctx, struct bytes name);
MUST_CHECK int replay_indexes_put(struct buf *indexes, struct bytes spec,
				  replay_indexes_before *before, void *ctx, struct error *e);

/* Remove what a dropIndexes names, by name, key or all but _id_: how many they were. ERR_CORRUPT. */
MUST_CHECK int replay_indexes_remove(struct buf *indexes, const struct command *command,
				     struct error *e);

/* Remove the index of this name: 1, or 0 when there is none. ERR_CORRUPT. */
MUST_CHECK int replay_indexes_remove_named(struct buf *indexes, struct bytes name, struct error *e);

/* Change what a collMod names: 1, or 0 when nothing changes. ERR_CORRUPT. */
MUST_CHECK int replay_indexes_modify(struct buf *indexes, const struct command *command, int major,
				     struct error *e);

/* The collection is called `ns` now: so say the specs that have a field ns. ERR_CORRUPT. */
MUST_CHECK int replay_indexes_rename(struct buf *indexes, struct bytes ns, struct error *e);

/* Have the specs a field ns (servers up to 4.2)? 1 or 0; ERR_CORRUPT. */
MUST_CHECK int replay_indexes_have_ns(struct bytes indexes, struct error *e);

/* The name of a spec. ERR_CORRUPT when it has none. */
MUST_CHECK int replay_indexes_name(struct bytes spec, struct bytes *ret, struct error *e);

/*
 * The builds that have begun, in `started` (catalog_entry.building): one lists its indexes in the order of the
 * beginnings, whatever is ready first. A name that is there already begins anew.
 */
void replay_indexes_begin(struct buf *started, struct bytes name);

/* It is ready (or given up, or dropped). */
void replay_indexes_end(struct buf *started, struct bytes name, bool ready);

/* Began `other` after `name`? False when one of them isn't known. */
bool replay_indexes_later(const struct buf *started, struct bytes name, struct bytes other);

#endif
