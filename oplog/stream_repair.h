/*
 * stream_repair.h - what a repair of the store has to know of the stored oplog.
 *
 * Threads: as repair.h.
 */
#ifndef OPLOG_STREAM_REPAIR_H
#define OPLOG_STREAM_REPAIR_H

#include "store/repair.h"

/* As repair_options.roots_of; `ctx` is the struct store. 1: something of the file's trees is lost. */
MUST_CHECK int stream_repair_roots(void *ctx, struct repair *repair, const char *name,
				   uint64_t size, struct error *e);

/*
 * Damaged journals, but while a tail follows: what is sound becomes segments, what is lost comes from options->from or is told, and the
 * file waits for a prune. *ret_harmed: those of which something is lost. After repair_run(), when all segments are whole.
 */
MUST_CHECK int stream_repair_journals(struct store *store, const struct repair_options *options,
				      uint64_t *ret_harmed, struct error *e);

/*
 * After repair_run(), when all segments are whole: `.sealed` files that only now are seen to be another journal's go; and where two copies
 * of the store that were followed into became one, what segments have that overlap with others is taken in.
 */
MUST_CHECK int stream_repair_overlaps(struct store *store, struct error *e);

#endif
