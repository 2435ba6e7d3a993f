/*
 * match.h - the match language: {a: 1, b: {$gt: 2}, $or: [...]}.
 *
 * Parsed once into the context's `constants`; asked for each document. Rules: reference/query.md 2.2; src/mongo/db/matcher of mongod 6.0.
 * Threads: a parsed match is immutable; several threads may ask it, each with its own expr_frame.
 */
#ifndef QUERY_MATCH_MATCH_H
#define QUERY_MATCH_MATCH_H

#include "query/expr/expr.h"

struct match; /* opaque */

/* What the place of the query allows. */
enum match_flags {
	MATCH_TOP = 0,
	MATCH_NO_EXPR = 1 << 0,	  /* inside $elemMatch */
	MATCH_AGGREGATE = 1 << 1, /* the $match stage: texts of $text, $where, $near differ */
	MATCH_UNFOLDED = 1 << 2,  /* match_fold() comes later */
	MATCH_OF_LIST =
		1
		<< 4, /* of what the server lists about itself, or a $graphLookup: no $text, $where, $near */
	MATCH_AS_WRITTEN =
		1 << 3, /* predicates are asked in the order of the words: no plan sorts them */
	MATCH_WITH_NEAR = 1 << 5, /* a $near may stand in it: somebody asks for match_near() */
};

/* Parse `query`. Errors with mongod's code and text. */
MUST_CHECK int match_parse(struct expr_scope *scope, struct bytes query, unsigned flags,
			   const struct match **ret, struct error *e);

/* Fold the constants in its expressions, of a match that was parsed with MATCH_UNFOLDED: once, before it is asked. */
MUST_CHECK int match_fold(struct expr_scope *scope, const struct match *match, struct error *e);

/*
 * Is it without $expr, $jsonSchema and what else needs more than a document? A positional projection asks for it:
 * mongod parses the query once more then, and bans these (224 "$expr is not allowed in this context").
 */
MUST_CHECK int match_check_plain(struct expr_scope *scope, const struct match *match,
				 struct error *e);

/* Of a matched array, which element made the last array predicate true: for the positional projection. */
struct match_detail {
	bool has_index;
	uint32_t index;
};

/* 1 it matches, 0 not. `detail` may be NULL. An error only from $expr. */
MUST_CHECK int match_test(const struct match *match, struct expr_frame *frame, struct bytes doc,
			  struct match_detail *detail, struct error *e);

/* Its $near (match_near.h), or NULL; of which the match itself says nothing but that it holds. */
struct match_near;
const struct match_near *match_near(const struct match *match);

/* May asking it give an error? */
bool match_can_fail(const struct match *match);

/* Does it match every document ({})? */
bool match_is_all(const struct match *match);

/*
 * What can be known about `_id` of documents that match: for the plan. An interval of values, or a short list.
 * 1 and *ret (lists in constants), 0 when nothing is known.
 */
struct match_ids {
	bool is_list;
	const struct value
		*values; /* is_list: the only `_id`s that can match, in no order, maybe twice */
	size_t count;
	bool is_of_expr; /* an $expr says so, which mongod looks for in another way */
	struct value low,
		high; /* not is_list; of one class, of which alone a document can be; missing: to its end */
	bool low_open, high_open; /* the end itself is excluded */
	bool is_exact;		  /* and no other predicate is left: every such document matches */
};
int match_ids(const struct match *match, struct match_ids *ret);

/*
 * The same match with its predicates in the order in which mongod tries them where it reads by the index of `_id`; itself, when that
 * can't be told apart. In `arena`, which is not to outlive the match.
 */
const struct match *match_by_id(struct arena *arena, const struct match *match);

/*
 * Would mongod look for what matches in the index on `_id`, so that it comes in its order? More than match_ids() knows:
 * predicates that bound an index, if only to all of it (planner_ixselect.cpp, indexability.h). `foreign`: the query compares strings
 * by another collation than the index.
 */
bool match_bounds_id(const struct match *match, bool foreign);

/* The parsed query as explain shows it (MatchExpression::serialize): a document appended to `ret`. */
void match_serialize(const struct match *match, struct buf *ret);
/* The parsed query in lines, as a planner's error shows it (MatchExpression::debugString()). */
void match_text(const struct match *match, struct buf *ret);

#endif
