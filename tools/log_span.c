#include "tools/log_span.h"

#include "oplog/when_find.h"

/* The first and the last timestamp of what a WHEN names. */
struct extent {
	uint64_t first, last;
	bool snapshot;	/* all of it is before: `first` is the one behind it */
	uint64_t begin; /* the first that may be its own */
};

static struct extent extent_of_second(uint64_t seconds)
{
	uint32_t second = (uint32_t)MIN_OF(seconds, UINT32_MAX);

	return (struct extent){.first = entry_ts(second, 0),
			       .last = entry_ts(second, UINT32_MAX),
			       .begin = entry_ts(second, 0)};
}

static struct extent extent_of_snapshot(const struct snapshot *s)
{
	struct extent second = extent_of_second(s->time);
	uint64_t at = entry_ts(s->optime.seconds, s->optime.increment);
	uint64_t last = s->exact ? at : second.last;

	return (struct extent){.first = last + 1,
			       .last = last,
			       .snapshot = true,
			       .begin = s->exact ? at : second.first};
}

static int no_oplog(struct error *e)
{
	error_set(e, ERR_NO_TIME, "the store has no oplog");
	return error_hint(e, "'yester tail' follows that of a running replica set, 'yester "
			     "ingest-oplog' puts a slice in");
}

static int find_snapshot(const struct snapshot_list *list, const char *text,
			 const struct when *when, struct extent *ret, struct error *e)
{
	OWNED(free) char *name = xstrndup(text, strlen(text) - when->before);
	size_t at = list->count - 1;

	if (list->count == 0)
		return when_find_no_snapshot(e);
	if (when->kind == WHEN_NAME && !when_find_name(list, name, &at))
		return when_find_no_name(list, name, when->before, e);
	if (when->kind == WHEN_ID && when_find_id(list, name, &at, e) < 0)
		return e->code;
	*ret = extent_of_snapshot(&list->at[at]);
	return 0;
}

/* What `text` names; *ret_before: with a ~. */
static int read_when(const struct snapshot_list *list, uint64_t latest, const char *text,
		     uint64_t now, struct extent *ret, bool *ret_before, struct error *e)
{
	struct when when;
	size_t at;

	*ret_before = false;
	if (when_find_name(list, text, &at)) { /* goes before all other readings */
		*ret = extent_of_snapshot(&list->at[at]);
		return 0;
	}
	if (when_parse(text, &when, e) < 0)
		return e->code;
	*ret_before = when.before;
	switch (when.kind) {
	case WHEN_TIME:
		*ret = extent_of_second(when.seconds);
		return 0;
	case WHEN_OPTIME:
		ret->first = entry_ts(when.optime.seconds, when.optime.increment);
		break;
	case WHEN_LATEST:
		ret->first = latest;
		break;
	case WHEN_BEFORE_NOW:
		*ret = extent_of_second(now - MIN_OF(now, when.seconds));
		return 0;
	case WHEN_BEFORE_LATEST:
		*ret = extent_of_second(entry_seconds(latest) -
					MIN_OF(entry_seconds(latest), when.seconds));
		return 0;
	case WHEN_LATEST_SNAPSHOT:
	case WHEN_ID:
	case WHEN_NAME:
		return find_snapshot(list, text, &when, ret, e);
	}
	ret->last = ret->begin = ret->first;
	ret->snapshot = false;
	return 0;
}

/* The last timestamp that `until` takes in. */
static uint64_t end_of(const struct extent *extent, bool before)
{
	return before ? extent->begin - (extent->begin > 0) : extent->last;
}

static int wrong_way_round(const char *since, const char *until, struct error *e)
{
	return error_set(e, ERR_INVALID, "--since %s is after --until %s", since, until);
}

int log_span_read(const struct stream *stream, const struct snapshot_list *snapshots,
		  const char *since, const char *until, uint64_t now, struct log_span *ret,
		  struct error *e)
{
	size_t count = stream_range_count(stream);
	uint64_t first, last;
	struct extent extent = {0};
	bool before;

	if (count == 0)
		return no_oplog(e);
	first = stream_range(stream, 0)->first.ts;
	last = stream_range(stream, count - 1)->last.ts;
	*ret = (struct log_span){.from = first, .to = last};
	if (since != NULL) {
		if (read_when(snapshots, last, since, now, &extent, &before, e) < 0)
			return e->code;
		/* The moment just before a snapshot: its last operation is still to come. */
		ret->from = extent.first - (before && extent.snapshot);
	}
	if (until != NULL) {
		if (read_when(snapshots, last, until, now, &extent, &before, e) < 0)
			return e->code;
		ret->to = end_of(&extent, before);
	}
	if (since != NULL && until != NULL && ret->from > ret->to)
		return wrong_way_round(since, until, e);
	ret->begins_before_oplog = ret->from < first;
	ret->ends_after_oplog = ret->to > last;
	ret->from = MAX_OF(ret->from, first);
	ret->to = MIN_OF(ret->to, last);
	return 0;
}

/* What "latest" is: the last operation, or the newest snapshot. */
static uint64_t latest_of(const struct stream *stream, const struct snapshot_list *snapshots)
{
	size_t ranges = stream_range_count(stream);

	if (ranges > 0)
		return stream_range(stream, ranges - 1)->last.ts;
	return snapshots->count > 0 ? extent_of_snapshot(&snapshots->at[snapshots->count - 1]).last
				    : 0;
}

int log_span_snapshots(const struct stream *stream, const struct snapshot_list *snapshots,
		       const char *since, const char *until, uint64_t now, bool *chosen,
		       struct error *e)
{
	uint64_t from = 0, to = UINT64_MAX, latest = latest_of(stream, snapshots);
	struct extent extent;
	bool before;

	if (since != NULL) {
		if (read_when(snapshots, latest, since, now, &extent, &before, e) < 0)
			return e->code;
		from = extent.begin;
	}
	if (until != NULL) {
		if (read_when(snapshots, latest, until, now, &extent, &before, e) < 0)
			return e->code;
		to = end_of(&extent, before);
	}
	if (since != NULL && until != NULL && from > to)
		return wrong_way_round(since, until, e);
	for (size_t i = 0; i < snapshots->count; i++) {
		extent = extent_of_snapshot(&snapshots->at[i]);
		chosen[i] = extent.last >= from && extent.begin <= to;
	}
	return 0;
}
