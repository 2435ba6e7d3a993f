/*
 * mark.h - which stored chunks are needed: the first half of a prune.
 *
 * A chunk that is reachable is marked at one of its places, and so is what that place is decoded with. The
 * other places are waste. Of several a place is chosen that is not condemned, then the one with the shortest way
 * to plain bytes.
 *
 * Memory: 16 bytes for each chunk that is reachable. Threads: one at a time.
 */
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include "store/condemned.h"
#include "store/tree/tree.h"

struct mark; /* opaque */

/* Nothing marked yet. `condemned` is looked at now only. */
MUST_CHECK int mark_new(struct store *store, const struct condemned *condemned, struct mark **ret,
			struct error *e);
void mark_free(struct mark *mark);
DEFINE_OWNED(struct mark *, mark_free);

/* Mark all chunks of a tree. What is missing or damaged is counted, no error. ERR_IO, ERR_NOMEM. */
MUST_CHECK int mark_tree(struct mark *mark, const struct tree_root *root, struct error *e);

/* Mark what the snapshot's manifest names: its trees, and those of its catalog. Errors as mark_tree(). */
struct snapshot;
MUST_CHECK int mark_snapshot(struct mark *mark, const struct snapshot *snapshot, struct error *e);

/* Chunks that are named but not there, or can't be read. */
uint64_t mark_missing(const struct mark *mark);

struct mark_pack {
	uint32_t number;
	uint64_t chunks; /* that are marked there */
	uint64_t bytes;	 /* stored, of those, with their frames' headers left out */
};
/* What is marked in pack `number`; zeros when nothing is. */
struct mark_pack mark_of_pack(const struct mark *mark, uint32_t number);

/* Is the chunk at this offset of that pack marked? */
bool mark_has(const struct mark *mark, uint32_t pack, uint32_t offset);

#endif
