/*
 * restore_work.h - many tasks on several threads, each with a connection; and a limit of bytes a second for all.
 *
 * Threads: run from the main thread, which shows the progress meanwhile; the rate any.
 */
#ifndef TOOLS_RESTORE_WORK_H
#define TOOLS_RESTORE_WORK_H

#include <pthread.h>
#include <stdatomic.h>

#include "tools/restore_target.h"

#define RESTORE_WORK_MAX 64 /* threads */

struct restore_work {
	struct restore_target *target;
	unsigned threads; /* 1 to RESTORE_WORK_MAX */
	size_t count;	  /* of tasks */
	/* Task number `index` on thread number `thread`. A negative code ends all. */
	int (*each)(void *ctx, unsigned thread, mongoc_client_t *client, size_t index,
		    struct error *e);
	void *ctx;
	const struct progress *progress; /* may be NULL */
	const char *phase;
	atomic_uint_fast64_t *done; /* for the progress */
	uint64_t total;
};

/* Do all tasks, in order as far as threads allow. The first error, after all threads have ended; ERR_CANCELLED. */
MUST_CHECK int restore_work_run(const struct restore_work *work, struct error *e);

struct restore_rate {
	pthread_mutex_t mutex;
	uint64_t bytes_per_second;	 /* 0: no limit */
	uint64_t free_at;		 /* as clock_us(): when what was taken is paid */
	const struct progress *progress; /* an interrupt ends the waiting; may be NULL */
};

void restore_rate_init(struct restore_rate *rate, uint64_t bytes_per_second,
		       const struct progress *progress);
void restore_rate_release(struct restore_rate *rate);
DEFINE_OWNED_STRUCT(struct restore_rate, restore_rate_release);
/* Wait until so many bytes may go. ERR_CANCELLED: they need not any more. */
MUST_CHECK int restore_rate_take(struct restore_rate *rate, uint64_t bytes, struct error *e);

#endif
