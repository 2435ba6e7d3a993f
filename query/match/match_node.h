/*
 * match_node.h - Prefix: match_
 *
 * Inside match/: the tree of a parsed match. Nodes live in the context's `constants`.
 *
 * Threads: a tree is immutable once parsed; the collation is that of the thread's own context, never one kept here.
 */
#ifndef QUERY_MATCH_MATCH_NODE_H
#define QUERY_MATCH_MATCH_NODE_H

#include "query/match/match.h"
#include "query/match/match_near.h"
#include "query/path.h"
#include "query/query_error.h"
#include "query/regex.h"

/* In the order of MatchExpression::MatchType of mongod 6.0, by which children are sorted. */
enum match_kind {
	MATCH_AND,
	MATCH_OR,
	MATCH_ELEM_OBJECT,
	MATCH_ELEM_VALUE,
	MATCH_SIZE,
	MATCH_EQ,
	MATCH_LTE,
	MATCH_LT,
	MATCH_GT,
	MATCH_GTE,
	MATCH_REGEX,
	MATCH_MOD,
	MATCH_EXISTS,
	MATCH_IN,
	MATCH_BITS_ALL_SET,
	MATCH_BITS_ALL_CLEAR,
	MATCH_BITS_ANY_SET,
	MATCH_BITS_ANY_CLEAR,
	MATCH_NOT,
	MATCH_NOR,
	MATCH_TYPE,
	MATCH_GEO,
	MATCH_ALWAYS_FALSE,
	MATCH_ALWAYS_TRUE,
	MATCH_EXPR,
	MATCH_SAMPLE,
	MATCH_GEO_NEAR,
	MATCH_SCHEMA,
	/* These are only shown: match_show.h. */
	MATCH_INTERNAL_EQ,
	MATCH_INTERNAL_GT,
	MATCH_INTERNAL_GTE,
	MATCH_INTERNAL_LT,
	MATCH_INTERNAL_LTE,
	MATCH_SHOWN_ALLOWED,
	MATCH_SHOWN_ALL_ELEMENTS,
	MATCH_SHOWN_ENCRYPTED,
	MATCH_SHOWN_SUBTYPE,
	MATCH_SHOWN_COND,
	MATCH_SHOWN_EQ,
	MATCH_SHOWN_FMOD,
	MATCH_SHOWN_ELEMENT,
	MATCH_SHOWN_MAX_ITEMS,
	MATCH_SHOWN_MAX_LENGTH,
	MATCH_SHOWN_MAX_PROPERTIES,
	MATCH_SHOWN_MIN_ITEMS,
	MATCH_SHOWN_MIN_LENGTH,
	MATCH_SHOWN_MIN_PROPERTIES,
	MATCH_SHOWN_OBJECT,
	MATCH_SHOWN_ROOT_EQ,
	MATCH_SHOWN_TYPE,
	MATCH_SHOWN_UNIQUE,
	MATCH_SHOWN_XOR,
};

/* A set of BSON types, as $type has it. Bit `type` for 1..19; MinKey and MaxKey have their own. */
#define MATCH_TYPE_MIN_KEY (1U << 30)
#define MATCH_TYPE_MAX_KEY (1U << 31)
struct match_types {
	uint32_t bits;
	bool numbers;	       /* "number" was named; explain shows it */
	uint32_t numbers_bits; /* the types that were named beside it */
};

struct match_regex {
	const struct regex *regex;
	struct bytes pattern, options; /* as they were given; both have a NUL behind them */
	struct bytes prefix;	       /* every match begins with it; empty: nothing is known */
};

struct match_bits {
	const uint32_t *positions; /* as they were given; or `data` */
	size_t count;
	struct bytes data; /* the bits that are set in these bytes */
	uint64_t mask;
};

struct match_in {
	const struct value *values; /* in order, none twice */
	size_t count;
	const struct match_regex *const *regexes;
	size_t regex_count;
	bool has_null;
};

struct match_geo; /* match_geo.c */
struct match_schema;

