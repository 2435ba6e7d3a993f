/*
 * facts_keeper.h - facts that had to be derived again are written into the index, in the background.
 *
 * After a change of the renderer (EJSON_VERSION) the facts beside the chunks in the packs are those
 * of another one. Who derives them hands them over here; a thread of the keeper's writes them, many
 * in one commit, so no reader waits and the next one finds them. Packs never change: a new
 * index begins with their facts again. What can't be written, or comes too fast, is forgotten:
 * then it is derived again.
 *
 * Threads: facts_keeper_add() from any.
 */
#ifndef STORE_FACTS_KEEPER_H
#define STORE_FACTS_KEEPER_H

#include "store/store.h"

struct facts_keeper; /* opaque */

/* Its thread starts with the first facts. `store` must outlive it. */
struct facts_keeper *facts_keeper_new(struct store *store);
/* Writes what it still has. NULL is fine. */
void facts_keeper_free(struct facts_keeper *keeper);
DEFINE_OWNED(struct facts_keeper *, facts_keeper_free);

/* Hand over the facts of a chunk. Returns at once, and never fails. */
void facts_keeper_add(struct facts_keeper *keeper, const struct chunk_id *id,
		      const struct chunk_facts *facts);

#endif
