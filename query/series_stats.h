/*
 * series_stats.h - what collStats and $collStats tell of a time series, or of its buckets, in place of a count.
 *
 * Threads: pure.
 */
#ifndef QUERY_SERIES_STATS_H
#define QUERY_SERIES_STATS_H

#include "base/buf.h"

/*
 * Append {timeseries: {bucketsNs, bucketCount, ..}}. `series` is the time series' name, `count` and `bytes` are those of its buckets. The
 * counters of what a mongod did since it started are 0.
 */
void series_stats_add(struct buf *out, struct bytes db, struct bytes series, uint64_t count,
		      uint64_t bytes);

#endif
