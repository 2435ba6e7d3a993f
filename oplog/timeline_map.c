/* What can be reached, from snapshots and ranges. */
#include "oplog/stream_note.h"
#include "oplog/timeline_internal.h"
#include "store/condemned.h"

void timeline_map_release(struct timeline_map *map)
{
	struct timeline_map *rest = map->rest;

	*map = (struct timeline_map){0};
	if (rest == NULL || __atomic_sub_fetch(&rest->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < rest->reach_count; i++)
		free(rest->reach[i].base);
	free((void *)(uintptr_t)rest->reach);
	free((void *)(uintptr_t)rest->gaps);
	free(rest);
}

/* Another reference. */
static struct timeline_map map_hold(const struct timeline_map *map)
{
	__atomic_add_fetch(&map->rest->users, 1, __ATOMIC_RELAXED);
	return *map;
}

struct mapping {
	struct timeline_view *view;
	struct buf reach; /* of struct timeline_reach */
	struct buf gaps;  /* of struct timeline_gap */
	size_t lost;	  /* of these: no retention let it go */
};

/* Bases of a range: how many, and the oldest one. Partial ones count only where there are no others. */
static const struct snapshot *bases_of(const struct timeline_view *view,
				       const struct stream_range *range, size_t *ret_count)
{
	const struct snapshot *oldest = NULL;

	*ret_count = 0;
	for (int partial = 0; partial < 2 && oldest == NULL; partial++) {
		for (size_t i = 0; i < view->list.count; i++) {
			const struct snapshot *s = &view->list.at[i];

			if (s->partial != (partial == 1) || timeline_range_of(view, s) != range)
				continue;
			if (oldest == NULL || timeline_ts(s->optime) < timeline_ts(oldest->optime))
				oldest = s;
			++*ret_count;
		}
	}
	return oldest;
}

/* A snapshot alone, or with the range that goes on from it. */
static int add_reach(struct mapping *mapping, const struct snapshot *base, size_t bases,
		     const struct stream_range *range, struct error *e)
{
	struct timeline_reach reach = {
		.first = {timeline_ts(base->optime), -1}, .bases = bases, .partial = base->partial};

	reach.last = reach.first;
	if (range != NULL) {
		uint64_t waits;

		if (timeline_waits_from(mapping->view, range, &waits, e) < 0)
			return e->code;
		reach.waits = waits <= range->last.ts;
		reach.last = range->last;
		if (reach.waits)
			reach.last.ts = MAX_OF(waits - 1, reach.first.ts);
		reach.entries = range->entries;
		/* The second of the last entry may go on. */
		if (entry_seconds(reach.last.ts) > entry_seconds(reach.first.ts))
			reach.last_second = entry_seconds(reach.last.ts) - 1;
	}
	reach.base = xstrdup(base->name);
	buf_add(&mapping->reach, &reach, sizeof(reach));
	return 0;
}

static int by_first(const void *a, const void *b)
{
	const struct timeline_reach *x = a, *y = b;

	return x->first.ts < y->first.ts ? -1 : x->first.ts > y->first.ts;
}

/*
 * Read for the first gap: most stores have none. It says how a gap is called only: without it (a newer program's list, an I/O
 * error) gaps are told as gaps. Programs of before there were notes said a time alone: it counts for what no note is about.
 */
static const struct stream_notes *notes_of(struct timeline_view *view, uint64_t *ret_before)
{
	OWNED(condemned_release) struct condemned condemned = {0};
	struct error ignored;

	pthread_mutex_lock(&view->lock);
	if (!view->let_go_known) {
		if (condemned_read(view->store, &condemned, &ignored) == 0)
			view->let_go = condemned.let_go;
		if (stream_notes_read(view->store, &view->notes, &ignored) == 0 &&
		    view->notes.before > 0)
			stream_notes_add(&view->notes, view->notes.before, view->let_go);
	}
	view->let_go_known = true;
	*ret_before = view->let_go;
	pthread_mutex_unlock(&view->lock);
	return &view->notes;
}

/* Why a piece of a gap can't be opened; otherwise it is lost, for a reason that its gap has. */
#define LET_GO "let go by a retention"
#define AMID "lost before a retention let go of all around it"

static void add_piece(struct mapping *mapping, struct entry_optime after,
		      struct entry_optime before, const char *why)
{
	struct timeline_gap gap = {after, before, why, strcmp(why, LET_GO) == 0};

	if (after.ts >= before.ts)
		return;
	mapping->lost += !gap.let_go && strcmp(why, AMID) != 0;
	buf_add(&mapping->gaps, &gap, sizeof(gap));
}

static struct entry_optime within(uint64_t ts, struct entry_optime after,
				  struct entry_optime before)
{
	if (ts <= after.ts)
		return after;
	return ts >= before.ts ? before : (struct entry_optime){ts, -1};
}

/* Is there, between two spans that were let go, no oplog on either side of the piece? */
static bool is_amid(const struct mapping *mapping, uint64_t end, uint64_t begin,
		    struct entry_optime after, struct entry_optime before)
{
	const struct stream *stream = mapping->view->stream;

	return end != 0 && (after.ts <= end || stream_range_at(stream, after.ts) == NULL) &&
	       (before.ts >= begin || stream_range_at(stream, before.ts) == NULL);
}

/*
 * What was a gap when all around it was let go is one still: it is told apart from that, but counts no longer: who let go of both sides
 * asks for nothing between them.
 */
static void add_gap(struct mapping *mapping, struct entry_optime after, struct entry_optime before,
		    const char *why)
{
	struct entry_optime at = after;
	uint64_t let_go, end = 0; /* of the span before */
	const struct stream_notes *notes = notes_of(mapping->view, &let_go);

	if (notes->before == 0) {
		add_piece(mapping, after, before, before.ts <= let_go ? LET_GO : why);
		return;
	}
	for (size_t i = 0; i < stream_notes_count(notes); i++) {
		const struct stream_note_span *span = stream_notes_span(notes, i);
		struct entry_optime first = within(span->first, after, before);
		struct entry_optime last = within(span->last, after, before);

		add_piece(mapping, at, first,
			  is_amid(mapping, end, span->first, at, first) ? AMID : why);
		add_piece(mapping, first, last, LET_GO);
		at = last;
		end = span->last;
	}
	add_piece(mapping, at, before, why);
}

/* A range of the stream, or an exact snapshot outside of all. */
struct span {
	struct entry_optime first, last;
	uint64_t base; /* the first moment in it; 0: none */
};

static int by_begin(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->first.ts < y->first.ts ? -1 : x->first.ts > y->first.ts;
}

static void add_spans(const struct mapping *mapping, struct buf *ret)
{
	struct timeline_view *view = mapping->view;

	for (size_t i = 0; i < stream_range_count(view->stream); i++) {
		const struct stream_range *range = stream_range(view->stream, i);
		size_t bases;
		const struct snapshot *base = bases_of(view, range, &bases);
		struct span span = {range->first, range->last,
				    base == NULL ? 0 : timeline_ts(base->optime)};

		buf_add(ret, &span, sizeof(span));
	}
	for (size_t i = 0; i < view->list.count; i++) {
		const struct snapshot *s = &view->list.at[i];
		uint64_t at = timeline_ts(s->optime);
		struct span span = {{at, -1}, {at, -1}, at};

		if (s->exact && timeline_range_of(view, s) == NULL)
			buf_add(ret, &span, sizeof(span));
	}
}

/* Between spans there is no oplog; a span that is not the first may lack a snapshot to begin with. */
static void add_gaps(struct mapping *mapping)
{
	OWNED(buf_release) struct buf spans = {0};
	struct entry_optime end = {0, -1};
	struct span *span;
	size_t count;

	add_spans(mapping, &spans);
	span = (struct span *)(void *)spans.at;
	count = spans.len / sizeof(*span);
	if (count > 1)
		qsort(span, count, sizeof(*span), by_begin);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && span[i].first.ts > end.ts)
			add_gap(mapping, end, span[i].first, "no oplog");
		if (span[i].base == 0)
			add_gap(mapping, span[i].first, span[i].last,
				"no exact snapshot before it");
		else if (i > 0 && span[i].base > span[i].first.ts)
			add_gap(mapping, span[i].first, (struct entry_optime){span[i].base, -1},
				"no exact snapshot before it");
		if (span[i].last.ts > end.ts)
			end = span[i].last;
	}
}

