/*
 * checkpoint.h - snapshots that are made so that no moment is far from one (DESIGN 6): every second
 * full segment of the stream. They are not listed as the user's. Why so far: docs/decisions/005.
 *
 * Threads: one job at a time.
 */
#ifndef TOOLS_CHECKPOINT_H
#define TOOLS_CHECKPOINT_H

#include "base/progress.h"
#include "store/store.h"

/*
 * A little less than two full segments: the first has the base's own entry, too, and one that is full of bytes ends
 * below its limit of 64 MiB.
 */
#define CHECKPOINT_ENTRIES 490000
#define CHECKPOINT_BYTES (120 * MIB)

/*
 * Make those that are missing; *ret_made is how many. Where the oplog can't be followed there are no
 * further ones, which is no error: whoever visits a moment there is told. ERR_IO, ERR_CANCELLED, ERR_NOMEM.
 */
MUST_CHECK int checkpoint_run(struct store *store, const struct progress *progress,
			      unsigned *ret_made, struct error *e);

#endif
