/*
 * prune_copy.h - copying what is needed out of a pack: the frames as they are, into new packs.
 *
 * Inside a prune only. What is copied is what was verified: the whole pack by its hash, or else each chunk by its id. Threads: one at a time.
 */
#ifndef STORE_PRUNE_COPY_H
#define STORE_PRUNE_COPY_H

#include "store/mark.h"
#include "store/prune_read.h"

struct prune_copy; /* opaque */

/* `salt`: pack_writer_salt() */
struct prune_copy *prune_copy_new(struct store *store, const struct mark *mark, uint64_t salt);
void prune_copy_free(struct prune_copy *copy);
DEFINE_OWNED(struct prune_copy *, prune_copy_free);

/* Copy the marked chunks of a pack that was read. ERR_CORRUPT: one is damaged; the pack has to stay. ERR_IO. */
MUST_CHECK int prune_copy_pack(struct prune_copy *copy, uint32_t number, const struct chunk_id *id,
			       const struct prune_pack *pack, struct error *e);

/* Make all copies durable and known to the index. Only then may the old packs be condemned. */
MUST_CHECK int prune_copy_finish(struct prune_copy *copy, struct error *e);

/* True for a pack that this copy wrote, or would have had it not been there: of a prune that died. It is needed now. */
bool prune_copy_has_made(const struct prune_copy *copy, const struct chunk_id *pack);

/* Bytes of the packs that were written. */
uint64_t prune_copy_bytes(const struct prune_copy *copy);

#endif
