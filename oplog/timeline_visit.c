/* A moment from the cache of visited ones, else by a replay into it. Prefix: timeline_ */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/replay.h"
#include "oplog/timeline_names.h"
#include "oplog/timeline_visit.h"
#include "store/snapshot/commit.h"

#define NAME_LEN 64
#define BASE_DIGITS 16 /* hex digits of the base's id in a name */
#define WAIT_MS 50
#define TAG_STOPPED "stopped"
#define TAG_UNSTEADY "unsteady" /* of one collection: what the base says of the versions is over */
#define REPLAY_RULES                                                                               \
	2 /* raise it when a replay gives something else: what was visited before is made anew */

/*
 * Visited moments are snapshots of the cache: "m<timestamp>-<base>-<rules>", the first two hex; "n…" of names
 * only; "c…-<uuid>" of one collection.
 */
static void cache_name(const struct timeline_point *point, const struct visit_want *want,
		       char ret[NAME_LEN])
{
	static const char kinds[] = "mnc";
	char hex[CHUNK_ID_HEX + 1];
	int len;

	chunk_id_hex(&point->base, hex);
	len = snprintf(ret, NAME_LEN, "%c%016" PRIx64 "-%.*s-%d", kinds[want->kind], point->ts,
		       BASE_DIGITS, hex, REPLAY_RULES);
	if (want->kind == VISIT_ONE)
		snprintf(ret + len, NAME_LEN - (size_t)len, "-%016" PRIx64 "%02x",
			 get_le64(want->only->uuid), want->only->uuid[15]);
}

static bool is_cancelled(const struct progress *p)
{
	return progress_cancelled(p);
}

/* Replays are done one after another; who waits can be interrupted. */
static int take_turn(struct timeline *timeline, const struct progress *progress, struct error *e)
{
	pthread_mutex_lock(&timeline->lock);
	while (timeline->visiting) {
		struct timespec until = clock_deadline(CLOCK_REALTIME, WAIT_MS);

		pthread_cond_timedwait(&timeline->visited, &timeline->lock, &until);
		if (timeline->visiting && is_cancelled(progress)) {
			pthread_mutex_unlock(&timeline->lock);
			return error_set(e, ERR_CANCELLED, "interrupted");
		}
	}
	timeline->visiting = true;
	pthread_mutex_unlock(&timeline->lock);
	return 0;
}

static void end_turn(struct timeline *timeline)
{
	pthread_mutex_lock(&timeline->lock);
	timeline->visiting = false;
	pthread_cond_broadcast(&timeline->visited);
	pthread_mutex_unlock(&timeline->lock);
}

struct visit {
	struct timeline *timeline;
	const struct timeline_point *point;
	struct timeline_point moved; /* the point, when its own snapshot is gone */
	const struct visit_want *want;
	const struct progress *progress;
	struct timeline_view *view;
	const struct snapshot *base; /* the snapshot of the point */
	const struct snapshot *from; /* where the replay begins: it, or a visited moment after it */
	uint64_t from_ts;
	bool from_one; /* of the collection that is wanted */
	struct stream_cursor *cursor;
};

static void visit_release(struct visit *visit)
{
	stream_cursor_free(visit->cursor);
	timeline_view_release(visit->view);
}
DEFINE_OWNED_STRUCT(struct visit, visit_release);

/*
 * The snapshot of a point that was found a while ago may be forgotten meanwhile: the moment is the same from another one. Not from
 * a partial one, which lacks what the first may have had.
 */
static int find_another_base(struct visit *visit, size_t *ret, struct error *e)
{
	int found = timeline_base(visit->view, visit->point->ts, visit->point->is_second, ret, e);

	if (found < 0)
		return found;
	if (found == 0 || visit->view->list.at[*ret].partial)
		return error_set(e, ERR_NOT_FOUND, "the snapshot of moment %s is gone",
				 visit->point->name);
	visit->moved = *visit->point;
	visit->moved.base = visit->view->list.at[*ret].id;
	visit->point = &visit->moved;
	return 0;
}

/* Where in the list of snapshots the point's own is; its length: it is not there. */
static size_t place_of_base(const struct timeline_view *view, const struct timeline_point *point)
{
	size_t i = 0;

	while (i < view->list.count && !chunk_id_equal(&view->list.at[i].id, &point->base))
		i++;
	return i;
}

