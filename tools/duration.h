/*
 * duration.h - lengths of time as people type them: "90s", "15m", "6h", "7d", "2w", "1y", "1d12h".
 *
 * m is minutes; a year has 365 days. Threads: pure.
 */
#ifndef TOOLS_DURATION_H
#define TOOLS_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define DURATION_TEXT_LEN 32

/* Seconds of `text`; 0 only when `may_be_zero`. ERR_INVALID names `flag` and says what is taken. */
MUST_CHECK int duration_parse(const char *flag, const char *text, bool may_be_zero, uint64_t *ret,
			      struct error *e);

/* "7d", "1d12h", "90s": the two largest units. */
void duration_text(uint64_t seconds, char ret[DURATION_TEXT_LEN]);

#endif
