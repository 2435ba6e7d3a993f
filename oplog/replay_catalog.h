/*
 * replay_catalog.h - the namespaces while the oplog is replayed: who is who, and what commands do.
 *
 * UUIDs decide identity, names do not (reference of the oplog, 2.1 to 2.7). Each collection is a slot
 * that keeps its number for the whole replay, whatever it is called. Documents are not touched here:
 * operations on them are collected under the slot's number (replay_docs.h). Views and time series
 * are system.views documents while it runs, and entries again at the end (decision 001).
 *
 * What comes out are the entries of a fresh mongodump at that time: system.buckets.X without metadata
 * and UUID, time series with what their buckets' options and indexes mean for them. Where the buckets are there and the
 * time series is not (servers make it behind them, and drop it before them) the buckets' entry has them: nothing else
 * would tell them when it comes.
 *
 * Left out by name, from the base, too: local.*, and what each server derives for itself instead of
 * logging it: config.transactions, config.image_collection, config.system.preimages.
 *
 * What can't be followed stops the namespace that it is about, and nothing else. Namespaces that
 * mongodump never writes (config.*, most of system.*) are followed from their create on, and left out
 * without a word while they are not known.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_CATALOG_H
#define OPLOG_REPLAY_CATALOG_H

#include "base/ns_filter.h"
#include "oplog/command.h"
#include "store/snapshot/catalog.h"

struct replay_slot {
	uint32_t number;
	bool dropped;
	struct catalog_entry entry; /* as it is now; root: of the base until replay_docs_finish() */
	bool has_ops;		    /* operations were collected for it */
	bool watched;		    /* operations on it go to replay_catalog_document(), too */
	uint64_t cleared; /* operations with a sequence number below this are void (emptycapped) */
	uint64_t changed; /* timestamp of the last entry that changed it; 0: none did */
	/* It can't be followed from here on: what and where, or NULL. The rest goes on. */
	char *stopped;
	uint64_t stopped_at; /* timestamp */
};

struct replay_catalog; /* opaque */

struct replay_catalog_options {
	bool fuzzy; /* the base was copied while entries were written: what is missing is skipped */
	bool partial; /* the base does not hold all namespaces: others are left out */
	/* What a partial base covers, which has to live as long. NULL: only what it holds. */
	const struct ns_filter *coverage;
	const char *server_version; /* of the base, or NULL; as all of this copied */
	const char *fcv;	    /* "6.0": feature compatibility version in the base, or NULL */
};

struct replay_catalog *replay_catalog_new(const struct replay_catalog_options *options);
void replay_catalog_free(struct replay_catalog *catalog);
DEFINE_OWNED(struct replay_catalog *, replay_catalog_free);

/*
 * Add an entry of the base's catalog (copied): collections, views, time series, in any order. 1, or 0
 * when it is one that is left out by name. ERR_CORRUPT: a namespace or a UUID that another one has, a
 * view without a definition.
 */
MUST_CHECK int replay_catalog_load(struct replay_catalog *catalog,
				   const struct catalog_entry *entry, struct error *e);

/*
 * The collection that an insert, update or delete is about (reference 2.1): 1 and its slot, which lives
 * as long as the catalog. 0: it is to be left out (left out by name, not covered, missing while
 * fuzzy, stopped). A UUID that is not known on an exact base is 0, too: it stops the
 * namespace that the operation names, for which a slot is made when there is none.
 */
MUST_CHECK int replay_catalog_target(struct replay_catalog *catalog, const struct entry *op,
				     struct replay_slot **ret, struct error *e);

/*
 * An operation whose slot replay_catalog_target() gave, when slot->number is REPLAY_CATALOG_INSIDE
 * (system.views: its documents are kept here, and nowhere else) or slot->watched (admin.system.version,
 * where the FCV is, and system.views where it is a collection of the base, too). Cheap for all others.
 * ERR_CORRUPT: the FCV document can't be updated.
 */
#define REPLAY_CATALOG_INSIDE UINT32_MAX
MUST_CHECK int replay_catalog_document(struct replay_catalog *catalog, const struct entry *op,
				       struct replay_slot *slot, struct error *e);

/*
 * An operation that is not known: the collection that it is on is stopped. ERR_UNSUPPORTED: it is one on
 * which others depend.
 */
MUST_CHECK int replay_catalog_unknown(struct replay_catalog *catalog, const struct entry *op,
				      uint64_t ts, struct error *e);

/*
 * Apply a command (not applyOps or the end of a transaction) that is visible at `ts`. `sequence` is
 * the number of the next operation (for emptycapped). ERR_UNSUPPORTED: refused or unknown; when it
 * names one collection only that slot is stopped and 0 is returned. ERR_CORRUPT: a malformed one.
 */
MUST_CHECK int replay_catalog_command(struct replay_catalog *catalog, const struct entry *op,
				      uint64_t ts, uint64_t sequence, struct error *e);

/* All slots ever, in order of their numbers (the dropped ones, too; those inside not). */
size_t replay_catalog_count(const struct replay_catalog *catalog);
struct replay_slot *replay_catalog_slot(struct replay_catalog *catalog, size_t number);

/* The slot that is called so now, NULL when there is none. */
struct replay_slot *replay_catalog_find(struct replay_catalog *catalog, struct bytes ns);

/* The server's major version whose behaviour is wanted now: 4 to 8 and later; whether capped
 * collections evict by themselves now (FCV up to 4.4); and whether both are still what the base said. */
int replay_catalog_major(const struct replay_catalog *catalog);
bool replay_catalog_evicts(const struct replay_catalog *catalog);
bool replay_catalog_is_steady(const struct replay_catalog *catalog);

/*
 * A collection that a fuzzy base lacks although its log writes to it and does not drop it (replay_strangers.h): "db.coll", or NULL: there
 * is none. What the log says of it is left out.
 */
const char *replay_catalog_stranger(const struct replay_catalog *catalog);

/*
 * The entries of the new catalog, in byte order of their namespaces: collections that are not
 * dropped, and the views and time series that the system.views documents describe. `each` borrows.
 * `slot` is NULL for views and time series; `changed` is when the entry changed last (0: not in this
 * replay). A collection whose name was made up because another one took its own (tmpXXXXX.create,
 * tmpXXXXX.rename) has to be gone by now: one that is left comes with slot->stopped set.
 */
typedef int replay_catalog_each(void *ctx, const struct catalog_entry *entry,
				const struct replay_slot *slot, uint64_t changed, struct error *e);
MUST_CHECK int replay_catalog_finish(struct replay_catalog *catalog, replay_catalog_each *each,
				     void *ctx, struct error *e);

#endif
