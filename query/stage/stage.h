/*
 * stage.h - a pipeline at work: each stage draws documents from the one before it.
 *
 * Threads: a pipeline belongs to one thread at a time.
 */
#ifndef QUERY_STAGE_STAGE_H
#define QUERY_STAGE_STAGE_H

#include "query/expr/expr.h"

struct stage;

/* A document on its way, with what was noted about it: valid until the stage is asked again. */
struct stage_doc {
	struct bytes doc;
	struct bytes sort_key; /* BSON array, for {$meta: "sortKey"}; empty when none */
	int64_t record_id;     /* rank in its collection, from 1; 0 when it has none */
	/*
	 * Of a $near, a document: by what it is sorted (metres, or flat degrees), and for {$meta: ..} the distance as it is told
	 * and the place. Empty: there was none.
	 */
	struct bytes near;
};
#define STAGE_NEAR_ORDER "order"
#define STAGE_NEAR_DISTANCE "geoNearDistance"
#define STAGE_NEAR_POINT "geoNearPoint"

struct stage_kind {
	const char *name; /* "$match" */
	/* 1 and *ret, 0 the end (and again when asked again). */
	int (*next)(struct stage *stage, struct stage_doc *ret, struct error *e);
	void (*close)(
		struct stage
			*stage); /* frees what the stage holds, not the stage and not its source */
	/* As explain shows it: {$match: {...}} appended to a document that is being built. May be NULL: the words that were parsed. */
	void (*explain)(struct stage *stage, struct buf *ret);
	/* Bytes that it holds while it waits to be asked again. NULL: not much. */
	size_t (*memory)(const struct stage *stage);
};

/* Embedded first in each stage's own struct; allocated with xcalloc. */
struct stage {
	const struct stage_kind *kind;
	struct stage *source; /* NULL for a first stage */
	struct query_context *q;
	struct value spec; /* what was parsed: the stage's operand */
};

static inline int stage_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	int result = query_context_step(stage->q, e);

	ret->near = (struct bytes){0};
	return result < 0 ? result : stage->kind->next(stage, ret, e);
}
/* Bytes that a stage and all before it hold, about. NULL: none. */
size_t stage_memory(const struct stage *stage);
/* Closes and frees a stage and all before it. NULL is fine. */
void stage_free(struct stage *stage);
DEFINE_OWNED(struct stage *, stage_free);

#endif
