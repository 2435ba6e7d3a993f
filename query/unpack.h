/*
 * unpack.h - the measurements of a time series out of its buckets: what $_internalUnpackBucket of mongod 6.0 gives.
 *
 * A measurement has the time first, then the meta field (when the bucket has one), then the others in the order of the bucket's
 * columns. Buckets of version 1 (plain) and of the compressed versions are read.
 *
 * Threads: the stage belongs to one thread at a time.
 */
#ifndef QUERY_UNPACK_H
#define QUERY_UNPACK_H

#include "query/stage/stage.h"

/*
 * A stage over buckets. `options` is the document of the series' option "timeseries": {timeField, metaField, ..}; copied. The fields that the
 * document `dropped` (which has to live as long as the stage) names are left out; an empty slice: none. Takes `source`, also on failure. ERR_CORRUPT: the options have no time field.
 */
MUST_CHECK int unpack_open(struct query_context *q, struct bytes options, struct bytes dropped,
			   struct stage *source, struct stage **ret, struct error *e);

#endif
