/*
 * log_groups.h - which runs of different sessions are one deed: a bulkWrite in ten threads, or what the servers of an application do all day.
 *
 * Drivers give each client, and each thread, a session of its own. So what one program deletes in ten threads is ten runs
 * that go on at the same time at about the same pace, of which the biggest need not be the one that began first: the
 * moment before it lacks what the others deleted until then. A loop over a cursor that deletes what it finds does so in two sessions: one
 * for the first 101 documents, and when the cursor is done that one's. And an application that deletes carts one by one,
 * in its fifty sessions, has fifty long runs, behind which a mass deletion of a second would not be seen.
 *
 * A group is a run and smaller ones of other sessions that do the same on its namespace, at a pace that is at most
 * LOG_GROUPS_PACE times slower or (where it took longer than LOG_BURSTS_PAUSE) faster, and overlap it or are less than LOG_PACE_NEAR away, and began at most as long before it as it
 * took. What only overlaps one of those does not belong to it: a chain of runs could lead anywhere. Runs without a session are
 * of nobody knows whom, and no part of any.
 *
 * Threads: pure.
 */
#ifndef TOOLS_LOG_GROUPS_H
#define TOOLS_LOG_GROUPS_H

#include "tools/log_bursts.h"

#define LOG_GROUPS_PACE 10
#define LOG_GROUPS_LEAST 10   /* operations: smaller runs are no mass, and there are many */
#define LOG_GROUPS_TRIED 1000 /* of the biggest runs: whether others belong to them */

/*
 * Runs of one sort, the biggest first. Those of a group come to lie behind one another in order of time, the group with the most
 * operations first; the group_ fields of each are set.
 */
void log_groups_make(struct log_burst *runs, size_t count);

/* How many runs the group has that begins at `runs`. */
size_t log_groups_length(const struct log_burst *runs);

#endif
