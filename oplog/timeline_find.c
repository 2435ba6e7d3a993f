/* From a WHEN to a point. */
#include <inttypes.h>
#include <stdio.h>

#include "base/time_text.h"
#include "oplog/timeline_internal.h"
#include "oplog/when_find.h"

static const struct snapshot *newest_snapshot(struct timeline_view *view)
{
	for (size_t i = view->list.count; i-- > 0;)
		if (!view->list.at[i].checkpoint)
			return &view->list.at[i];
	return NULL;
}

static void point_snapshot(const struct snapshot *s, struct timeline_point *ret)
{
	*ret = (struct timeline_point){.base = s->id, .is_snapshot = true};
	ret->ts = s->exact ? timeline_ts(s->optime) : s->time << 32;
	snprintf(ret->name, sizeof(ret->name), "%s", s->name);
}

/*
 * A whole second is printed as a time, unless a snapshot has that name: mostly one that was made in the
 * middle of that second, which is another moment.
 */
static void point_moment(const struct timeline_view *view, const struct snapshot *base, uint64_t ts,
			 bool second, struct timeline_point *ret)
{
	size_t taken;

	*ret = (struct timeline_point){.base = base->id, .ts = ts, .is_second = second};
	ret->is_snapshot = timeline_ts(base->optime) == ts;
	if (second)
		snapshot_time_text(entry_seconds(ts), ret->name);
	if (second && timeline_named(view, ret->name, &taken))
		snprintf(ret->name, sizeof(ret->name), "@%" PRIu32, entry_seconds(ts));
	if (!second)
		snprintf(ret->name, sizeof(ret->name), "%" PRIu32 ".%" PRIu32, entry_seconds(ts),
			 entry_increment(ts));
}

static void optime_text(uint64_t ts, struct buf *ret)
{
	char utc[TIME_TEXT_UTC_LEN];

	time_text_utc(entry_seconds(ts), utc);
	buf_printf(ret, "%s (%" PRIu32 ".%" PRIu32 ")", utc, entry_seconds(ts),
		   entry_increment(ts));
}

/* "from A to B, and from C to D": the newest three. */
static void reach_text(const struct timeline_map *map, struct buf *ret)
{
	size_t from = map->reach_count > 3 ? map->reach_count - 3 : 0;

	for (size_t i = from; i < map->reach_count; i++) {
		const struct timeline_reach *reach = &map->reach[i];

		buf_add_str(ret, i > from ? "; " : "");
		if (reach->last.ts == reach->first.ts) {
			buf_printf(ret, "snapshot %s", reach->base);
			continue;
		}
		optime_text(reach->first.ts, ret);
		buf_add_str(ret, " to ");
		optime_text(reach->last.ts, ret);
	}
}

/* Why a time can't be reached. */
static void why_text(struct timeline_view *view, const struct timeline_map *map, uint64_t ts,
		     bool second, struct buf *ret)
{
	for (size_t i = 0; i < map->reach_count; i++) {
		const struct timeline_reach *reach = &map->reach[i];

		if (reach->waits && ts > reach->last.ts) {
			buf_add_str(ret, "a transaction is prepared and not decided since ");
			optime_text(reach->last.ts + 1, ret);
			return;
		}
		if (second && entry_seconds(reach->last.ts) == entry_seconds(ts) &&
		    reach->last.ts != reach->first.ts) {
			buf_add_str(ret, "that second is not finished: the last operation is of ");
			optime_text(reach->last.ts, ret);
			return;
		}
	}
	for (size_t i = 0; i < map->gap_count; i++) {
		const struct timeline_gap *gap = &map->gaps[i];

		if (gap->after.ts > ts || gap->before.ts < ts)
			continue;
		buf_printf(ret, "%s between ", gap->why);
		optime_text(gap->after.ts, ret);
		buf_add_str(ret, " and ");
		optime_text(gap->before.ts, ret);
		return;
	}
	if (map->reach_count == 0)
		buf_add_str(ret, "the store has no exact snapshot to replay from");
	else if (ts < map->reach[0].first.ts)
		buf_add_str(ret, "it is before the first exact snapshot");
	else
		buf_printf(ret, "%s",
			   stream_range_count(view->stream) == 0 ? "the store has no oplog"
								 : "the oplog ends before it");
}

