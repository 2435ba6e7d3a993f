/*
 * stream_tail.h - growing a stream at its end: journals are made, and become segments.
 *
 * Who does that holds the lock STORE_STREAM_TAIL (store/store_stream.h) all the time; slices may
 * be added meanwhile (stream_add.h). A journal that was sealed is a reader's no more, but stays until
 * a prune: a replica may have got it before the segments' chunks.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_STREAM_TAIL_H
#define OPLOG_STREAM_TAIL_H

#include "oplog/journal.h"
#include "oplog/stream_add.h"

/*
 * Begin a journal of the store's stream. `prev` is the entry before its first one, which the caller has
 * seen beside it.
 */
MUST_CHECK int stream_tail_begin(struct store *store, const struct segment_link *prev,
				 struct journal_writer **ret, struct error *e);

/*
 * Append the numbers (uint64_t) of all journals of the stream that are there. The lock holds one machine's tails
 * apart; a number that is neither old nor one's own is of a tail on another copy of the store.
 */
MUST_CHECK int stream_tail_numbers(struct store *store, struct buf *ret, struct error *e);

/*
 * Make segments of a journal that nobody appends to any more; of a damaged one, of what is sound, with a gap where a frame's
 * payload is damaged, and of nothing behind a damaged header. As long as something is lost it counts as not sealed. ERR_EXISTS: others have added something else meanwhile. ERR_BUSY, ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK int stream_tail_seal(struct store_writer *writer, uint64_t number,
				struct stream_added *ret, struct error *e);

/* The same of all that were not sealed (after a crash): their count. */
MUST_CHECK int stream_tail_seal_all(struct store_writer *writer, struct error *e);

#endif
