/*
 * stage_join.h - the documents of another collection by the values that a path has in them: for $lookup and $graphLookup.
 *
 * Read once, whole; its documents are kept as stage_store does. Equality is that of the match language: {path: {$eq: v}}.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_STAGE_STAGE_JOIN_H
#define QUERY_STAGE_STAGE_JOIN_H

#include "query/stage/stage_make.h"

struct stage_join; /* opaque */

/* Read `db`.`coll` through `q`. 1 and *ret; 0 when it would take too much memory: then ask the collection each time. */
MUST_CHECK int stage_join_open(struct query_context *q, struct bytes coll, struct bytes path,
			       struct stage_join **ret, struct error *e);
void stage_join_free(struct stage_join *join);
/* Bytes that it holds. NULL: none. */
size_t stage_join_memory(const struct stage_join *join);

/* Begin to gather; then values; then the documents that have one of them, each once, in their order. */
void stage_join_begin(struct stage_join *join);
/* `strict_null`: null means null, not what is missing ($graphLookup). */
void stage_join_add(struct stage_join *join, const struct value *v, bool strict_null);
/* 1 and the next document, valid until the next call; 0 at the end. */
MUST_CHECK int stage_join_next(struct stage_join *join, struct bytes *ret, struct error *e);

/* Document::visitAllValuesAtPath: what a local field stands for; elements of arrays one by one. Returns how many. */
size_t stage_local_values(struct arena *arena, struct bytes doc, struct bytes path,
			  struct value **ret);

#endif
