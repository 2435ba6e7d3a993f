/*
 * expr_inside.h - what the files of the core of expr/ tell each other; operators need expr_op.h only.
 *
 * Prefix: expr_
 * Threads: see expr.h.
 */
#ifndef QUERY_EXPR_EXPR_INSIDE_H
#define QUERY_EXPR_EXPR_INSIDE_H

#include "query/expr/expr_op.h"

/* Where the value of a variable comes from. */
enum expr_variable {
	EXPR_VARIABLE_ROOT,
	EXPR_VARIABLE_CURRENT, /* nobody defined it: the frame's */
	EXPR_VARIABLE_REMOVE,
	EXPR_VARIABLE_NOW,
	EXPR_VARIABLE_CLUSTER_TIME,
	EXPR_VARIABLE_UNAVAILABLE, /* known, but it has no value here */
	EXPR_VARIABLE_SEARCH_META,
	EXPR_VARIABLE_LET,  /* a slot whose value is known before the first document */
	EXPR_VARIABLE_SLOT, /* a slot */
};

/* The variable of this name: 9 a bad name, 17276 there is none. *ret_slot for the last two kinds only. */
MUST_CHECK int expr_scope_find(const struct expr_scope *scope, struct bytes name,
			       enum expr_variable *ret, size_t *ret_slot, struct error *e);

/* A path, in `more` of an expression. */
struct expr_path {
	enum expr_variable variable;
	size_t slot;
	struct bytes name;   /* of the variable */
	struct bytes text;   /* without the variable: "a.b"; empty for the variable itself */
	struct bytes *parts; /* "a", "b" */
	size_t count;
};
/* A document of expressions, in `more`: the names of its arguments. */
struct expr_object {
	struct bytes *names;
};
/* The eval of a path, which tells that an expression is one. */
int expr_eval_path(const struct expr *self, struct expr_frame *frame, struct value *ret,
		   struct error *e);
int expr_eval_constant(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e);
int expr_eval_object(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e);
int expr_eval_array(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e);

#endif
