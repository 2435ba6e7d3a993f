/*
 * log_print.h - the three things that `yester log` prints: operations, versions of a document, runs.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_LOG_PRINT_H
#define TOOLS_LOG_PRINT_H

#include "oplog/timeline.h"
#include "tools/log_bursts.h"
#include "tools/log_out.h"
#include "tools/log_versions.h"

struct log_print {
	struct log_out out;
	unsigned ops;	   /* LOG_OUT_*: those that are wanted */
	bool housekeeping; /* so is what servers write for themselves into config */
	struct log_names *names;
	struct log_bursts *bursts; /* NULL: operations are printed one by one */
	struct timeline_map map;   /* with bursts: which of their moments can be opened */
	bool any;		   /* something was there */
	size_t missing;		   /* gaps, and entries that can't be told */
};

/* A sink for log_read(), and one for log_versions_run(). */
struct log_sink log_print_operations(struct log_print *print);
struct log_versions_sink log_print_versions(struct log_print *print);

/* Print the runs that were counted. */
MUST_CHECK int log_print_bursts(struct log_print *print, struct error *e);

#endif
