#include "fs/fs_visit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/harness/harness.h"

/* What is opened: it takes until it is let go, or stopped. */
struct world {
	struct fs_visits *visits;
	sem_t begun; /* posted by each open() */
	_Atomic bool let_go;
	_Atomic int opened;
	_Atomic int stopped;
	int answer; /* of open() */
};

struct job {
	struct fs_visit_job job;
	sem_t ended;
	_Atomic bool given_up;
	int rc;
};

static int open_slowly(void *ctx, uint64_t id, struct error *e)
{
	struct world *w = ctx;
	const struct progress *progress = fs_visits_progress(w->visits);

	progress->report(progress->ctx, "reading the oplog", id, 2 * id);
	sem_post(&w->begun);
	while (!atomic_load(&w->let_go)) {
		if (progress->cancelled(progress->ctx)) {
			atomic_fetch_add(&w->stopped, 1);
			return error_set(e, ERR_CANCELLED, "interrupted");
		}
		usleep(100);
	}
	atomic_fetch_add(&w->opened, 1);
	return w->answer < 0 ? error_set(e, w->answer, "no") : w->answer;
}

static void name_of(void *ctx UNUSED, uint64_t id, struct buf *ret)
{
	buf_printf(ret, "1000.%" PRIu64, id);
}

static void end(struct fs_visit_job *job, int rc, const struct error *e)
{
	struct job *j = (struct job *)job;

	assert_true(rc >= 0 || e->code == rc);
	j->rc = rc;
	sem_post(&j->ended);
}

static bool gave_up(struct fs_visit_job *job)
{
	return atomic_load(&((struct job *)job)->given_up);
}

static void world_open(struct world *w)
{
	*w = (struct world){.answer = 1};
	sem_init(&w->begun, 0, 0);
	w->visits = fs_visits_new(&(struct fs_visit_opener){open_slowly, name_of, w});
}

static void add(struct world *w, uint64_t id, struct job *job)
{
	*job = (struct job){.job = {.end = end, .gave_up = gave_up}, .rc = 99};
	sem_init(&job->ended, 0, 0);
	fs_visits_add(w->visits, id, &job->job);
}

static int wait_for(struct job *job)
{
	sem_wait(&job->ended);
	return job->rc;
}

static void several_that_want_the_same_wait_for_one_opening(void **state)
{
	struct world w;
	struct job jobs[5];

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		add(&w, 7, &jobs[i]);
	atomic_store(&w.let_go, true);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		assert_int_equal(wait_for(&jobs[i]), 1);
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, 1);
}

/* The thread that opens takes no signals; those of who asked are as before. */
static void who_asks_still_takes_signals(void **state)
{
	sigset_t before, after;
	struct world w;
	struct job job;

	(void)state;
	sigemptyset(&before);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
	world_open(&w);
	add(&w, 7, &job);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	atomic_store(&w.let_go, true);
	assert_int_equal(wait_for(&job), 1);
	fs_visits_free(w.visits);
	for (int signal = 1; signal < SIGRTMIN; signal++)
		assert_int_equal(sigismember(&after, signal), sigismember(&before, signal));
}

static void an_error_is_told_to_all_that_wait(void **state)
{
	struct world w;
	struct job jobs[2];

	(void)state;
	world_open(&w);
	w.answer = ERR_NO_TIME;
	add(&w, 7, &jobs[0]);
	add(&w, 7, &jobs[1]);
	atomic_store(&w.let_go, true);
	assert_int_equal(wait_for(&jobs[0]), ERR_NO_TIME);
	assert_int_equal(wait_for(&jobs[1]), ERR_NO_TIME);
	fs_visits_free(w.visits);
}

static void who_gives_up_leaves_and_the_others_get_it(void **state)
{
	struct world w;
	struct job jobs[2];

	(void)state;
	world_open(&w);
	add(&w, 7, &jobs[0]);
	add(&w, 7, &jobs[1]);
	atomic_store(&jobs[0].given_up, true);
	assert_int_equal(wait_for(&jobs[0]), ERR_CANCELLED);
	assert_int_equal(w.stopped, 0);
	atomic_store(&w.let_go, true);
	assert_int_equal(wait_for(&jobs[1]), 1);
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, 1);
}

