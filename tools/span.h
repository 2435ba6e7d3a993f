/*
 * span.h - lengths of time as people type them: "90s", "30m", "6h", "1d12h". Threads: pure.
 */
#ifndef TOOLS_SPAN_H
#define TOOLS_SPAN_H

#include "base/error.h"

/*
 * Parse: whole numbers with s, m, h, d or w, the larger ones first or not; at most 100 years. ERR_INVALID names
 * `flag`.
 */
MUST_CHECK int span_parse(const char *flag, const char *text, uint64_t *ret_seconds,
			  struct error *e);

#endif
