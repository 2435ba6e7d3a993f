/*
 * checkpoint.h - snapshots that are made so that no moment is far from one (DESIGN 6): every 250,000
 * entries or 64 MB of the stream. They are not listed as the user's.
 *
 * Threads: one job at a time.
 */
#ifndef TOOLS_CHECKPOINT_H
#define TOOLS_CHECKPOINT_H

#include "base/progress.h"
#include "store/store.h"

#define CHECKPOINT_ENTRIES 250000
/* A full segment ends a little below its limit of 64 MiB: each has a checkpoint at its end. */
#define CHECKPOINT_BYTES (56 * MIB)

/*
 * Make those that are missing; *ret_made is how many. Where the oplog can't be followed there are no
 * further ones, which is no error: whoever visits a moment there is told. ERR_IO, ERR_CANCELLED, ERR_NOMEM.
 */
MUST_CHECK int checkpoint_run(struct store *store, const struct progress *progress,
			      unsigned *ret_made, struct error *e);

#endif
