/*
 * sort_parts.h - Prefix: sort_
 *
 * What a parsed sort is made of: shared by sort.c, sort_key.c and sorter.c. Threads: immutable.
 */
#ifndef QUERY_SORT_PARTS_H
#define QUERY_SORT_PARTS_H

#include "query/sort.h"

#define SORT_FIELDS_MAX 32
#define SORT_PARTS_MAX (SORT_FIELDS_MAX + 2) /* by a random value and a distance, too */

struct sort_part {
	struct bytes path; /* empty: by `meta` */
	const struct expr *meta;
	bool is_ascending;
	bool is_random; /* by nothing in the document: $sample */
	bool is_near;	/* by the distance that a near stage has found: near.h */
};

struct sort {
	size_t count;
	struct sort_part parts[SORT_PARTS_MAX];
	/* Only keys from `min` on and below `max` count: sort_count() values each, NULL: no bound. */
	const struct value *min, *max;
	bool is_index;	/* the order of an index: no sort to mongod */
	bool is_sparse; /* keys of which no path leads anywhere do not count */
};

/* sort_parse() that takes an empty specification, too. */
MUST_CHECK int sort_parse_any(struct expr_scope *scope, struct bytes spec, const struct sort **ret,
			      struct error *e);
/* Append the bytes of one value, as a whole, in memcmp order; with the collation (may be NULL). */
MUST_CHECK int sort_value_bytes(const struct value *v, struct collation *collation, struct buf *ret,
				struct error *e);
/* In no order: another one each time. In the context's constants. */
const struct sort *sort_by_chance(struct query_context *q);
/* Nearest first. In the context's constants. */
const struct sort *sort_by_distance(struct query_context *q);
/* The folder for what does not fit in memory. */
const char *sort_spill_folder(const struct query_context *q);

#endif
