/*
 * rescue.h - before a file names trees: what of them is condemned is stored anew (condemned.h).
 *
 * A writer shares chunks with what the store has. A prune may have condemned some of them since, or before, when they were
 * of a snapshot that is forgotten. Called with the lock for commits held and the writer flushed, right before the
 * file is written; the writer has to be flushed again.
 *
 * Threads: one at a time.
 */
#ifndef STORE_RESCUE_H
#define STORE_RESCUE_H

#include "store/store_writer.h"
#include "store/tree/tree.h"

struct snapshot;

/* Look at the list of now. 1 when there is anything to be done for, 0 when nothing is condemned. */
MUST_CHECK int rescue_begin(struct store_writer *writer, struct error *e);

/* Store anew what of this tree lies in condemned packs only. ERR_CORRUPT: a chunk can't be read. */
MUST_CHECK int rescue_tree(struct store_writer *writer, const struct tree_root *root,
			   struct error *e);

/* All trees of a snapshot that is about to be committed; those that `parent` (or NULL) has are known to be safe. */
MUST_CHECK int rescue_snapshot(struct store_writer *writer, const struct snapshot *snapshot,
			       const struct snapshot *parent, struct error *e);

#endif
