/*
 * tail_others.h - has another tail, on another copy of the store, followed into this one?
 *
 * The lock of a store keeps two tails of one machine apart. Two copies, each followed into, are known once one
 * is copied over the other: a journal comes that nobody here began.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_TAIL_OTHERS_H
#define TOOLS_TAIL_OTHERS_H

#include "base/buf.h"
#include "store/store.h"

struct tail_others {
	struct store *store;
	struct buf known;   /* uint64_t: the journals that were there, and ours */
	uint64_t next_look; /* ms */
};

/* Note what is there: with the lock held. ERR_IO. */
MUST_CHECK int tail_others_begin(struct tail_others *others, struct store *store, struct error *e);
void tail_others_release(struct tail_others *others);

/* Journal `number` is ours. */
void tail_others_add(struct tail_others *others, uint64_t number);

/* Look now and then; cheap. ERR_BUSY: there is one, and the text says so. ERR_IO. */
MUST_CHECK int tail_others_check(struct tail_others *others, struct error *e);

#endif