static void when_the_last_one_gives_up_it_is_stopped(void **state)
{
	struct world w;
	struct job first;
	struct job second;

	(void)state;
	world_open(&w);
	add(&w, 7, &first);
	sem_wait(&w.begun);
	atomic_store(&first.given_up, true);
	assert_int_equal(wait_for(&first), ERR_CANCELLED);
	while (atomic_load(&w.stopped) == 0)
		sched_yield();
	/* Whoever comes later, even while it is being stopped, has it opened anew. */
	add(&w, 7, &second);
	atomic_store(&w.let_go, true);
	assert_int_equal(wait_for(&second), 1);
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, 1);
}

static void others_are_opened_meanwhile(void **state)
{
	struct world w;
	struct job jobs[3];
	OWNED(buf_release) struct buf json = {0};

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		add(&w, i + 1, &jobs[i]);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		sem_wait(&w.begun);
	fs_visits_json(w.visits, &json);
	assert_non_null(strstr(buf_text(&json),
			       "\"moment\":\"1000.2\",\"phase\":\"reading the oplog\","
			       "\"done\":2,\"total\":4,\"rate\":"));
	assert_non_null(strstr(buf_text(&json), ",\"requests\":1}"));
	atomic_store(&w.let_go, true);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		assert_int_equal(wait_for(&jobs[i]), 1);
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, 3);
}

#define MANY 700 /* more than there are threads */

static void world_of_many(struct world *w, struct job jobs[MANY])
{
	world_open(w);
	for (size_t i = 0; i < MANY; i++)
		add(w, i + 1, &jobs[i]);
}

static void of_very_many_some_wait_until_others_are_done(void **state)
{
	static struct job jobs[MANY];
	struct world w;

	(void)state;
	world_of_many(&w, jobs);
	sem_wait(&w.begun);
	/* The last one has no thread yet: nobody ever opens it. */
	atomic_store(&jobs[MANY - 1].given_up, true);
	assert_int_equal(wait_for(&jobs[MANY - 1]), ERR_CANCELLED);
	atomic_store(&w.let_go, true);
	for (size_t i = 0; i < MANY - 1; i++)
		assert_int_equal(wait_for(&jobs[i]), 1);
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, MANY - 1);
}

static void those_that_wait_are_stopped_too(void **state)
{
	static struct job jobs[MANY];
	struct world w;

	(void)state;
	world_of_many(&w, jobs);
	fs_visits_stop(w.visits);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(wait_for(&jobs[i]), ERR_CANCELLED);
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, 0);
}

static void stopping_ends_all_and_refuses_more(void **state)
{
	struct world w;
	struct job jobs[2];
	struct job late;
	OWNED(buf_release) struct buf json = {0};

	(void)state;
	world_open(&w);
	add(&w, 1, &jobs[0]);
	add(&w, 2, &jobs[1]);
	fs_visits_stop(w.visits);
	assert_int_equal(wait_for(&jobs[0]), ERR_CANCELLED);
	assert_int_equal(wait_for(&jobs[1]), ERR_CANCELLED);
	add(&w, 3, &late);
	assert_int_equal(wait_for(&late), ERR_CANCELLED);
	fs_visits_json(w.visits, &json);
	assert_string_equal(buf_text(&json), "[]\n");
	fs_visits_free(w.visits);
	assert_int_equal(w.opened, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_that_want_the_same_wait_for_one_opening),
		cmocka_unit_test(who_asks_still_takes_signals),
		cmocka_unit_test(an_error_is_told_to_all_that_wait),
		cmocka_unit_test(who_gives_up_leaves_and_the_others_get_it),
		cmocka_unit_test(when_the_last_one_gives_up_it_is_stopped),
		cmocka_unit_test(others_are_opened_meanwhile),
		cmocka_unit_test(of_very_many_some_wait_until_others_are_done),
		cmocka_unit_test(those_that_wait_are_stopped_too),
		cmocka_unit_test(stopping_ends_all_and_refuses_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
