/*
 * tail_behind.h - a member that stays behind its primary while it is followed: a secondary that is locked, delayed, or stuck.
 *
 * Threads: that of the tail.
 */
#ifndef TOOLS_TAIL_BEHIND_H
#define TOOLS_TAIL_BEHIND_H

#include "tools/live.h"

/* All zero at the begin. */
struct tail_behind {
	uint64_t next_look; /* ms */
};

/*
 * 1 and another member, that the URI's readPreference allows and that has entries behind `reached`, when `live` is long behind the
 * primary; else 0. Looks now and then only. *ret is the caller's.
 */
MUST_CHECK int tail_behind_look(struct tail_behind *behind, struct live *live, uint64_t reached,
				struct live **ret);

#endif
