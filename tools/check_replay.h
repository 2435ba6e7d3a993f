/*
 * check_replay.h - proving snapshots by the oplog: each is replayed from the one before it, and the roots compared.
 *
 * Two ways to the same documents: what was copied from the server (or replayed earlier), and what its oplog says. A
 * difference is an error of one of them. Nothing of it is kept in the store.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_CHECK_REPLAY_H
#define TOOLS_CHECK_REPLAY_H

#include "store/check.h"

struct check_replay_result {
	uint64_t snapshots;   /* that were replayed */
	uint64_t collections; /* that were compared */
	uint64_t entries;
	uint64_t problems;
	uint64_t without; /* snapshots that no oplog leads to: not checked */
};

/* Replay the newest `most` exact snapshots that a range of the oplog leads to. 0 also with problems. Errors as replay_run(). */
MUST_CHECK int check_replay_run(struct store *store, uint64_t most, const struct progress *progress,
				check_problem problem, void *ctx, struct check_replay_result *ret,
				struct error *e);

#endif
