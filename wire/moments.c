#include "wire/moments.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/entry.h"
#include "query/query_error.h"

#define SNAPSHOT_TOO_OLD 239
#define FRESH_MS 20 /* for so long nobody looks again for what is new */

struct kept {
	struct moment *moment; /* NULL: free */
	struct timeline_point point;
	uint64_t used;
};

struct moments {
	struct timeline *timeline;
	struct progress progress;
	atomic_bool stopped;
	char *at;

	pthread_mutex_t lock; /* of all below */
	struct kept kept[MOMENTS_KEPT];
	uint64_t clock;
	bool has_point;
	struct timeline_point point; /* of the default moment */
	int64_t looked;		     /* when that was found, monotonic ms */
};

static void report(void *ctx UNUSED, const char *phase UNUSED, uint64_t done UNUSED,
		   uint64_t total UNUSED)
{
}

static bool is_stopped(void *ctx)
{
	struct moments *moments = ctx;

	return atomic_load(&moments->stopped);
}

int moments_open(struct store *store, const char *at, struct moments **ret, struct error *e)
{
	OWNED(moments_close) struct moments *moments = xcalloc(1, sizeof(*moments));

	pthread_mutex_init(&moments->lock, NULL);
	moments->progress = (struct progress){moments, report, is_stopped};
	moments->at = xstrdup(at == NULL ? "latest" : at);
	if (timeline_open(store, &moments->timeline, e) < 0 ||
	    timeline_find(moments->timeline, moments->at, (uint64_t)time(NULL), &moments->point,
			  e) < 0)
		return e->code;
	*ret = TAKE(moments);
	return 0;
}

void moments_close(struct moments *moments)
{
	if (moments == NULL)
		return;
	for (size_t i = 0; i < MOMENTS_KEPT; i++)
		moment_release(moments->kept[i].moment);
	timeline_close(moments->timeline);
	pthread_mutex_destroy(&moments->lock);
	free(moments->at);
	free(moments);
}

void moments_stop(struct moments *moments)
{
	atomic_store(&moments->stopped, true);
}

static bool is_same(const struct timeline_point *a, const struct timeline_point *b)
{
	return a->ts == b->ts && a->is_snapshot == b->is_snapshot &&
	       chunk_id_equal(&a->base, &b->base);
}

/* A reference to the open moment of `point`, or NULL. With `offer` that one is kept. */
static struct moment *keep(struct moments *moments, const struct timeline_point *point,
			   struct moment *offer)
{
	struct kept *found = NULL, *oldest = &moments->kept[0];
	struct moment *closed = NULL, *held = NULL;

	pthread_mutex_lock(&moments->lock);
	for (size_t i = 0; i < MOMENTS_KEPT; i++) {
		struct kept *k = &moments->kept[i];

		if (k->moment != NULL && is_same(&k->point, point))
			found = k;
		if (k->used < oldest->used)
			oldest = k;
	}
	if (found == NULL && offer != NULL) {
		closed = oldest->moment;
		*oldest = (struct kept){.moment = moment_hold(offer), .point = *point};
		found = oldest;
	}
	if (found != NULL) {
		found->used = ++moments->clock;
		held = moment_hold(found->moment);
	}
	pthread_mutex_unlock(&moments->lock);
	moment_release(closed);
	return held;
}

static int open_point(struct moments *moments, const struct timeline_point *point,
		      struct moments_at *ret, struct error *e)
{
	OWNED(moment_release) struct moment *opened = NULL;
	struct moment *moment = keep(moments, point, NULL);
	const struct snapshot *s;

	if (moment == NULL) {
		if (timeline_moment(moments->timeline, point, &moments->progress, &opened, e) < 0)
			return error_wrap(e, "moment %s", point->name);
		moment = keep(moments, point, opened);
	}
	s = moment_snapshot(moment);
	ret->moment = moment;
	ret->ts = point->ts != 0 ? point->ts
		  : s->exact	 ? entry_ts(s->optime.seconds, s->optime.increment)
				 : entry_ts((uint32_t)s->time, 0);
	return 0;
}

/* What the default moment is now. */
static int default_point(struct moments *moments, struct timeline_point *ret, struct error *e)
{
	int64_t now = (int64_t)clock_tick_ms();
	bool fresh;

	pthread_mutex_lock(&moments->lock);
	fresh = moments->has_point && now - moments->looked < FRESH_MS;
	*ret = moments->point;
	pthread_mutex_unlock(&moments->lock);
	if (fresh)
		return 0;
	if (timeline_refresh(moments->timeline, e) < 0 ||
	    timeline_find(moments->timeline, moments->at, (uint64_t)time(NULL), ret, e) < 0)
		return e->code;
	pthread_mutex_lock(&moments->lock);
	moments->point = *ret;
	moments->looked = now;
	moments->has_point = true;
	pthread_mutex_unlock(&moments->lock);
	return 0;
}

int moments_default(struct moments *moments, struct moments_at *ret, struct error *e)
{
	struct timeline_point point;

	return default_point(moments, &point, e) < 0 ? e->code
						     : open_point(moments, &point, ret, e);
}

