/*
 * expr_op.h - inside expr/: how operators are made. Each file of operators has one table of struct expr_op; expr_table.c
 * lists the tables.
 *
 * Prefix: expr_
 * Threads: see expr.h.
 */
#ifndef QUERY_EXPR_EXPR_OP_H
#define QUERY_EXPR_EXPR_OP_H

#include "query/expr/expr.h"
#include "query/query_error.h"

struct expr {
	/* Evaluate: *ret may borrow from the frame's document, the arena or the expression. */
	int (*eval)(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e);
	const struct expr_op *op; /* NULL for what is no operator */
	const struct expr **args; /* an absent named argument is NULL */
	size_t count;		  /* of args */
	struct value value;	  /* a constant's */
	struct value words; /* an operator's operand as it was written, borrowed: for expr_show() */
	const void *more;   /* what the operator's parser made, in the constants arena */
};

/* How an operator is folded by expr_optimize(). By default: when all arguments that are there are constants, it becomes its value. */
enum expr_fold {
	EXPR_FOLD_ALL = 0,
	EXPR_FOLD_ARGS = 1 << 0, /* only its arguments are folded, never itself ($map, $let) */
	EXPR_FOLD_ANY_ORDER =
		1 << 1, /* associative and commutative: constants are gathered at the end */
	EXPR_FOLD_IN_ORDER = 1 << 2, /* associative: neighbours that are constants are gathered */
	EXPR_FOLD_SELF = 1 << 4,     /* `optimize` does it all, the arguments too */
	EXPR_FOLD_NOT = 1 << 5,	     /* neither it nor what is inside of it is folded */
	EXPR_FOLD_COLLATED_IN_ORDER =
		1 << 6, /* with EXPR_FOLD_ANY_ORDER: under a collation the order matters */
	EXPR_FOLD_NOT_ONE =
		1 << 3, /* with a single argument it is not associative: $sum of an array */
};

struct expr_op {
	const char *name; /* with the $ */
	int least, most;  /* arguments; most -1: any number. Not looked at when `parse` is set */
	int (*eval)(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e);
	/* Instead of taking positional arguments: parse the operand; sets self->args, count, more. NULL: positional. */
	int (*parse)(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     struct error *e);
	bool is_not_constant; /* $rand: never folded */
	unsigned fold;	      /* a set of enum expr_fold */
	/* Called by expr_optimize() when it was folded and is still this operator; may put another expression into *self. */
	int (*optimize)(struct expr_scope *scope, const struct expr **self, struct error *e);
};

/* Tables end with an entry whose name is NULL. */
extern const struct expr_op expr_ops_arithmetic[], expr_ops_arithmetic_more[],
	expr_ops_trigonometry[], expr_ops_compare[], expr_ops_logic[], expr_ops_array[],
	expr_ops_array_more[], expr_ops_array_n[], expr_ops_set[], expr_ops_object[],
	expr_ops_variable[], expr_ops_accumulate[], expr_ops_misc[], expr_ops_string[],
	expr_ops_string_more[], expr_ops_regex[], expr_ops_convert[], expr_ops_date[],
	expr_ops_date_parts[], expr_ops_date_text[], expr_ops_date_math[];

/* The operator called `name` ("$add"), or NULL. */
const struct expr_op *expr_op_find(struct bytes name);

static inline struct arena *expr_arena(struct expr_frame *frame)
{
	return frame->arena;
}
struct query_context *expr_scope_context(struct expr_scope *scope);
/* Variables of $let, $map, $filter, $reduce: visible between begin and end. */
struct expr_scope_mark {
	size_t count;
};
struct expr_scope_mark expr_scope_begin(struct expr_scope *scope);
void expr_scope_end(struct expr_scope *scope, struct expr_scope_mark mark);

/* ---- for parsers */
/* Allocate and parse positional args: an array's elements, or one single operand. */
MUST_CHECK int expr_parse_args(struct expr_scope *scope, const struct value *operand,
			       struct expr *self, struct error *e);
/* Room for `count` arguments, all NULL: self->args and count. */
void expr_args_new(struct expr_scope *scope, struct expr *self, size_t count);
/* Parse `from` into argument number `n`. */
MUST_CHECK int expr_parse_arg(struct expr_scope *scope, const struct value *from, struct expr *self,
			      size_t n, struct error *e);
/*
 * Take an object operand apart: ret[i] becomes the value of the field called names[i], missing when it has none. A field that is not in
 * `names` is error `unknown` with the text `unknown_text` followed by the name.
 */
MUST_CHECK int expr_collect(const struct value *operand, const char *const *names, size_t count,
			    int unknown, const char *unknown_text, struct value *ret,
			    struct error *e);
/* The same, and each field is parsed as it comes into argument number i. */
MUST_CHECK int expr_parse_named(struct expr_scope *scope, const struct value *operand,
				const char *const *names, size_t count, int unknown,
				const char *unknown_text, struct expr *self, struct error *e);
/* An expression that is this constant. */
const struct expr *expr_constant(struct expr_scope *scope, const struct value *v);
/* The variable or document "$$NAME.a.b", or "$a.b" as written. */
MUST_CHECK int expr_parse_path(struct expr_scope *scope, struct bytes raw, const struct expr **ret,
			       struct error *e);
/* Is it a path? Then its text with the variable ("CURRENT.a.b", as mongod shows it) is appended to `ret`. */
bool expr_path_text(const struct expr *expr, struct buf *ret);

/* ---- for evaluation */
static inline int expr_arg(const struct expr *self, size_t n, struct expr_frame *frame,
			   struct value *ret, struct error *e)
{
	return expr_eval(self->args[n], frame, ret, e);
}

/*
 * What was used on the way to a value lies in the arena until the document is done, which can be any number of times what the document is.
 * Beyond this much it is thrown away: the values alone stay, of all that was allocated after `mark`. expr_eval() does so.
 */
#define EXPR_GARBAGE_MAX (1 * MIB)
void expr_clean_up(struct arena *arena, struct arena_mark mark, struct value *values, size_t count);

/* The elements of an array (or the values of a document), borrowed, in the arena. */
struct value *expr_elements(struct arena *arena, struct bytes array, size_t *ret_count);
/* The next field of a trusted document. */
bool expr_next(struct bson_fields *fields, struct bson_field *ret);
/* An array of these; what is missing is null. As the two below, and $concatArrays, empty when arena_allows() no such size. */
struct value expr_array_of(struct arena *arena, const struct value *values, size_t count);
/* A document of these fields; missing values are left out. */
struct value expr_document_of(struct arena *arena, const struct bytes *names,
			      const struct value *values, size_t count);
/* The same where the context keeps gaps (gaps.h): a missing value is one. */
struct value expr_document_with_gaps(struct arena *arena, const struct bytes *names,
				     const struct value *values, size_t count);
/* A text of the user for a message: NULs in it are written as QUERY_ERROR_NUL. In the arena. */
const char *expr_error_text(struct arena *arena, struct bytes from);
/* The text of a value for a message (Value::toString), in the arena. */
const char *expr_text(struct arena *arena, const struct value *v);
/* Do documents and arrays lie in each other more than `levels` deep, `doc` counted? */
bool expr_is_deeper(struct bytes doc, int levels);
/* Bytes that a value takes in BSON without type and name. */
size_t expr_payload_len(const struct value *v);

/* typeName() of a value's type. */
static inline const char *expr_type(const struct value *v)
{
	return value_type_name(v->type);
}

#endif