static int no_time(struct timeline_view *view, const char *text, uint64_t ts, bool second,
		   struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	OWNED(buf_release) struct buf why = {0};
	OWNED(buf_release) struct buf reach = {0};
	OWNED(buf_release) struct buf near = {0};

	if (timeline_map_view(view, &map, e) < 0)
		return e->code;
	why_text(view, &map, ts, second, &why);
	when_find_near(&view->list, entry_seconds(ts), &near);
	error_set(e, ERR_NO_TIME, "%s can't be reached: %s; nearest snapshots: %s", text,
		  buf_text(&why), buf_text(&near));
	reach_text(&map, &reach);
	if (reach.len == 0)
		return error_hint(e, "only the moments of snapshots can be opened: --at %s",
				  when_find_nearest(&view->list, entry_seconds(ts)));
	return error_hint(e, "what can be reached: %s ('yester ranges')", buf_text(&reach));
}

/* Will the second be a moment of its own, when a later operation is there, or a transaction is decided? */
static bool is_unfinished(const struct timeline_view *view, uint64_t seconds)
{
	for (size_t i = 0; i < view->list.count; i++) {
		const struct snapshot *s = &view->list.at[i];
		const struct stream_range *range = timeline_range_of(view, s);

		if (range != NULL && s->optime.seconds <= seconds &&
		    entry_seconds(range->last.ts) >= seconds)
			return true;
	}
	return false;
}

/*
 * A snapshot that shows this second, as far as anybody knows: where the stream goes on from it, the second may go on, too. An inexact
 * one only where there is nothing better, now or when the second is finished: it would be another moment then.
 */
static const struct snapshot *snapshot_of_second(struct timeline_view *view, uint64_t seconds)
{
	const struct snapshot *best = NULL;

	for (size_t i = 0; i < view->list.count; i++) {
		const struct snapshot *s = &view->list.at[i];

		if (s->time == seconds && !s->checkpoint && timeline_range_of(view, s) == NULL &&
		    (best == NULL || s->exact || !best->exact))
			best = s;
	}
	return best != NULL && !best->exact && is_unfinished(view, seconds) ? NULL : best;
}

static int find_ts(struct timeline_view *view, const char *text, uint64_t ts, bool second,
		   struct timeline_point *ret, struct error *e)
{
	const struct snapshot *s;
	size_t base;
	int found = timeline_base(view, ts, second, &base, e);

	if (found < 0)
		return found;
	if (found == 1) {
		point_moment(view, &view->list.at[base], ts, second, ret);
		return 0;
	}
	s = second ? snapshot_of_second(view, entry_seconds(ts)) : NULL;
	if (s == NULL)
		return no_time(view, text, ts, second, e);
	point_snapshot(s, ret);
	return 0;
}

/*
 * The last operation that can be reached (or an exact snapshot behind all of them): 1 and its timestamp. A newer
 * dump without an oplog, of one collection maybe, does not hide it.
 */
static int last_operation(struct timeline_view *view, uint64_t *ret, struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};

	*ret = 0;
	if (timeline_map_view(view, &map, e) < 0)
		return e->code;
	for (size_t i = 0; i < map.reach_count; i++)
		*ret = MAX_OF(*ret, map.reach[i].last.ts);
	return *ret != 0;
}

static int find_latest(struct timeline_view *view, const char *text, bool before,
		       struct timeline_point *ret, struct error *e)
{
	uint64_t ts;
	int found = last_operation(view, &ts, e);

	if (found < 0)
		return found;
	if (found == 1)
		return find_ts(view, text, ts - before, false, ret, e);
	if (before)
		return no_time(view, text, newest_snapshot(view)->time << 32, false, e);
	point_snapshot(newest_snapshot(view), ret);
	return 0;
}

