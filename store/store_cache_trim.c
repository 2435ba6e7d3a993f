/* A cache that holds too much loses the moments that were not used for the longest time, and what only they need. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/prune.h"
#include "store/snapshot/closure.h"
#include "store/snapshot/snapshots.h"
#include "store/store_cache_pins.h"
#include "store/store_internal.h"

#define LOOK_AFTER                                                                                 \
	16 /* this part of the limit was written here: a look at the folder takes a while */
#define KEEP_LESS 16 /* of so many one stays, where what is kept is too much still */

struct visit {
	struct chunk_id id;
	int64_t used; /* nanoseconds since 1970 */
};

struct trim {
	struct store *cache;
	int fd;		  /* locked against who visits */
	struct buf found; /* of struct visit: all manifests, whole or not */
};

static void trim_release(struct trim *t)
{
	buf_release(&t->found);
	if (t->fd >= 0)
		close(t->fd);
}
DEFINE_OWNED_STRUCT(struct trim, trim_release);

static int add_visit(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	struct trim *t = ctx;
	OWNED(free) char *path = xprintf("%s/%s", t->cache->path, name);
	const char *hex = strrchr(path, '/') + 1;
	struct visit visit = {0};
	struct stat st;

	if (!chunk_id_parse(bytes_str(hex), &visit.id) || stat(path, &st) != 0)
		return 0;
	visit.used = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	buf_add(&t->found, &visit, sizeof(visit));
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	return x->used > y->used ? -1 : x->used < y->used;
}

/* 1 somebody reads it, so that it stays; 0 it is gone. */
static int drop(struct trim *t, const struct visit *visit, struct error *e)
{
	char name[SNAPSHOTS_FILE_LEN];
	int pinned = store_cache_is_pinned(t->fd, &visit->id, e);

	if (pinned != 0)
		return pinned;
	snapshots_file(&visit->id, name);
	return t->cache->backend->ops->remove(t->cache->backend, name, e) < 0 ? e->code : 0;
}

/* What a prune took away none of these needs, though it forgets that they were known to be whole: a walk of each tells nothing new. */
static int prune(struct trim *t, struct closure_look *whole, struct error *e)
{
	const struct prune_options options = {.now_us = clock_wall_us(),
					      .waste_percent = PRUNE_WASTE_PERCENT};
	struct prune_result result;

	if (prune_run(t->cache, &options, &result, e) < 0)
		return e->code;
	chunk_index_state(t->cache->index, whole->state);
	return closure_look_end(t->cache, whole, e);
}

/*
 * Leave the `keep` that were used last, and those that somebody reads: t->found is of these then. What nobody needs goes at once: nobody
 * visits now.
 */
static int keep_newest(struct trim *t, size_t keep, struct error *e)
{
	OWNED(closure_look_release) struct closure_look whole = {0};
	struct visit *all = (struct visit *)(void *)t->found.at;
	size_t count = t->found.len / sizeof(*all), kept = 0;

	for (size_t i = 0; i < count; i++) {
		int stays = i < keep ? 1 : drop(t, &all[i], e);

		if (stays < 0)
			return stays;
		if (stays == 0)
			continue;
		if (closure_is_noted(t->cache, &all[i].id))
			buf_add(&whole.whole, &all[i].id, sizeof(all[i].id));
		all[kept++] = all[i];
	}
	t->found.len = kept * sizeof(*all);
	return prune(t, &whole, e);
}

/* Fewer and fewer are kept until there is room again. */
static int make_room(struct trim *t, struct error *e)
{
	struct backend *files = t->cache->backend;
	uint64_t size;
	size_t count;

	if (files->ops->list(files, "snapshots", add_visit, t, e) < 0)
		return e->code;
	count = t->found.len / sizeof(struct visit);
	if (count > 1)
		qsort(t->found.at, count, sizeof(struct visit), by_use);
	for (size_t keep = count / 4;; keep /= KEEP_LESS) {
		keep = MAX_OF(keep, (size_t)1);
		if (keep_newest(t, keep, e) < 0 || store_cache_size(t->cache, &size, e) < 0)
			return e->code;
		if (size <= t->cache->size_limit / 2 || keep == 1)
			break;
	}
	count = t->found.len / sizeof(struct visit);
	/* What has to stay may be more than that: then it is looked at again when there is half as much more. */
	t->cache->size_limit = MAX_OF(t->cache->size_limit, size + size / 2);
	t->cache->moments_limit = MAX_OF(t->cache->moments_limit, count + count / 2);
	return 0;
}

int store_cache_trim(struct store *cache, size_t moments, struct error *e)
{
	OWNED(trim_release) struct trim t = {.cache = cache, .fd = -1};
	uint64_t size;

	if (moments <= cache->moments_limit) {
		if (cache->grown < cache->size_limit / LOOK_AFTER)
			return 0;
		cache->grown = 0;
		if (store_cache_size(cache, &size, e) < 0)
			return e->code;
		if (size <= cache->size_limit)
			return 0;
	}
	/* Who visits now, elsewhere, may build on what nobody else needs: the next time, then. */
	if (store_lock_alone(cache, STORE_LOCK_VISIT, "somebody visits a moment", &t.fd, e) < 0)
		return e->code == ERR_BUSY ? 0 : e->code;
	return make_room(&t, e);
}

void store_cache_grew(struct store *cache, uint64_t bytes)
{
	cache->grown += bytes;
}
