/*
 * project_node.h - the tree of a parsed projection: shared by project.c, which makes it, and project_apply.c.
 *
 * Threads: immutable once parsed.
 */
#ifndef QUERY_PROJECT_NODE_H
#define QUERY_PROJECT_NODE_H

#include "query/name_table.h"
#include "query/project.h"

enum project_node_kind {
	PROJECT_NODE_PATH,	 /* has children */
	PROJECT_NODE_INCLUDE,	 /* {a: 1} */
	PROJECT_NODE_EXCLUDE,	 /* {a: 0} */
	PROJECT_NODE_EXPR,	 /* computed */
	PROJECT_NODE_ELEM_MATCH, /* {a: {$elemMatch: ..}} */
	PROJECT_NODE_SLICE,	 /* {a: {$slice: ..}}: kept here, cut afterwards */
	PROJECT_NODE_POSITIONAL, /* {"a.$": 1}: kept here, cut afterwards */
};

struct project_node {
	enum project_node_kind kind;
	struct bytes name;
	const struct expr *expr;   /* EXPR */
	const struct match *match; /* ELEM_MATCH */
	struct project_node *children, *last, *next;
	struct name_table names;      /* of the children, also of one that was taken out again; */
	struct project_node **places; /* they (it: NULL) in this order, with place for `room` */
	size_t room;
	size_t index;	  /* among the names of its parent */
	bool is_computed; /* it or something below it is EXPR or ELEM_MATCH */
};

/* {$slice: ..} of find: applied to the result at `path`. */
struct project_slice {
	struct project_slice *next;
	struct bytes path;
	bool has_skip;
	int32_t skip, limit;
};

enum project_type {
	PROJECT_INCLUSION,
	PROJECT_EXCLUSION,
	PROJECT_ADD,
};

struct project {
	enum project_type type;
	struct project_node *root;
	struct project_slice *slices, *last_slice;
	struct bytes positional;   /* path before ".$"; empty when there is none */
	const struct match *match; /* of the positional */
	bool wants_sort_key;
};

#define PROJECT_DEPTH_MAX 200 /* documents in each other, in the words */

/* The child of this name, or NULL. */
struct project_node *project_node_child(const struct project_node *node, struct bytes name);
/* A new last child. */
struct project_node *project_node_add(struct arena *arena, struct project_node *node,
				      struct bytes name, enum project_node_kind kind);
/* A leaf at a dotted path below `node`: the errors of field paths; 31249, 31250 when something is there. */
MUST_CHECK int project_node_leaf(struct arena *arena, struct project_node *node, struct bytes path,
				 enum project_node_kind kind, struct project_node **ret,
				 struct error *e);
/* Set is_computed of a node and all below it; returns it. */
bool project_node_mark(struct project_node *node);
/* Does something in a specification, or in a pipeline, ask for {$meta: "sortKey"}? May say yes of what does not. */
bool project_node_asks_key(struct bytes spec);
/* The text with a NUL, in `room`. */
const char *project_node_text(struct bytes text, struct buf *room);

#endif
