/*
 * bson_column.h - reading a compressed column of a time series bucket (BSON binary subtype 7).
 *
 * A column holds one value, or none, for each measurement: literals, and differences packed by Simple-8b. Objects whose shape
 * stays the same are kept interleaved, one stream for each scalar in them. The format is that of mongod 5.2 and later
 * (bson/util/bsoncolumn.h); what buckets of 6.0, 7.0 and 8.0 hold is read.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_BSON_COLUMN_H
#define QUERY_BSON_COLUMN_H

#include "query/value.h"

struct bson_column; /* opaque */

/* Begin to read; nothing is looked at yet. `column` is the binary's content (behind length and subtype) and outlives the reader.
 * It lives in the arena, as do the values that it gives: nothing to free. */
struct bson_column *bson_column_new(struct bytes column, struct arena *arena);

/* 1 and the next value, which is missing for a measurement without this field; 0 at the end. ERR_CORRUPT; never reads out of bounds. */
MUST_CHECK int bson_column_next(struct bson_column *column, struct value *ret, struct error *e);

#endif
