/*
 * progress.h - how long work tells its caller how far it is; knows no terminal.
 *
 * Threads: a report may be called from any thread, one at a time; it must be cheap.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct progress {
	void *ctx;
	/*
	 * `phase` is a constant text ("reading", "writing the index"); done and total in bytes, or, where it ends with
	 * what is counted ("applying (operations)"), so many of these; total 0: not known, both 0: nothing is.
	 */
	void (*report)(void *ctx, const char *phase, uint64_t done, uint64_t total);
	/* True when the user wants it to stop (a signal came); polled often; NULL: never. */
	bool (*cancelled)(void *ctx);
};

/* Does the user want it to stop? `p` may be NULL. */
static inline bool progress_cancelled(const struct progress *p)
{
	return p != NULL && p->cancelled != NULL && p->cancelled(p->ctx);
}

/* Tell how far it is, as `report` has it, unless it is to stop: ERR_CANCELLED. `p` may be NULL. */
MUST_CHECK int progress_go_on(const struct progress *p, const char *phase, uint64_t done,
			      uint64_t total, struct error *e);

/* When a loop over documents is to look at both: they may be tiny, or 16 MiB each. */
struct progress_pace {
	unsigned documents;
	size_t bytes;
};

/* After a document of `bytes`: is it time? */
static inline bool progress_is_due(struct progress_pace *pace, size_t bytes)
{
	pace->bytes += bytes;
	if (++pace->documents < 1024 && pace->bytes < (size_t)4 << 20)
		return false;
	*pace = (struct progress_pace){0};
	return true;
}

#endif