static int find_base(struct visit *visit, struct error *e)
{
	size_t i;

	visit->view = timeline_view_of(visit->timeline);
	i = place_of_base(visit->view, visit->point);
	if (i == visit->view->list.count && find_another_base(visit, &i, e) < 0)
		return e->code;
	visit->base = &visit->view->list.at[i];
	visit->from = visit->base;
	visit->from_ts = timeline_ts(visit->base->optime);
	return 0;
}

/* True and the timestamp when a snapshot of the cache is what is wanted, of another moment on the same base. */
static bool parse_cached(const struct visit *visit, const struct visit_want *want,
			 const struct snapshot *s, uint64_t *ret)
{
	char name[NAME_LEN];

	cache_name(visit->point, want, name);
	return strlen(s->name) == strlen(name) && *s->name == *name &&
	       sscanf(s->name + 1, "%16" SCNx64, ret) == 1 && strcmp(s->name + 17, name + 17) == 0;
}

/*
 * What is in the cache, read again when something came or went. With the turn taken: who has it uses the list,
 * too.
 */
static int read_cached(struct timeline *timeline, struct error *e)
{
	struct snapshot_list list;
	size_t skipped;
	uint64_t stamp;
	unsigned harms;

	if (store_cache_follow(timeline->cache, e) < 0 ||
	    snapshots_stamp(timeline->cache, &stamp, e) < 0)
		return e->code;
	harms = store_cache_harms(timeline->cache);
	if (timeline->cached_known && stamp == timeline->cached_stamp &&
	    harms == timeline->cached_harms)
		return 0;
	if (snapshots_read_again(timeline->cache, &list, &skipped, e) < 0)
		return e->code;
	snapshots_release(&timeline->cached);
	timeline->cached = list;
	timeline->cached_stamp = stamp;
	timeline->cached_harms = harms;
	timeline->cached_known = true;
	return 0;
}

/* The nearest one before the moment, after `*ts`; NULL: there is none. */
static const struct snapshot *nearest(const struct visit *visit, const struct visit_want *want,
				      uint64_t *ts)
{
	const struct snapshot_list *cached = &visit->timeline->cached;
	const struct snapshot *found = NULL;
	uint64_t at;

	for (size_t i = 0; i < cached->count; i++) {
		const struct snapshot *s = &cached->at[i];

		if (parse_cached(visit, want, s, &at) && s->tag == NULL && at < visit->point->ts &&
		    at > *ts) {
			found = s;
			*ts = at;
		}
	}
	return found;
}

/* Of one collection that had another name then, the replay would need to know the others. What can't be read is no place to begin. */
static bool has_the_name(const struct visit *visit, const struct snapshot *one)
{
	const struct catalog_entry *only = visit->want->only;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(moment_release) struct moment *moment = NULL;
	struct error ignored;

	return moment_open(visit->timeline->cache, one, &moment, &ignored) == 0 &&
	       moment_find(moment, bytes_of(only->ns, only->ns_len), NULL, &entry, &ignored) == 1;
}

/* Where the replay begins: the nearest of the base and of what was visited before the moment. */
static void find_from(struct visit *visit)
{
	const struct visit_want all = {.kind = VISIT_ALL};
	const struct snapshot *found = nearest(visit, &all, &visit->from_ts);
	uint64_t ts = visit->from_ts;

	if (found != NULL)
		visit->from = found;
	if (visit->want->kind != VISIT_ONE)
		return;
	found = nearest(visit, visit->want, &ts);
	if (found == NULL || !has_the_name(visit, found))
		return;
	visit->from = found;
	visit->from_ts = ts;
	visit->from_one = true;
}

/* 1 and a copy when it was visited before; else it is known where to begin. */
static int look_in_cache(struct visit *visit, struct snapshot *ret, struct error *e)
{
	const struct snapshot_list *cached = &visit->timeline->cached;
	char name[NAME_LEN];

	cache_name(visit->point, visit->want, name);
	if (read_cached(visit->timeline, e) < 0)
		return e->code;
	for (size_t i = 0; i < cached->count; i++)
		if (strcmp(cached->at[i].name, name) == 0) {
			snapshot_copy(&cached->at[i], ret);
			return 1;
		}
	find_from(visit);
	return 0;
}

