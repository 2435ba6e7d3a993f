/*
 * live_set.h - a set of 64-bit numbers other than 0: places of chunks, in a prune.
 *
 * Open addressing, 8 bytes a slot, at most two thirds full. Threads: one at a time.
 */
#ifndef STORE_LIVE_SET_H
#define STORE_LIVE_SET_H

#include <stdbool.h>

#include "base/chunk_id.h"
#include "base/cleanup.h"
#include "base/compiler.h"

struct live_set; /* opaque */

/* A number for an id: two that share one do not come by chance. */
static inline uint64_t live_set_number(const struct chunk_id *id)
{
	return get_le64(id->at) | 1;
}

struct live_set *live_set_new(void);
void live_set_free(struct live_set *set);
DEFINE_OWNED(struct live_set *, live_set_free);

/* Add: true when it was not there. */
bool live_set_add(struct live_set *set, uint64_t value);
bool live_set_has(const struct live_set *set, uint64_t value);
size_t live_set_count(const struct live_set *set);

#endif
