#include "base/progress.h"

int progress_go_on(const struct progress *p, const char *phase, uint64_t done, uint64_t total,
		   struct error *e)
{
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	if (p != NULL && p->report != NULL)
		p->report(p->ctx, phase, done, total);
	return 0;
}
