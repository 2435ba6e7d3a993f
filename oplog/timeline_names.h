/*
 * timeline_names.h - is the catalog of a moment that of its base? For timeline_*.c only.
 *
 * Threads: any.
 */
#ifndef OPLOG_TIMELINE_NAMES_H
#define OPLOG_TIMELINE_NAMES_H

#include "oplog/timeline_internal.h"

/*
 * Look for entries in (base, `upto`] that may change a catalog: commands, and operations on what views and the
 * feature compatibility version are made of. 1: there are none; 0: there are, or an entry can't be read: a replay tells. ERR_IO, ERR_CORRUPT (a chunk).
 */
MUST_CHECK int timeline_names_same(struct stream *stream, const struct snapshot *base,
				   uint64_t upto, struct error *e);

#endif
