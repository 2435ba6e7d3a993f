/*
 * closure.h - is everything there that a snapshot needs? (DESIGN 4, invariant 2)
 *
 * A manifest may arrive before its chunks (rsync in progress, or cut off). It is shown only
 * once every chunk below it is in the index. What was found whole is noted, until a pack goes.
 *
 * Threads: any.
 */
#ifndef STORE_SNAPSHOT_CLOSURE_H
#define STORE_SNAPSHOT_CLOSURE_H

#include "index/chunk_index.h"
#include "store/live_set.h"
#include "store/snapshot/manifest.h"

/* 1 the index knows the chunk and what it is decoded with, its bases; 0 it does not. */
MUST_CHECK int closure_has_chunk(struct store *store, const struct chunk_id *id, struct error *e);

/* 1 the same of the base of one place, or it has none; 0: what lies there can't be decoded, another place of the chunk may be. */
MUST_CHECK int closure_has_base(struct store *store, const struct chunk_place *place,
				struct error *e);

/* 1 every chunk of the tree is there, 0 not. It always walks: nodes are read, leaves are not. */
MUST_CHECK int closure_has_tree(struct store *store, const struct tree_root *root, struct error *e);

/*
 * 1 the snapshot is whole, 0 something is missing (its chunk's text in `e`, which is no error). Packs may have come
 * since the index was last looked at: it is looked at anew before the tree is walked, where *refreshed is false, which
 * it then is no longer. Whoever asks about many manifests keeps it: it is right for all that were seen before.
 */
MUST_CHECK int closure_is_whole(struct store *store, const struct snapshot *snapshot,
				bool *refreshed, struct error *e);

/*
 * The same for many: what is found whole is noted together, with one commit for some thousands. A look that is all zeros begins;
 * who has not called closure_look_end() notes less, which is no harm.
 */
struct closure_look {
	bool refreshed;
	struct buf whole;		      /* of struct chunk_id: not noted yet */
	uint8_t state[CHUNK_INDEX_STATE_LEN]; /* of the index when the first of them was found */
	/* What one of them was walked for is not walked for the next: 8 bytes for each node and collection. */
	struct live_set *seen;
	uint8_t seen_in
		[2][CHUNK_INDEX_STATE_LEN]; /* of the index, and that of the store under a cache */
	uint64_t nodes;			    /* that were read */
};
MUST_CHECK int closure_look_at(struct store *store, const struct snapshot *snapshot,
			       struct closure_look *look, struct error *e);
MUST_CHECK int closure_look_end(struct store *store, struct closure_look *look, struct error *e);
void closure_look_release(struct closure_look *look);
DEFINE_OWNED_STRUCT(struct closure_look, closure_look_release);

/* As closure_is_whole(), but it always walks, and notes nothing: for checks. */
MUST_CHECK int closure_walk(struct store *store, const struct snapshot *snapshot, struct error *e);

/* Note that all is there that the file `id` (a manifest, a segment) leads to, so that it is not walked again. */
MUST_CHECK int closure_note_whole(struct store *store, const struct chunk_id *id, struct error *e);
/* The same for who only reads, 1: the note saves the next look, and on a full disk there is none. */
MUST_CHECK int closure_remember_whole(struct store *store, const struct chunk_id *id,
				      struct error *e);
/* Was it noted, and has no pack gone since? False when that can't be told. */
bool closure_is_noted(struct store *store, const struct chunk_id *id);

#endif