static int next_entry(void *ctx, struct bytes *ret, struct error *e)
{
	return stream_cursor_next(((struct visit *)ctx)->cursor, ret, e);
}

/* Name what a replay made and keep it in the cache. */
static int keep(struct visit *visit, struct store_writer *writer, struct replay_result *result,
		struct error *e)
{
	struct snapshot *s = &result->snapshot;
	char name[NAME_LEN];

	struct store_writer_counts counts;
	int code;

	cache_name(visit->point, visit->want, name);
	s->name = xstrdup(name);
	s->source = xstrdup("moment");
	s->tool = xstrdup("yester " YESTER_VERSION);
	if (result->stop_count > 0)
		s->tag = xstrdup(TAG_STOPPED);
	else if (visit->want->kind == VISIT_ONE && !result->steady)
		s->tag = xstrdup(TAG_UNSTEADY);
	s->created_us = clock_wall_us();
	code = commit_snapshot(writer, s, e);
	store_writer_counts(writer, &counts);
	store_cache_grew(visit->timeline->cache, counts.stored_bytes);
	return code;
}

static int begin_reading(struct visit *visit, const struct stream_filter *filter,
			 struct replay_options *ret, struct error *e)
{
	struct timeline *timeline = visit->timeline;
	uint64_t needed = timeline_ts(visit->from->needed_from);

	*ret = (struct replay_options){
		.base = visit->from,
		.base_store = visit->from == visit->base ? timeline->store : timeline->cache,
		.whole = visit->from_one ? visit->base : NULL,
		.whole_store = timeline->store,
		.from = visit->from_ts,
		.to = visit->point->ts,
		.source = {next_entry, visit},
		.progress = visit->progress,
		.only = visit->want->only,
		.names_only = visit->want->kind == VISIT_NAMES,
	};
	visit->cursor = stream_cursor_new(visit->view->stream, filter);
	return stream_cursor_seek(visit->cursor, needed != 0 ? needed : visit->from_ts, e) < 0
		       ? e->code
		       : 0;
}

static int replay(struct visit *visit, struct replay_result *ret, struct error *e)
{
	const struct visit_want *want = visit->want;
	struct stream_filter filter = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct replay_options options;

	if (want->kind == VISIT_ONE)
		filter = (struct stream_filter){.uuids = &want->only->uuid, .uuid_count = 1};
	if (begin_reading(visit, want->kind == VISIT_ALL ? NULL : &filter, &options, e) < 0 ||
	    store_writer_begin(visit->timeline->cache, &writer, e) < 0)
		return e->code;
	options.writer = writer;
	if (replay_run(&options, ret, e) < 0)
		return e->code;
	if (keep(visit, writer, ret, e) < 0) {
		replay_result_release(ret);
		return e->code;
	}
	return 0;
}

/*
 * 1 and the names of the base, when nothing changed them up to the moment: they are kept nowhere, looking
 * again costs less. 0: they have to be replayed.
 */
static int take_names(const struct visit *visit, struct snapshot *ret, struct error *e)
{
	int same = timeline_names_same(visit->view->stream, visit->base, visit->point->ts, e);

	if (same != 1)
		return same;
	snapshot_copy(visit->base, ret);
	free(ret->source);
	ret->source = xstrdup("moment");
	free(ret->tag);
	ret->tag = NULL;
	ret->checkpoint = false;
	ret->has_parent = true;
	ret->parent = visit->base->id;
	ret->oplog = (struct tree_root){0};
	return 1;
}

/* With the turn taken. A cache whose folder somebody deleted is left to the moments that read it. */
static int open_cache(struct timeline *timeline, struct error *e)
{
	if (timeline->cache != NULL && !store_cache_is_gone(timeline->cache))
		return 0;
	if (timeline->cache != NULL)
		buf_add(&timeline->retired, &timeline->cache, sizeof(timeline->cache));
	timeline->cache = NULL;
	timeline->cached_known = false;
	return store_open_cache(timeline->store, &timeline->cache, e);
}

static int find_or_make(struct visit *visit, bool only_cached, struct snapshot *ret,
			struct error *e)
{
	struct timeline *timeline = visit->timeline;
	OWNED(replay_result_release) struct replay_result result = {0};
	int found;

