/*
 * log_pace.h - where in a run of alike operations its mass begins and ends.
 *
 * Servers log a deleteMany without a session, as they do the single deletions of clients that do not retry.
 * Of both kinds one run is made (log_bursts.h), which may have gone on for hours before the mass came; the
 * moment before its first operation is then not the moment that is looked for. So a run is taken as pieces
 * with short pauses between them. Those that have at most a LOG_PACE_FACTORth of the biggest's operations and come
 * before or after all others are not of the mass; but what lies less than LOG_PACE_NEAR before it is counted in: a
 * slow disk may have held the first ones up.
 *
 * Memory is bounded: of LOG_PACE_PIECES the two with the shortest pause between them become one.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LOG_PACE_H
#define TOOLS_LOG_PACE_H

#include <stdint.h>

#define LOG_PACE_PAUSE 20  /* milliseconds: longer ones end a piece */
#define LOG_PACE_NEAR 500  /* milliseconds */
#define LOG_PACE_FACTOR 20 /* of operations */
#define LOG_PACE_PIECES 32

struct log_part {
	uint64_t count;	      /* of operations; 0: there is none */
	uint64_t first, last; /* timestamps */
	int64_t begin, end;   /* milliseconds of log_clock.h */
};

struct log_piece; /* opaque */

/* All 0 at first; log_pace_finish() frees what it holds. */
struct log_pace {
	struct log_piece *pieces;
	unsigned count, room;
};

/* What the mass is, and what lies around it; each operation is in one of them. */
struct log_pace_parts {
	struct log_part before, mass, after;
};

/* Another operation, at timestamp `ts`, when log_clock.h showed `clock`; in about the order of time. */
void log_pace_add(struct log_pace *pace, uint64_t ts, int64_t clock);

/* No more: what it was; `pace` is as at first. */
struct log_pace_parts log_pace_finish(struct log_pace *pace);

#endif
