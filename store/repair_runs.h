/*
 * repair_runs.h - which documents of a tree are lost: runs of them, by their numbers and by what stands before and behind.
 *
 * Inside a repair only. Threads: one at a time.
 */
#ifndef STORE_REPAIR_RUNS_H
#define STORE_REPAIR_RUNS_H

#include "store/repair.h"

/* Documents `first` (from 0) and the next ones, in the order of the tree; runs are added in that order, to a buf of struct repair_run. */
struct repair_run {
	uint64_t first, count;
};
void repair_runs_add(struct buf *runs, uint64_t first, uint64_t count);

/*
 * A line for each run, up to a hundred. What is around them is read from the store; what can't be read, or has no _id and is no entry of
 * the oplog, goes by its number alone.
 */
void repair_runs_tell(struct store *store, const struct tree_root *root, const struct buf *runs,
		      const struct repair_options *options);

#endif
