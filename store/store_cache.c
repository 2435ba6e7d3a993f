/* A cache is a store folder in local/ with the same parameters: equal content has equal roots in both. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/backend/backend_dir.h"
#include "store/pack/pack_reader.h"
#include "store/store_cache_pins.h"
#include "store/store_internal.h"

#define RUN "run" /* file in it: during which run of the machine it was made */
#define RUN_MAX 256
#define LEANS_ON "leans on" /* note: the state of the index under it when "whole:" was noted */

static int add_size(void *ctx, const char *name UNUSED, uint64_t size, struct error *e UNUSED)
{
	*(uint64_t *)ctx += size;
	return 0;
}

static int add_one(void *ctx, const char *name UNUSED, uint64_t size UNUSED, struct error *e UNUSED)
{
	++*(uint64_t *)ctx;
	return 0;
}

int store_cache_size(struct store *cache, uint64_t *ret, struct error *e)
{
	*ret = 0;
	return cache->backend->ops->list(cache->backend, "chunks", add_size, ret, e);
}

/* 1 when it belongs to this store and may stay, 0 when it is to be emptied. */
static int may_stay(struct store *cache, const struct store *under, struct error *e)
{
	const struct backend_ops *ops = cache->backend->ops;
	uint64_t size = 0, moments = 0;

	if (memcmp(cache->params.id, under->params.id, sizeof(under->params.id)) != 0 ||
	    cache->params.encrypted != under->params.encrypted)
		return 0;
	if (store_cache_size(cache, &size, e) < 0 ||
	    ops->list(cache->backend, "snapshots", add_one, &moments, e) < 0)
		return e->code;
	if (size <= STORE_CACHE_MAX && moments <= STORE_CACHE_MOMENTS)
		return 1;
	/* Who has it open goes on, and trims it; the next one alone empties it. */
	return file_lock(cache->config_fd, "cache", STORE_LOCK_USE, FILE_LOCK_EXCLUSIVE, false,
			 e) == 1
		       ? 0
		       : 1;
}

/* What is the same as long as the machine runs. Empty where that is not told: then what a power cut took is found when it is read. */
static void run_of_machine(struct buf *ret)
{
	struct error ignored;

	if (file_read("/proc/sys/kernel/random/boot_id", RUN_MAX, ret, &ignored) != 1)
		buf_reset(ret);
}

/*
 * Nothing in a cache waited for the disk: when the machine came up again since, a power cut may have taken parts of it. What an older
 * program made did, and others may read it.
 */
static bool is_of_before(const char *path)
{
	OWNED(free) char *file = xprintf("%s/" RUN, path);
	OWNED(buf_release) struct buf now = {0}, then = {0};
	struct error ignored;

	run_of_machine(&now);
	return file_read(file, RUN_MAX, &then, &ignored) == 1 &&
	       !bytes_equal(buf_bytes(&now), buf_bytes(&then));
}

/* Before anything else is written to it. */
static int note_run(const char *path, struct error *e)
{
	OWNED(free) char *file = xprintf("%s/" RUN, path);
	OWNED(buf_release) struct buf run = {0};
	struct stat st;

	if (stat(file, &st) == 0)
		return 0;
	run_of_machine(&run);
	return file_put(file, path, buf_bytes(&run), e);
}

static int open_once(struct store *under, const char *path, struct store **ret, struct error *e)
{
	const struct store_options options = {.threads = under->threads, .is_cache = true};
	OWNED(store_close) struct store *cache = NULL;
	int stay;

	if (store_open_with(path, &options, under->keys, &cache, e) < 0)
		return e->code;
	stay = may_stay(cache, under, e);
	if (stay < 0)
		return stay;
	if (stay == 0)
		return error_set(e, ERR_CORRUPT, "%s is full or not of this store", path);
	if (file_lock(cache->config_fd, path, STORE_LOCK_USE, FILE_LOCK_SHARED, true, e) < 0)
		return e->code;
	if (note_run(path, e) < 0)
		return e->code;
	backend_dir_spare_syncs(cache->backend);
	chunk_index_spare_syncs(cache->index);
	/* What changed often lies here, all of a collection at last: of decoded chunks each is as dear as those under it. */
	chunk_cache_free(cache->cache);
	cache->cache = under->cache;
	cache->under = under;
	cache->pins = store_cache_pins_new(cache->config_fd);
	cache->size_limit = STORE_CACHE_MAX;
	cache->moments_limit = STORE_CACHE_MOMENTS;
	*ret = TAKE(cache);
	return 0;
}

