/*
 * tail_stream.h - what a store has when a tail begins: the stream's end, journals of one that died, snapshots.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_TAIL_STREAM_H
#define TOOLS_TAIL_STREAM_H

#include "base/buf.h"
#include "oplog/entry.h"
#include "store/store.h"
#include "tools/live.h"

/*
 * Make segments of journal `number` (0: there is none) and, if *left, of all others: those that a crash, or this, left
 * behind. Nobody may append to them. While somebody else adds to the stream none are made, which is no error: *left
 * tells it, and readers read journals as well. *ret_segments is raised. ERR_CORRUPT, ERR_EXISTS, ERR_IO.
 */
MUST_CHECK int tail_stream_seal(struct store *store, uint64_t number, bool *left,
				uint64_t *ret_segments, struct error *e);

/* 1, the last entry's optime and (*ret_doc is filled anew) its bytes; 0 the stream is empty. ERR_CORRUPT, ERR_IO. */
MUST_CHECK int tail_stream_last(struct store *store, struct entry_optime *ret_at,
				struct buf *ret_doc, struct error *e);

/*
 * Where replays from the newest exact snapshot begin (a timestamp), and when the user's newest snapshot was made
 * (seconds since 1970); 0: there is none.
 */
MUST_CHECK int tail_stream_snapshots(struct store *store, uint64_t *ret_begin, uint64_t *ret_made,
				     struct error *e);

/*
 * Where a stream begins that is empty: 1 and the entry of the newest exact snapshot, or one before it (a snapshot that
 * somebody said the time of may lie between two); 0 and the newest entry: the member has none so old, or there is no
 * such snapshot.
 */
MUST_CHECK int tail_stream_begin(struct store *store, struct live *live, uint64_t *ret,
				 struct error *e);

#endif