struct match_node {
	enum match_kind kind;
	bool in_elements; /* a leaf that looks into the arrays at the end of its path, too */
	bool collated;	  /* compares strings by the collation */
	int slot;	  /* place of the path's first part in match.tops; -1: look it up */
	struct path path;
	const struct match_node **children; /* of AND, OR, NOR, NOT, ELEM_VALUE */
	size_t count;
	const struct match_schema *asks; /* a part of a $jsonSchema: it asks no more than this */
	union {
		struct value value; /* EQ.. GTE; GEO and others: the operand as it was written */
		struct {
			int64_t divisor, remainder;
		} mod;
		int64_t size; /* and the number of what is only shown */
		double rate;  /* SAMPLE */
		struct match_types types;
		struct match_bits bits;
		struct match_in in;
		const struct match_regex *regex;
		struct {
			const struct expr *expr;
			struct value words;
		} expr;
		const struct match *sub; /* ELEM_OBJECT */
		struct {
			const struct match_geo *geo;
			struct bytes name; /* "$geoWithin" */
			struct value words;
		} geo;
		const struct match_near *near;
		struct {
			const struct match_schema *schema;
			struct value words;
		} schema;
	};
};

/* One level of documents: a tree, and the first parts of the paths in it, which one pass over a document finds. */
#define MATCH_TOPS_MAX 32
struct match {
	const struct match_node *root;
	const struct match_node *
		as_written; /* the same, not sorted: the last of its array predicates gives the position */
	const struct match_node *whole;	      /* as root, but each schema one node: for texts */
	bool has_collation;		      /* strings are compared by one */
	struct bytes words;		      /* what was parsed */
	unsigned flags;			      /* it was parsed with */
	const struct match_node *parsed_tree; /* before anything was rewritten */
	const struct match_near *near;	      /* or NULL */
	struct query_context *q;	      /* it was parsed for */
	const struct match_node
		*parsed; /* as it was before anything was rewritten; NULL: there is no $expr */
	const struct bytes *tops;
	size_t top_count;
};

/* ---- parsing */

enum match_level { MATCH_LEVEL_TOP, MATCH_LEVEL_SUB };

struct match_parser {
	struct expr_scope *scope;
	struct query_context *q;
	struct arena *arena;
	unsigned flags;
	bool has_expr;
	bool shows; /* the tree is made to be shown: an $expr says what its comparisons are */
	const struct match_near *near; /* the last that was parsed, or NULL */
	struct error *e;
};

/* Nodes that grow while they are parsed. */
struct match_list {
	const struct match_node **at;
	size_t count, cap;
};
void match_list_add(struct match_parser *p, struct match_list *list, const struct match_node *node);

struct match_node *match_node_new(struct match_parser *p, enum match_kind kind);
struct match_node *match_leaf_new(struct match_parser *p, enum match_kind kind, struct bytes path);
struct match_node *match_tree_new(struct match_parser *p, enum match_kind kind,
				  const struct match_list *list);
struct match_node *match_not_new(struct match_parser *p, const struct match_node *child);

/* match_parse.c: a document of predicates; {$gt: 1, ..} of one field; both append to a list. */
int match_parse_document(struct match_parser *p, struct bytes doc, enum match_level level,
			 const struct match_node **ret);
int match_parse_field(struct match_parser *p, struct bytes name, struct bytes doc,
		      enum match_level level, struct match_list *list);
int match_parse_compare(struct match_parser *p, enum match_kind kind, struct bytes name,
			const struct value *v, const struct match_node **ret);
/* Is it {$op: ..} (and no DBRef)? */
bool match_is_operators(const struct value *v, bool incomplete_dbref);
/* Make the level of documents that a tree is for: optimized, with its slots. */
const struct match *match_level_of(struct match_parser *p, const struct match_node *root);

/* match_parse_ops.c: the operands of single operators. `field` is the operator's own field. */
int match_parse_in(struct match_parser *p, struct bytes name, const struct bson_field *field,
		   const struct match_node **ret);
int match_parse_size(struct match_parser *p, struct bytes name, const struct bson_field *field,
		     const struct match_node **ret);
int match_parse_type(struct match_parser *p, struct bytes name, const struct bson_field *field,
		     const struct match_node **ret);
int match_parse_mod(struct match_parser *p, struct bytes name, const struct bson_field *field,
		    const struct match_node **ret);
int match_parse_bits(struct match_parser *p, enum match_kind kind, struct bytes name,
		     const struct bson_field *field, const struct match_node **ret);
/* {$regex: .., $options: ..} */
int match_parse_regex(struct match_parser *p, struct bytes name, struct bytes doc,
		      const struct match_node **ret);
