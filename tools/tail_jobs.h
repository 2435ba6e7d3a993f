/*
 * tail_jobs.h - what a tail has done beside following: snapshots on a schedule, checkpoints, a backup behind a gap.
 *
 * Each is a `yester` of its own, one at a time, so that following never waits for it and its memory is given
 * back. The connection string goes to it by the environment, which it blanks; the store's key by a file without a name.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_TAIL_JOBS_H
#define TOOLS_TAIL_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/progress.h"

struct tail_jobs; /* opaque */

struct tail_jobs_options {
	const char *store;   /* its folder */
	const char *uri;     /* the connection string */
	struct bytes secret; /* what opens the store, or empty; lives as long as the jobs */
	uint64_t every;	     /* seconds between snapshots; 0: none */
	uint64_t last;	     /* when the newest snapshot was made, seconds since 1970; 0: never */
	bool allow_untested; /* goes to the backup */
	void (*note)(void *ctx, const char *text);
	void *note_ctx;
};

struct tail_jobs *tail_jobs_new(const struct tail_jobs_options *options);

/* Ask for one; tail_jobs_look() starts it when none runs, a backup first. */
void tail_jobs_want_backup(struct tail_jobs *jobs);
void tail_jobs_want_checkpoints(struct tail_jobs *jobs);

/* See what ended and what is due; cheap. True when one ended: the store has changed. NULL is fine. */
bool tail_jobs_look(struct tail_jobs *jobs);

/* Wait for all that was asked for, until one fails. NULL is fine. */
void tail_jobs_wait(struct tail_jobs *jobs, const struct progress *p);

struct tail_jobs_counts {
	uint64_t snapshots, backups, failures;
};
struct tail_jobs_counts tail_jobs_counts(const struct tail_jobs *jobs);

/* Stop what runs: it ends cleanly, and is begun anew another time. */
void tail_jobs_end(struct tail_jobs *jobs);
DEFINE_OWNED(struct tail_jobs *, tail_jobs_end);

#endif
