#include "query/series_stats.h"

#include "base/bson_build.h"
#include "base/buckets.h"
#include "base/compiler.h"

void series_stats_add(struct buf *out, struct bytes db, struct bytes series, uint64_t count,
		      uint64_t bytes)
{
	/* BucketCatalog::appendExecutionStats of 6.0.27, in its order. */
	static const char *const counters[] = {
		"numBucketInserts",
		"numBucketUpdates",
		"numBucketsOpenedDueToMetadata",
		"numBucketsClosedDueToCount",
		"numBucketsClosedDueToSchemaChange",
		"numBucketsClosedDueToSize",
		"numBucketsClosedDueToTimeForward",
		"numBucketsClosedDueToTimeBackward",
		"numBucketsClosedDueToMemoryThreshold",
		"numCommits",
		"numWaits",
		"numMeasurementsCommitted",
		"numMeasurementsGroupCommitted",
		"numBytesUncompressed",
		"numBytesCompressed",
		"numSubObjCompressionRestart",
		"numCompressedBuckets",
		"numUncompressedBuckets",
		"numFailedDecompressBuckets",
	};
	OWNED(buf_release) struct buf ns = {0};
	size_t doc = bson_build_open(out, "timeseries");

	buf_add_bytes(&ns, db);
	buf_add_str(&ns, "." BUCKETS_PREFIX);
	buf_add_bytes(&ns, series);
	bson_build_string(out, "bucketsNs", buf_bytes(&ns));
	bson_build_int32(out, "bucketCount", (int32_t)count);
	if (count > 0)
		bson_build_int32(out, "avgBucketSize", (int32_t)(bytes / count));
	for (size_t i = 0; i < COUNT_OF(counters); i++)
		bson_build_int32(out, counters[i], 0);
	bson_build_end(out, doc);
}
