/*
 * sort.h - Prefix: sort_, sorter_
 *
 * Sort specifications, the sort keys of documents, and a sorter in bounded memory.
 *
 * The key of a document is the concatenation of base/key.h's keys of its parts (complemented for descending ones): memcmp
 * order is the order wanted; a collation's keys take the place of those of strings. What does not fit in the context's memory goes
 * sorted to unnamed files in store_tmp(). The sort is stable.
 * Rules: reference/query.md 2.3; src/mongo/db/query/sort_pattern.cpp, db/index/sort_key_generator.cpp of mongod 6.0.
 *
 * Threads: a parsed sort is immutable; a sorter belongs to one thread at a time.
 */
#ifndef QUERY_SORT_H
#define QUERY_SORT_H

#include "query/stage/stage.h"

struct sort; /* opaque: a parsed specification; in the context's constants */

/* Parse {a: 1, "b.c": -1, d: {$meta: ..}}: 15973..15976, 17312, 40352, 15998, 16410, ... An empty one is error 15976. */
MUST_CHECK int sort_parse(struct expr_scope *scope, struct bytes spec, const struct sort **ret,
			  struct error *e);
/* Parts of the specification; the path ("a.b") and direction of each. A part by {$meta} has an empty path. */
size_t sort_count(const struct sort *sort);
struct bytes sort_path(const struct sort *sort, size_t part);
bool sort_is_ascending(const struct sort *sort, size_t part);

/* Which keys of an index count. */
struct sort_bounds {
	const struct value *min,
		*max; /* from `min` on, below `max`: sort_count() values that must outlive it; NULL: no bound */
	bool is_sparse; /* the index has no keys of which no path leads anywhere */
};

/* An index' key pattern with bounds, in `arena`; its order is no sort that memory or disk are asked for. */
const struct sort *sort_within(const struct sort *sort, const struct sort_bounds *bounds,
			       struct arena *arena);
/*
 * 1 and the values by which `doc` is sorted: the least (ascending) or greatest element of arrays on the paths; null for missing,
 * undefined for an empty array. 0: none lies within the bounds. May borrow from the document. Error 2 for parallel arrays.
 */
MUST_CHECK int sort_key_values(const struct sort *sort, struct expr_frame *frame,
			       const struct stage_doc *doc, struct value *ret, struct error *e);
/* The same as bytes in memcmp order, appended to `ret`. */
MUST_CHECK int sort_key_bytes(const struct sort *sort, struct expr_frame *frame,
			      const struct stage_doc *doc, struct buf *ret, struct error *e);
/*
 * Every key within the bounds that an index with this pattern has of `doc`, arrays opened. Errors are those of sort_key_values(): no
 * index can be built over such a document.
 */
typedef void (*sort_visit)(void *arg, const struct value *key);
MUST_CHECK int sort_each_key(const struct sort *sort, struct bytes doc, sort_visit visit, void *arg,
			     struct error *e);
/* Compare two arrays of sort_count() values: <0, 0, >0, with directions and the context's collation. */
int sort_compare_values(const struct sort *sort, const struct value *a, const struct value *b,
			struct collation *collation);

/* sort_count() values, of which an index with this key has none before (`first`), or none behind. In `arena`. */
const struct value *sort_end_values(const struct sort *sort, bool first, struct arena *arena);

struct sorter; /* opaque */

/* limit 0: none, else only the first `limit` are kept (and memory stays at that). keep_keys: stage_doc.sort_key is set. */
struct sorter *sorter_new(struct query_context *q, const struct sort *sort, uint64_t limit,
			  bool keep_keys);
void sorter_free(struct sorter *sorter);
/* Bytes that it holds in memory. NULL: none. */
size_t sorter_memory(const struct sorter *sorter);
DEFINE_OWNED(struct sorter *, sorter_free);
/* Copy a document in. 292 when memory is out and allow_disk_use is not set; the order of a $near or an index is no sort to mongod, and asks for neither. */
MUST_CHECK int sorter_add(struct sorter *sorter, struct expr_frame *frame,
			  const struct stage_doc *doc, struct error *e);
/* No more documents: now sorter_next(): 1 and a document valid until the next call, 0 at the end. */
MUST_CHECK int sorter_finish(struct sorter *sorter, struct error *e);
MUST_CHECK int sorter_next(struct sorter *sorter, struct stage_doc *ret, struct error *e);

#endif
