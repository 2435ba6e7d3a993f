/*
 * query_run.h - --query EJSON of verbs: find and count without a server.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_QUERY_RUN_H
#define TOOLS_QUERY_RUN_H

#include "oplog/moment.h"

/* Read a filter as typed: a document in extended JSON. ERR_INVALID with a hint. */
MUST_CHECK int query_run_parse(const char *typed, struct buf *ret, struct error *e);

/* Call `take` with each document of `entry`'s namespace (views and time series too) that matches, as find gives them. Errors of the
 * filter are ERR_INVALID with a server's text. */
MUST_CHECK int query_run_find(struct moment *moment, const struct catalog_entry *entry,
			      struct bytes filter,
			      int (*take)(void *ctx, struct bytes doc, struct error *e), void *ctx,
			      struct error *e);

/* How many there are. */
MUST_CHECK int query_run_count(struct moment *moment, const struct catalog_entry *entry,
			       struct bytes filter, uint64_t *ret, struct error *e);

#endif
