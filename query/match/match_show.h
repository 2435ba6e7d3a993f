/*
 * match_show.h - Prefix: match_
 *
 * Inside match/: the tree that mongod makes of a filter for its planner, which explain shows. Ours answers with other nodes: an $expr and
 * a $jsonSchema are one node each. So the shown tree is made when somebody asks for it, of what was parsed, and is never asked of a
 * document.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_MATCH_MATCH_SHOW_H
#define QUERY_MATCH_MATCH_SHOW_H

#include "query/match/match_schema.h"

/* Has a tree nodes that are shown as others? */
bool match_show_differs(const struct match_node *node);
/* The tree that is shown for `node`, in p->arena: optimized and sorted. */
const struct match_node *match_show_tree(struct match_parser *p, const struct match_node *node);

/*
 * What the comparisons of an $expr say as predicates, which an index could help with: {$eq: ["$a", 1]} is {a: {$_internalExprEq: 1}}.
 * NULL: nothing. Rule: RewriteExpr::rewrite() of mongod 6.0.
 */
const struct match_node *match_show_rewritten(struct match_parser *p, const struct expr *expr);

/* A schema as the predicates that mongod's parser makes of it. Rule: json_schema_parser.cpp of mongod 6.0. */
const struct match_node *match_show_schema(struct match_parser *p,
					   const struct match_schema *schema, bool is_root);

#endif
