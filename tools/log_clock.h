/*
 * log_clock.h - milliseconds in which a server worked: the clock of its entries, without the times at which it stood still.
 *
 * How long an operation came behind another tells what belongs together (log_pace.h). A server that stands still (a checkpoint, a
 * disk, a cache that is full) makes long pauses in what goes on without any; they are told from the pauses of a client by what all others
 * do: where something was logged in most of the LOG_CLOCK_SLOTS tenths of the second before, and then nothing by anybody for
 * LOG_CLOCK_STILL and longer, the server stood still. On a server with little to do nothing can be told so.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LOG_CLOCK_H
#define TOOLS_LOG_CLOCK_H

#include <stdint.h>

#define LOG_CLOCK_SLOT 100 /* milliseconds */
#define LOG_CLOCK_SLOTS 10
#define LOG_CLOCK_BUSY 8    /* of these slots have an operation */
#define LOG_CLOCK_STILL 300 /* milliseconds */

/* All 0 at first. */
struct log_clock {
	int64_t last;	/* the latest time that was seen, milliseconds since 1970 */
	int64_t still;	/* for how long it stood still until then */
	uint64_t slots; /* a bit for each of the last ones, the lowest is the one of `last` */
};

/* An operation, in about the order of time, at `wall` milliseconds since 1970: what the clock showed. */
int64_t log_clock_at(struct log_clock *clock, int64_t wall);

#endif
