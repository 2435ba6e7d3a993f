/*
 * log_pace.h - where in a run of alike operations its mass begins and ends.
 *
 * Servers log a deleteMany without a session, as they do the single deletions of clients that do not retry.
 * Of both kinds one run is made (log_bursts.h), which may have gone on for hours before the mass came; the
 * moment before its first operation is then not the moment that is looked for. So a run is taken as pieces
 * with short pauses between them; where a piece is more than LOG_PACE_FACTOR times as big as the biggest
 * before it, the mass begins. What lies less than LOG_PACE_NEAR before that is counted in: a slow disk may
 * have held the first ones up. Pieces that are much smaller than the biggest are behind the mass when
 * no other of its size comes.
 *
 * Memory is fixed. Threads: one at a time.
 */
#ifndef TOOLS_LOG_PACE_H
#define TOOLS_LOG_PACE_H

#include <stdint.h>

#define LOG_PACE_PAUSE 20  /* milliseconds: longer ones end a piece */
#define LOG_PACE_NEAR 500  /* milliseconds */
#define LOG_PACE_FACTOR 20 /* of operations */
#define LOG_PACE_RECENT 8  /* pieces that are remembered, for what is near */

struct log_part {
	uint64_t count;	      /* of operations; 0: there is none */
	uint64_t first, last; /* timestamps */
};

struct log_piece {
	struct log_part part;
	int64_t begin, end; /* milliseconds since 1970 */
};

/* All 0 at first. */
struct log_pace {
	struct log_part before, mass, after;
	uint64_t biggest; /* piece of the mass */
	struct log_piece piece;
	struct log_piece recent[LOG_PACE_RECENT]; /* ended ones, the newest at [recent_count - 1] */
	unsigned recent_count;
};

/* Another operation, at timestamp `ts`, at `wall` milliseconds since 1970; in about the order of time. */
void log_pace_add(struct log_pace *pace, uint64_t ts, int64_t wall);

/* No more: before, mass and after are what they should be; each operation is in one of them. */
void log_pace_finish(struct log_pace *pace);

#endif
