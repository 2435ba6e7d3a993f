/*
 * ingest_roll.h - making a dump consistent: its oplog.bson is replayed over what was copied meanwhile.
 *
 * The collections of `mongodump --oplog` are of different moments; the entries that were written while
 * they were copied make them all of one, that of the last entry.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_INGEST_ROLL_H
#define TOOLS_INGEST_ROLL_H

#include "base/progress.h"
#include "store/snapshot/manifest.h"
#include "store/store_writer.h"

/* The optime of the last entry of snapshot->oplog: 1, or 0 when it is none. ERR_IO, ERR_CORRUPT (the store). */
MUST_CHECK int ingest_roll_last(struct store_writer *writer, const struct snapshot *snapshot,
				struct optime *ret, struct error *e);

/*
 * Replay snapshot->oplog over snapshot->catalog: the snapshot becomes exact, its trees and sums those
 * of the end. 1; or 0 when that can't be done, and *ret_why (appended) says why: the snapshot is as it was,
 * inexact. ERR_IO, ERR_CORRUPT (of the store),
 * ERR_CANCELLED, ERR_NOMEM.
 */
MUST_CHECK int ingest_roll_run(struct store_writer *writer, struct snapshot *snapshot,
			       const struct progress *progress, struct buf *ret_why,
			       struct error *e);

/*
 * Put the entries of snapshot->oplog into the store's stream: 1; or 0 when they are no such entries, and
 * *ret_why (appended) says why. ERR_EXISTS: the stream has others, of another replica set.
 */
MUST_CHECK int ingest_roll_keep(struct store_writer *writer, const struct snapshot *snapshot,
				const struct progress *progress, struct buf *ret_why,
				struct error *e);

#endif
