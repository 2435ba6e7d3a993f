/*
 * replay_series.h - what a time series shows of its buckets: options and indexes.
 *
 * Servers log what happens to system.buckets.X; mongodump's metadata is that of X. Only what X shows
 * is kept.
 *
 * Source: timeseries_index_schema_conversion_functions.cpp and kAllowedCollectionCreationOptions of
 * mongo/db/timeseries; listings of 5.0.4 and 6.0.27.
 *
 * Threads: pure.
 */
#ifndef OPLOG_REPLAY_SERIES_H
#define OPLOG_REPLAY_SERIES_H

#include "base/bson.h"
#include "base/buf.h"

/* Append those of the buckets' options that the time series shows. ERR_CORRUPT. */
MUST_CHECK int replay_series_options(struct bytes buckets, struct buf *ret, struct error *e);

/*
 * Append the spec of the time series' index for one of the buckets. `options`: the time series'. 1, or 0
 * when it has none (servers list it only for the buckets). ERR_CORRUPT.
 */
MUST_CHECK int replay_series_index(struct bytes spec, struct bytes options, int major,
				   struct buf *ret, struct error *e);

/*
 * Does the buckets' index of this one of the time series keep the definition as it was given (6.0 and
 * later: originalSpec)? Then a collMod changes nothing of what the time series shows (measured). 1 or 0;
 * ERR_CORRUPT.
 */
MUST_CHECK int replay_series_is_original(struct bytes spec, struct bytes options, struct error *e);

#endif
