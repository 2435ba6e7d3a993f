/*
 * commit.h - making a snapshot exist: its manifest is written, last of all.
 *
 * Threads: one commit at a time in all processes, by a short lock.
 */
#ifndef STORE_SNAPSHOT_COMMIT_H
#define STORE_SNAPSHOT_COMMIT_H

#include "store/snapshot/snapshots.h"
#include "store/store_writer.h"

/*
 * Can a snapshot get this name? To be asked before any work is done for it; commit_snapshot() asks again. ERR_INVALID,
 * ERR_EXISTS.
 */
MUST_CHECK int commit_check_name(const struct snapshot_list *list, const char *name,
				 struct error *e);

/*
 * Flush the writer and write the manifest. When snapshot->name is NULL it becomes the time's
 * text, with "-2", "-3", … after it where that is taken; a given name that is taken is
 * ERR_EXISTS. Sets name and id. On failure no snapshot exists.
 */
MUST_CHECK int commit_snapshot(struct store_writer *writer, struct snapshot *snapshot,
			       struct error *e);

#endif