int moments_default_ts(struct moments *moments, uint64_t *ret, struct error *e)
{
	struct timeline_point point;
	struct moments_at at;

	if (default_point(moments, &point, e) < 0)
		return e->code;
	*ret = point.ts;
	if (!point.is_snapshot)
		return 0;
	if (open_point(moments, &point, &at, e) < 0)
		return e->code;
	*ret = at.ts;
	moment_release(at.moment);
	return 0;
}

/* An error for the client: why, and what there is instead. */
static int tell(struct error *e, int server)
{
	struct error why = *e;

	if (e->code != ERR_NO_TIME && e->code != ERR_INVALID && e->code != ERR_NOT_FOUND)
		return e->code;
	return query_error(e, server, "%s%s%s", why.text, why.hint[0] == '\0' ? "" : "; ",
			   why.hint);
}

/* Append what can be reached, when the error did not say it. */
static void add_ranges(struct moments *moments, struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	OWNED(buf_release) struct buf text = {0};
	struct error ignored;

	if (timeline_map(moments->timeline, &map, &ignored) < 0)
		return;
	for (size_t i = 0; i < map.reach_count; i++) {
		const struct timeline_reach *r = &map.reach[i];

		buf_printf(&text, "%s%" PRIu32 ".%" PRIu32 " to %" PRIu32 ".%" PRIu32,
			   i == 0 ? "" : ", ", entry_seconds(r->first.ts),
			   entry_increment(r->first.ts), entry_seconds(r->last.ts),
			   entry_increment(r->last.ts));
	}
	if (text.len > 0)
		error_hint(e, "what can be reached: %s", buf_text(&text));
}

static int find(struct moments *moments, const char *when, struct timeline_point *ret,
		struct error *e)
{
	int code;

	if (timeline_refresh(moments->timeline, e) < 0)
		return e->code;
	code = timeline_find(moments->timeline, when, (uint64_t)time(NULL), ret, e);
	if (code < 0)
		add_ranges(moments, e);
	return code;
}

int moments_named(struct moments *moments, struct bytes when, struct moments_at *ret,
		  struct error *e)
{
	struct timeline_point point;
	char text[MOMENTS_NAME_MAX];

	if (when.len >= sizeof(text) || memchr(when.at, 0, when.len) != NULL)
		return query_error(e, QUERY_SNAPSHOT_UNAVAILABLE, "no moment has such a name");
	memcpy(text, when.at, when.len);
	text[when.len] = '\0';
	if (find(moments, text, &point, e) < 0)
		return tell(e, QUERY_SNAPSHOT_UNAVAILABLE);
	return open_point(moments, &point, ret, e);
}

/* Is `ts` before all that can be reached? */
static bool is_too_old(struct moments *moments, uint64_t ts)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	struct error ignored;

	if (timeline_map(moments->timeline, &map, &ignored) < 0 || map.reach_count == 0)
		return false;
	for (size_t i = 0; i < map.reach_count; i++)
		if (map.reach[i].first.ts <= ts)
			return false;
	return true;
}

int moments_timed(struct moments *moments, uint64_t ts, struct moments_at *ret, struct error *e)
{
	struct timeline_point point;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu32 ".%" PRIu32, entry_seconds(ts),
		 entry_increment(ts));
	if (find(moments, text, &point, e) < 0)
		return tell(e, is_too_old(moments, ts) ? SNAPSHOT_TOO_OLD
						       : QUERY_SNAPSHOT_UNAVAILABLE);
	if (open_point(moments, &point, ret, e) < 0)
		return e->code;
	ret->ts = ts;
	return 0;
}

int moments_has_db(struct moment *moment, struct bytes db, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf bound = {0};
	uint64_t rank;
	int found;

	buf_add_bytes(&bound, db);
	buf_add_u8(&bound, '.');
	catalog_entry_init(&entry);
	if (moment_seek(moment, buf_bytes(&bound), &rank, e) < 0)
		return e->code;
	found = moment_entry(moment, rank, &entry, e);
	if (found <= 0)
		return found;
	return bytes_equal(bytes_of(entry.ns, entry.db_len), db);
}

int moments_split(struct moments *moments, struct bytes db, struct bytes *ret_db,
		  struct bytes *ret_when, struct error *e)
{
	const uint8_t *at = memrchr(db.at, '@', db.len);
	struct moments_at now;
	int real = 0;

	if (at == NULL || at == db.at || at + 1 == db.at + db.len)
		return 0;
	if (at[-1] == '@' && at - 1 > db.at)
		at--; /* shop@@1700000000: the moment itself begins with one */
	if (moments_default(moments, &now, e) >= 0) {
		real = moments_has_db(now.moment, db, e);
		moment_release(now.moment);
	} else if (e->code != ERR_UNSUPPORTED && e->code != ERR_CORRUPT) {
		return e->code;
	} /* else what can't be replayed is no reason not to answer from before it */
	if (real != 0)
		return MIN_OF(real, 0);
	*ret_db = bytes_of(db.at, (size_t)(at - db.at));
	*ret_when = bytes_of(at + 1, db.len - ret_db->len - 1);
	return 1;
}
