/*
 * series_index.h - the indexes of a time series as its buckets have them.
 *
 * A dump has them with the time series, in the words of its fields; a mongod keeps them with the buckets, by the buckets' fields: the meta field is
 * `meta`, any other is there by its least and its greatest value. Rule: timeseries_index_schema_conversion_functions.cpp of mongod 6.0.
 * Prefix: series_index_. Threads: pure.
 */
#ifndef QUERY_SERIES_INDEX_H
#define QUERY_SERIES_INDEX_H

#include "base/buf.h"

/*
 * Append the document of `key` in the words of the buckets of a time series with these options ({timeField, metaField, ..}). False, and
 * nothing is appended, when no index of buckets has such a key.
 */
bool series_index_key(struct bytes series, struct bytes key, struct buf *ret);

/*
 * Write into *ret (empty) the BSON array of `indexes`, the specifications of a time series whose catalog entry has these options, as those of its
 * buckets; of those of buckets as those of the time series. One that the other can't have is left out. ERR_CORRUPT.
 */
MUST_CHECK int series_index_of_buckets(struct bytes options, struct bytes indexes, struct buf *ret,
				       struct error *e);
MUST_CHECK int series_index_of_series(struct bytes options, struct bytes indexes, struct buf *ret,
				      struct error *e);

#endif
