/*
 * index_model.h - what the tests of index/ share: ids, places, whole indexes that can be checked.
 *
 * Pack number p of model_fill() holds chunks of every number that p divides; the place's fields
 * follow from both numbers, so that any wrong answer is seen. Threads: one.
 */
#ifndef TESTS_UNIT_INDEX_INDEX_MODEL_H
#define TESTS_UNIT_INDEX_INDEX_MODEL_H

#include "index/chunk_index.h"
#include "tests/harness/harness.h"

struct chunk_id index_model_id(uint64_t number);
struct chunk_id index_model_pack(uint64_t number);
/* The place of chunk `number` in pack `pack` of the model, whose number in the index is `in_index`. */
struct chunk_place index_model_place(uint64_t number, uint64_t pack, uint32_t in_index);
bool index_model_same(const struct chunk_place *a, const struct chunk_place *b);

struct chunk_index *index_model_open(const char *dir, bool *ret_fresh);

/* Add pack `pack` with chunks pack, 2*pack, … < count. ERR_… */
MUST_CHECK int index_model_add(struct chunk_index *index, uint64_t pack, uint64_t count,
			       struct error *e);
/* Drop packs by the model's numbers; those that are not there do not matter. */
MUST_CHECK int index_model_drop(struct chunk_index *index, const uint64_t *packs, size_t count,
				struct error *e);

/*
 * Ask for all chunks below `count`: the number of places found, all of which are right for packs
 * below `packs`; INDEX_MODEL_WRONG when one is wrong, else the error.
 */
#define INDEX_MODEL_WRONG (-1000)
MUST_CHECK int64_t index_model_check(struct chunk_index *index, uint64_t packs, uint64_t count,
				     struct error *e);

#endif
