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

#endif
