/*
 * prune_model.h - what the tests of store/prune*.c share: forget, and see what is there.
 *
 * Threads: one.
 */
#ifndef TESTS_UNIT_STORE_PRUNE_MODEL_H
#define TESTS_UNIT_STORE_PRUNE_MODEL_H

#include "tests/unit/store/snapshot_model.h"

#define DAY ((uint64_t)86400 * 1000000)

/* This second, in microseconds. */
uint64_t prune_model_now(void);
/* Forget one snapshot; must succeed. */
void prune_model_forget(struct store *store, const struct chunk_id *id, uint64_t now_us);
/* Everything that is listed is whole, and there are `count` of them. */
void prune_model_is_whole(struct store *store, uint64_t count);
/* Bytes of all packs. */
uint64_t prune_model_stored(const char *dir);

#endif
