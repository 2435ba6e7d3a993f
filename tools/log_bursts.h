/*
 * log_bursts.h - runs of alike operations: what a mass deletion, an import, a migration looks like in the oplog.
 *
 * A run is operations of one kind on one namespace by one session. It ends when that session does
 * something else to the namespace, or nothing for more than LOG_BURSTS_PAUSE seconds (in which the server worked: log_clock.h). (Operations without a
 * session, which is how servers log a deleteMany, end by the pause only: nobody knows how many clients they
 * are of, and what others do in between is no sign.) Each command is a run of its own; a dropDatabase begins with
 * the first of the drops that servers log for it, so that the moment before it has the collections; that of a time series with
 * the deletion of its view. A run whose pace jumps is
 * cut there (log_pace.h): what was done one by one before a mass, and after it, are runs of their own.
 *
 * Memory is bounded: the smallest runs are forgotten and counted.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LOG_BURSTS_H
#define TOOLS_LOG_BURSTS_H

#include "tools/log_read.h"

#define LOG_BURSTS_PAUSE 10   /* seconds of log_clock.h */
#define LOG_BURSTS_KEPT 20000 /* runs that are kept, of those that ended */
#define LOG_BURSTS_OPEN 20000 /* runs that go on at one time */

/* Of commands, and of what is done to views: in this order they are shown. */
enum log_burst_rank {
	LOG_BURST_DROPS = 0,
	LOG_BURST_REPLACES, /* a rename over what was there: an application's $out does this all day */
	LOG_BURST_PART,	    /* the drop of a collection by a dropDatabase, which is told by that */
	LOG_BURST_CHANGES, /* of what is there: dropIndexes, collMod, a rename, a TTL index */
	LOG_BURST_MAKES,   /* and whatever else */
};

struct log_burst {
	uint64_t first, last; /* timestamps */
	uint64_t count;
	/* The run that this one was cut from began before it: how many operations those were, and from when. */
	uint64_t before, before_first;
	enum entry_op op;
	struct bytes ns;      /* as it was called then */
	struct bytes command; /* what a command does; else empty */
	struct bytes session; /* short; or empty */
	struct bytes lsid;    /* its UUID, or empty */
	bool transaction;     /* all of them are parts of transactions */
	enum log_burst_rank rank;
	uint64_t documents; /* that a drop took along, as far as its entry tells */
	int64_t begin,
		end; /* milliseconds since 1970, as the servers' clocks had them; not of commands */
	/* Of its group, a run of its own is one of itself (log_groups.h); not of commands, where they are 0. */
	uint64_t group_runs, group_count,
		group_before;		  /* runs, operations, what was before their masses */
	uint64_t group_first, group_last; /* timestamps */
};

struct log_bursts; /* opaque */

struct log_bursts *log_bursts_new(void);
void log_bursts_free(struct log_bursts *bursts);
DEFINE_OWNED(struct log_bursts *, log_bursts_free);

/* The sort of a run: 0 deletions, 1 drops, 2 other commands, 3 inserts and updates; they are shown in this order. */
size_t log_bursts_sort(const struct log_burst *burst);

/* Count an operation in; they come in about the order of their time. */
void log_bursts_add(struct log_bursts *bursts, const struct log_op *op);

/* An operation that is not to be shown, but happened. */
void log_bursts_pass(struct log_bursts *bursts, const struct log_op *op);

/*
 * No more: the runs, with the biggest deletions first, then drops by rank and documents, then other commands by rank
 * and time, then the rest by size; where several sessions did the same at one time, by the size of all (log_groups.h). *ret_forgotten: runs that were too many, each at most as big as any that is kept of its sort.
 * Valid until it is freed.
 */
void log_bursts_finish(struct log_bursts *bursts, const struct log_burst **ret, size_t *ret_count,
		       uint64_t *ret_forgotten);

#endif
