#include "tools/log_clock.h"

#include <stdbool.h>

static bool is_busy(const struct log_clock *clock)
{
	uint64_t slots = clock->slots & ((UINT64_C(1) << LOG_CLOCK_SLOTS) - 1);

	return __builtin_popcountll(slots) >= LOG_CLOCK_BUSY;
}

int64_t log_clock_at(struct log_clock *clock, int64_t wall)
{
	int64_t slots = wall / LOG_CLOCK_SLOT - clock->last / LOG_CLOCK_SLOT;

	if (wall > clock->last) {
		if (wall - clock->last >= LOG_CLOCK_STILL && is_busy(clock))
			clock->still += wall - clock->last - 1;
		clock->slots = slots < 64 ? clock->slots << slots : 0;
		clock->last = wall;
	}
	clock->slots |= 1;
	return wall - clock->still;
}
