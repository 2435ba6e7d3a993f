/*
 * fs_visit.h - opening moments that may take long (a first visit replays the oplog), beside the
 * requests that are answered.
 *
 * Who wants a moment that is not open adds a job: the moment is opened in a thread of its own, once
 * for all jobs that want it, and then each job goes on. A job whose user has given up goes at once; when
 * the last one of a moment has gone, opening it is stopped. What is open or under way is told to
 * progress.json.
 *
 * Prefixes: fs_visits_, fs_visit_. Threads: any.
 */
#ifndef FS_FS_VISIT_H
#define FS_FS_VISIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/progress.h"

struct fs_visits; /* opaque */

/* How something is opened. */
struct fs_visit_opener {
	/* Open what node `id` needs, with fs_visits_progress(); 1, 0 when it is gone. It stays open for
	 * a while. */
	int (*open)(void *ctx, uint64_t id, struct error *e);
	/* Append what it is called in progress.json: text without quotes and control bytes. */
	void (*name)(void *ctx, uint64_t id, struct buf *ret);
	void *ctx;
};

struct fs_visits *fs_visits_new(const struct fs_visit_opener *opener);
/* All jobs have ended: fs_visits_stop() was called, or there were none. */
void fs_visits_free(struct fs_visits *visits);
DEFINE_OWNED(struct fs_visits *, fs_visits_free);

/*
 * What long work tells how far it is: of the visit in whose thread it is called, and nobody in other
 * threads. Valid as long as `visits` is, which a moment that was opened with it may need.
 */
const struct progress *fs_visits_progress(struct fs_visits *visits);

/* What waits for a moment; part of its owner's own struct. */
struct fs_visit_job {
	/*
	 * Called once, in another thread: it is open (rc > 0; look for it, it may be closed again), gone
	 * (0), or why not: what the opener said, ERR_CANCELLED when it was given up.
	 */
	void (*end)(struct fs_visit_job *job, int rc, const struct error *e);
	/* Has its user given up? Polled; must be cheap and not call back. */
	bool (*gave_up)(struct fs_visit_job *job);
	struct fs_visit_job *next; /* of the same visit; private */
};

/* Open what node `id` needs for `job`; with very many under way it waits until one of them is done. When not a single
 * thread can be had, it ends here and now with ERR_BUSY. */
void fs_visits_add(struct fs_visits *visits, uint64_t id, struct fs_visit_job *job);

/* End all jobs with ERR_CANCELLED, wait until nothing is under way, and refuse new ones. */
void fs_visits_stop(struct fs_visits *visits);

/* Append progress.json: an array with an object for each moment that is being opened. */
void fs_visits_json(struct fs_visits *visits, struct buf *ret);

#endif
