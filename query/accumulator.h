/*
 * accumulator.h - the accumulators of $group and $setWindowFields: {$sum: "$a"}, {$topN: {...}}.
 *
 * One is parsed once (immutable, in the context's constants); each group has a state of accumulator_size() bytes that the caller
 * provides, zeroed. What a state holds beyond these bytes is heap memory of its own.
 * Rules: src/mongo/db/pipeline/accumulator*.cpp of mongod 6.0.
 *
 * Threads: a parsed accumulator may be used by several threads; a state belongs to one at a time.
 */
#ifndef QUERY_ACCUMULATOR_H
#define QUERY_ACCUMULATOR_H

#include "query/expr/expr.h"
#include "query/query_error.h"

struct accumulator; /* opaque */

/*
 * Parse {$op: operand}: `op` is "$sum". Unknown: 15952 "unknown group operator '$foo'". $accumulator: 31264.
 */
MUST_CHECK int accumulator_parse(struct expr_scope *scope, struct bytes op,
				 const struct value *operand, const struct accumulator **ret,
				 struct error *e);
/* The same for a window function, where {$sum: [a, b]} is an array. */
MUST_CHECK int accumulator_parse_any(struct expr_scope *scope, struct bytes op,
				     const struct value *operand, const struct accumulator **ret,
				     struct error *e);
/* Fold what is constant in it, as expr_optimize() does; before its first use. */
MUST_CHECK int accumulator_optimize(struct expr_scope *scope, const struct accumulator *acc,
				    struct error *e);
/* For $bucketAuto, which has no key when it begins a group: fold `n`. 1: it is a constant, or there is none; 0: it is not. */
MUST_CHECK int accumulator_fold_n(struct expr_scope *scope, const struct accumulator *acc,
				  struct error *e);
/* For a window whose beginning moves: of equals $bottom, $bottomN and $maxN keep those that came last, where they keep the first
   ones otherwise. After parsing, before its first use. */
void accumulator_set_late(const struct accumulator *acc);

size_t accumulator_size(const struct accumulator *acc);
/* The argument, when the accumulator has exactly one that is evaluated for each document (else NULL): for fast paths. */
const struct expr *accumulator_argument(const struct accumulator *acc);

/* Before the first document of a group; evaluates `n` of firstN and the like with the frame's document {_id...: the group's key}. */
MUST_CHECK int accumulator_begin(const struct accumulator *acc, void *state,
				 struct expr_frame *frame, const struct value *group,
				 struct error *e);
/* Evaluate the argument for the frame's document and take it in. Returns the bytes of heap memory that were added. */
MUST_CHECK int64_t accumulator_add(const struct accumulator *acc, void *state,
				   struct expr_frame *frame, struct error *e);
/* Take in a value that was evaluated already (accumulator_argument() is not NULL). */
MUST_CHECK int64_t accumulator_add_value(const struct accumulator *acc, void *state,
					 struct query_context *q, const struct value *v,
					 struct error *e);
/* The result; may borrow from the state and the arena. Can be asked again and again (windows). */
MUST_CHECK int accumulator_result(const struct accumulator *acc, void *state,
				  struct query_context *q, struct arena *arena, struct value *ret,
				  struct error *e);
/* A value that stands for the state, and taking such a value in: for spilling, and for groups made by several threads. */
MUST_CHECK int accumulator_partial(const struct accumulator *acc, void *state,
				   struct query_context *q, struct arena *arena, struct value *ret,
				   struct error *e);
MUST_CHECK int64_t accumulator_merge(const struct accumulator *acc, void *state,
				     struct query_context *q, const struct value *v,
				     struct error *e);
/* Free what the state holds; it is zero then. */
void accumulator_end(const struct accumulator *acc, void *state);

#endif
