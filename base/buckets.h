/*
 * buckets.h - the collection that holds the documents of a time series.
 *
 * Of a time series X it is system.buckets.X in the same database (server: src/mongo/db/namespace_string.h,
 * kTimeseriesBucketsCollectionPrefix). All here is pure.
 */
#ifndef BASE_BUCKETS_H
#define BASE_BUCKETS_H

#include "base/bytes.h"

#define BUCKETS_PREFIX "system.buckets."

/* Is the collection of that name (without its database) one? *ret_series, if not NULL: the name of its series, in `coll`. */
static inline bool buckets_is(struct bytes coll, struct bytes *ret_series)
{
	const size_t prefix = sizeof(BUCKETS_PREFIX) - 1;

	if (coll.len <= prefix || memcmp(coll.at, BUCKETS_PREFIX, prefix) != 0)
		return false;
	if (ret_series != NULL)
		*ret_series = bytes_of(coll.at + prefix, coll.len - prefix);
	return true;
}

#endif
