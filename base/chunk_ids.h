/*
 * chunk_ids.h - the names of several chunks at once: what chunk_id_of() gives for each.
 *
 * SHA-256 of one text waits for itself: each step needs the one before. Where the CPU has SHA
 * instructions two texts are hashed in turn, one step of each, which takes 0.6 of the time. Elsewhere it is
 * chunk_id_of() in a loop.
 *
 * Threads: pure.
 */
#ifndef BASE_CHUNK_IDS_H
#define BASE_CHUNK_IDS_H

#include "base/chunk_id.h"

/* SHA-256 of each of `count` texts into `ret`. Texts of different length are fine; four or more fill the lanes best. */
void chunk_ids_of(const struct bytes *from, size_t count, struct chunk_id *ret);

#endif
