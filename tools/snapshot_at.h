/*
 * snapshot_at.h - the job behind `yester snapshot`: a new snapshot from the nearest one before and the oplog.
 *
 * The deployment is not asked for anything; what did not change since the nearest snapshot is shared with it.
 *
 * Threads: one job at a time.
 */
#ifndef TOOLS_SNAPSHOT_AT_H
#define TOOLS_SNAPSHOT_AT_H

#include "base/progress.h"
#include "oplog/timeline.h"
#include "store/store_writer.h"

struct snapshot_at_options {
	const char *name; /* NULL: its time */
	const char *tag;  /* or NULL */
	bool checkpoint;  /* not the user's: see checkpoint.h */
	const struct progress *progress;
};

struct snapshot_at_result {
	struct snapshot snapshot;
	uint64_t entries, operations; /* that were read, and applied */
	struct store_writer_counts counts;
	uint64_t milliseconds;
};

void snapshot_at_release(struct snapshot_at_result *result);
DEFINE_OWNED_STRUCT(struct snapshot_at_result, snapshot_at_release);

/*
 * Make the snapshot of a point: 1; 0 when there is one that shows it already and no other name was asked
 * for: then *ret has that one. ERR_REFUSED: a namespace can't be followed to there (the text says which
 * and why), or the nearest snapshot is of no exact moment; ERR_EXISTS: the name is taken; ERR_NO_TIME,
 * ERR_CANCELLED, the errors of replay_run() and commit_snapshot(). On failure there is no snapshot.
 */
MUST_CHECK int snapshot_at_make(struct store *store, struct timeline *timeline,
				const struct timeline_point *point,
				const struct snapshot_at_options *options,
				struct snapshot_at_result *ret, struct error *e);

#endif
