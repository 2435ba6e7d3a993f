/*
 * command_cursor.h - Prefix: query_
 *
 * An open result, from the inside: what find and aggregate fill.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_COMMAND_CURSOR_H
#define QUERY_COMMAND_CURSOR_H

#include "query/command_parse.h"
#include "query/plan.h"

struct query_cursor {
	struct command_context c;
	struct expr_scope *scope;
	struct stage *stage;
	struct plan plan;
	struct bytes
		behind; /* the collection that is read, where a view or a time series is asked */
	bool is_find;	/* its words in errors, and its rules of when it ends */
	size_t room;	/* bytes of a batch; 0: the most */
	bool is_tailable, is_single, is_point, is_empty;
	int64_t first; /* batch size of the first batch */
	int64_t left;  /* documents until the limit closes it; -1: none does */
	bool is_begun, is_at_end;
	bool has_ahead; /* `ahead` did not fit into the last batch */
	struct bytes ahead;
	struct buf stripped; /* the document that was drawn, without its gaps */
};

/* The default size of a first batch. */
#define QUERY_FIRST_BATCH 101

#endif
