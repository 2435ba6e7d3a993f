#include "store/prune_delete.h"

#include <pthread.h>

#include "base/texts.h"

#define THREADS 16
#define FEW 8 /* not worth a thread */

struct prune_delete {
	struct backend *files;
	struct buf names; /* each with its NUL */
	struct buf at;	  /* of size_t: where each begins */
	size_t next;	  /* atomic */
	pthread_mutex_t lock;
	struct error error; /* the first one; code 0: none */
};

struct prune_delete *prune_delete_new(struct backend *files)
{
	struct prune_delete *d = xcalloc(1, sizeof(*d));

	d->files = files;
	pthread_mutex_init(&d->lock, NULL);
	return d;
}

void prune_delete_free(struct prune_delete *d)
{
	if (d == NULL)
		return;
	buf_release(&d->names);
	buf_release(&d->at);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

void prune_delete_add(struct prune_delete *d, const char *name)
{
	size_t at = d->names.len;

	buf_add(&d->at, &at, sizeof(at));
	texts_add(&d->names, name);
}

static bool has_failed(struct prune_delete *d)
{
	bool failed;

	pthread_mutex_lock(&d->lock);
	failed = d->error.code != 0;
	pthread_mutex_unlock(&d->lock);
	return failed;
}

static void *work(void *arg)
{
	struct prune_delete *d = arg;
	const size_t *at = (const size_t *)(const void *)d->at.at;
	size_t count = d->at.len / sizeof(*at);

	while (!has_failed(d)) {
		size_t mine = __atomic_fetch_add(&d->next, 1, __ATOMIC_RELAXED);
		struct error e;

		if (mine >= count)
			break;
		if (d->files->ops->remove(d->files, (const char *)d->names.at + at[mine], &e) >= 0)
			continue;
		pthread_mutex_lock(&d->lock);
		if (d->error.code == 0)
			d->error = e;
		pthread_mutex_unlock(&d->lock);
	}
	return NULL;
}

int prune_delete_run(struct prune_delete *d, struct error *e)
{
	size_t count = d->at.len / sizeof(size_t);
	pthread_t thread[THREADS];
	unsigned started = 0;

	/* Fewer threads than that are fine: this one works, too. */
	while (count > FEW && started < THREADS - 1 &&
	       pthread_create(&thread[started], NULL, work, d) == 0)
		started++;
	work(d);
	for (unsigned i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	buf_reset(&d->names);
	buf_reset(&d->at);
	d->next = 0;
	if (d->error.code == 0)
		return 0;
	*e = d->error;
	d->error.code = 0;
	return e->code;
}