static int add_reaches(struct mapping *mapping, struct error *e)
{
	struct timeline_view *view = mapping->view;

	for (size_t i = 0; i < stream_range_count(view->stream); i++) {
		const struct stream_range *range = stream_range(view->stream, i);
		size_t bases;
		const struct snapshot *base = bases_of(view, range, &bases);

		if (base != NULL && add_reach(mapping, base, bases, range, e) < 0)
			return e->code;
	}
	for (size_t i = 0; i < view->list.count; i++) {
		const struct snapshot *s = &view->list.at[i];

		if (s->exact && timeline_range_of(view, s) == NULL &&
		    add_reach(mapping, s, 1, NULL, e) < 0)
			return e->code;
	}
	return 0;
}

static int make_map(struct timeline_view *view, struct timeline_map *ret, struct error *e)
{
	struct mapping mapping = {.view = view};
	int code = add_reaches(&mapping, e);
	size_t count = mapping.reach.len / sizeof(struct timeline_reach);
	struct timeline_map *rest = xcalloc(1, sizeof(*rest));

	if (count > 1)
		qsort(mapping.reach.at, count, sizeof(struct timeline_reach), by_first);
	if (code == 0)
		add_gaps(&mapping);
	*rest = (struct timeline_map){
		.reach = (struct timeline_reach *)(void *)mapping.reach.at,
		.reach_count = count,
		.gaps = (struct timeline_gap *)(void *)mapping.gaps.at,
		.gap_count = mapping.gaps.len / sizeof(struct timeline_gap),
		.lost_count = mapping.lost,
		.users = 1,
	};
	*ret = *rest;
	ret->rest = rest;
	if (code < 0)
		timeline_map_release(ret);
	return code;
}

