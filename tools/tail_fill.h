/*
 * tail_fill.h - what is missing in the middle of the stream, where a member still has it.
 *
 * A backup puts the entries of its own time into the stream. Where no tail ran then, or the backup failed, what is
 * between is in nothing but the member's oplog, and not for long.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_TAIL_FILL_H
#define TOOLS_TAIL_FILL_H

#include "base/progress.h"
#include "oplog/stream.h"
#include "tools/live.h"

struct tail_filled {
	uint64_t entries;	  /* that were added */
	unsigned gaps;		  /* that are none any more */
	struct stream_range last; /* the newest one of them: the entries before and behind it */
};

/*
 * Fill the gaps that the member's oplog reaches back to, or that of another one which may be read. Both ends have to be
 * there, byte for byte: a gap beside entries that a member does not have, or not yet, stays. What was read when it is
 * interrupted stays, too. ERR_BUSY: others add to the stream now. ERR_REMOTE; ERR_CANCELLED; ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK int tail_fill(struct store *store, struct live *live, const struct progress *progress,
			 struct tail_filled *ret, struct error *e);

#endif
