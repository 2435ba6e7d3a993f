/*
 * What in a cache is in use: a visited moment that somebody reads, and the cache itself while somebody visits one.
 *
 * A pin is a lock on a byte of the cache's `config` that the moment's id names, so that it holds against other programs, too, and ends
 * with the one that has it. One descriptor has all of a program's: they are counted here.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/snapshot/snapshots.h"
#include "store/store_cache_pins.h"
#include "store/store_internal.h"

#define PINS_BEGIN ((uint64_t)1 << 62) /* behind all other bytes that are locked */

struct store_cache_pin {
	struct store_cache_pins *of;
	struct chunk_id id;
	unsigned users;
	struct store_cache_pin *next;
};

struct store_cache_pins {
	pthread_mutex_t lock;
	int fd; /* of the cache's `config`; -1: it was closed, and all locks ended */
	struct store_cache_pin *first;
};

struct store_cache_pins *store_cache_pins_new(int fd)
{
	struct store_cache_pins *pins = xcalloc(1, sizeof(*pins));

	pthread_mutex_init(&pins->lock, NULL);
	pins->fd = fd;
	return pins;
}

static void pins_free(struct store_cache_pins *pins)
{
	pthread_mutex_destroy(&pins->lock);
	free(pins);
}

void store_cache_pins_close(struct store_cache_pins *pins)
{
	bool pinned;

	if (pins == NULL)
		return;
	pthread_mutex_lock(&pins->lock);
	pins->fd = -1;
	pinned = pins->first != NULL;
	pthread_mutex_unlock(&pins->lock);
	if (!pinned)
		pins_free(pins);
}

static uint64_t byte_of(const struct chunk_id *id)
{
	return PINS_BEGIN | get_le64(id->at) >> 2;
}

/* When it was used last. */
static void touch(struct store *cache, const struct chunk_id *id)
{
	char file[SNAPSHOTS_FILE_LEN];
	OWNED(free) char *path = NULL;

	snapshots_file(id, file);
	path = xprintf("%s/%s", cache->path, file);
	(void)(utimensat(AT_FDCWD, path, NULL, 0) < 0);
}

static struct store_cache_pin *find(struct store_cache_pins *pins, const struct chunk_id *id)
{
	struct store_cache_pin *pin = pins->first;

	while (pin != NULL && !chunk_id_equal(&pin->id, id))
		pin = pin->next;
	return pin;
}

struct store_cache_pin *store_cache_pin(struct store *cache, const struct chunk_id *id)
{
	struct store_cache_pins *pins = cache->pins;
	struct store_cache_pin *pin;
	struct error ignored;

	if (pins == NULL)
		return NULL;
	pthread_mutex_lock(&pins->lock);
	pin = find(pins, id);
	if (pin == NULL) {
		pin = xcalloc(1, sizeof(*pin));
		*pin = (struct store_cache_pin){pins, *id, 0, pins->first};
		pins->first = pin;
		(void)(file_lock(pins->fd, cache->path, byte_of(id), FILE_LOCK_SHARED, false,
				 &ignored) < 0);
		touch(cache, id);
	}
	pin->users++;
	pthread_mutex_unlock(&pins->lock);
	return pin;
}

static void unlink_pin(struct store_cache_pin *pin)
{
	struct store_cache_pin **at = &pin->of->first;

	while (*at != pin)
		at = &(*at)->next;
	*at = pin->next;
}

void store_cache_unpin(struct store_cache_pin *pin)
{
	struct store_cache_pins *pins;
	bool last = false;

	if (pin == NULL)
		return;
	pins = pin->of;
	pthread_mutex_lock(&pins->lock);
	if (--pin->users == 0) {
		unlink_pin(pin);
		if (pins->fd >= 0)
			file_unlock(pins->fd, byte_of(&pin->id));
		last = pins->fd < 0 && pins->first == NULL;
		free(pin);
	}
	pthread_mutex_unlock(&pins->lock);
	if (last)
		pins_free(pins);
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
