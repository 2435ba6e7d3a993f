#include "tools/tail_fill.h"

#include "oplog/stream_add.h"
#include "tools/live_oplog.h"

#define WAIT_MS 200	       /* for an entry; then the member has none that is newer */
#define SLICE_BYTES (64 * MIB) /* of entries that are lost when it is killed */

struct fill {
	struct store *store;
	struct live *live;
	const struct progress *progress;
	struct tail_filled *result;
	struct live_oplog *oplog;
	struct stream_range gap;
	struct buf last; /* the entry that the next slice begins with; empty: there is none yet */
	uint64_t done;	 /* bytes */
};

static void fill_release(struct fill *fill)
{
	live_oplog_close(fill->oplog);
	buf_release(&fill->last);
}
DEFINE_OWNED_STRUCT(struct fill, fill_release);

static int report(const struct fill *fill, struct error *e)
{
	const struct progress *p = fill->progress;

	if (p == NULL)
		return 0;
	if (p->report != NULL)
		p->report(p->ctx, "filling a gap", fill->done, 0);
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* Entries up to the end of the gap, or as many as one slice takes. 1: go on; 0: there are no more. */
static int read_slice(struct fill *fill, struct stream_add *add, struct error *e)
{
	uint64_t bytes = 0;

	if (stream_add_slice(add, "the member's oplog", e) < 0 ||
	    (fill->last.len > 0 && stream_add_entry(add, buf_bytes(&fill->last), e) < 0))
		return e->code;
	while (bytes < SLICE_BYTES) {
		struct entry_optime at;
		struct bytes doc;
		int found = live_oplog_next(fill->oplog, &doc, &at, e);

		if (found <= 0)
			return found;
		/* Only what begins with the entry before the gap is known to follow it. */
		if (fill->last.len == 0 && at.ts != fill->gap.first.ts)
			return 0;
		if (stream_add_entry(add, doc, e) < 0)
			return e->code;
		buf_reset(&fill->last);
		buf_add_bytes(&fill->last, doc);
		bytes += doc.len;
		fill->done += doc.len;
		if (at.ts >= fill->gap.last.ts)
			return 0;
		if (report(fill, e) < 0)
			return e->code;
	}
	return 1;
}

/* 1: there is more to read. */
static int add_slice(struct fill *fill, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	struct stream_added added;
	int more;

	if (store_writer_begin(fill->store, &writer, e) < 0 ||
	    stream_add_begin(writer, &add, e) < 0)
		return e->code;
	more = read_slice(fill, add, e);
	if (more < 0 || stream_add_finish(add, &added, e) < 0)
		return e->code;
	fill->result->entries += added.entries;
	if (stream_add_last(add).ts >= fill->gap.last.ts) {
		if (fill->result->gaps++ == 0)
			fill->result->last = fill->gap;
	}
	return more;
}

static int fill_one(struct store *store, struct live *live, const struct progress *progress,
		    const struct stream_range *gap, struct tail_filled *ret, struct error *e)
{
	OWNED(fill_release)
	struct fill fill = {
		.store = store, .live = live, .progress = progress, .result = ret, .gap = *gap};
	int more;

	fill.oplog = live_oplog_open(live, gap->first.ts, WAIT_MS);
	do
		more = add_slice(&fill, e);
	while (more > 0);
	/* It has another history there: rolled back, or of another replica set. */
	return more == ERR_EXISTS ? 0 : more;
}

/* Members whose oplogs can be read. */
struct members {
	struct live *first; /* borrowed */
	struct live *other; /* or NULL: one that reaches back farther */
	uint64_t oldest, others_oldest;
	bool asked; /* nobody reaches back farther */
};

static void members_release(struct members *members)
{
	live_close(members->other);
}
DEFINE_OWNED_STRUCT(struct members, members_release);

/* Who has the entry at `ts`; NULL: nobody. From one call to the next `ts` goes back. */
static struct live *member_with(struct members *m, uint64_t ts)
{
	struct live *found;
	struct error ignored;

	if (ts >= m->oldest)
		return m->first;
	if (m->other != NULL && ts >= m->others_oldest)
		return m->other;
	m->asked = m->asked || live_open_reaching(m->first, ts, 0, &found) == 0;
	if (m->asked)
		return NULL;
	live_close(m->other);
	m->other = found;
	m->others_oldest = ts;
	(void)!live_oldest(found, &m->others_oldest, &ignored);
	return found;
}

int tail_fill(struct store *store, struct live *live, const struct progress *progress,
	      struct tail_filled *ret, struct error *e)
{
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(members_release) struct members members = {.first = live};

	*ret = (struct tail_filled){0};
	if (stream_open(store, &stream, NULL, e) < 0)
		return e->code;
	if (stream_range_count(stream) < 2)
		return 0;
	if (live_oldest(live, &members.oldest, e) < 0)
		return e->code;
	for (size_t i = stream_range_count(stream) - 1; i > 0; i--) {
		const struct stream_range gap = {.first = stream_range(stream, i - 1)->last,
						 .last = stream_range(stream, i)->first};
		struct live *from = member_with(&members, gap.first.ts);

		if (from != NULL && fill_one(store, from, progress, &gap, ret, e) < 0)
			return e->code;
	}
	return 0;
}
