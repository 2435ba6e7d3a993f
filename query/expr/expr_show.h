/*
 * expr_show.h - a parsed expression as explain shows it: {$add: ["$a", {$const: 1}]}.
 *
 * Prefix: expr_
 * Threads: see expr.h.
 */
#ifndef QUERY_EXPR_EXPR_SHOW_H
#define QUERY_EXPR_EXPR_SHOW_H

#include "query/expr/expr.h"

/*
 * Append a field called `name` whose value is the expression as it is now, folded or not, to a document that is being built. The
 * operand's words that are no expressions ($map's `as`) are read once more: what was parsed still has to be there. Rule:
 * Expression::serialize() of mongod 6.0 without explain.
 */
void expr_show(const struct expr *expr, struct bytes name, struct buf *ret);

#endif
