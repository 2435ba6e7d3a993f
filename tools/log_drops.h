/*
 * log_drops.h - which drops belong to a dropDatabase, and what to that of a time series.
 *
 * A server logs a dropDatabase behind a drop of each of its collections. Nobody can write to the database meanwhile, so
 * what was dropped in it with nothing else in between, one soon after the other, was dropped by it (or just before).
 * The drop of a time series is two entries: a deletion in system.views, then the drop of the buckets.
 *
 * Prefix: log_drop. Threads: one at a time.
 */
#ifndef TOOLS_LOG_DROPS_H
#define TOOLS_LOG_DROPS_H

#include "tools/log_read.h"

#define LOG_DROPS_KEPT 64  /* databases that are watched at one time */
#define LOG_DROPS_APART 2  /* seconds between two drops of one dropDatabase, at most */
#define LOG_DROPS_WAITS 60 /* seconds that it waits at its end for other members, at most */

struct log_drop {
	struct buf db;
	uint64_t first, last; /* timestamps of the drops */
	uint64_t documents;   /* that they took along */
	bool told;	      /* how many these are */
};

/* A view that was deleted. */
struct log_drop_view {
	struct buf ns; /* "db.name" */
	uint64_t ts;
};

struct log_drops {
	struct log_drop_view views[LOG_DROPS_KEPT];
	size_t next_view;		    /* the oldest */
	struct log_drop at[LOG_DROPS_KEPT]; /* without a db: free */
	size_t next;			    /* is taken when all are */
};

void log_drops_release(struct log_drops *drops);

/* An operation of whatever kind. */
void log_drops_add(struct log_drops *drops, const struct log_op *op);

/* The drops of this dropDatabase, which are forgotten; ret->db is not set. False: there were none. */
bool log_drops_take(struct log_drops *drops, const struct log_op *op, struct log_drop *ret);

/* Is this the drop of the buckets of a time series, whose view went just before? Then *ret is when. */
bool log_drops_view(const struct log_drops *drops, const struct log_op *op, uint64_t *ret);

#endif
