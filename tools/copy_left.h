/*
 * copy_left.h - what a copy can't take over as it is damaged here, or not all here: told by name, never passed over in silence.
 *
 * Prefix: copy_. Threads: main thread only.
 */
#ifndef TOOLS_COPY_LEFT_H
#define TOOLS_COPY_LEFT_H

#include "base/buf.h"
#include "store/store.h"

/* Append to `left` a text for each manifest that is in no list of snapshots. ERR_IO: they can't be listed. */
MUST_CHECK int copy_left_snapshots(struct store *store, struct buf *left, struct error *e);

/* The same for files of the oplog of which something is in no range. */
MUST_CHECK int copy_left_oplog(struct store *store, struct buf *left, struct error *e);

#endif
