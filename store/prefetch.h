/*
 * prefetch.h - threads that decode chunks ahead of a reader.
 *
 * A queue of PREFETCH_WISHES: when it is full the oldest wish is forgotten. Threads: any.
 */
#ifndef STORE_PREFETCH_H
#define STORE_PREFETCH_H

#include "base/chunk_id.h"

/* What a few reads of 1 MiB and the leaves ahead of them wish for, and room. */
#define PREFETCH_WISHES 256

struct prefetch; /* opaque */

/* `run` decodes one chunk; it is called from `threads` threads. */
struct prefetch *prefetch_new(unsigned threads, void (*run)(void *ctx, const struct chunk_id *id),
			      void *ctx);
void prefetch_add(struct prefetch *prefetch, const struct chunk_id *id);
/* Several at once, under one lock. */
void prefetch_add_several(struct prefetch *prefetch, const struct chunk_id *ids, size_t count);
/* Waits for what is being decoded; drops the rest. NULL is fine. */
void prefetch_free(struct prefetch *prefetch);

#endif
