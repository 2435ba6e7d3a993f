#include "store/facts_keeper.h"

#include <time.h>

#include "base/clock.h"
#include "store/store_internal.h"

#define QUEUE_MAX 32768 /* 2 MiB; the leaves of 1 GB */
#define BATCH_SECONDS 1 /* how long facts wait for others */

struct kept {
	struct chunk_id id;
	struct chunk_facts facts;
};

struct facts_keeper {
	struct store *store;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	struct buf queue; /* of struct kept */
	bool started, stop;
	bool failed; /* the index can't be written: nothing is kept any more */
	pthread_t thread;
};

/* The chunks that are in this store's own index; *ret_others: how many are not. */
static int write_into(struct store *store, const struct buf *queue, size_t *ret_others,
		      struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	const struct kept *kept = (const struct kept *)(const void *)queue->at;

	*ret_others = 0;
	if (chunk_index_begin(store->index, &batch, e) < 0)
		return e->code;
	for (size_t i = 0; i < queue->len / sizeof(*kept); i++) {
		struct chunk_place facts = {.relaxed = kept[i].facts.relaxed,
					    .canonical = kept[i].facts.canonical,
					    .renderer = kept[i].facts.renderer};
		int found = chunk_index_set_facts(batch, &kept[i].id, &facts, e);

		if (found < 0)
			return found;
		*ret_others += found == 0;
	}
	return chunk_index_commit(TAKE(batch), e);
}

/* A cache of moments has some of the chunks, the store under it the others. */
static int write_all(struct store *store, const struct buf *queue, struct error *e)
{
	size_t others = 1;

	for (; store != NULL && others > 0; store = store->under)
		if (write_into(store, queue, &others, e) < 0)
			return e->code;
	return 0;
}

static void write_queue(struct facts_keeper *k)
{
	struct buf queue = k->queue;
	struct error ignored;
	int code;

	k->queue = (struct buf){0};
	pthread_mutex_unlock(&k->lock);
	code = write_all(k->store, &queue, &ignored);
	buf_release(&queue);
	pthread_mutex_lock(&k->lock);
	k->failed |= code < 0;
}

static void *work(void *arg)
{
	struct facts_keeper *k = arg;
	struct timespec until;

	pthread_mutex_lock(&k->lock);
	while (!k->stop || k->queue.len > 0) {
		if (k->queue.len == 0) {
			pthread_cond_wait(&k->changed, &k->lock);
			continue;
		}
		until = clock_deadline(CLOCK_REALTIME, BATCH_SECONDS * 1000);
		while (!k->stop && k->queue.len < QUEUE_MAX / 2 * sizeof(struct kept) &&
		       pthread_cond_timedwait(&k->changed, &k->lock, &until) == 0)
			;
		write_queue(k);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

struct facts_keeper *facts_keeper_new(struct store *store)
{
	struct facts_keeper *k = xcalloc(1, sizeof(*k));

	k->store = store;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->changed, NULL);
	return k;
}

void facts_keeper_free(struct facts_keeper *k)
{
	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->changed);
	pthread_mutex_unlock(&k->lock);
	if (k->started)
		pthread_join(k->thread, NULL);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->changed);
	buf_release(&k->queue);
	free(k);
}

void facts_keeper_add(struct facts_keeper *k, const struct chunk_id *id,
		      const struct chunk_facts *facts)
{
	struct kept kept = {.id = *id, .facts = *facts};

	pthread_mutex_lock(&k->lock);
	if (!k->started && !k->failed) {
		k->started = pthread_create(&k->thread, NULL, work, k) == 0;
		k->failed = !k->started;
	}
	if (!k->failed && k->queue.len < QUEUE_MAX * sizeof(kept)) {
		buf_add(&k->queue, &kept, sizeof(kept));
		pthread_cond_signal(&k->changed);
	}
	pthread_mutex_unlock(&k->lock);
}
