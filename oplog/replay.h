/*
 * replay.h - the one replay: a base, entries of the oplog up to a timestamp, and the catalog that
 * results, as trees.
 *
 * The same for a moment in the mount, for the next snapshot, for a dump with oplog.bson, for restore.
 *
 * Threads: one at a time; encoding uses the writer's threads.
 */
#ifndef OPLOG_REPLAY_H
#define OPLOG_REPLAY_H

#include "base/progress.h"
#include "oplog/stream.h"
#include "store/snapshot/catalog.h"
#include "store/snapshot/manifest.h"
#include "store/store_writer.h"

/* Where entries come from: the stream, or the oplog.bson that came with a dump. */
struct replay_source {
	/* 1 and the next entry's document, 0 at the end. */
	int (*next)(void *ctx, struct bytes *ret, struct error *e);
	void *ctx;
};

struct replay_options {
	struct store_writer *writer;
	const struct snapshot *base; /* its catalog is where it begins */
	struct store *base_store;    /* that holds the base's trees; NULL: the writer's */
	/* Of a base that has the entry of one collection alone: the snapshot with all, of which the feature
	 * compatibility version is still that of `from`, and the store that holds it. NULL: the base has all. */
	const struct snapshot *whole;
	struct store *whole_store;
	uint64_t from;		     /* what is visible at or before this is in the base already */
	uint64_t to;		     /* what is visible later is left out; UINT64_MAX: all */
	bool fuzzy;		     /* the base was copied while the entries were written */
	struct replay_source source; /* from the base's needed_from (or earlier) on */
	bool names_only; /* commands and views only: collections keep the base's documents */
	/* The documents of this collection only, as the moment's catalog has it; the result has its entry alone. */
	const struct catalog_entry *only;
	size_t memory; /* bytes of operations that are sorted without a spill; 0: 48 MiB */
	const struct progress *progress;
	uint64_t total; /* entries that are expected, for progress; 0: not known */
};

/* A namespace that could not be followed to the end. */
struct replay_stop {
	char *ns;
	uint64_t ts;
	char *why;
};

struct replay_result {
	struct snapshot
		snapshot; /* catalog, changes, sums, optime, needed_from; no name, no source */
	struct replay_stop *stops;
	size_t stop_count;
	uint64_t entries;    /* that were read */
	uint64_t operations; /* that were applied: documents and commands */
	uint64_t last;	/* timestamp of the last entry that was read and is at or before `to` */
	bool steady;	/* the feature compatibility version is known, and no entry changed it */
	bool undecided; /* of a fuzzy one: a prepared transaction is open at its end */
	char *stranger; /* of a fuzzy one: a collection that it should have and has not, or NULL */
};

void replay_result_release(struct replay_result *result);
DEFINE_OWNED_STRUCT(struct replay_result, replay_result_release);

/*
 * Replay. The new trees are in the writer (flush and commit are the caller's). ERR_NO_TIME: the moment
 * `to` waits for a prepared transaction that is not decided within the source; or a transaction that
 * it needs began before the source. ERR_UNSUPPORTED: an entry that stops everything. ERR_CORRUPT, ERR_IO,
 * ERR_CANCELLED.
 */
MUST_CHECK int replay_run(const struct replay_options *options, struct replay_result *ret,
			  struct error *e);

/*
 * The document with `key` of options->only at the moment options->to, alone: 1 and it is appended, 0 when there is
 * none. Nothing is written (options->writer is not used). Errors as replay_run(); also why its collection
 * can't be followed.
 */
MUST_CHECK int replay_document(const struct replay_options *options, struct bytes key,
			       struct buf *ret, struct error *e);

#endif
