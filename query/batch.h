/*
 * batch.h - a stage that draws documents from a plan in batches, before the pipeline sees the first of them.
 *
 * mongod's pipelines do (DocumentSourceCursor::loadBatch()): an error of the filter at the thousandth document comes before an error of
 * the pipeline at the first. For plans whose filter can fail; others need no batches.
 *
 * Threads: as stage.h.
 */
#ifndef QUERY_BATCH_H
#define QUERY_BATCH_H

#include "query/stage/stage.h"

/* A pipeline that skips all that its limit lets through: the plan is not asked at all. */
#define BATCH_NOTHING UINT64_MAX

/* Takes the source. No more than `most` documents are wanted of it (0: all of them). */
struct stage *batch_open(struct query_context *q, uint64_t most, struct stage *source);

/*
 * How many documents a pipeline wants that begins with `$skip` and `$limit`, or has only stages before them that give one document for
 * each: 0 when it says nothing of that, or BATCH_NOTHING.
 */
uint64_t batch_most(struct bytes pipeline);

#endif
