#include "store/prefetch.h"

#include <pthread.h>

#include "base/buf.h"

/* What a read of 1 MiB and the leaves ahead of it wish for, and room. */
#define QUEUE 128

struct prefetch {
	void (*run)(void *ctx, const struct chunk_id *id);
	void (*run_batch)(void *ctx, const struct chunk_id *ids, size_t count); /* or NULL */
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct chunk_id queue[QUEUE]; /* a ring */
	size_t first, count;
	bool stop;
	unsigned threads;
	pthread_t thread[];
};

/* Some wishes of the queue: how many. Lock held. */
static size_t take(struct prefetch *p, struct chunk_id ids[PREFETCH_BATCH])
{
	size_t most = p->run_batch == NULL ? 1 : PREFETCH_BATCH, count = 0;

	for (; count < most && p->count > 0; count++) {
		ids[count] = p->queue[p->first];
		p->first = (p->first + 1) % QUEUE;
		p->count--;
	}
	return count;
}

static void *work(void *arg)
{
	struct prefetch *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct chunk_id ids[PREFETCH_BATCH];
		size_t count;

		while (p->count == 0 && !p->stop)
			pthread_cond_wait(&p->some, &p->lock);
		if (p->stop)
			break;
		count = take(p, ids);
		pthread_mutex_unlock(&p->lock);
		if (p->run_batch != NULL)
			p->run_batch(p->ctx, ids, count);
		else
			p->run(p->ctx, ids);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static struct prefetch *make(unsigned threads)
{
	struct prefetch *p = xcalloc(1, sizeof(*p) + threads * sizeof(p->thread[0]));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->some, NULL);
	return p;
}

static struct prefetch *start(struct prefetch *p, unsigned threads)
{
	/* Fewer threads than asked for are fine: nobody depends on a wish being granted. */
	while (p->threads < threads && pthread_create(&p->thread[p->threads], NULL, work, p) == 0)
		p->threads++;
	return p;
}

struct prefetch *prefetch_new(unsigned threads, void (*run)(void *ctx, const struct chunk_id *id),
			      void *ctx)
{
	struct prefetch *p = make(threads);

	p->run = run;
	p->ctx = ctx;
	return start(p, threads);
}

struct prefetch *
prefetch_new_batched(unsigned threads,
		     void (*run)(void *ctx, const struct chunk_id *ids, size_t count), void *ctx)
{
	struct prefetch *p = make(threads);

	p->run_batch = run;
	p->ctx = ctx;
	return start(p, threads);
}

void prefetch_add_several(struct prefetch *p, const struct chunk_id *ids, size_t count)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < count; i++) {
		if (p->count == QUEUE) {
			p->first = (p->first + 1) % QUEUE;
			p->count--;
		}
		p->queue[(p->first + p->count) % QUEUE] = ids[i];
		p->count++;
		if (p->run_batch == NULL || i % PREFETCH_BATCH == 0)
			pthread_cond_signal(&p->some);
	}
	pthread_mutex_unlock(&p->lock);
}

void prefetch_add(struct prefetch *p, const struct chunk_id *id)
{
	prefetch_add_several(p, id, 1);
}

void prefetch_free(struct prefetch *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->some);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->some);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
