/*
 * What in a cache is in use: a visited moment that somebody reads, and the cache itself while somebody visits one.
 *
 * A pin is a lock on a byte of the cache's `config` that the moment's id names, so that it holds against other programs, too, and ends
 * with the one that has it. One descriptor has all of a program's: they are counted here.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/store_cache_pins.h"
#include "store/store_internal.h"

#define PINS_BEGIN ((uint64_t)1 << 62) /* behind all other bytes that are locked */

struct pin {
	struct chunk_id id;
	unsigned users;
};

struct store_cache_pins {
	pthread_mutex_t lock;
	struct pin *at;
	size_t count, capacity;
};

struct store_cache_pins *store_cache_pins_new(void)
{
	struct store_cache_pins *pins = xcalloc(1, sizeof(*pins));

	pthread_mutex_init(&pins->lock, NULL);
	return pins;
}

void store_cache_pins_free(struct store_cache_pins *pins)
{
	if (pins == NULL)
		return;
	pthread_mutex_destroy(&pins->lock);
	free(pins->at);
	free(pins);
}

static uint64_t byte_of(const struct chunk_id *id)
{
	return PINS_BEGIN | get_le64(id->at) >> 2;
}

/* When it was used last. */
static void touch(struct store *cache, const struct chunk_id *id)
{
	char hex[CHUNK_ID_HEX + 1];
	OWNED(free) char *path = NULL;

	chunk_id_hex(id, hex);
	path = xprintf("%s/snapshots/%s", cache->path, hex);
	(void)(utimensat(AT_FDCWD, path, NULL, 0) < 0);
}

static struct pin *find(struct store_cache_pins *pins, const struct chunk_id *id)
{
	for (size_t i = 0; i < pins->count; i++)
		if (chunk_id_equal(&pins->at[i].id, id))
			return &pins->at[i];
	return NULL;
}

static void add(struct store_cache_pins *pins, const struct chunk_id *id)
{
	if (pins->count == pins->capacity) {
		pins->capacity = MAX_OF(2 * pins->capacity, (size_t)16);
		pins->at = xrealloc(pins->at, pins->capacity * sizeof(*pins->at));
	}
	pins->at[pins->count++] = (struct pin){*id, 1};
}

void store_cache_pin(struct store *cache, const struct chunk_id *id)
{
	struct store_cache_pins *pins = cache->pins;
	struct error ignored;
	struct pin *pin;

	if (pins == NULL)
		return;
	pthread_mutex_lock(&pins->lock);
	pin = find(pins, id);
	if (pin != NULL) {
		pin->users++;
	} else {
		add(pins, id);
		(void)(file_lock(cache->config_fd, cache->path, byte_of(id), FILE_LOCK_SHARED,
				 false, &ignored) < 0);
		touch(cache, id);
	}
	pthread_mutex_unlock(&pins->lock);
}

void store_cache_unpin(struct store *cache, const struct chunk_id *id)
{
	struct store_cache_pins *pins = cache->pins;
	struct pin *pin;

	if (pins == NULL)
		return;
	pthread_mutex_lock(&pins->lock);
	pin = find(pins, id);
	if (--pin->users == 0) {
		file_unlock(cache->config_fd, byte_of(id));
		*pin = pins->at[--pins->count];
	}
	pthread_mutex_unlock(&pins->lock);
}

int store_cache_is_pinned(int fd, const struct chunk_id *id, struct error *e)
{
	int locked = file_lock(fd, "the cache", byte_of(id), FILE_LOCK_EXCLUSIVE, false, e);

	if (locked == 1)
		file_unlock(fd, byte_of(id));
	return locked < 0 ? locked : locked == 0;
}

int store_cache_begin_visit(struct store *cache, struct error *e)
{
	return file_lock(cache->config_fd, cache->path, STORE_LOCK_VISIT, FILE_LOCK_SHARED, true,
			 e) < 0
		       ? e->code
		       : 0;
}

void store_cache_end_visit(struct store *cache)
{
	file_unlock(cache->config_fd, STORE_LOCK_VISIT);
}
