#include "tools/tail_behind.h"

#include <time.h>

#include "base/clock.h"

#define LOOK_EVERY_MS 10000
#define OLD_SECONDS 30 /* the last entry: else nobody need be asked */
/* An idle primary writes every 10 s: a member is late by that for an instant. */
#define LAG_MS 20000

int tail_behind_look(struct tail_behind *behind, struct live *live, uint64_t reached,
		     struct live **ret)
{
	uint64_t now = clock_ms(), top, lag;

	if (now < behind->next_look ||
	    (uint64_t)entry_seconds(reached) + OLD_SECONDS > (uint64_t)time(NULL))
		return 0;
	behind->next_look = now + LOOK_EVERY_MS;
	if (!live_primary(live, &top, &lag) || lag < LAG_MS)
		return 0;
	return live_open_reaching(live, reached, reached, ret);
}
