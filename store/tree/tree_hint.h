/*
 * tree_hint.h - which chunk of an older tree a new one replaces: the base for a delta.
 *
 * Only a hint: what it finds decides how bytes are stored, never what they are. Questions come
 * in ascending order. Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_HINT_H
#define STORE_TREE_TREE_HINT_H

#include "store/store.h"
#include "store/tree/tree.h"

struct tree_hint; /* opaque */

/* Over an older tree; NULL or an empty one finds nothing. */
struct tree_hint *tree_hint_new(struct store *store, const struct tree_root *old);
void tree_hint_free(struct tree_hint *hint);
DEFINE_OWNED(struct tree_hint *, tree_hint_free);

/*
 * The chunk of `level` (0: a leaf) that covers separator `sep` (keyed) or byte `offset` (ranked),
 * and its BSON bytes (unless NULL). False when there is none, or the place is behind all that it knows of.
 */
bool tree_hint_find(struct tree_hint *hint, uint8_t level, struct bytes sep, uint64_t offset,
		    struct chunk_id *ret, uint64_t *ret_bytes);

#endif
