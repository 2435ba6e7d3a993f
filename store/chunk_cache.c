#include "store/chunk_cache.h"

#include <assert.h>
#include <pthread.h>

#define BUCKETS_MIN ((size_t)4096)
#define BUCKET_BYTES (16 * KIB) /* of the cache, for each bucket */

enum entry_state { LOADING, READY, FAILED };

/*
 * Invariants, under the cache's lock:
 * 1. An entry is in its bucket's chain unless its load FAILED.
 * 2. It is in the LRU list exactly when it is READY and users is 0.
 * 3. cache->bytes is the sum of what all READY entries in chains take, cost().
 */
struct entry {
	struct chunk chunk; /* first: a chunk pointer is an entry pointer */
	struct chunk_cache *cache;
	struct buf data;
	enum entry_state state;
	unsigned users;
	struct error *error; /* when FAILED */
	struct entry *chain;
	struct entry *newer, *older;
};

struct chunk_cache {
	pthread_mutex_t lock;
	pthread_cond_t loaded;
	unsigned waiting; /* for `loaded`: with none nobody needs to be woken */
	size_t max_bytes, bytes;
	struct entry *newest, *oldest;
	size_t bucket_count;
	struct entry *buckets[];
};

struct chunk_cache *chunk_cache_new(size_t max_bytes)
{
	size_t buckets = MAX_OF(BUCKETS_MIN, max_bytes / BUCKET_BYTES);
	struct chunk_cache *cache =
		xcalloc(1, sizeof(*cache) + buckets * sizeof(cache->buckets[0]));

	cache->bucket_count = buckets;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->loaded, NULL);
	cache->max_bytes = max_bytes;
	return cache;
}

static struct entry **bucket_of(struct chunk_cache *cache, const struct chunk_id *id)
{
	return &cache->buckets[get_le32(id->at) % cache->bucket_count];
}

static void lru_remove(struct chunk_cache *cache, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
	entry->newer = entry->older = NULL;
}

static void lru_add(struct chunk_cache *cache, struct entry *entry)
{
	entry->older = cache->newest;
	entry->newer = NULL;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

static void unchain(struct chunk_cache *cache, struct entry *entry)
{
	struct entry **link = bucket_of(cache, &entry->chunk.id);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
}

/* Of small chunks, as thousands of small collections have, the entry is the larger part. */
static size_t cost(const struct entry *entry)
{
	return sizeof(*entry) + entry->data.cap;
}

static void entry_free(struct entry *entry)
{
	buf_release(&entry->data);
	free(entry->error);
	free(entry);
}

static void shrink(struct chunk_cache *cache)
{
	while (cache->bytes > cache->max_bytes && cache->oldest != NULL) {
		struct entry *entry = cache->oldest;

		lru_remove(cache, entry);
		unchain(cache, entry);
		cache->bytes -= cost(entry);
		entry_free(entry);
	}
}

void chunk_cache_free(struct chunk_cache *cache)
{
	if (cache == NULL)
		return;
	cache->max_bytes = 0;
	shrink(cache);
	assert(cache->bytes == 0);
	pthread_cond_destroy(&cache->loaded);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct entry *find(struct chunk_cache *cache, const struct chunk_id *id)
{
	struct entry *entry = *bucket_of(cache, id);

	while (entry != NULL && !chunk_id_equal(&entry->chunk.id, id))
		entry = entry->chain;
	return entry;
}

static void drop_user(struct chunk_cache *cache, struct entry *entry)
{
	if (--entry->users > 0)
		return;
	if (entry->state == FAILED) {
		entry_free(entry);
		return;
	}
	lru_add(cache, entry);
	shrink(cache);
}

/* Another thread loads it: wait. Lock held. */
static int wait_for(struct chunk_cache *cache, struct entry *entry, struct chunk **ret,
		    struct error *e)
{
	int code = 0;

	cache->waiting++;
	while (entry->state == LOADING)
		pthread_cond_wait(&cache->loaded, &cache->lock);
	cache->waiting--;
	if (entry->state == FAILED) {
		*e = *entry->error;
		code = e->code;
		drop_user(cache, entry);
	} else {
		*ret = &entry->chunk;
	}
	return code;
}

static struct entry *add_loading(struct chunk_cache *cache, const struct chunk_id *id)
{
	struct entry **bucket = bucket_of(cache, id);
	struct entry *entry = xcalloc(1, sizeof(*entry));

	entry->chunk.id = *id;
	entry->cache = cache;
	entry->users = 1;
	entry->chain = *bucket;
	*bucket = entry;
	return entry;
}

static int load(struct chunk_cache *cache, struct entry *entry, chunk_loader loader, void *ctx,
		struct chunk **ret, struct error *e)
{
	int code = loader(ctx, &entry->chunk.id, &entry->data, e);
	bool wake;

	pthread_mutex_lock(&cache->lock);
	if (code < 0) {
		entry->error = xcalloc(1, sizeof(*e));
		*entry->error = *e;
		entry->state = FAILED;
		unchain(cache, entry);
		drop_user(cache, entry);
	} else {
		entry->chunk.plain = buf_bytes(&entry->data);
		entry->state = READY;
		cache->bytes += cost(entry);
		shrink(cache);
		*ret = &entry->chunk;
	}
	wake = cache->waiting > 0;
	pthread_mutex_unlock(&cache->lock);
	/* Without the lock: who is woken would wait for it. */
	if (wake)
		pthread_cond_broadcast(&cache->loaded);
	return code < 0 ? code : 0;
}

int chunk_cache_get(struct chunk_cache *cache, const struct chunk_id *id, chunk_loader loader,
		    void *ctx, struct chunk **ret, struct error *e)
{
	struct entry *entry;
	int code;

	pthread_mutex_lock(&cache->lock);
	entry = find(cache, id);
	if (entry == NULL) {
		entry = add_loading(cache, id);
		pthread_mutex_unlock(&cache->lock);
		return load(cache, entry, loader, ctx, ret, e);
	}
	if (entry->state == READY && entry->users == 0)
		lru_remove(cache, entry);
	entry->users++;
	code = wait_for(cache, entry, ret, e);
	pthread_mutex_unlock(&cache->lock);
	return code;
}

bool chunk_cache_has(struct chunk_cache *cache, const struct chunk_id *id)
{
	bool has;

	pthread_mutex_lock(&cache->lock);
	has = find(cache, id) != NULL;
	pthread_mutex_unlock(&cache->lock);
	return has;
}

struct chunk *chunk_hold(struct chunk *chunk)
{
	struct entry *entry = (struct entry *)(void *)chunk;

	pthread_mutex_lock(&entry->cache->lock);
	assert(entry->users > 0);
	entry->users++;
	pthread_mutex_unlock(&entry->cache->lock);
	return chunk;
}

void chunk_release(struct chunk *chunk)
{
	struct entry *entry = (struct entry *)(void *)chunk;
	struct chunk_cache *cache;

	if (chunk == NULL)
		return;
	cache = entry->cache;
	pthread_mutex_lock(&cache->lock);
	drop_user(cache, entry);
	pthread_mutex_unlock(&cache->lock);
}
