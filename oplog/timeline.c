#include "oplog/timeline.h"

#include "oplog/timeline_internal.h"
#include "oplog/when_find.h"

static void view_free(struct timeline_view *view)
{
	snapshots_release(&view->list);
	stream_close(view->stream);
	timeline_map_release(&view->map);
	pthread_mutex_destroy(&view->map_lock);
	stream_notes_release(&view->notes);
	pthread_mutex_destroy(&view->lock);
	buf_release(&view->bases);
	buf_release(&view->names);
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

static int by_optime(const void *a, const void *b, void *list)
{
	const struct snapshot *all = list;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t left = timeline_ts(all[x].optime), right = timeline_ts(all[y].optime);

	if (left != right)
		return left < right ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b, void *list)
{
	const struct snapshot *all = list;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(all[x].name, all[y].name);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static void sort(struct buf *which, int (*compare)(const void *, const void *, void *),
		 struct snapshot_list *list)
{
	if (which->len > 0)
		qsort_r(which->at, which->len / sizeof(uint32_t), sizeof(uint32_t), compare,
			list->at);
}

/* There may be very many, and each name that is looked up asks. */
static void sort_snapshots(struct timeline_view *view)
{
	for (uint32_t i = 0; i < view->list.count; i++) {
		buf_add(&view->names, &i, sizeof(i));
		if (view->list.at[i].exact)
			buf_add(&view->bases, &i, sizeof(i));
	}
	sort(&view->names, by_name, &view->list);
	sort(&view->bases, by_optime, &view->list);
}

/* Stamps are read before what they stand for: what comes meanwhile is seen the next time. */
static int read_view(struct store *store, struct timeline_view **ret, uint64_t *ret_snapshots,
		     uint64_t *ret_stream, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = xcalloc(1, sizeof(*view));

	view->users = 1;
	view->store = store;
	pthread_mutex_init(&view->lock, NULL);
	pthread_mutex_init(&view->map_lock, NULL);
	if (snapshots_stamp(store, ret_snapshots, e) < 0 ||
	    stream_stamp(store, ret_stream, e) < 0 ||
	    snapshots_read(store, &view->list, &view->skipped_snapshots, e) < 0 ||
	    stream_open(store, &view->stream, &view->skipped_segments, e) < 0)
		return e->code;
	view->waits =
		xcalloc(MAX_OF(stream_range_count(view->stream), (size_t)1), sizeof(*view->waits));
	sort_snapshots(view);
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

/* Does the stream lead from this exact snapshot, which is not newer, to `ts`? */
static int reaches(struct timeline_view *view, const struct snapshot *base, uint64_t ts,
		   bool second, struct error *e)
{
	const struct stream_range *range;
	uint64_t waits;

	if (timeline_ts(base->optime) == ts)
		return 1;
	range = timeline_range_of(view, base);
	if (range == NULL || (second ? range->last.ts <= ts : range->last.ts < ts))
		return 0;
	if (timeline_waits_from(view, range, &waits, e) < 0)
		return e->code;
	return ts < waits;
}

bool timeline_named(const struct timeline_view *view, const char *text, size_t *ret)
{
	const uint32_t *names = (const uint32_t *)(const void *)view->names.at;
	size_t low = 0, count = view->names.len / sizeof(*names), high = count;

	if (when_find_is_word(text))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(view->list.at[names[middle]].name, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || strcmp(view->list.at[names[low]].name, text) != 0)
		return false;
	*ret = names[low];
	return true;
}

/* How many of the bases, by their optimes, are not newer than `ts`. */
static size_t bases_until(const struct timeline_view *view, uint64_t ts)
{
	const uint32_t *bases = (const uint32_t *)(const void *)view->bases.at;
	size_t low = 0, high = view->bases.len / sizeof(*bases);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (timeline_ts(view->list.at[bases[middle]].optime) <= ts)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What is older than the range that `ts` is in leads nowhere near it: there may be very many of them. */
int timeline_base(struct timeline_view *view, uint64_t ts, bool second, size_t *ret,
		  struct error *e)
{
	const uint32_t *bases = (const uint32_t *)(const void *)view->bases.at;
	const struct stream_range *range = stream_range_at(view->stream, ts);
	uint64_t oldest = range == NULL ? ts : MIN_OF(range->first.ts, ts);
	int found = 0;

	for (size_t i = bases_until(view, ts); i > 0; i--) {
		const struct snapshot *s = &view->list.at[bases[i - 1]];
		int reached;

		if (timeline_ts(s->optime) < oldest)
			break;
		if (found == 1 && s->partial)
			continue;
		reached = reaches(view, s, ts, second, e);
		if (reached < 0)
			return reached;
		if (reached == 0)
			continue;
		*ret = bases[i - 1];
		found = 1;
		if (!s->partial)
			break;
	}
	return found;
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
