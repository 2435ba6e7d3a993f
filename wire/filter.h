/*
 * filter.h - a query that chooses among documents of our own making: of listDatabases, listCollections, usersInfo.
 *
 * Threads: one.
 */
#ifndef WIRE_FILTER_H
#define WIRE_FILTER_H

#include "base/bson_build.h"
#include "query/match/match.h"

struct filter; /* opaque */

/* Parse; `flags` and errors of match_parse(). */
MUST_CHECK int filter_new(struct bytes query, unsigned flags, struct filter **ret, struct error *e);
void filter_free(struct filter *filter);
DEFINE_OWNED(struct filter *, filter_free);

/* 1 it matches, 0 not; NULL matches everything. */
MUST_CHECK int filter_test(struct filter *filter, struct bytes doc, struct error *e);

#endif
