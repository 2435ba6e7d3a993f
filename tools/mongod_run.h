/*
 * mongod_run.h - a mongod of our own for a while: started on a folder, reached by a private Unix socket, ended.
 *
 * It listens nowhere else. When this process dies it ends, too.
 *
 * Threads: one at a time; started from the main thread, which has to outlive it.
 */
#ifndef TOOLS_MONGOD_RUN_H
#define TOOLS_MONGOD_RUN_H

#include <stdbool.h>

#include "base/progress.h"
#include "tools/live_uri.h"

struct mongod_run; /* opaque */

struct mongod_run_options {
	const char *mongod;	 /* the program: a path, or a name in PATH */
	const char *dbpath;	 /* the folder; is not removed */
	const char *const *more; /* further arguments, ended by NULL; or NULL */
	const char *tmp;	 /* where a private folder for its socket and its log can be made */
	const struct progress *progress; /* its `cancelled` ends the waiting; or NULL */
};

/*
 * Start it and wait until it answers. ERR_INVALID: there is no such program, or it can't be run; ERR_REMOTE: it ended (with what
 * it said last); ERR_CANCELLED, ERR_IO.
 */
MUST_CHECK int mongod_run_start(const struct mongod_run_options *options, struct mongod_run **ret,
				struct error *e);

/* "mongodb://%2Ftmp%2F…?directConnection=true" */
const char *mongod_run_uri(const struct mongod_run *run);

/* End it and wait for that; NULL is fine. */
void mongod_run_end(struct mongod_run *run);
DEFINE_OWNED(struct mongod_run *, mongod_run_end);

#endif
