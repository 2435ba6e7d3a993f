/*
 * scan_round.h - a filtered or backward walk over an interval of ranks, in rounds: each takes the next part of the interval, filters it on
 * as many cores as it is worth, and gives what matched in order. Rounds grow, so that a query which ends early reads little.
 *
 * Threads: the object belongs to one thread at a time; threads live inside scan_round_next() only.
 */
#ifndef QUERY_SCAN_ROUND_H
#define QUERY_SCAN_ROUND_H

#include "query/scan.h"

struct scan_round; /* opaque */

/* Everything is borrowed and outlives it. */
struct scan_round *scan_round_new(struct query_context *q, struct store *store,
				  const struct tree_root *root, const struct scan_plan *plan);
/* Walk the documents number [first, end). */
void scan_round_set(struct scan_round *round, uint64_t first, uint64_t end);
void scan_round_free(struct scan_round *round);

/* 1 and the next document, valid until the next call; 0 at the end. */
MUST_CHECK int scan_round_next(struct scan_round *round, struct stage_doc *ret, struct error *e);

uint64_t scan_round_examined(const struct scan_round *round);
size_t scan_round_memory(const struct scan_round *round);

#endif
