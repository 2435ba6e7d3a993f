#include "tools/log_span.h"

#include "oplog/when_find.h"

/* The first and the last timestamp of what a WHEN names. */
struct extent {
	uint64_t first, last;
	bool snapshot; /* all of it is before: `first` is the one behind it */
};

static struct extent extent_of_second(uint64_t seconds)
{
	uint32_t second = (uint32_t)MIN_OF(seconds, UINT32_MAX);

	return (struct extent){entry_ts(second, 0), entry_ts(second, UINT32_MAX), false};
}

static struct extent extent_of_snapshot(const struct snapshot *s)
{
	uint64_t at = s->exact ? entry_ts(s->optime.seconds, s->optime.increment)
			       : extent_of_second(s->time).last;

	return (struct extent){at + 1, at, true};
}

static int no_oplog(struct error *e)
{
	error_set(e, ERR_NO_TIME, "the store has no oplog");
	return error_hint(e, "'yester ingest-oplog' puts one in");
}

static int find_snapshot(const struct snapshot_list *list, const char *text,
			 const struct when *when, struct extent *ret, struct error *e)
{
	OWNED(free) char *name = xstrndup(text, strlen(text) - when->before);
	size_t at = list->count - 1;

	if (list->count == 0)
		return when_find_no_snapshot(e);
	if (when->kind == WHEN_NAME && !when_find_name(list, name, &at))
		return when_find_no_name(list, name, e);
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
	ret->last = ret->first;
	ret->snapshot = false;
	return 0;
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
		if (before) {
			uint64_t at = extent.snapshot ? extent.last : extent.first;

			ret->to = at - (at > 0);
		} else {
			ret->to = extent.last;
		}
	}
	if (since != NULL && until != NULL && ret->from > ret->to)
		return error_set(e, ERR_INVALID, "--since %s is after --until %s", since, until);
	ret->begins_before_oplog = ret->from < first;
	ret->ends_after_oplog = ret->to > last;
	ret->from = MAX_OF(ret->from, first);
	ret->to = MIN_OF(ret->to, last);
	return 0;
}
