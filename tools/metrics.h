/*
 * metrics.h - a running tail seen by monitoring: every second its state goes into local/<machine>/status/tail.json,
 * and (when asked for) as Prometheus text into a file or to whoever asks on a port of loopback.
 *
 * Threads: its own one renders, so that it tells the truth while the tail waits for a server; the
 * functions are called from one.
 */
#ifndef TOOLS_METRICS_H
#define TOOLS_METRICS_H

#include "tools/status.h"

struct metrics; /* opaque */

struct metrics_options {
	struct store *store;
	const char *file; /* replaced at once, readable by all; or NULL */
	unsigned port;	  /* of 127.0.0.1; 0: none */
};

/* Start. ERR_IO: the file can't be written, the port can't be had. */
MUST_CHECK int metrics_start(const struct metrics_options *options, struct metrics **ret,
			     struct error *e);

/* What the tail knows now; `time` and `known` are set here. NULL is fine. `changed`: look at the store again. */
void metrics_tell(struct metrics *metrics, const struct status_tail *tail, bool changed);

/* Stop; the files stay, and say that no tail runs. */
void metrics_end(struct metrics *metrics);
DEFINE_OWNED(struct metrics *, metrics_end);

#endif
