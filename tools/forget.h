/*
 * forget.h - which snapshots a retention keeps: the rules, without doing anything.
 *
 * As restic's: the newest snapshot of each of the last N hours, days, weeks (that begin on Monday), months or years that have
 * one, and all within a time of the newest. Times are UTC. What lies in the future is kept by that, and not measured from: one
 * snapshot that was made by a wrong clock would let all others go. Whatever the rules say, a snapshot stays that moments
 * of the oplog begin with (DESIGN 6): of the whole oplog, or of its last --pitr-window.
 *
 * Threads: pure.
 */
#ifndef TOOLS_FORGET_H
#define TOOLS_FORGET_H

#include "oplog/stream.h"
#include "store/snapshot/snapshots.h"

enum forget_every {
	FORGET_LAST,
	FORGET_HOURLY,
	FORGET_DAILY,
	FORGET_WEEKLY,
	FORGET_MONTHLY,
	FORGET_YEARLY,
	FORGET_RULES
};

#define FORGET_ALL UINT64_MAX /* of a rule: as many as there are */

struct forget_policy {
	uint64_t now;		     /* seconds since 1970; what is later is not the newest */
	uint64_t keep[FORGET_RULES]; /* 0: the rule keeps none */
	uint64_t within;	     /* seconds; 0: no such rule */
	bool has_window;
	uint64_t window; /* --pitr-window, seconds */
	const char *
		tag; /* only snapshots with this tag are looked at, the others stay; NULL: all are */
	const char *const *names; /* or: exactly these go */
	size_t name_count;
};

struct forget_choice {
	bool keep;
	char why[96]; /* "daily", "within 7d", "base of the oplog", "checkpoint"; "" when it goes */
};

struct forget_plan {
	struct forget_choice *choices; /* one for each snapshot of the list, in its order */
	uint64_t keep_from; /* entries before this timestamp are not needed; 0: all are */
	uint64_t let_go;    /* nobody asks for moments before this timestamp; 0: for all */
};
void forget_plan_release(struct forget_plan *plan);
DEFINE_OWNED_STRUCT(struct forget_plan, forget_plan_release);

/* Decide. ERR_NOT_FOUND: there is no snapshot of one of policy->names. */
MUST_CHECK int forget_decide(const struct snapshot_list *list, const struct stream *stream,
			     const struct forget_policy *policy, struct forget_plan *ret,
			     struct error *e);

#endif