/* Is what lies there of no use, whatever is done? Trouble of the machine is no reason to throw it away. */
static bool is_useless(int code)
{
	return code == ERR_NO_STORE || code == ERR_CORRUPT || code == ERR_UNSUPPORTED ||
	       code == ERR_INVALID || code == ERR_WRONG_KEY;
}

static int open_or_make(struct store *under, const char *home, struct store **ret, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/cache", home);
	int code = is_of_before(path) ? ERR_NO_STORE : open_once(under, path, ret, e);

	if (code == 0 || !is_useless(code))
		return code;
	if (file_remove_tree(path, e) < 0 || store_init_cache(path, &under->params, e) < 0)
		return e->code;
	return open_once(under, path, ret, e);
}

int store_open_cache(struct store *under, struct store **ret, struct error *e)
{
	OWNED(free) char *home = NULL, *path = NULL;
	int fd, code;

	/* Somebody may have deleted local/ meanwhile. */
	if (file_make_dirs(under->tmp, e) < 0)
		return e->code;
	home = store_cache_home(under);
	path = xprintf("%s/cache.lock", home);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(e, "open %s", path);
	code = file_lock(fd, path, 0, FILE_LOCK_EXCLUSIVE, true, e) < 0
		       ? e->code
		       : open_or_make(under, home, ret, e);
	close(fd);
	return code;
}

bool store_cache_is_gone(struct store *cache)
{
	struct stat st;

	return fstat(cache->config_fd, &st) != 0 || st.st_nlink == 0;
}

unsigned store_cache_harms(struct store *cache)
{
	return __atomic_load_n(&cache->harms, __ATOMIC_ACQUIRE);
}

/* Packs that hold the chunk are no loss: what was in them is made again. */
static int remove_packs(struct store *cache, const struct chunk_id *id, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = chunk_index_get(cache->index, id, places, e);

	for (int i = 0; i < count; i++) {
		char name[PACK_NAME_LEN + 1];
		struct chunk_pack pack;

		if (chunk_index_pack(cache->index, places[i].pack, &pack, e) != 1)
			continue;
		pack_reader_name(&pack.id, name);
		if (cache->backend->ops->remove(cache->backend, name, e) < 0)
			return e->code;
	}
	return 0;
}

static int forget_whole(struct store *cache, struct bytes leans_on, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;

	if (chunk_index_begin(cache->index, &batch, e) < 0 ||
	    chunk_index_drop_notes(batch, bytes_str("whole:"), e) < 0)
		return e->code;
	if (leans_on.len > 0 && chunk_index_set_note(batch, bytes_str(LEANS_ON), leans_on, e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

int store_cache_follow(struct store *cache, struct error *e)
{
	uint8_t now[CHUNK_INDEX_STATE_LEN], noted[CHUNK_INDEX_STATE_LEN] = {0};
	struct error ignored;

	chunk_index_state(cache->under->index, now);
	if (memcmp(now, cache->leans_on, sizeof(now)) == 0)
		return 0;
	/* Another process may have seen it before. */
	if ((chunk_index_note(cache->index, bytes_str(LEANS_ON), noted, sizeof(noted), &ignored) !=
		     1 ||
	     memcmp(now, noted, sizeof(now)) != 0) &&
	    forget_whole(cache, bytes_of(now, sizeof(now)), e) < 0)
		return e->code;
	memcpy(cache->leans_on, now, sizeof(now));
	__atomic_add_fetch(&cache->harms, 1, __ATOMIC_RELEASE);
	return 0;
}

void store_cache_harmed(struct store *cache, const struct chunk_id *id)
{
	struct error ignored;

	(void)(remove_packs(cache, id, &ignored) < 0);
	(void)(store_refresh(cache, &ignored) < 0);
	(void)(forget_whole(cache, (struct bytes){0}, &ignored) < 0);
	__atomic_add_fetch(&cache->harms, 1, __ATOMIC_RELEASE);
}
