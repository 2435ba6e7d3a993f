/*
 * reorder_part.h - of the parts of a query, which may be asked before a stage: for reorder_match.c.
 *
 * Rules: expression::isIndependentOf() and the renames of splitMatchExpressionBy() of mongod 6.0. Threads: pure.
 */
#ifndef QUERY_STAGE_REORDER_PART_H
#define QUERY_STAGE_REORDER_PART_H

#include "query/stage/reorder.h"

/* Is `inner` the same path as `outer`, or one below it? */
bool reorder_is_within(struct bytes inner, struct bytes outer);

/* What a predicate on the path needs: of "a.b.0.c" all of a.b (PathMatchExpression's dependencies: up to the first number). */
struct bytes reorder_needed_of(struct bytes path);

/* The number of the rename that is for this path; -1 none. */
int reorder_rename_of(const struct reorder_change *change, struct bytes path);

/* The path that was `path` before that rename, to the end of *ret. */
void reorder_rename_path(const struct reorder_change *change, size_t rename, struct bytes path,
			 struct buf *ret);

/* Does the stage leave what is at the path as it was? */
bool reorder_path_stays(const struct reorder_change *change, struct bytes path);

/* May a predicate on the path be asked before the stage? On "a.b.0.c" it needs all of a.b. */
bool reorder_path_moves(const struct reorder_change *change, struct bytes path);

/* May an expression (in words) be? Not one that looks at the document as a whole. */
bool reorder_expr_moves(const struct reorder_change *change, const struct value *v);

/* The expression in the names of before: *v becomes one in the context's constants. True when any name is another one. */
bool reorder_expr_rename(struct query_context *q, const struct reorder_change *change,
			 struct value *v);

/* reorder_computed.c: one more path that changes, or stays. */
void reorder_add_path(struct reorder_change *change, struct bytes path);
/*
 * The stage sets `to` to what an expression computes: where that is a field, an object of such, or a $map of a field to such, these are
 * renames (of the elements' fields, with the array before them); what is not is a path that changes. With renames a $map leaves `to` itself
 * as if it stayed what it was, as mongod does.
 */
void reorder_add_computed(struct query_context *q, struct reorder_change *change, struct bytes to,
			  const struct value *v);
/* prefix.name; the name alone where there is no prefix. */
struct bytes reorder_join(struct query_context *q, struct bytes prefix, struct bytes name);
/* Is it {$name: ..}, or empty? */
bool reorder_is_operator(const struct value *v);

/* May a $sort with this key go before the stage? A $lookup or an $unwind that changes none of its paths (tryReorderingWithSort()). */
bool reorder_sort_moves(struct bytes name, const struct value *operand, const struct value *sort);
/* Does the $unwind belong to the $lookup before it? */
bool reorder_is_unwound(const struct value *lookup, const struct value *unwind);

#endif