/* A folder of many thousand names asks for it at each: a view has one. */
int timeline_map_view(struct timeline_view *view, struct timeline_map *ret, struct error *e)
{
	int code = 0;

	pthread_mutex_lock(&view->map_lock);
	if (view->map.rest == NULL)
		code = make_map(view, &view->map, e);
	if (code == 0)
		*ret = map_hold(&view->map);
	pthread_mutex_unlock(&view->map_lock);
	return code;
}

int timeline_map(struct timeline *timeline, struct timeline_map *ret, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);

	return timeline_map_view(view, ret, e);
}

/* What of the time before `ts` is no gap that no retention made. */
static void whole_before(struct timeline_view *view, uint64_t ts, struct stream_notes *ret)
{
	struct mapping mapping = {.view = view};
	OWNED(buf_release) struct buf spans = {0};
	const struct timeline_gap *gap;
	const struct span *span;
	uint64_t at = ts;

	add_spans(&mapping, &spans);
	span = (const struct span *)(const void *)spans.at;
	for (size_t i = 0; i < spans.len / sizeof(*span); i++)
		at = MIN_OF(at, span[i].first.ts);
	add_gaps(&mapping);
	gap = (const struct timeline_gap *)(const void *)mapping.gaps.at;
	for (size_t i = 0; i < mapping.gaps.len / sizeof(*gap); i++) {
		if (gap[i].let_go)
			continue;
		stream_notes_add(ret, at, MIN_OF(gap[i].after.ts, ts));
		at = MAX_OF(at, gap[i].before.ts);
	}
	stream_notes_add(ret, at, ts);
	buf_release(&mapping.gaps);
}

int timeline_map_note(struct timeline *timeline, uint64_t ts, const char *by, char **ret_name,
		      struct buf *ret, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);
	OWNED(stream_notes_release) struct stream_notes all = {0};
	OWNED(stream_notes_release) struct stream_notes known = {0};

	if (stream_name(view->stream)[0] == '\0')
		return 0;
	if (stream_notes_read(view->store, &known, e) < 0)
		return e->code;
	stream_notes_join(&all, &known);
	whole_before(view, ts, &all);
	all.before = MAX_OF(all.before, ts);
	if (stream_notes_cover(&known, &all))
		return 0;
	*ret_name = stream_note_make(view->store, stream_name(view->stream), &all, by, ret);
	return 1;
}