	found = visit->want->kind == VISIT_NAMES ? take_names(visit, ret, e) : 0;
	if (found == 0)
		found = look_in_cache(visit, ret, e);
	if (found != 0 || only_cached)
		return found;
	if (replay(visit, &result, e) < 0) {
		/* Another program made it meanwhile, or what an older one lacked is there again. */
		timeline->cached_known = false;
		if (e->code == ERR_EXISTS && look_in_cache(visit, ret, e) == 1)
			return 1;
		return error_wrap(e, "moment %s", visit->point->name);
	}
	snapshot_copy(&result.snapshot, ret);
	return 1;
}

/* With the turn taken. A cache that holds too much is used as it is, when it can't be helped. */
static int visit_once(struct visit *visit, bool only_cached, struct timeline_visited *ret,
		      struct error *e)
{
	struct timeline *timeline = visit->timeline;
	struct error ignored;
	int found;

	if (open_cache(timeline, e) < 0)
		return e->code;
	(void)(store_cache_trim(timeline->cache, timeline->cached.count, &ignored) < 0);
	if (store_cache_begin_visit(timeline->cache, e) < 0)
		return e->code;
	found = find_or_make(visit, only_cached, &ret->snapshot, e);
	if (found == 1) {
		ret->cache = timeline->cache;
		ret->pin = store_cache_pin(ret->cache, &ret->snapshot.id);
	}
	store_cache_end_visit(timeline->cache);
	return found;
}

void timeline_visited_release(struct timeline_visited *visited)
{
	store_cache_unpin(visited->pin);
	snapshot_release(&visited->snapshot);
	*visited = (struct timeline_visited){0};
}

/* The last operation that the moment shows: who read only the commands has not seen it. */
static int tell_optime(const struct visit *visit, struct snapshot *ret, struct error *e)
{
	uint64_t last;
	int found = stream_last_upto(visit->view->stream, visit->point->ts, &last, e);

	if (found == 1 && last > timeline_ts(ret->optime))
		ret->optime = (struct optime){entry_seconds(last), entry_increment(last)};
	return found;
}

int timeline_visit(struct timeline *timeline, const struct timeline_point *point,
		   const struct visit_want *want, bool only_cached, const struct progress *progress,
		   struct timeline_visited *ret, struct error *e)
{
	OWNED(visit_release)
	struct visit visit = {
		.timeline = timeline, .point = point, .want = want, .progress = progress};
	int code;

	if (find_base(&visit, e) < 0 || take_turn(timeline, progress, e) < 0)
		return e->code;
	code = visit_once(&visit, only_cached, ret, e);
	end_turn(timeline);
	if (code == 1 && want->kind == VISIT_NAMES && tell_optime(&visit, &ret->snapshot, e) < 0) {
		timeline_visited_release(ret);
		return e->code;
	}
	return code;
}

int timeline_visit_document(struct timeline *timeline, const struct timeline_point *point,
			    const struct catalog_entry *only, struct bytes key,
			    const struct progress *progress, struct buf *ret, struct error *e)
{
	const struct visit_want want = {.kind = VISIT_ONE, .only = only};
	const struct stream_filter filter = {.uuids = &only->uuid,
					     .uuid_count = 1,
					     .has_key = true,
					     .key_hash = stream_key_hash(key)};
	OWNED(visit_release)
	struct visit visit = {
		.timeline = timeline, .point = point, .want = &want, .progress = progress};
	struct replay_options options;

	if (find_base(&visit, e) < 0 || begin_reading(&visit, &filter, &options, e) < 0)
		return e->code;
	return replay_document(&options, key, ret, e);
}

int timeline_distance(struct timeline *timeline, const struct timeline_point *point, uint64_t *ret,
		      struct error *e)
{
	OWNED(visit_release) struct visit visit = {.timeline = timeline, .point = point};

	if (find_base(&visit, e) < 0)
		return e->code;
	return stream_count(visit.view->stream, visit.from_ts, point->ts, ret, e);
}

bool timeline_has_base(struct timeline *timeline, const struct timeline_point *point)
{
	struct timeline_view *view = timeline_view_of(timeline);
	bool has = place_of_base(view, point) < view->list.count;

	timeline_view_release(view);
	return has;
}