/* The second that a distance leads to. */
static int second_of(struct timeline_view *view, const struct when *when, uint64_t now,
		     uint64_t *ret, struct error *e)
{
	uint64_t ts = 0, latest;
	int found;

	*ret = when->seconds;
	if (when->kind == WHEN_TIME)
		return 0;
	*ret = now - MIN_OF(now, when->seconds);
	if (when->kind == WHEN_BEFORE_NOW)
		return 0;
	found = last_operation(view, &ts, e);
	if (found < 0)
		return found;
	latest = found == 1 ? entry_seconds(ts) : newest_snapshot(view)->time;
	*ret = latest - MIN_OF(latest, when->seconds);
	return 0;
}

static int find_second(struct timeline_view *view, const char *text, const struct when *when,
		       uint64_t now, struct timeline_point *ret, struct error *e)
{
	uint64_t second;

	if (second_of(view, when, now, &second, e) < 0)
		return e->code;
	if (second > UINT32_MAX || second < when->before)
		return error_set(e, ERR_INVALID, "%s: oplog times are from 1970 to 2106", text);
	return find_ts(view, text, entry_ts((uint32_t)second - when->before, UINT32_MAX), true, ret,
		       e);
}

static int find_latest_snapshot(struct timeline_view *view, const char *text, bool before,
				struct timeline_point *ret, struct error *e)
{
	const struct snapshot *newest = newest_snapshot(view);

	if (before)
		return newest->exact
			       ? find_ts(view, text, timeline_ts(newest->optime) - 1, false, ret, e)
			       : no_time(view, text, newest->time << 32, false, e);
	point_snapshot(newest, ret);
	return 0;
}

/* A snapshot by its name or id, or with ~ the moment just before it. */
static int find_named(struct timeline_view *view, const char *text, const struct when *when,
		      struct timeline_point *ret, struct error *e)
{
	OWNED(free) char *name = xstrndup(text, strlen(text) - when->before);
	const struct snapshot *s;
	size_t i;

	if (when->kind == WHEN_ID && when_find_id(&view->list, name, &i, e) < 0)
		return e->code;
	if (when->kind == WHEN_NAME && !timeline_named(view, name, &i))
		return when_find_no_name(&view->list, name, when->before, e);
	s = &view->list.at[i];
	if (!when->before) {
		point_snapshot(s, ret);
		return 0;
	}
	if (s->exact)
		return find_ts(view, text, timeline_ts(s->optime) - 1, false, ret, e);
	return no_time(view, text, s->time << 32, false, e);
}

static int find_in_view(struct timeline_view *view, const char *text, uint64_t now,
			struct timeline_point *ret, struct error *e)
{
	struct when when;
	size_t i;

	if (timeline_named(view, text, &i)) {
		point_snapshot(&view->list.at[i], ret);
		return 0;
	}
	if (when_parse(text, &when, e) < 0)
		return e->code;
	if (newest_snapshot(view) == NULL)
		return when_find_no_snapshot(e);
	switch (when.kind) {
	case WHEN_NAME:
	case WHEN_ID:
		return find_named(view, text, &when, ret, e);
	case WHEN_LATEST:
		return find_latest(view, text, when.before, ret, e);
	case WHEN_LATEST_SNAPSHOT:
		return find_latest_snapshot(view, text, when.before, ret, e);
	case WHEN_OPTIME:
		return find_ts(view, text, timeline_ts(when.optime) - when.before, false, ret, e);
	case WHEN_TIME:
	case WHEN_BEFORE_NOW:
	case WHEN_BEFORE_LATEST:
		break;
	}
	return find_second(view, text, &when, now, ret, e);
}

int timeline_find(struct timeline *timeline, const char *text, uint64_t now,
		  struct timeline_point *ret, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);

	return find_in_view(view, text, now, ret, e);
}
