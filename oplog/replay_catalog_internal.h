/*
 * replay_catalog_internal.h - what the files of the replay's catalog share.
 *
 * Prefix: replay_catalog_
 *
 * Threads: as replay_catalog.h.
 */
#ifndef OPLOG_REPLAY_CATALOG_INTERNAL_H
#define OPLOG_REPLAY_CATALOG_INTERNAL_H

#include "oplog/replay_fcv.h"
#include "oplog/replay_slots.h"
#include "oplog/replay_strangers.h"
#include "oplog/replay_views.h"

struct replay_catalog {
	bool fuzzy, partial;
	const struct ns_filter *coverage;
	char *server_version; /* or NULL */
	struct replay_slots slots;
	struct replay_views views;
	struct replay_fcv fcv;
	struct replay_strangers strangers; /* of a fuzzy base */
	/* Namespaces of the base, sorted when they are asked for. */
	struct bytes *held;
	size_t held_count, held_cap;
	bool held_sorted;
};

/* Is it left out by name? */
bool replay_catalog_leaves_out(struct bytes db, struct bytes coll);

/* Is it a system.views collection whose documents are kept as views? (That of admin is a collection as others.) */
bool replay_catalog_is_views(struct bytes db, struct bytes coll);

/* Does mongodump never write it, so that its absence in the base says nothing? */
bool replay_catalog_is_undumped(struct bytes db, struct bytes coll);

/* May operations on this namespace be followed? Always when the base is not partial. */
bool replay_catalog_covers(struct replay_catalog *catalog, struct bytes ns);

/*
 * The slot of an operation on `ns` (in database `db`): by `ui` if there is one, else by name. A slot without a
 * UUID adopts that of the first operation that names it. NULL: there is none.
 */
struct replay_slots_item *replay_catalog_resolve(struct replay_catalog *catalog, struct bytes db,
						 struct bytes ns, const uint8_t *ui);

/* It can't be followed from `ts` on, because of `e`, which is taken over; the first reason stays. */
void replay_catalog_stop(struct replay_slots_item *item, uint64_t ts, const struct error *e);

/* The namespace can't be followed, as above: a slot is made where there is none. */
void replay_catalog_stop_ns(struct replay_catalog *catalog, struct bytes ns, const uint8_t *ui,
			    uint64_t ts, const struct error *e);

/*
 * `op` is about a collection `ns` that is not there: nothing while that is to be expected, else the
 * namespace is stopped. The text says `what`.
 */
void replay_catalog_missing(struct replay_catalog *catalog, const struct entry *op, struct bytes ns,
			    uint64_t ts, const char *what);

/* Commands, in files of their own. The command has been parsed; results as replay_catalog_command(). */
MUST_CHECK int replay_catalog_create(struct replay_catalog *catalog, const struct command *command,
				     uint64_t ts, struct error *e);
MUST_CHECK int replay_catalog_rename(struct replay_catalog *catalog, const struct command *command,
				     uint64_t ts, struct error *e);
MUST_CHECK int replay_catalog_index(struct replay_catalog *catalog, const struct command *command,
				    uint64_t ts, struct error *e);

/*
 * An insert into system.indexes: so servers before 3.6 logged an index. What it is of may be missing, or stopped by it;
 * the document itself is kept nowhere.
 */
void replay_catalog_old_index(struct replay_catalog *catalog, const struct entry *op);

/*
 * Give the name of `item` free for another collection: it becomes db.tmpXXXXX`suffix`, with five
 * characters derived from its UUID. On an exact base that is where it stops.
 */
MUST_CHECK int replay_catalog_move_away(struct replay_catalog *catalog,
					struct replay_slots_item *item, const char *suffix,
					const struct command *command, uint64_t ts,
					struct error *e);

/* `item` gets a name of its own database that is free; what follows from the name follows. */
MUST_CHECK int replay_catalog_call(struct replay_catalog *catalog, struct replay_slots_item *item,
				   struct bytes ns, uint64_t ts, struct error *e);

/* Options and indexes of buckets go to where the time series' are. ERR_CORRUPT. */
MUST_CHECK int replay_catalog_to_series(struct replay_catalog *catalog,
					struct replay_slots_item *item, struct error *e);

#endif
