/*
 * stream_keep.h - entries that somebody brings, and that the store has: what holds them stays from then on, also when a
 * retention has let it go and it only waits for its grace to be over.
 *
 * Inside the files stream*.c only. Threads: pure over the files.
 */
#ifndef OPLOG_STREAM_KEEP_H
#define OPLOG_STREAM_KEEP_H

#include "oplog/stream_internal.h"

/* Entries that were brought: from one time to another. */
struct stream_span {
	uint64_t first, last; /* timestamps, both among them */
};

/*
 * Take what holds entries of the spans off the list of what prunes delete. Then it is theirs no more: ERR_BUSY when one of the
 * pieces with entries of the spans went before that. Under the lock for commits.
 */
MUST_CHECK int stream_keep(struct store *store, const char *stream, const struct piece *pieces,
			   size_t count, struct bytes spans, struct error *e);

#endif
