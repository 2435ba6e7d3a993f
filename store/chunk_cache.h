/*
 * chunk_cache.h - decoded chunks, shared and bounded in bytes; each is loaded once at a time.
 *
 * Chunks that are held are never dropped and may push the sum over the bound; the least
 * recently used others go first. chunk_hold() and chunk_release() of store.h are here, too.
 * Prefixes: chunk_cache_, chunk_.
 *
 * Threads: any; the loader runs without the lock.
 */
#ifndef STORE_CHUNK_CACHE_H
#define STORE_CHUNK_CACHE_H

#include "store/store.h"

struct chunk_cache; /* opaque */

/* Read and verify chunk `id` into *ret (empty, to be filled). */
typedef int (*chunk_loader)(void *ctx, const struct chunk_id *id, struct buf *ret, struct error *e);

struct chunk_cache *chunk_cache_new(size_t max_bytes);
/* No chunk may be held any more. */
void chunk_cache_free(struct chunk_cache *cache);

/* A reference to the chunk, loaded when it is not there. What the loader returned when it failed. */
MUST_CHECK int chunk_cache_get(struct chunk_cache *cache, const struct chunk_id *id,
			       chunk_loader loader, void *ctx, struct chunk **ret, struct error *e);

/*
 * Read and verify several chunks, ret[i] and *ok[i] of id[i]; what is not ok is loaded alone. It must not wait for
 * a chunk that another call may be filling.
 */
typedef void (*chunk_filler)(void *ctx, const struct chunk_id *const *id, size_t count,
			     struct buf *const *ret, bool *ok);
#define CHUNK_CACHE_FILL 8

/* Load those of at most CHUNK_CACHE_FILL chunks that are not there, all at once; errors are told when they are got. */
void chunk_cache_fill(struct chunk_cache *cache, const struct chunk_id *ids, size_t count,
		      chunk_filler filler, chunk_loader loader, void *ctx);

/* Is it there, or being loaded? */
bool chunk_cache_has(struct chunk_cache *cache, const struct chunk_id *id);

#endif
