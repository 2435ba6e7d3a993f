#include "tools/restore_long.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

#define LOOK_EVERY_MS 100

/* A command that a thread of its own waits for. */
struct errand {
	struct restore_target *target;
	char *db;
	struct buf command, reply;
	struct error error;
	int code;

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	bool ended;
};

static struct errand *errand_new(struct restore_target *target, const char *db,
				 struct bytes command)
{
	struct errand *errand = xcalloc(1, sizeof(*errand));

	errand->target = target;
	errand->db = xstrdup(db);
	buf_add_bytes(&errand->command, command);
	pthread_mutex_init(&errand->mutex, NULL);
	pthread_cond_init(&errand->changed, NULL);
	return errand;
}

static void errand_free(struct errand *errand)
{
	if (errand == NULL)
		return;
	pthread_cond_destroy(&errand->changed);
	pthread_mutex_destroy(&errand->mutex);
	buf_release(&errand->reply);
	buf_release(&errand->command);
	free(errand->db);
	free(errand);
}
DEFINE_OWNED(struct errand *, errand_free);

static void *run_errand(void *arg)
{
	struct errand *errand = arg;
	mongoc_client_pool_t *pool = errand->target->patient;
	mongoc_client_t *client = mongoc_client_pool_pop(pool);

	errand->code =
		restore_target_run(errand->target, client, errand->db, buf_bytes(&errand->command),
				   &errand->reply, NULL, &errand->error);
	mongoc_client_pool_push(pool, client);
	pthread_mutex_lock(&errand->mutex);
	errand->ended = true;
	pthread_cond_signal(&errand->changed);
	pthread_mutex_unlock(&errand->mutex);
	return NULL;
}

/* False: it was interrupted. */
static bool wait_for(struct errand *errand)
{
	const struct progress *p = errand->target->progress;
	bool stop = false;

	pthread_mutex_lock(&errand->mutex);
	while (!errand->ended && !stop) {
		struct timespec until = clock_deadline(CLOCK_REALTIME, LOOK_EVERY_MS);

		pthread_cond_timedwait(&errand->changed, &errand->mutex, &until);
		stop = !errand->ended && progress_cancelled(p);
	}
	pthread_mutex_unlock(&errand->mutex);
	return !stop;
}

int restore_long_run(struct restore_target *target, const char *db, struct bytes command,
		     struct buf *ret_reply, struct error *e)
{
	OWNED(errand_free) struct errand *errand = errand_new(target, db, command);
	pthread_t thread;
	int failed = pthread_create(&thread, NULL, run_errand, errand);

	if (failed != 0) {
		errno = failed;
		return error_sys(e, "a thread could not be started");
	}
	if (!wait_for(errand)) {
		atomic_store(&target->abandoned, true);
		pthread_detach(thread);
		(void)TAKE(errand); /* its thread has it */
		return error_set(e, ERR_CANCELLED, "interrupted");
	}
	pthread_join(thread, NULL);
	buf_reset(ret_reply);
	buf_add_bytes(ret_reply, buf_bytes(&errand->reply));
	if (errand->code < 0)
		*e = errand->error;
	return errand->code;
}
