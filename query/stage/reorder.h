/*
 * reorder.h - the words of a pipeline in the order in which mongod runs them: a $match goes as far to the front as it may.
 *
 * What a stage before it would have made of documents that do not match is never computed then: an error in it is never met,
 * and a $match at the front is one that the plan can use. The pipeline has been checked before, as it was written.
 * Rules: DocumentSource::optimizeAt() and splitMatchExpressionBy() of mongod 6.0.
 *
 * Threads: pure.
 */
#ifndef QUERY_STAGE_REORDER_H
#define QUERY_STAGE_REORDER_H

#include "query/context.h"
#include "query/value.h"

/* The pipeline (BSON array) in its new order, in the context's constants; the same slice when nothing moves. */
struct bytes reorder_pipeline(struct query_context *q, struct bytes pipeline);

#define REORDER_PATHS_MAX 64 /* of a stage: with more, nothing moves before it */

/* What a stage does to the fields of a document. */
struct reorder_change {
	bool all_except; /* `paths` are those that stay, else those that change */
	bool too_many;
	struct bytes paths[REORDER_PATHS_MAX];
	struct {
		struct bytes to, from; /* `to` is `from` under another name */
	} renames[REORDER_PATHS_MAX];
	size_t path_count, rename_count;
};

/*
 * Split the query of a $match (a document) in what can be asked before the change (in the names of before) and what is left for after it;
 * each is of length 0 when there is nothing of it. With `exprs` the comparisons in {$expr: {$and: [..]}} are asked before, and all of it
 * after as well.
 */
void reorder_split(struct query_context *q, struct bytes query, const struct reorder_change *change,
		   bool exprs, struct bytes *ret_before, struct bytes *ret_after);

/* Does the query ask whether there is an _id ($exists, or a schema's required)? A missing field is a group of its own, null. */
bool reorder_asks_for_id(struct bytes query);

/* The part of a query that can be asked before a $redact as well: plain comparisons with what $redact does not look into. */
struct bytes reorder_redact_part(struct query_context *q, struct bytes query);

/* Does a $project say what is kept, not what is left out? mongod's find takes over such a one. */
bool reorder_is_inclusion(struct bytes project);

#endif
