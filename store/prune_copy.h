/*
 * prune_copy.h - copying what is needed out of a pack: the frames as they are, into new packs.
 *
 * Inside a prune only. Each chunk is decoded and verified before it is copied. Threads: one at a time.
 */
#ifndef STORE_PRUNE_COPY_H
#define STORE_PRUNE_COPY_H

#include "store/mark.h"

struct prune_copy; /* opaque */

/* `salt`: pack_writer_salt() */
struct prune_copy *prune_copy_new(struct store *store, const struct mark *mark, uint64_t salt);
void prune_copy_free(struct prune_copy *copy);
DEFINE_OWNED(struct prune_copy *, prune_copy_free);

/* Copy the marked chunks of a pack of `size` bytes. ERR_CORRUPT: one is damaged; the pack has to stay. ERR_IO. */
MUST_CHECK int prune_copy_pack(struct prune_copy *copy, uint32_t number, const struct chunk_id *id,
			       uint64_t size, struct error *e);

/* Make all copies durable and known to the index. Only then may the old packs be condemned. */
MUST_CHECK int prune_copy_finish(struct prune_copy *copy, struct error *e);

/* Bytes of the packs that were written. */
uint64_t prune_copy_bytes(const struct prune_copy *copy);

#endif
