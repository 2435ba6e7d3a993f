/*
 * plan_needed.h - which fields of a collection's documents a pipeline needs.
 *
 * mongod reads no more of a document than that. It can be seen where a path goes through an array by an element's place ("a.0"): of
 * a document of which only "a.0" is read there are no places left. So $lookup's localField and a $sort that is a stage find nothing
 * there, unless another stage needs all of "a". DepsTracker and PipelineD of mongod 6.0.
 *
 * Threads: pure.
 */
#ifndef QUERY_PLAN_NEEDED_H
#define QUERY_PLAN_NEEDED_H

#include "query/context.h"

/*
 * The pipeline with a $project of what it needs behind the $match and $sort that it may begin with, where that can be seen; else the same.
 * What comes of a stage that is not known here counts as all of the document.
 */
struct bytes plan_needed(struct query_context *q, struct bytes pipeline);

#endif
