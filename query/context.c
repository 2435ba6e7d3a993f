#include "query/context.h"

#include "base/clock.h"
#include "query/query_error.h"

int query_context_check(struct query_context *q, struct error *e)
{
	if (q->killed != NULL && atomic_load_explicit(q->killed, memory_order_relaxed))
		return query_error(e, QUERY_CURSOR_KILLED,
				   "operation was interrupted because the "
				   "cursor was killed");
	if (q->deadline == 0 || clock_tick_ms() < q->deadline)
		return 0;
	return query_error(e, QUERY_MAX_TIME_EXPIRED, "operation exceeded time limit");
}
