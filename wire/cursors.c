#include "wire/cursors.h"

#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "query/query_error.h"

#define BUCKETS_FIRST 256
#define CURSOR_IN_USE 12051
#define EVICT_IDLE_MS 2000 /* who asked for it just now will do so again */

struct cursors {
	struct memory *memory;
	pthread_mutex_t lock;
	struct cursor **bucket;
	size_t buckets; /* a power of two */
	struct cursors_counts counts;
};

struct cursor *cursor_new(struct kill_switch *kill)
{
	struct cursor *cursor = xcalloc(1, sizeof(*cursor));

	cursor->kill = kill_switch_hold(kill);
	return cursor;
}

void cursor_free(struct cursor *cursor, struct memory *memory)
{
	if (cursor == NULL)
		return;
	query_cursor_free(cursor->query); /* before the switch that it looks at */
	buf_release(&cursor->list);
	buf_release(&cursor->ns);
	buf_release(&cursor->user);
	kill_switch_release(cursor->kill);
	memory_give(memory, cursor->charged);
	free(cursor);
}

struct cursors *cursors_new(struct memory *memory)
{
	struct cursors *cursors = xcalloc(1, sizeof(*cursors));

	cursors->memory = memory;
	cursors->buckets = BUCKETS_FIRST;
	cursors->bucket = xcalloc(cursors->buckets, sizeof(*cursors->bucket));
	pthread_mutex_init(&cursors->lock, NULL);
	return cursors;
}

void cursors_free(struct cursors *cursors)
{
	if (cursors == NULL)
		return;
	for (size_t i = 0; i < cursors->buckets; i++)
		while (cursors->bucket[i] != NULL) {
			struct cursor *c = cursors->bucket[i];

			cursors->bucket[i] = c->next;
			cursor_free(c, cursors->memory);
		}
	pthread_mutex_destroy(&cursors->lock);
	free(cursors->bucket);
	free(cursors);
}

/* Under lock: where a cursor of this number hangs, or would. */
static struct cursor **place_of(struct cursors *cursors, int64_t id)
{
	struct cursor **place = &cursors->bucket[(uint64_t)id & (cursors->buckets - 1)];

	while (*place != NULL && (*place)->id != id)
		place = &(*place)->next;
	return place;
}

/* Under lock. */
static void grow(struct cursors *cursors)
{
	struct cursor **old = cursors->bucket;
	size_t count = cursors->buckets;

	cursors->buckets *= 2;
	cursors->bucket = xcalloc(cursors->buckets, sizeof(*cursors->bucket));
	for (size_t i = 0; i < count; i++)
		for (struct cursor *c = old[i], *next; c != NULL; c = next) {
			struct cursor **place = place_of(cursors, c->id);

			next = c->next;
			c->next = NULL;
			*place = c;
		}
	free(old);
}

/* Under lock: take it out of the table. */
static void unhang(struct cursors *cursors, struct cursor *cursor)
{
	struct cursor **place = place_of(cursors, cursor->id);

	*place = cursor->next;
	cursor->next = NULL;
	cursors->counts.open--;
	cursors->counts.no_timeout -= cursor->never_late;
}

int cursors_add(struct cursors *cursors, struct cursor *cursor, struct error *e)
{
	pthread_mutex_lock(&cursors->lock);
	do {
		if (getrandom(&cursor->id, sizeof(cursor->id), 0) != sizeof(cursor->id)) {
			pthread_mutex_unlock(&cursors->lock);
			return error_sys(e, "no random bytes");
		}
		cursor->id &= INT64_MAX;
	} while (cursor->id == 0 || *place_of(cursors, cursor->id) != NULL);
	cursor->taken = true;
	*place_of(cursors, cursor->id) = cursor;
	cursors->counts.opened++;
	cursors->counts.no_timeout += cursor->never_late;
	if (++cursors->counts.open > cursors->buckets)
		grow(cursors);
	pthread_mutex_unlock(&cursors->lock);
	return 0;
}

int cursors_take(struct cursors *cursors, int64_t id, struct cursor **ret, struct error *e)
{
	struct cursor *cursor;
	int code = 0;

	pthread_mutex_lock(&cursors->lock);
	cursor = *place_of(cursors, id);
	if (cursor == NULL)
		code = query_error(e, QUERY_CURSOR_NOT_FOUND, "cursor id %lld not found",
				   (long long)id);
	else if (cursor->taken)
		code = query_error(e, CURSOR_IN_USE, "cursor id %lld is already in use",
				   (long long)id);
	else
		cursor->taken = true;
	pthread_mutex_unlock(&cursors->lock);
	if (code == 0)
		*ret = cursor;
	return code;
}

