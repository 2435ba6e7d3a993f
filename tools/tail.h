/*
 * tail.h - the job behind `yester tail`: a member's oplog goes into the store's stream as it grows.
 *
 * Entries are acknowledged when they are durable in a journal; journals become segments when they are
 * large, and at the end. That nothing is missing in between is proven by the last entry the stream has: the
 * member's log has to hold it, byte for byte.
 *
 * Threads: one at a time; in all processes one at a time on a store.
 */
#ifndef TOOLS_TAIL_H
#define TOOLS_TAIL_H

#include "base/progress.h"
#include "oplog/stream_tail.h"
#include "tools/live.h"

enum tail_on_gap {
	TAIL_GAP_STOP,	   /* take what the member still has, then end */
	TAIL_GAP_SNAPSHOT, /* go on behind it, and copy the deployment anew */
};

struct tail_options {
	const struct live_uri *uri;
	struct bytes secret; /* what opens the store, for the processes beside; or empty */
	bool once;	     /* end when what the member had at the begin is there */
	enum tail_on_gap on_gap;
	uint64_t every;				   /* seconds between snapshots; 0: none */
	bool allow_untested;			   /* versions that are newer than this program */
	const char *metrics_file;		   /* or NULL */
	unsigned metrics_port;			   /* of loopback; 0: none */
	void (*note)(void *ctx, const char *text); /* what a person should know; may be NULL */
	void *note_ctx;
	const struct progress *progress; /* its `cancelled` ends the job cleanly */
};

struct tail_result {
	char set[64];
	uint64_t entries, bytes;	 /* that were added */
	uint64_t filled;		 /* besides: in gaps of before */
	struct entry_optime first, last; /* of them; ts 0: there were none */
	uint64_t segments;
	unsigned checkpoints;
	uint64_t snapshots, backups; /* that were made beside following */
	unsigned reconnects;
	bool begun;		 /* the stream was empty */
	bool needs_snapshot;	 /* no exact snapshot lies at what was begun with */
	bool has_gap;		 /* the member's oplog no longer had what follows the stream: */
	struct stream_range gap; /* first: the last entry before it; last: the first one after it */
};

/*
 * Follow until it is told to stop, has caught up (`once`), or met a gap and is to stop then: what the member
 * still has is taken in behind the gap. What was acknowledged is sealed in any case, also on failure,
 * and *ret says what was added. Snapshots, checkpoints and the backup behind a gap are made by other processes
 * (tail_jobs.h). ERR_BUSY: somebody follows already, also into another copy of the store that came
 * together with this one. ERR_EXISTS: the member has another history (rolled back, or another replica set).
 * ERR_REFUSED and ERR_REMOTE of live.h; ERR_REMOTE only with `once`: else it connects again, for ever.
 * ERR_IO, ERR_CORRUPT.
 */
MUST_CHECK int tail_run(struct store *store, const struct tail_options *options,
			struct tail_result *ret, struct error *e);

#endif
