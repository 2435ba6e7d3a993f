#include "fs/fs_turns.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "tests/harness/harness.h"

#define FILES 40
#define READS 60 /* of each file */

struct world {
	struct fs_turns *turns;
	struct fs_turn turn[FILES];
	_Atomic unsigned done[FILES], cancelled, now, most;
};

struct request {
	struct fs_turn_request aside; /* first */
	struct world *world;
	unsigned file;
};

/* As an answer: the turn first, then what its reader sees. */
static void answer(struct world *w, unsigned file)
{
	unsigned now = ++w->now;

	if (now > w->most)
		w->most = now;
	sched_yield();
	w->now--;
	fs_turns_end(w->turns, &w->turn[file]);
	w->done[file]++;
}

static void run(struct fs_turn_request *aside, bool cancelled)
{
	struct request *r = (struct request *)(void *)aside;

	if (cancelled) {
		r->world->cancelled++;
		fs_turns_end(r->world->turns, &r->world->turn[r->file]);
	} else {
		answer(r->world, r->file);
	}
	free(r);
}

/* True: it was answered at once. */
static bool ask(struct world *w, unsigned file)
{
	struct request *r = xcalloc(1, sizeof(*r));

	*r = (struct request){.aside = {.run = run}, .world = w, .file = file};
	if (!fs_turns_begin(w->turns, &w->turn[file], &r->aside))
		return false;
	free(r);
	answer(w, file);
	return true;
}

static void one_reader_never_waits(void **state UNUSED)
{
	struct world w = {.turns = fs_turns_new()};

	for (unsigned i = 0; i < 1000; i++)
		assert_true(ask(&w, i / 500));
	fs_turns_forget(w.turns, &w.turn[0]);
	fs_turns_forget(w.turns, &w.turn[1]);
	fs_turns_free(w.turns);
}

/* Each reader asks on when it was answered, as a `cat` does. */
struct reader {
	pthread_t thread;
	struct world *world;
	unsigned file;
};

static void *read_all(void *ctx)
{
	struct reader *reader = ctx;
	struct world *w = reader->world;

	for (unsigned i = 0; i < READS; i++) {
		ask(w, reader->file);
		while (w->done[reader->file] == i)
			sched_yield();
	}
	fs_turns_forget(w->turns, &w->turn[reader->file]);
	return NULL;
}

static void
of_many_readers_a_few_are_answered_at_once_and_each_comes_to_its_end(void **state UNUSED)
{
	struct world w = {.turns = fs_turns_new()};
	struct reader readers[FILES];

	for (unsigned i = 0; i < FILES; i++) {
		readers[i] = (struct reader){.world = &w, .file = i};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]),
				 0);
	}
	for (unsigned i = 0; i < FILES; i++)
		pthread_join(readers[i].thread, NULL);
	for (unsigned i = 0; i < FILES; i++)
		assert_int_equal(w.done[i], READS);
	/* A turn that was over may have an answer under way. */
	assert_in_range(w.most, 1, 6);
	fs_turns_free(w.turns);
}

static void what_waits_is_cancelled_at_the_end_and_then_nothing_does(void **state UNUSED)
{
	struct world w = {.turns = fs_turns_new()};
	struct request *held[3];
	unsigned aside = 0;

	/* Answers that take long: their turns do not end. */
	for (unsigned i = 0; i < 3; i++) {
		held[i] = xcalloc(1, sizeof(*held[i]));
		assert_true(fs_turns_begin(w.turns, &w.turn[i], &held[i]->aside));
		free(held[i]);
	}
	for (unsigned i = 3; i < FILES; i++)
		for (unsigned k = 0; k < 3; k++)
			aside += !ask(&w, i);
	assert_int_equal(aside, 3 * (FILES - 3));
	fs_turns_stop(w.turns);
	assert_int_equal(w.cancelled, aside);
	assert_true(ask(&w, 7));
	for (unsigned i = 0; i < 3; i++)
		fs_turns_end(w.turns, &w.turn[i]);
	fs_turns_free(w.turns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_reader_never_waits),
		cmocka_unit_test(
			of_many_readers_a_few_are_answered_at_once_and_each_comes_to_its_end),
		cmocka_unit_test(what_waits_is_cancelled_at_the_end_and_then_nothing_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
