#include "oplog/timeline.h"

#include "oplog/timeline_internal.h"

static void view_free(struct timeline_view *view)
{
	snapshots_release(&view->list);
	stream_close(view->stream);
	pthread_mutex_destroy(&view->lock);
	free(view->waits);
	free(view);
}

void timeline_view_release(struct timeline_view *view)
{
	if (view != NULL && __atomic_sub_fetch(&view->users, 1, __ATOMIC_ACQ_REL) == 0)
		view_free(view);
}

struct timeline_view *timeline_view_of(struct timeline *timeline)
{
	struct timeline_view *view;

	pthread_mutex_lock(&timeline->lock);
	view = timeline->view;
	__atomic_add_fetch(&view->users, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&timeline->lock);
	return view;
}

/* Stamps are read before what they stand for: what comes meanwhile is seen the next time. */
static int read_view(struct store *store, struct timeline_view **ret, uint64_t *ret_snapshots,
		     uint64_t *ret_stream, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = xcalloc(1, sizeof(*view));

	view->users = 1;
	view->store = store;
	pthread_mutex_init(&view->lock, NULL);
	if (snapshots_stamp(store, ret_snapshots, e) < 0 ||
	    stream_stamp(store, ret_stream, e) < 0 ||
	    snapshots_read(store, &view->list, &view->skipped_snapshots, e) < 0 ||
	    stream_open(store, &view->stream, &view->skipped_segments, e) < 0)
		return e->code;
	view->waits =
		xcalloc(MAX_OF(stream_range_count(view->stream), (size_t)1), sizeof(*view->waits));
	*ret = TAKE(view);
	return 0;
}

int timeline_open(struct store *store, struct timeline **ret, struct error *e)
{
	OWNED(timeline_close) struct timeline *timeline = xcalloc(1, sizeof(*timeline));

	timeline->store = store;
	pthread_mutex_init(&timeline->lock, NULL);
	pthread_cond_init(&timeline->visited, NULL);
	if (read_view(store, &timeline->view, &timeline->snapshots_stamp, &timeline->stream_stamp,
		      e) < 0)
		return e->code;
	*ret = TAKE(timeline);
	return 0;
}

void timeline_close(struct timeline *timeline)
{
	if (timeline == NULL)
		return;
	timeline_view_release(timeline->view);
	snapshots_release(&timeline->cached);
	store_close(timeline->cache);
	for (size_t at = 0; at < timeline->retired.len; at += sizeof(timeline->cache)) {
		memcpy(&timeline->cache, timeline->retired.at + at, sizeof(timeline->cache));
		store_close(timeline->cache);
	}
	buf_release(&timeline->retired);
	pthread_cond_destroy(&timeline->visited);
	pthread_mutex_destroy(&timeline->lock);
	free(timeline);
}

int timeline_refresh(struct timeline *timeline, struct error *e)
{
	uint64_t snapshots, stream, new_snapshots, new_stream;
	struct timeline_view *view, *old;
	bool same;

	if (snapshots_stamp(timeline->store, &snapshots, e) < 0 ||
	    stream_stamp(timeline->store, &stream, e) < 0)
		return e->code;
	pthread_mutex_lock(&timeline->lock);
	same = snapshots == timeline->snapshots_stamp && stream == timeline->stream_stamp;
	pthread_mutex_unlock(&timeline->lock);
	if (same)
		return 0;
	if (read_view(timeline->store, &view, &new_snapshots, &new_stream, e) < 0)
		return e->code;
	pthread_mutex_lock(&timeline->lock);
	old = timeline->view;
	timeline->view = view;
	timeline->snapshots_stamp = new_snapshots;
	timeline->stream_stamp = new_stream;
	pthread_mutex_unlock(&timeline->lock);
	timeline_view_release(old);
	return 0;
}

void timeline_skipped(struct timeline *timeline, size_t *ret_snapshots, size_t *ret_segments)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);

	*ret_snapshots = view->skipped_snapshots;
	*ret_segments = view->skipped_segments;
}

int timeline_stream(struct timeline *timeline, struct stream **ret, struct error *e UNUSED)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);

	*ret = stream_hold(view->stream);
	return 0;
}

int timeline_snapshots(struct timeline *timeline, struct snapshot_list *ret, struct error *e UNUSED)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);
	struct snapshot_list list = {
		.at = xcalloc(MAX_OF(view->list.count, (size_t)1), sizeof(*list.at))};

	for (size_t i = 0; i < view->list.count; i++)
		if (!view->list.at[i].checkpoint)
			snapshot_copy(&view->list.at[i], &list.at[list.count++]);
	*ret = list;
	return 0;
}

const struct stream_range *timeline_range_of(const struct timeline_view *view,
					     const struct snapshot *base)
{
	uint64_t at = timeline_ts(base->optime), needed = timeline_ts(base->needed_from);
	const struct stream_range *range = stream_range_at(view->stream, at);

	if (!base->exact || range == NULL || (needed != 0 && needed < range->first.ts))
		return NULL;
	return range;
}

static int reaches(struct timeline_view *view, const struct snapshot *base, uint64_t ts,
		   bool second, struct error *e)
{
	uint64_t at = timeline_ts(base->optime), waits;
	const struct stream_range *range;

	if (!base->exact || at > ts)
		return 0;
	if (at == ts)
		return 1;
	range = timeline_range_of(view, base);
	if (range == NULL || (second ? range->last.ts <= ts : range->last.ts < ts))
		return 0;
	if (timeline_waits_from(view, range, &waits, e) < 0)
		return e->code;
	return ts < waits;
}

/* Is `s` a better base than `than`? */
static bool is_better(const struct snapshot *s, const struct snapshot *than)
{
	if (s->partial != than->partial)
		return than->partial;
	return timeline_ts(s->optime) >= timeline_ts(than->optime);
}

int timeline_base(struct timeline_view *view, uint64_t ts, bool second, size_t *ret,
		  struct error *e)
{
	bool some = false;

	for (size_t i = 0; i < view->list.count; i++) {
		const struct snapshot *s = &view->list.at[i];
		int reached;

		if (some && !is_better(s, &view->list.at[*ret]))
			continue;
		reached = reaches(view, s, ts, second, e);
		if (reached < 0)
			return reached;
		if (reached == 1)
			*ret = i;
		some = some || reached == 1;
	}
	return some;
}

int timeline_next_second(struct timeline *timeline, uint32_t from, uint32_t *ret, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);
	OWNED(timeline_map_release) struct timeline_map map = {0};

	if (timeline_map_view(view, &map, e) < 0)
		return e->code;
	for (size_t i = 0; i < map.reach_count; i++) {
		const struct timeline_reach *reach = &map.reach[i];
		uint32_t begin = MAX_OF(from, entry_seconds(reach->first.ts)), second;
		int found;

		if (begin > reach->last_second)
			continue;
		found = stream_next_second(view->stream, begin, &second, e);
		if (found < 0)
			return found;
		if (found == 1 && second <= reach->last_second) {
			*ret = second;
			return 1;
		}
	}
	return 0;
}
