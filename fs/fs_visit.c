#include "fs/fs_visit.h"

#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_MS 50 /* for jobs that were given up */
#define THREADS_MAX 256	 /* more moments wait for one of them */

/* A moment that is being opened. */
struct visit {
	struct fs_visits *visits;
	struct visit *next;
	uint64_t id;		   /* of a node */
	bool begun;		   /* a thread has it */
	struct fs_visit_job *jobs; /* none are left: stop it */
	const char *phase;
	uint64_t done, total;
	uint64_t began_ms;	 /* monotonic */
	uint64_t phase_began_ms; /* the same */
};

struct fs_visits {
	struct fs_visit_opener opener;
	struct progress progress;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct visit *visits;
	size_t threads; /* that open moments, or end their jobs */
	pthread_t looker;
	bool has_looker;
	bool stopped;
};

/* The visit that this thread makes. */
static _Thread_local struct visit *current;

/* Signals are for the thread that waits for them. */
static int start_thread(pthread_t *ret, void *(*run)(void *), void *ctx)
{
	sigset_t all;
	sigset_t before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(ret, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

/* End a list of jobs that belong to nobody any more; not under lock. */
static void end_jobs(struct fs_visit_job *jobs, int rc, const struct error *e)
{
	while (jobs != NULL) {
		struct fs_visit_job *next = jobs->next;

		jobs->end(jobs, rc, e);
		jobs = next;
	}
}

static void cancel_jobs(struct fs_visit_job *jobs)
{
	struct error e;

	end_jobs(jobs, error_set(&e, ERR_CANCELLED, "given up"), &e);
}

/* Under lock: take the jobs that were given up, or all, from their visits. */
static struct fs_visit_job *take_given_up(struct fs_visits *visits, bool all)
{
	struct fs_visit_job *taken = NULL;

	for (struct visit *visit = visits->visits; visit != NULL; visit = visit->next) {
		struct fs_visit_job **at = &visit->jobs;

		while (*at != NULL) {
			struct fs_visit_job *job = *at;

			if (!all && !job->gave_up(job)) {
				at = &job->next;
				continue;
			}
			*at = job->next;
			job->next = taken;
			taken = job;
		}
	}
	return taken;
}

/* Under lock. */
static void wait_a_moment(struct fs_visits *visits)
{
	struct timespec until = clock_deadline(CLOCK_MONOTONIC, LOOK_EVERY_MS);

	pthread_cond_timedwait(&visits->changed, &visits->lock, &until);
}

/* The thread that looks who has given up, as long as anybody waits. */
static void *run_looker(void *ctx)
{
	struct fs_visits *visits = ctx;

	pthread_mutex_lock(&visits->lock);
	while (!visits->stopped) {
		struct fs_visit_job *gone;

		if (visits->visits == NULL) {
			pthread_cond_wait(&visits->changed, &visits->lock);
			continue;
		}
		gone = take_given_up(visits, false);
		if (gone == NULL) {
			wait_a_moment(visits);
			continue;
		}
		pthread_mutex_unlock(&visits->lock);
		cancel_jobs(gone);
		pthread_mutex_lock(&visits->lock);
	}
	pthread_mutex_unlock(&visits->lock);
	return NULL;
}

static void report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	struct fs_visits *visits = ctx;
	struct visit *visit = current;

	if (visit == NULL)
		return;
	pthread_mutex_lock(&visits->lock);
	if (visit->phase == NULL || strcmp(visit->phase, phase) != 0)
		visit->phase_began_ms = clock_ms();
	visit->phase = phase;
	visit->done = done;
	visit->total = total;
	pthread_mutex_unlock(&visits->lock);
}

static bool cancelled(void *ctx)
{
	struct fs_visits *visits = ctx;
	bool nobody_waits;

	if (current == NULL)
		return false;
	pthread_mutex_lock(&visits->lock);
	nobody_waits = current->jobs == NULL;
	pthread_mutex_unlock(&visits->lock);
	return nobody_waits;
}

struct fs_visits *fs_visits_new(const struct fs_visit_opener *opener)
{
	struct fs_visits *visits = xcalloc(1, sizeof(*visits));

	visits->opener = *opener;
	visits->progress =
		(struct progress){.ctx = visits, .report = report, .cancelled = cancelled};
	pthread_mutex_init(&visits->lock, NULL);
	clock_cond_init(&visits->changed);
	return visits;
}

void fs_visits_free(struct fs_visits *visits)
{
	if (visits == NULL)
		return;
	fs_visits_stop(visits);
	pthread_cond_destroy(&visits->changed);
	pthread_mutex_destroy(&visits->lock);
	free(visits);
}

const struct progress *fs_visits_progress(struct fs_visits *visits)
{
	return &visits->progress;
}

/* Under lock. */
static void unlink_visit(struct fs_visits *visits, const struct visit *visit)
{
	struct visit **at = &visits->visits;

	while (*at != visit)
		at = &(*at)->next;
	*at = visit->next;
}

/* Open the moment, then end the jobs that wait for it: 0 when that is all. */
static int open_once(struct fs_visits *visits, struct visit *visit)
{
	struct fs_visit_job *jobs;
	struct error e;
	int rc;

	current = visit;
	rc = cancelled(visits) ? error_set(&e, ERR_CANCELLED, "given up")
			       : visits->opener.open(visits->opener.ctx, visit->id, &e);
	current = NULL;
	pthread_mutex_lock(&visits->lock);
	/* Somebody came after the last one had gone, and it was stopped already: once more. */
	if (rc == ERR_CANCELLED && visit->jobs != NULL) {
		pthread_mutex_unlock(&visits->lock);
		return 1;
	}
	jobs = TAKE(visit->jobs);
	unlink_visit(visits, visit);
	pthread_mutex_unlock(&visits->lock);
	end_jobs(jobs, rc, &e);
	return 0;
}

/* Under lock: the visit that waits for a thread for the longest time, or NULL. */
static struct visit *take_waiting(struct fs_visits *visits)
{
	struct visit *found = NULL;

	for (struct visit *visit = visits->visits; visit != NULL; visit = visit->next)
		if (!visit->begun)
			found = visit; /* new ones go to the front */
	if (found != NULL)
		found->begun = true;
	return found;
}

/* A thread that opens one moment, and then others that wait for a thread. */
static void *run_visits(void *ctx)
{
	struct visit *visit = ctx;
	struct fs_visits *visits = visit->visits;

	for (;;) {
		while (open_once(visits, visit) != 0)
			;
		free(visit);
		pthread_mutex_lock(&visits->lock);
		visit = take_waiting(visits);
		if (visit == NULL)
			break;
		pthread_mutex_unlock(&visits->lock);
	}
	visits->threads--;
	pthread_cond_broadcast(&visits->changed);
	pthread_mutex_unlock(&visits->lock);
	return NULL;
}

/* Under lock: have a thread for it; with as many as there may be it waits for one of them. False when none can be had. */
static bool find_thread(struct fs_visits *visits, struct visit *visit)
{
	pthread_t thread;

	if (visits->threads < THREADS_MAX && start_thread(&thread, run_visits, visit) == 0) {
		pthread_detach(thread);
		visit->begun = true;
		visits->threads++;
	}
	return visits->threads > 0;
}

/* Under lock: begin to open what node `id` needs. False when no thread can be had. */
static bool begin_visit(struct fs_visits *visits, uint64_t id, struct fs_visit_job *job)
{
	struct visit *visit;

	if (!visits->has_looker) {
		visits->has_looker = start_thread(&visits->looker, run_looker, visits) == 0;
		if (!visits->has_looker)
			return false;
	}
	visit = xcalloc(1, sizeof(*visit));
	*visit = (struct visit){.visits = visits, .next = visits->visits, .id = id, .jobs = job};
	visit->began_ms = visit->phase_began_ms = clock_ms();
	if (!find_thread(visits, visit)) {
		free(visit);
		return false;
	}
	visits->visits = visit;
	pthread_cond_broadcast(&visits->changed);
	return true;
}

void fs_visits_add(struct fs_visits *visits, uint64_t id, struct fs_visit_job *job)
{
	struct visit *visit;
	bool added = true;
	bool stopped;
	struct error e;

	job->next = NULL;
	pthread_mutex_lock(&visits->lock);
	stopped = visits->stopped;
	for (visit = visits->visits; visit != NULL && visit->id != id; visit = visit->next)
		;
	if (!stopped && visit != NULL) {
		job->next = visit->jobs;
		visit->jobs = job;
	} else if (!stopped) {
		added = begin_visit(visits, id, job);
	}
	pthread_mutex_unlock(&visits->lock);
	if (stopped)
		cancel_jobs(job);
	else if (!added)
		end_jobs(job, error_set(&e, ERR_BUSY, "too many moments are being opened"), &e);
}

void fs_visits_stop(struct fs_visits *visits)
{
	struct fs_visit_job *jobs;
	bool has_looker;

	pthread_mutex_lock(&visits->lock);
	visits->stopped = true;
	has_looker = visits->has_looker;
	visits->has_looker = false;
	jobs = take_given_up(visits, true);
	pthread_cond_broadcast(&visits->changed);
	pthread_mutex_unlock(&visits->lock);
	cancel_jobs(jobs);
	if (has_looker)
		pthread_join(visits->looker, NULL);
	pthread_mutex_lock(&visits->lock);
	while (visits->threads > 0)
		pthread_cond_wait(&visits->changed, &visits->lock);
	pthread_mutex_unlock(&visits->lock);
}

/* Under lock: one line of progress.json. */
static void add_visit(const struct fs_visits *visits, const struct visit *visit, struct buf *ret)
{
	uint64_t now = clock_ms();
	uint64_t phase_ms = now - visit->phase_began_ms;
	unsigned waiting = 0;

	for (const struct fs_visit_job *job = visit->jobs; job != NULL; job = job->next)
		waiting++;
	buf_add_str(ret, "{\"moment\":\"");
	visits->opener.name(visits->opener.ctx, visit->id, ret);
	buf_printf(ret, "\",\"phase\":\"%s\"", visit->phase != NULL ? visit->phase : "waiting");
	buf_printf(ret, ",\"done\":%" PRIu64 ",\"total\":", visit->done);
	if (visit->total > 0)
		buf_printf(ret, "%" PRIu64, visit->total);
	else
		buf_add_str(ret, "null");
	buf_printf(ret, ",\"rate\":%" PRIu64, phase_ms > 0 ? visit->done * 1000 / phase_ms : 0);
	buf_printf(ret, ",\"seconds\":%" PRIu64 ".%03u", (now - visit->began_ms) / 1000,
		   (unsigned)((now - visit->began_ms) % 1000));
	buf_printf(ret, ",\"requests\":%u}", waiting);
}

void fs_visits_json(struct fs_visits *visits, struct buf *ret)
{
	bool filled = false;

	buf_add_u8(ret, '[');
	pthread_mutex_lock(&visits->lock);
	for (const struct visit *visit = visits->visits; visit != NULL; visit = visit->next) {
		buf_add_str(ret, filled ? ",\n " : "\n ");
		filled = true;
		add_visit(visits, visit, ret);
	}
	pthread_mutex_unlock(&visits->lock);
	buf_add_str(ret, filled ? "\n]\n" : "]\n");
}
