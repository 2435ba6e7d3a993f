#include "fs/fs_turns.h"

#include <pthread.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"

#define AT_ONCE 3   /* of 16 MiB each: less than the cache of a mount */
#define PAUSE_MS 20 /* who asks for nothing meanwhile has read enough */
#define TURN_MS 200 /* when others wait */
#define LOOK_MS 4   /* how often it is looked whether a turn is over */

struct fs_turns {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fs_turn *now[AT_ONCE];
	struct fs_turn *first, **end; /* those that wait, with requests */
	pthread_t thread;
	bool runs, stops;
};

struct fs_turns *fs_turns_new(void)
{
	struct fs_turns *turns = xcalloc(1, sizeof(*turns));

	pthread_mutex_init(&turns->lock, NULL);
	clock_cond_init(&turns->changed);
	turns->end = &turns->first;
	return turns;
}

void fs_turns_free(struct fs_turns *turns)
{
	if (turns == NULL)
		return;
	fs_turns_stop(turns);
	pthread_cond_destroy(&turns->changed);
	pthread_mutex_destroy(&turns->lock);
	free(turns);
}

/* ---- under lock */

/* A place that is free, or whose turn is over; NULL: none. */
static struct fs_turn **free_place(struct fs_turns *turns, uint64_t now)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (turns->now[i] == NULL)
			return &turns->now[i];
	for (size_t i = 0; i < AT_ONCE; i++) {
		const struct fs_turn *turn = turns->now[i];

		if (turn->busy == 0 &&
		    (now - turn->used_ms >= PAUSE_MS || now - turn->begun_ms >= TURN_MS))
			return &turns->now[i];
	}
	return NULL;
}

static void leave(struct fs_turns *turns, struct fs_turn *turn)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (turns->now[i] == turn)
			turns->now[i] = NULL;
	turn->has = false;
}

static void give(struct fs_turns *turns, struct fs_turn **place, struct fs_turn *turn, uint64_t now)
{
	leave(turns, turn);
	if (*place != NULL)
		(*place)->has = false;
	*place = turn;
	turn->has = true;
	turn->begun_ms = turn->used_ms = now;
}

static bool may_go_on(struct fs_turns *turns, struct fs_turn *turn, uint64_t now)
{
	struct fs_turn **place;

	if (turn->has)
		return turns->first == NULL || now - turn->begun_ms < TURN_MS;
	place = turns->first == NULL ? free_place(turns, now) : NULL;
	if (place != NULL)
		give(turns, place, turn, now);
	return place != NULL;
}

static void put_aside(struct fs_turns *turns, struct fs_turn *turn, struct fs_turn_request *request)
{
	if (turn->first == NULL) {
		turn->end = &turn->first;
		turn->next = NULL;
		*turns->end = turn;
		turns->end = &turn->next;
	}
	request->next = NULL;
	*turn->end = request;
	turn->end = &request->next;
}

/* The first one that waits does not any more: its requests. */
static struct fs_turn_request *take_first(struct fs_turns *turns, struct fs_turn **ret)
{
	struct fs_turn *turn = turns->first;
	struct fs_turn_request *requests = turn->first;

	turns->first = turn->next;
	if (turns->first == NULL)
		turns->end = &turns->first;
	turn->first = NULL;
	*ret = turn;
	return requests;
}

/* The turn of the first one begins: its requests; its file may be closed as soon as the last one is answered. */
static void run_first(struct fs_turns *turns, bool cancelled)
{
	struct fs_turn *turn;
	struct fs_turn_request *at = take_first(turns, &turn), *next;

	for (; at != NULL; at = next) {
		next = at->next;
		turn->busy++;
		pthread_mutex_unlock(&turns->lock);
		at->run(at, cancelled);
		pthread_mutex_lock(&turns->lock);
	}
}

static void *serve(void *ctx)
{
	struct fs_turns *turns = ctx;

	pthread_mutex_lock(&turns->lock);
	while (!turns->stops) {
		uint64_t now = clock_tick_ms();
		struct fs_turn **place = turns->first == NULL ? NULL : free_place(turns, now);
		struct timespec until;

		if (place != NULL) {
			give(turns, place, turns->first, now);
			run_first(turns, false);
		} else if (turns->first == NULL) {
			pthread_cond_wait(&turns->changed, &turns->lock);
		} else {
			until = clock_deadline(CLOCK_MONOTONIC, LOOK_MS);
			pthread_cond_timedwait(&turns->changed, &turns->lock, &until);
		}
	}
	while (turns->first != NULL)
		run_first(turns, true);
	pthread_mutex_unlock(&turns->lock);
	return NULL;
}

/* ---- */

bool fs_turns_begin(struct fs_turns *turns, struct fs_turn *turn, struct fs_turn_request *request)
{
	uint64_t now = clock_tick_ms();
	bool goes_on;

	pthread_mutex_lock(&turns->lock);
	goes_on = turns->stops || may_go_on(turns, turn, now);
	if (!goes_on && !turns->runs)
		turns->runs = pthread_create(&turns->thread, NULL, serve, turns) == 0;
	/* Without a thread it is only slow. */
	goes_on = goes_on || !turns->runs;
	if (goes_on) {
		turn->busy++;
		turn->used_ms = now;
	} else {
		put_aside(turns, turn, request);
		pthread_cond_signal(&turns->changed);
	}
	pthread_mutex_unlock(&turns->lock);
	return goes_on;
}

void fs_turns_end(struct fs_turns *turns, struct fs_turn *turn)
{
	pthread_mutex_lock(&turns->lock);
	turn->busy--;
	turn->used_ms = clock_tick_ms();
	pthread_mutex_unlock(&turns->lock);
}

void fs_turns_forget(struct fs_turns *turns, struct fs_turn *turn)
{
	pthread_mutex_lock(&turns->lock);
	leave(turns, turn);
	if (turns->first != NULL)
		pthread_cond_signal(&turns->changed);
	pthread_mutex_unlock(&turns->lock);
}

void fs_turns_stop(struct fs_turns *turns)
{
	bool runs;

	pthread_mutex_lock(&turns->lock);
	turns->stops = true;
	runs = turns->runs;
	turns->runs = false;
	pthread_cond_signal(&turns->changed);
	pthread_mutex_unlock(&turns->lock);
	if (runs)
		pthread_join(turns->thread, NULL);
}