/* A value of type regex. */
int match_parse_regex_value(struct match_parser *p, struct bytes name, const struct value *v,
			    const struct match_node **ret);
int match_regex_new(struct match_parser *p, struct bytes pattern, struct bytes options,
		    const struct match_regex **ret);
/* A set of types by names or numbers; $type's and bsonType's. */
int match_parse_types(struct match_parser *p, const struct bson_field *field,
		      struct match_types *ret);
/* parseIntegerElementToLong, ..ToNonNegativeLong, ..ToInt of mongod: error 9 with the element's text. */
int match_parse_int64(const struct bson_field *field, int64_t *ret, struct error *e);
int match_parse_size_number(const struct bson_field *field, int64_t *ret, struct error *e);
int match_parse_int32(const struct bson_field *field, int32_t *ret, struct error *e);

/* match_parse_tree.c: {$and: [..]} and the others that stand where a field's name may. *ret stays NULL for $comment. */
int match_parse_pathless(struct match_parser *p, const struct bson_field *field,
			 enum match_level level, const struct match_node **ret);
bool match_is_pathless(struct bytes name);

/* match_schema_parse.c, match_geo.c */
int match_parse_schema(struct match_parser *p, const struct bson_field *field,
		       const struct match_node **ret);
int match_parse_geo(struct match_parser *p, struct bytes name, struct bytes doc,
		    const struct bson_field *field, const struct match_node **ret);
/* match_near.c */
int match_parse_near(struct match_parser *p, struct bytes name, struct bytes doc,
		     const struct match_node **ret);
/* A query has one $near at most, at its top, and only where `flags` allow it. */
int match_check_near(struct match_parser *p, struct match *match);

/* ---- match_optimize.c */

/* MatchExpression::optimize(). */
const struct match_node *match_optimize(struct match_parser *p, const struct match_node *node);

/* ---- match_order.c */

/* The children sorted as explain shows them. Rule: matchExpressionComparator() of mongod's canonical_query.cpp. */
const struct match_node *match_sort(const struct match_node *node);

/* ---- testing */

/* What a test of one document knows. */
struct match_test {
	struct expr_frame *frame;
	struct error *e;
	int failed; /* a negative code of an $expr */
};

/* Does a leaf hold for one value (type 0: missing)? */
bool match_leaf_holds(const struct match_test *t, const struct match_node *node,
		      const struct bson_field *field);
/* Does any node hold for one value, as in $elemMatch's form with operators (matchesSingleElement)? `ret_index`: of $elemMatch, or NULL. */
bool match_value_holds(struct match_test *t, const struct match_node *node,
		       const struct bson_field *field, int64_t *ret_index);
/* Does a document match? Negative never: see t->failed. */
bool match_document_holds(struct match_test *t, const struct match *match, struct bytes doc,
			  struct match_detail *detail);

bool match_schema_holds(struct match_test *t, const struct match_schema *schema, struct bytes doc);
/* Does a part of a schema hold (node->asks)? Where there is nothing at its path it does not. */
bool match_schema_part_holds(struct match_test *t, const struct match_node *node, struct bytes doc);
bool match_geo_holds(const struct match_test *t, const struct match_geo *geo,
		     const struct bson_field *field);
/* Does it ask for a shape on the sphere, rather than on a plane? */
bool match_geo_is_on_earth(const struct match_geo *geo);

/* Does an int64 hold it when its fraction is cut off? */
static inline bool match_fits_int64(_Decimal128 number)
{
	return number > (_Decimal128)INT64_MIN - (_Decimal128)1 &&
	       number < (_Decimal128)INT64_MAX + (_Decimal128)1;
}

/* Is `type` in the set? */
static inline bool match_types_have(const struct match_types *types, uint8_t type)
{
	uint32_t bit = type < 30		   ? 1U << type
		       : type == BSON_KIND_MAX_KEY ? MATCH_TYPE_MAX_KEY
						   : MATCH_TYPE_MIN_KEY;

	return type != 0 && (types->bits & bit) != 0;
}

/* The name of an operator with "$": of leaves. */
const char *match_operator_name(enum match_kind kind);
/* Is it a leaf with a path (or $elemMatch, $size), rather than a tree? */
bool match_has_path(const struct match_node *node);

#endif
