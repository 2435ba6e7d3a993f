/*
 * leaf_facts.h - what is derived from a leaf when it is written: its size as JSON lines.
 *
 * Threads: pure.
 */
#ifndef STORE_LEAF_FACTS_H
#define STORE_LEAF_FACTS_H

#include "store/store.h"

/* Measure the documents in `leaf`. ERR_CORRUPT when one can't be rendered. */
MUST_CHECK int leaf_facts_measure(struct bytes leaf, struct chunk_facts *ret, struct error *e);

/*
 * The same for a leaf that is mostly like an older one: only documents that are not in both are measured, where
 * they are few. ERR_CORRUPT as above, of either.
 */
MUST_CHECK int leaf_facts_measure_like(struct bytes leaf, struct bytes old,
				       const struct chunk_facts *of_old, struct chunk_facts *ret,
				       struct error *e);

/* Sizes that are added up: what a change takes away may come before what it is taken from. */
struct leaf_facts_sum {
	int64_t relaxed, canonical;
};

/*
 * Add to *sum what a leaf grows by when `now` comes in the place of `old`; either may be empty. Fields
 * that both have at the same place are not measured. `room` is the caller's, to be used again by the next call.
 * ERR_CORRUPT as leaf_facts_measure(); *sum is then as it was.
 */
MUST_CHECK int leaf_facts_change(struct bytes old, struct bytes now, struct buf room[2],
				 struct leaf_facts_sum *sum, struct error *e);

#endif
