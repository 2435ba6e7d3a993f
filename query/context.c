#include "query/context.h"

#include <time.h>

#include "query/query_error.h"

#define NANOSECONDS 1000000000LL

int query_context_check(struct query_context *q, struct error *e)
{
	struct timespec now;

	if (q->killed != NULL && atomic_load_explicit(q->killed, memory_order_relaxed))
		return query_error(e, QUERY_CURSOR_KILLED,
				   "operation was interrupted because the "
				   "cursor was killed");
	if (q->deadline == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if ((int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec < q->deadline)
		return 0;
	return query_error(e, QUERY_MAX_TIME_EXPIRED, "operation exceeded time limit");
}
