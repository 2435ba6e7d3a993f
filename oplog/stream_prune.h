/*
 * stream_prune.h - what of the stored oplog a prune has to keep, and what a retention lets go.
 *
 * Threads: pure over the files.
 */
#ifndef OPLOG_STREAM_PRUNE_H
#define OPLOG_STREAM_PRUNE_H

#include "store/condemned.h"
#include "store/mark.h"
#include "store/store.h"

/* As prune_options.mark_file; `ctx` is the struct store. */
MUST_CHECK int stream_prune_mark(void *ctx, struct mark *mark, const char *name, uint64_t size,
				 struct error *e);

/*
 * As prune_options.keeps_file: 1 when a journal that was let go, or the file that says what became of it, is needed after all: a
 * segment that it became was lost since, and it is the last that has these entries.
 */
MUST_CHECK int stream_prune_keeps(void *ctx, const struct condemned *list, const char *name,
				  struct error *e);

/*
 * Call `each` with the name of every file below oplog/ that is not needed: journals whose entries are in segments,
 * with the files that say so, what holds only entries before `keep_from` (a timestamp; 0: nothing is too old), and notes of which another
 * one says all (stream_note.h). An open journal stays. A negative return of `each` ends it. ERR_CORRUPT: a segment's file is damaged.
 */
MUST_CHECK int stream_prune_old(struct store *store, uint64_t keep_from,
				int (*each)(void *ctx, const char *name, struct error *e),
				void *ctx, struct error *e);

#endif
