/*
 * moment_at.h - from --at to the moment: what all verbs that look into the past share.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_MOMENT_AT_H
#define TOOLS_MOMENT_AT_H

#include "oplog/timeline.h"
#include "tools/cmd.h"

struct moment_at_progress; /* opaque */

/* A moment, and what it is read through. Its store outlives it. */
struct moment_at {
	struct timeline *timeline; /* NULL: somebody else's, who outlives it */
	struct timeline_point point;
	struct moment *moment;
	struct moment_at_progress
		*progress; /* where replays report to: they come when documents are asked for */
};

void moment_at_release(struct moment_at *at);
DEFINE_OWNED_STRUCT(struct moment_at, moment_at_release);

/* The timeline of a store; says on standard error when snapshots or parts of the oplog were left out as damaged. */
MUST_CHECK int moment_at_timeline(struct cmd_run *run, struct store *store, struct timeline **ret,
				  struct error *e);

/*
 * Open the moment `when` (NULL: latest); a first visit replays the oplog and shows how far it is.
 * ERR_INVALID, ERR_NOT_FOUND, ERR_NO_TIME as timeline_find(), ERR_CANCELLED.
 */
MUST_CHECK int moment_at_open(struct cmd_run *run, struct store *store, const char *when,
			      struct moment_at *ret, struct error *e);

/* The same, by a timeline of the caller. */
MUST_CHECK int moment_at_open_in(struct cmd_run *run, struct timeline *timeline, const char *when,
				 struct moment_at *ret, struct error *e);

/* moment_resolve() of an entry of this moment, shown how far it is. */
MUST_CHECK int moment_at_resolve(struct cmd_run *run, struct moment_at *at,
				 struct catalog_entry *entry, struct error *e);

/*
 * The same, for a list: a namespace that can't be told there is said on standard error and counted in
 * *untold, its root is empty, and the others go on.
 */
MUST_CHECK int moment_at_try(struct cmd_run *run, struct moment_at *at, struct catalog_entry *entry,
			     size_t *untold, struct error *e);

/* Replays report to `progress` (NULL: nowhere), until this is called again: for a job that shows its own. */
void moment_at_report(struct moment_at *at, const struct progress *progress);

#endif
