/*
 * group_hash.h - hashes of the keys of $group: as value_hash(), with the common kinds made quick.
 *
 * Numbers that are equal round to the same double. Threads: pure.
 */
#ifndef QUERY_STAGE_GROUP_HASH_H
#define QUERY_STAGE_GROUP_HASH_H

#include "query/value.h"

/* Equal values (of any number type, under the collation) have equal hashes. */
uint64_t group_hash(const struct value *id, struct collation *collation);

#endif
