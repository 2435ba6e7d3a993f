#include "tools/restore_work.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define SHOW_MS 100
#define SECOND 1000000ULL /* as clock_us() */

struct run {
	const struct restore_work *work;
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	atomic_size_t next;
	atomic_bool stop;
	unsigned running;
	struct error error; /* the first one */
};

struct worker {
	struct run *run;
	unsigned number;
	pthread_t thread;
};

static void *work_on(void *arg)
{
	struct worker *worker = arg;
	struct run *run = worker->run;
	const struct restore_work *work = run->work;
	mongoc_client_t *client = restore_target_take(work->target);
	struct error e = {0};
	size_t index;
	int code = 0;

	while (code >= 0 && !atomic_load(&run->stop) &&
	       (index = atomic_fetch_add(&run->next, 1)) < work->count)
		code = work->each(work->ctx, worker->number, client, index, &e);
	restore_target_give(work->target, client);
	pthread_mutex_lock(&run->mutex);
	if (code < 0) {
		atomic_store(&run->stop, true);
		if (run->error.code == 0)
			run->error = e;
	}
	run->running--;
	pthread_cond_signal(&run->ended);
	pthread_mutex_unlock(&run->mutex);
	return NULL;
}

static void show(struct run *run)
{
	const struct restore_work *work = run->work;
	const struct progress *p = work->progress;

	if (p == NULL)
		return;
	p->report(p->ctx, work->phase, atomic_load(work->done), work->total);
	if (p->cancelled == NULL || !p->cancelled(p->ctx))
		return;
	atomic_store(&run->stop, true);
	pthread_mutex_lock(&run->mutex);
	if (run->error.code == 0)
		error_set(&run->error, ERR_CANCELLED, "interrupted");
	pthread_mutex_unlock(&run->mutex);
}

static void wait_for_all(struct run *run)
{
	bool all = false;

	while (!all) {
		struct timespec until = clock_deadline(CLOCK_REALTIME, SHOW_MS);

		pthread_mutex_lock(&run->mutex);
		if (run->running > 0)
			pthread_cond_timedwait(&run->ended, &run->mutex, &until);
		all = run->running == 0;
		pthread_mutex_unlock(&run->mutex);
		show(run);
	}
}

int restore_work_run(const struct restore_work *work, struct error *e)
{
	unsigned threads = (unsigned)MIN_OF((size_t)work->threads, work->count);
	struct worker workers[RESTORE_WORK_MAX];
	struct run run = {.work = work};
	unsigned started = 0;

	pthread_mutex_init(&run.mutex, NULL);
	pthread_cond_init(&run.ended, NULL);
	for (; started < threads; started++) {
		int failed;

		workers[started] = (struct worker){.run = &run, .number = started};
		pthread_mutex_lock(&run.mutex);
		run.running++;
		pthread_mutex_unlock(&run.mutex);
		failed = pthread_create(&workers[started].thread, NULL, work_on, &workers[started]);
		if (failed == 0)
			continue;
		errno = failed;
		pthread_mutex_lock(&run.mutex);
		run.running--;
		if (started == 0)
			error_sys(&run.error, "a thread could not be started");
		pthread_mutex_unlock(&run.mutex);
		break;
	}
	wait_for_all(&run);
	for (unsigned i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_cond_destroy(&run.ended);
	pthread_mutex_destroy(&run.mutex);
	if (run.error.code != 0)
		*e = run.error;
	return run.error.code;
}

void restore_rate_init(struct restore_rate *rate, uint64_t bytes_per_second,
		       const struct progress *progress)
{
	*rate = (struct restore_rate){.bytes_per_second = bytes_per_second, .progress = progress};
	pthread_mutex_init(&rate->mutex, NULL);
}

void restore_rate_release(struct restore_rate *rate)
{
	pthread_mutex_destroy(&rate->mutex);
}

int restore_rate_take(struct restore_rate *rate, uint64_t bytes, struct error *e)
{
	uint64_t at, now;

	if (rate->bytes_per_second == 0)
		return 0;
	now = clock_us();
	pthread_mutex_lock(&rate->mutex);
	at = MAX_OF(now, rate->free_at);
	rate->free_at =
		at + (uint64_t)((double)bytes / (double)rate->bytes_per_second * (double)SECOND);
	pthread_mutex_unlock(&rate->mutex);
	while (now < at) {
		uint64_t part = MIN_OF(at - now, (uint64_t)SHOW_MS * 1000);
		struct timespec pause = {.tv_nsec = (long)part * 1000};

		nanosleep(&pause, NULL);
		now = clock_us();
		if (progress_cancelled(rate->progress))
			return error_set(e, ERR_CANCELLED, "interrupted");
	}
	return 0;
}
