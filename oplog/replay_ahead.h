/*
 * replay_ahead.h - the entries of a replay, read and parsed ahead by a thread of its own.
 *
 * What comes first is read by the caller itself: a replay of a few entries starts no thread. The source is used by one
 * thread at a time.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_AHEAD_H
#define OPLOG_REPLAY_AHEAD_H

#include "oplog/entry.h"
#include "oplog/replay.h"

/* Bytes of entries from which on a thread is worth it. */
#define REPLAY_AHEAD_FROM (1 * MIB)

struct replay_ahead; /* opaque */

/* `source` must outlive it, and is nobody else's until it is freed. */
struct replay_ahead *replay_ahead_new(const struct replay_source *source);
/* Waits for the thread; what it read ahead is dropped. NULL is fine. */
void replay_ahead_free(struct replay_ahead *ahead);
DEFINE_OWNED(struct replay_ahead *, replay_ahead_free);

/*
 * 1 and the next entry, valid until the next call; 0 at the end. Errors of the source, and of entry_parse(), when their
 * turn has come: what lies behind the last entry that was asked for is of no interest.
 */
MUST_CHECK int replay_ahead_next(struct replay_ahead *ahead, struct entry *ret, struct error *e);

/* After an error: the time of the entry that entry_parse() did not understand; 0 where it has none, or the source failed. */
uint64_t replay_ahead_failed_at(const struct replay_ahead *ahead);

#endif
