/*
 * expr.h - aggregation expressions: "$field", {$op: ...}, literals, documents and arrays of expressions.
 *
 * Parsed once into a tree in the context's `constants` arena (nothing to free), evaluated for each document. Rules, codes
 * and texts are those of mongod 6.0.27 (src/mongo/db/pipeline/expression.cpp; measured: reference/query.md 2.6).
 *
 * Threads: a parsed expression is immutable and may be evaluated by several threads, each with its own frame.
 */
#ifndef QUERY_EXPR_EXPR_H
#define QUERY_EXPR_EXPR_H

#include "query/context.h"

struct expr; /* see expr_op.h */

#define EXPR_DEPTH_MAX 200 /* nesting of an expression's BSON */

/* The names of variables that are in scope while parsing; each has a slot in a frame. */
struct expr_scope;

/* What an evaluation needs. */
struct expr_frame {
	struct query_context *q;
	struct arena *arena;  /* results live here; the caller resets it between documents */
	struct bytes root;    /* $$ROOT */
	struct value current; /* $$CURRENT: mostly the root */
	struct value *slots;  /* of variables: expr_slots() many */
	/* The document on its way through stages, for $meta: a struct stage_doc (stage/stage.h), or NULL. */
	const void *meta;
};

/* Append a variable to a context's `let`. One that is missing is there, too, by a mark that only this layer reads. */
void expr_let_write(struct buf *ret, struct bytes name, const struct value *v);

/* A scope with the context's `let` variables and the system's. In the arena `q->constants`. */
struct expr_scope *expr_scope_new(struct query_context *q);
/* Define a variable (of $lookup's let, of $let): the slot that its value has to be put in. Names are checked:
 * 9 FailedToParse of Variables::validateNameForUserWrite. */
MUST_CHECK int expr_scope_define(struct expr_scope *scope, struct bytes name, size_t *ret_slot,
				 struct error *e);
/* The same for a system variable (DESCEND, PRUNE, KEEP of $redact; CURRENT): the name is not checked. Returns the slot. */
size_t expr_scope_define_system(struct expr_scope *scope, const char *name);
/* How many slots a frame needs for everything that was parsed with this scope. */
size_t expr_slots(const struct expr_scope *scope);
/* A frame for this scope, made when all was parsed: slots allocated in q->constants, let variables set. */
struct expr_frame expr_frame_new(struct query_context *q, const struct expr_scope *scope,
				 struct arena *arena);
/* Before each document. Does not reset the arena. */
static inline void expr_frame_set(struct expr_frame *frame, struct bytes doc)
{
	frame->root = doc;
	frame->current = value_document(doc);
}

/* Parse any value that stands where an expression may: query_error() with mongod's code and text. */
MUST_CHECK int expr_parse(struct expr_scope *scope, const struct value *from,
			  const struct expr **ret, struct error *e);
/* Parse a document as an object expression or operator (Expression::parseObject), or `{$op: ..}` only. */
MUST_CHECK int expr_parse_object(struct expr_scope *scope, struct bytes doc,
				 const struct expr **ret, struct error *e);

/*
 * Fold what is constant, as mongod optimizes a pipeline once all of it was parsed: *expr is replaced. An error is that of evaluating
 * a constant part ({$divide: [1, 0]}), without a prefix: the caller puts it there, with expr_optimize_error() for an aggregation. Not
 * needed for right values, but for mongod's order of errors and for expr_is_constant() of more than literals.
 */
MUST_CHECK int expr_optimize(struct expr_scope *scope, const struct expr **expr, struct error *e);
/* Put "Failed to optimize pipeline :: caused by :: " before the text; returns its code. */
int expr_optimize_error(struct error *e) COLD;

/* The value for the frame's document; may be missing. */
MUST_CHECK int expr_eval(const struct expr *expr, struct expr_frame *frame, struct value *ret,
			 struct error *e);

/*
 * Is a document that was computed too deep to be one (over 200 levels, the outermost counted)? 15 "cannot convert document to BSON ...".
 * Whoever gives away what expressions made asks; nothing is looked at in short ones.
 */
MUST_CHECK int expr_check_nesting(struct bytes doc, struct error *e);
/* Would `bytes` that expressions have made be more than they may (ARENA_MOST)? 146. mongod has no such limit: it ends with its memory. */
MUST_CHECK int expr_check_memory(size_t bytes, struct error *e);
/* The `n` of $firstN and the like, as an expression and as an accumulator: above 0 and whole. */
MUST_CHECK int expr_check_n(const struct value *v, int64_t *ret, struct error *e);

/* Is it a constant (a literal, or folded by expr_optimize())? Then its value. */
bool expr_is_constant(const struct expr *expr, struct value *ret);
/* Is it a field path of the root ("$a.b")? Then the path without "$"; plans and $group's fast paths ask. */
bool expr_is_field(const struct expr *expr, struct bytes *ret_path);
/* A field path expression made from "a.b" (no $). 16872 and the other errors of FieldPath. */
MUST_CHECK int expr_field(struct expr_scope *scope, struct bytes path, const struct expr **ret,
			  struct error *e);

#endif
