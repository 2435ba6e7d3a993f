/*
 * log_span.h - --since and --until: from two WHENs to the timestamps between which the oplog is read, or snapshots are taken.
 *
 *	a second	since: from its first operation on; until: to its last
 *	an optime	that operation included
 *	W~		since: as W; until: what was before W
 *	a snapshot	since: what came after it; until: what it has
 *
 * Threads: pure.
 */
#ifndef TOOLS_LOG_SPAN_H
#define TOOLS_LOG_SPAN_H

#include "oplog/stream.h"
#include "store/snapshot/snapshots.h"

struct log_span {
	uint64_t from, to;	  /* timestamps, inclusive */
	bool begins_before_oplog; /* what was asked for; from is the first entry's */
	bool ends_after_oplog;	  /* a time in the future is, too */
};

/*
 * Read them; NULL: all that the stream has. `now` in seconds since 1970. ERR_INVALID (form; they are the wrong
 * way round), ERR_NOT_FOUND (no such snapshot), ERR_NO_TIME: the stream has no entry at all.
 */
MUST_CHECK int log_span_read(const struct stream *stream, const struct snapshot_list *snapshots,
			     const char *since, const char *until, uint64_t now,
			     struct log_span *ret, struct error *e);

/*
 * Which snapshots lie between the two: marked in `chosen`, one for each of the list. As above, but that a snapshot that is named is among
 * them itself. One that is not exact lies anywhere in its second. The same errors, but the last.
 */
MUST_CHECK int log_span_snapshots(const struct stream *stream,
				  const struct snapshot_list *snapshots, const char *since,
				  const char *until, uint64_t now, bool *chosen, struct error *e);

#endif
