#include "store/writer_finish.h"

#include "store/pack_index.h"

#define QUEUE 1
/* Packs that are durable but not in the index yet: one index commit for several. */
#define BATCH 8

struct finished {
	struct pack_writer *pack;
	struct chunk_id id;
	uint64_t size;
};

struct writer_finish {
	struct store *store;
	writer_finish_known known;
	void *ctx;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	struct pack_writer *queue[QUEUE];
	size_t queued;
	bool busy, flush, stop, started;
	int code; /* of the first failure; then nothing more is done */
	struct error error;
	pthread_t thread;
	struct finished done[BATCH]; /* of the thread */
	size_t done_count;
};

static int commit_index(struct writer_finish *f, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;

	if (f->done_count == 0)
		return 0;
	if (chunk_index_begin(f->store->index, &batch, e) < 0)
		return e->code;
	for (size_t i = 0; i < f->done_count; i++)
		if (pack_index_written(batch, f->done[i].pack, &f->done[i].id, f->done[i].size, e) <
		    0)
			return e->code;
	if (chunk_index_commit(TAKE(batch), e) < 0)
		return e->code;
	for (size_t i = 0; i < f->done_count; i++) {
		const struct pack_entry *entries;
		size_t count;

		entries = pack_writer_entries(f->done[i].pack, &count);
		f->known(f->ctx, entries, count, f->done[i].size);
		pack_writer_free(f->done[i].pack);
	}
	f->done_count = 0;
	return 0;
}

/* Owns `pack`. Its frames are not needed any more once it is durable, its entries are. */
static int finish_one(struct writer_finish *f, struct pack_writer *pack, struct error *e)
{
	OWNED(pack_writer_free) struct pack_writer *owned = pack;
	struct finished done;

	if (pack_writer_finish(pack, f->store->backend, &done.id, &done.size, e) < 0)
		return e->code;
	pack_writer_drop_data(pack);
	done.pack = TAKE(owned);
	f->done[f->done_count++] = done;
	return f->done_count == BATCH ? commit_index(f, e) : 0;
}

/* One step without the lock. */
static void step(struct writer_finish *f, struct pack_writer *pack)
{
	struct error e;
	int code;

	pthread_mutex_unlock(&f->lock);
	code = pack != NULL ? finish_one(f, pack, &e) : commit_index(f, &e);
	pthread_mutex_lock(&f->lock);
	if (code < 0 && f->code == 0) {
		f->code = code;
		f->error = e;
	}
}

static void *work(void *arg)
{
	struct writer_finish *f = arg;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		if (f->queued > 0 && f->code == 0) {
			struct pack_writer *pack = f->queue[0];

			f->queued--;
			memmove(f->queue, f->queue + 1, f->queued * sizeof(f->queue[0]));
			f->busy = true;
			pthread_cond_broadcast(&f->changed);
			step(f, pack);
			f->busy = false;
		} else if (f->flush) {
			if (f->code == 0)
				step(f, NULL);
			f->flush = false;
		} else {
			pthread_cond_wait(&f->changed, &f->lock);
			continue;
		}
		pthread_cond_broadcast(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

struct writer_finish *writer_finish_new(struct store *store, writer_finish_known known, void *ctx)
{
	struct writer_finish *f = xcalloc(1, sizeof(*f));

	f->store = store;
	f->known = known;
	f->ctx = ctx;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	f->started = pthread_create(&f->thread, NULL, work, f) == 0;
	if (!f->started)
		f->code = error_set(&f->error, ERR_NOMEM, "no thread could be started");
	return f;
}

void writer_finish_free(struct writer_finish *f)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	if (f->started)
		pthread_join(f->thread, NULL);
	for (size_t i = 0; i < f->queued; i++)
		pack_writer_free(f->queue[i]);
	for (size_t i = 0; i < f->done_count; i++)
		pack_writer_free(f->done[i].pack);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

int writer_finish_add(struct writer_finish *f, struct pack_writer *pack, struct error *e)
{
	int code;

	pthread_mutex_lock(&f->lock);
	while (f->queued == QUEUE && f->code == 0)
		pthread_cond_wait(&f->changed, &f->lock);
	code = f->code;
	if (code < 0) {
		*e = f->error;
		pack_writer_free(pack);
	} else {
		f->queue[f->queued++] = pack;
		pthread_cond_broadcast(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return code;
}

int writer_finish_wait(struct writer_finish *f, struct error *e)
{
	int code;

	pthread_mutex_lock(&f->lock);
	f->flush = true;
	pthread_cond_broadcast(&f->changed);
	while (f->code == 0 && (f->queued > 0 || f->busy || f->flush))
		pthread_cond_wait(&f->changed, &f->lock);
	code = f->code;
	if (code < 0)
		*e = f->error;
	pthread_mutex_unlock(&f->lock);
	return code;
}
