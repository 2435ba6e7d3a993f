/*
 * series_lead.h - what of a pipeline over a time series is done while its buckets are unpacked, which shows in the order of fields.
 *
 * A field that a first $unset or {$project: {x: 0}} takes away was never there: a later $set of it puts it at the end, where behind other
 * stages it gets its old place (gaps.h). So it is of fields that a first $set makes of the meta field alone: they come last, in the order of
 * their names. Rule: DocumentSourceInternalUnpackBucket::doOptimizeAt() of mongod 6.0, whose $set of the meta field itself, which leaves two
 * fields of that name, is not followed.
 *
 * Prefix: series_lead_. Threads: pure.
 */
#ifndef QUERY_SERIES_LEAD_H
#define QUERY_SERIES_LEAD_H

#include "query/context.h"

/*
 * The document whose fields are not to be unpacked; empty slice: all are. `series` are the options of the time series ({timeField, ..}), `asked` the
 * pipeline as it was given; *pipeline, in the order in which it runs, may be replaced. In the context's constants.
 */
struct bytes series_lead_drops(struct query_context *q, struct bytes series, struct bytes asked,
			       struct bytes *pipeline);

#endif
