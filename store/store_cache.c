/* A cache is a store folder in local/ with the same parameters: equal content has equal roots in both. */
#include "base/file.h"
#include "store/store_internal.h"

#define MEMORY (16 * MIB) /* of decoded chunks */

static int add_size(void *ctx, const char *name UNUSED, uint64_t size, struct error *e UNUSED)
{
	*(uint64_t *)ctx += size;
	return 0;
}

/* 1 when it belongs to this store and may stay, 0 when it is to be emptied. */
static int may_stay(struct store *cache, const struct store *under, struct error *e)
{
	uint64_t size = 0;

	if (memcmp(cache->params.id, under->params.id, sizeof(under->params.id)) != 0)
		return 0;
	if (cache->backend->ops->list(cache->backend, "chunks", add_size, &size, e) < 0)
		return e->code;
	if (size <= STORE_CACHE_MAX)
		return 1;
	/* Who has it open goes on; the next one alone empties it. */
	return file_lock(cache->config_fd, "cache", STORE_LOCK_USE, FILE_LOCK_EXCLUSIVE, false,
			 e) == 1
		       ? 0
		       : 1;
}

static int open_once(struct store *under, const char *path, struct store **ret, struct error *e)
{
	const struct store_options options = {.cache_bytes = MEMORY, .threads = under->threads};
	OWNED(store_close) struct store *cache = NULL;
	int stay;

	if (store_open(path, &options, &cache, e) < 0)
		return e->code;
	stay = may_stay(cache, under, e);
	if (stay < 0)
		return stay;
	if (stay == 0)
		return error_set(e, ERR_CORRUPT, "%s is full or not of this store", path);
	if (file_lock(cache->config_fd, path, STORE_LOCK_USE, FILE_LOCK_SHARED, true, e) < 0)
		return e->code;
	cache->under = under;
	*ret = TAKE(cache);
	return 0;
}

int store_open_cache(struct store *under, struct store **ret, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/cache", under->local);
	int code = open_once(under, path, ret, e);

	if (code == 0)
		return 0;
	if (code != ERR_NO_STORE && file_remove_tree(path, e) < 0)
		return e->code;
	/* Somebody else may make it at the same time: then theirs is opened. */
	if (store_init(path, &under->params, e) < 0 && e->code != ERR_EXISTS)
		return e->code;
	return open_once(under, path, ret, e);
}
