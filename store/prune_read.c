#include "store/prune_read.h"

#include <assert.h>
#include <pthread.h>

#define THREADS 4
#define FEW 2 /* not worth a thread */

struct one {
	struct chunk_id id;
	uint64_t size;
	bool is_done;
	struct error *error; /* of reading it, or NULL */
	struct prune_pack pack;
};

struct prune_read {
	struct backend *files;
	struct one **packs;
	size_t count;
	size_t given;	/* of them, to whom asks */
	size_t taken;	/* by who reads */
	uint64_t ahead; /* bytes of those that were taken and not given */
	bool has_begun, stop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned threads;
	pthread_t thread[THREADS];
};

struct prune_read *prune_read_new(struct backend *files)
{
	struct prune_read *r = xcalloc(1, sizeof(*r));

	r->files = files;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	return r;
}

static void forget(struct one *one)
{
	buf_release(&one->pack.whole);
	buf_release(&one->pack.entries);
	free(TAKE(one->error));
}

void prune_read_free(struct prune_read *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < r->threads; i++)
		pthread_join(r->thread[i], NULL);
	for (size_t i = 0; i < r->count; i++) {
		forget(r->packs[i]);
		free(r->packs[i]);
	}
	free(r->packs);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void prune_read_add(struct prune_read *r, const struct chunk_id *id, uint64_t size)
{
	assert(!r->has_begun);
	r->packs = xrealloc(r->packs, (r->count + 1) * sizeof(*r->packs));
	r->packs[r->count] = xcalloc(1, sizeof(**r->packs));
	r->packs[r->count]->id = *id;
	r->packs[r->count++]->size = size;
}

static int read_pack(struct backend *files, const struct one *one, struct prune_pack *ret,
		     struct error *e)
{
	int code = pack_reader_whole(files, &one->id, one->size, &ret->whole, e);

	if (code < 0)
		return code;
	ret->sound = code == 1;
	code = pack_reader_directory(files, &one->id, one->size, &ret->entries, &ret->kind, e);
	return code == 0 ? error_set(e, ERR_CORRUPT, "a pack is gone") : code;
}

static bool has_room(const struct prune_read *r)
{
	return r->ahead == 0 || r->ahead + r->packs[r->taken]->size <= PRUNE_READ_AHEAD;
}

/* Read the next one that nobody reads. The lock is held, and given up meanwhile. */
static void read_one(struct prune_read *r)
{
	struct one *one = r->packs[r->taken++];
	struct error e;

	r->ahead += one->size;
	pthread_mutex_unlock(&r->lock);
	if (read_pack(r->files, one, &one->pack, &e) < 0) {
		one->error = xcalloc(1, sizeof(e));
		*one->error = e;
	}
	pthread_mutex_lock(&r->lock);
	one->is_done = true;
	pthread_cond_broadcast(&r->changed);
}

static void *work(void *arg)
{
	struct prune_read *r = arg;

	pthread_mutex_lock(&r->lock);
	while (!r->stop && r->taken < r->count) {
		if (has_room(r))
			read_one(r);
		else
			pthread_cond_wait(&r->changed, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* Fewer threads than that are fine, none too: who asks reads what nobody has taken. */
static void begin(struct prune_read *r)
{
	r->has_begun = true;
	while (r->count > FEW && r->threads < THREADS &&
	       pthread_create(&r->thread[r->threads], NULL, work, r) == 0)
		r->threads++;
}

int prune_read_next(struct prune_read *r, const struct prune_pack **ret, struct error *e)
{
	struct one *one;

	if (!r->has_begun)
		begin(r);
	if (r->given > 0)
		forget(r->packs[r->given - 1]);
	if (r->given == r->count)
		return 0;
	one = r->packs[r->given];
	pthread_mutex_lock(&r->lock);
	while (!one->is_done) {
		if (r->taken == r->given)
			read_one(r);
		else
			pthread_cond_wait(&r->changed, &r->lock);
	}
	r->given++;
	r->ahead -= one->size;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (one->error != NULL) {
		*e = *one->error;
		return e->code;
	}
	*ret = &one->pack;
	return 1;
}
