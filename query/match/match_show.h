/*
 * match_show.h - Prefix: match_
 *
 * Inside match/: the tree that mongod makes of a filter for its planner, which explain shows. Ours answers with other nodes: an $expr and
 * a $jsonSchema are one node each. So the shown tree is made when somebody asks for it, of what was parsed. Documents are asked it only
 * where a $jsonSchema stands beside an $expr, which can fail: then it shows in which order the parts of a schema are asked; and of a
 * property with dots in its name: its predicates go through arrays each for itself.
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
/* `node` with the schemas in it taken apart, not optimized: what it is asked in the order in which mongod asks it. */
const struct match_node *match_show_parts(struct match_parser *p, const struct match_node *node);

/*
 * What the comparisons of an $expr say as predicates, which an index could help with: {$eq: ["$a", 1]} is {a: {$_internalExprEq: 1}}.
 * NULL: nothing. Rule: RewriteExpr::rewrite() of mongod 6.0.
 */
const struct match_node *match_show_rewritten(struct match_parser *p, const struct expr *expr);

/* The name of an operator with "$", also of nodes that are only shown. */
const char *match_shown_name(enum match_kind kind);

/* A schema as the predicates that mongod's parser makes of it. Rule: json_schema_parser.cpp of mongod 6.0. */
const struct match_node *match_show_schema(struct match_parser *p,
					   const struct match_schema *schema, bool is_root);
/* The same for the schema of a property. */
const struct match_node *match_show_property(struct match_parser *p,
					     const struct match_schema *schema, struct bytes name);

#endif
