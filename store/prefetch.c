#include "store/prefetch.h"

#include <pthread.h>

#include "base/buf.h"

struct prefetch {
	void (*run)(void *ctx, const struct chunk_id *id);
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct chunk_id queue[PREFETCH_WISHES]; /* a ring */
	size_t first, count;
	size_t idle; /* threads that wait for `some` */
	bool stop;
	unsigned threads;
	pthread_t thread[];
};

static void *work(void *arg)
{
	struct prefetch *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct chunk_id id;
		bool wake;

		while (p->count == 0 && !p->stop) {
			p->idle++;
			pthread_cond_wait(&p->some, &p->lock);
			p->idle--;
		}
		if (p->stop)
			break;
		id = p->queue[p->first];
		p->first = (p->first + 1) % PREFETCH_WISHES;
		p->count--;
		wake = p->count > 0 && p->idle > 0;
		pthread_mutex_unlock(&p->lock);
		if (wake)
			pthread_cond_signal(&p->some);
		p->run(p->ctx, &id);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct prefetch *prefetch_new(unsigned threads, void (*run)(void *ctx, const struct chunk_id *id),
			      void *ctx)
{
	struct prefetch *p = xcalloc(1, sizeof(*p) + threads * sizeof(p->thread[0]));

	p->run = run;
	p->ctx = ctx;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->some, NULL);
	/* Fewer threads than asked for are fine: nobody depends on a wish being granted. */
	while (p->threads < threads && pthread_create(&p->thread[p->threads], NULL, work, p) == 0)
		p->threads++;
	return p;
}

void prefetch_add_several(struct prefetch *p, const struct chunk_id *ids, size_t count)
{
	bool wake;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < count; i++) {
		if (p->count == PREFETCH_WISHES) {
			p->first = (p->first + 1) % PREFETCH_WISHES;
			p->count--;
		}
		p->queue[(p->first + p->count) % PREFETCH_WISHES] = ids[i];
		p->count++;
	}
	wake = p->count > 0 && p->idle > 0;
	pthread_mutex_unlock(&p->lock);
	/*
	 * Without the lock: who is woken would wait for it. One is woken, who wakes the next: who asks has
	 * other things to do.
	 */
	if (wake)
		pthread_cond_signal(&p->some);
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
