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

/* Sizes that are added up: what a change takes away may come before what it is taken from. */
struct leaf_facts_sum {
	int64_t relaxed, canonical;
};

/*
 * Add to *sum what a leaf grows by when `now` comes in the place of `old`; either may be empty. Fields
 * that both have at the same place are not measured. ERR_CORRUPT as leaf_facts_measure(); *sum is then as
 * it was.
 */
MUST_CHECK int leaf_facts_change(struct bytes old, struct bytes now, struct leaf_facts_sum *sum,
				 struct error *e);

#endif