void cursors_give(struct cursors *cursors, struct cursor *cursor, bool over)
{
	pthread_mutex_lock(&cursors->lock);
	over = over || atomic_load(&cursor->kill->on);
	if (over)
		unhang(cursors, cursor);
	cursor->taken = false;
	cursor->used_ms = (int64_t)clock_tick_ms();
	pthread_mutex_unlock(&cursors->lock);
	if (over)
		cursor_free(cursor, cursors->memory);
}

/* Under lock: a cursor that a thread has is freed when that gives it back. True: free it now. */
static bool kill_one(struct cursors *cursors, struct cursor *cursor)
{
	atomic_store(&cursor->kill->on, true);
	if (cursor->taken)
		return false;
	unhang(cursors, cursor);
	return true;
}

enum cursors_kill_result cursors_kill(struct cursors *cursors, int64_t id, struct bytes user)
{
	enum cursors_kill_result result = CURSORS_NOT_FOUND;
	struct cursor *cursor, *dead = NULL;

	pthread_mutex_lock(&cursors->lock);
	cursor = *place_of(cursors, id);
	if (cursor != NULL && !bytes_equal(buf_bytes(&cursor->user), user)) {
		result = CURSORS_NOT_YOURS;
	} else if (cursor != NULL) {
		result = CURSORS_KILLED;
		if (kill_one(cursors, cursor))
			dead = cursor;
	}
	pthread_mutex_unlock(&cursors->lock);
	cursor_free(dead, cursors->memory);
	return result;
}

/* Free those that `wanted` tells; under no lock when they are freed. */
static size_t kill_those(struct cursors *cursors,
			 bool (*wanted)(const struct cursor *cursor, const void *arg),
			 const void *arg)
{
	struct cursor *dead = NULL, *next;
	size_t count = 0;

	pthread_mutex_lock(&cursors->lock);
	for (size_t i = 0; i < cursors->buckets; i++)
		for (struct cursor *c = cursors->bucket[i]; c != NULL; c = next) {
			next = c->next;
			if (!wanted(c, arg) || !kill_one(cursors, c))
				continue;
			c->next = dead;
			dead = c;
			count++;
		}
	pthread_mutex_unlock(&cursors->lock);
	for (; dead != NULL; dead = next) {
		next = dead->next;
		cursor_free(dead, cursors->memory);
	}
	return count;
}

struct session {
	struct bytes user;
	const uint8_t *lsid;
};

static bool is_of_session(const struct cursor *cursor, const void *arg)
{
	const struct session *session = arg;

	return cursor->has_lsid && memcmp(cursor->lsid, session->lsid, CURSORS_LSID_LEN) == 0 &&
	       bytes_equal(buf_bytes(&cursor->user), session->user);
}

void cursors_kill_session(struct cursors *cursors, struct bytes user,
			  const uint8_t lsid[CURSORS_LSID_LEN])
{
	const struct session session = {user, lsid};

	kill_those(cursors, is_of_session, &session);
}

static bool is_late(const struct cursor *cursor, const void *now)
{
	return !cursor->taken && !cursor->never_late &&
	       *(const int64_t *)now - cursor->used_ms > CURSORS_IDLE_MS;
}

void cursors_expire(struct cursors *cursors)
{
	int64_t now = (int64_t)clock_tick_ms();
	size_t count = kill_those(cursors, is_late, &now);

	pthread_mutex_lock(&cursors->lock);
	cursors->counts.timed_out += count;
	pthread_mutex_unlock(&cursors->lock);
}

bool cursors_evict(struct cursors *cursors)
{
	struct cursor *oldest = NULL;
	int64_t now = (int64_t)clock_tick_ms();

	pthread_mutex_lock(&cursors->lock);
	for (size_t i = 0; i < cursors->buckets; i++)
		for (struct cursor *c = cursors->bucket[i]; c != NULL; c = c->next)
			if (!c->taken && now - c->used_ms > EVICT_IDLE_MS &&
			    (oldest == NULL || c->used_ms < oldest->used_ms))
				oldest = c;
	if (oldest != NULL)
		kill_one(cursors, oldest);
	pthread_mutex_unlock(&cursors->lock);
	cursor_free(oldest, cursors->memory);
	return oldest != NULL;
}

struct cursors_counts cursors_count(struct cursors *cursors)
{
	struct cursors_counts counts;

	pthread_mutex_lock(&cursors->lock);
	counts = cursors->counts;
	counts.pinned = 0;
	for (size_t i = 0; i < cursors->buckets; i++)
		for (const struct cursor *c = cursors->bucket[i]; c != NULL; c = c->next)
			counts.pinned += c->taken;
	pthread_mutex_unlock(&cursors->lock);
	return counts;
}
