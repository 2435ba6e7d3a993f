/*
 * settle.h - packs that were found in the store, and not put by us, are made durable before anything relies on them.
 *
 * A process that is killed between the rename of a pack and the fsync of its folder leaves one that every process sees, and that
 * a power cut may take away; so may a copy that does not fsync. Who takes such packs into the index notes it there, in the same
 * transaction; who writes a manifest or a segment, or deletes a pack, settles first: one syncfs, and only when there is a note.
 *
 * Threads: any.
 */
#ifndef STORE_SETTLE_H
#define STORE_SETTLE_H

#include "index/chunk_index.h"
#include "store/store.h"

/* Note that packs were found. ERR_IO, ERR_LIMIT: as chunk_index_set_note(). */
MUST_CHECK int settle_note(struct chunk_index_batch *batch, struct error *e);

/* All that is in the store, manifests and segments too, is durable then: before what others put is told to be there. ERR_IO. */
MUST_CHECK int settle_all(struct store *store, struct error *e);

/* All packs that the index knew when this was called are durable then. Of a cache nothing is made to last. ERR_IO. */
MUST_CHECK int settle_found(struct store *store, struct error *e);

#endif
