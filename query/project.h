/*
 * project.h - projections: of find, of $project and $unset, and of $addFields; one engine on raw BSON.
 *
 * A parsed projection is a tree of field names whose leaves include, exclude or compute. It is applied in one walk over
 * the document: what is not looked at is copied or skipped without decoding. Parsed into the context's `constants`.
 * Rules: reference/query.md 2.5; src/mongo/db/query/projection_parser.cpp and db/exec/projection_node.cpp of mongod 6.0.
 *
 * Threads: a parsed projection is immutable; several threads may apply it, each with its own frame.
 */
#ifndef QUERY_PROJECT_H
#define QUERY_PROJECT_H

#include "query/match/match.h"
#include "query/stage/stage.h"

struct project; /* opaque */

enum project_use {
	PROJECT_FIND,  /* $slice, $elemMatch and positional are allowed */
	PROJECT_STAGE, /* $project: expressions only */
};

/*
 * Parse `spec`. For find: `match` is what the filter was parsed to, for the positional operator
 * (may be NULL when there is none; then a positional projection is an error 51050). Errors with mongod's codes
 * (31249..31276, 31394, 31395, 31308, 31310, 31324, 31325, 40352, 15998, 16410, 51270, ...) and without a prefix: $project's prefix
 * "Invalid $project :: caused by :: " is the stage's. An empty `spec` of find includes all.
 */
MUST_CHECK int project_parse(struct expr_scope *scope, struct bytes spec, enum project_use use,
			     const struct match *match, const struct project **ret,
			     struct error *e);

/* Parse the operand of $addFields / $set: all leaves compute. */
MUST_CHECK int project_parse_add(struct expr_scope *scope, struct bytes spec,
				 const struct project **ret, struct error *e);

/* An exclusion of these paths: the operand of $unset. */
MUST_CHECK int project_parse_unset(struct expr_scope *scope, const struct bytes *paths,
				   size_t count, const struct project **ret, struct error *e);

/* Fold what is constant in it, as expr_optimize() does; before it is applied. */
MUST_CHECK int project_optimize(struct expr_scope *scope, const struct project *project,
				struct error *e);

/*
 * Append to `ret` (not reset before) the projected document of `doc`. Sets the frame's document and meta; temporary
 * values live in frame->arena, which the caller resets between documents. Runtime errors of expressions, and
 * 51246 (positional without a matching element), without the prefix of the command.
 */
MUST_CHECK int project_apply(const struct project *project, struct expr_frame *frame,
			     const struct stage_doc *doc, struct buf *ret, struct error *e);

/* Does it give back every document as it is ({} of find)? */
bool project_is_all(const struct project *project);
/* Does it look at {$meta: "sortKey"}? Then the sorter has to keep its keys. */
bool project_wants_sort_key(const struct project *project);

#endif
