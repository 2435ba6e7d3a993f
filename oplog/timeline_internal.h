/*
 * timeline_internal.h - the inside of a timeline, for timeline_*.c only.
 */
#ifndef OPLOG_TIMELINE_INTERNAL_H
#define OPLOG_TIMELINE_INTERNAL_H

#include <pthread.h>

#include "oplog/stream_note.h"
#include "oplog/timeline.h"

/* What was found of a range when it was first asked for. */
struct timeline_waits {
	bool known;
	uint64_t
		from; /* moments from this timestamp on wait for a transaction; UINT64_MAX: none does */
};

/* What there was when it was looked: refcounted; immutable but for what `lock` is over. */
struct timeline_view {
	unsigned users;		   /* atomic */
	struct snapshot_list list; /* checkpoints, too */
	struct stream *stream;
	struct store *store;			    /* borrowed */
	size_t skipped_snapshots, skipped_segments; /* left out: damaged, or not all here yet */
	pthread_mutex_t lock;	      /* over what is looked for when it is asked for: all below */
	struct timeline_waits *waits; /* one for each range */
	bool let_go_known;
	uint64_t let_go; /* gaps before this timestamp are a retention's, if there is no note */
	struct stream_notes notes; /* what retentions let go */
	struct buf bases;	   /* of uint32_t: exact snapshots in `list` by their optimes */
	struct buf names;	   /* the same of all by their names */
	pthread_mutex_t map_lock;  /* over what is below; taken before `lock` */
	struct timeline_map map;   /* made when it is first asked for: `rest` is NULL until then */
};

struct timeline {
	struct store *store;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t visited;
	struct timeline_view *view;
	uint64_t snapshots_stamp, stream_stamp;
	struct store *cache; /* opened at the first visit that replays */
	struct buf
		retired; /* of struct store *: caches whose folders were deleted; moments read them */
	bool visiting;	 /* one replay at a time: each may take its share of memory */
	/* Of who is visiting: the moments in the cache, as of the stamp. */
	bool cached_known;
	uint64_t cached_stamp;
	unsigned cached_harms;
	struct snapshot_list cached;
};

/* The view of now: a reference for timeline_view_release(). */
struct timeline_view *timeline_view_of(struct timeline *timeline);
void timeline_view_release(struct timeline_view *view);
DEFINE_OWNED(struct timeline_view *, timeline_view_release);

static inline uint64_t timeline_ts(struct optime optime)
{
	return entry_ts(optime.seconds, optime.increment);
}

/*
 * The newest base from which the stream leads to `ts` without a gap: a full exact snapshot before a
 * partial one. 1 and its index; 0 when there is none. With `second` all of the second must have been
 * seen. A moment that waits for a prepared transaction is not reached.
 */
MUST_CHECK int timeline_base(struct timeline_view *view, uint64_t ts, bool second, size_t *ret,
			     struct error *e);

/* From which timestamp on moments of this range wait for a transaction; UINT64_MAX: none does. */
MUST_CHECK int timeline_waits_from(struct timeline_view *view, const struct stream_range *range,
				   uint64_t *ret, struct error *e);

/* The range of the stream that goes on from a snapshot, or NULL. */
const struct stream_range *timeline_range_of(const struct timeline_view *view,
					     const struct snapshot *base);

/* when_find_name() in the view's list, however long that is. */
bool timeline_named(const struct timeline_view *view, const char *text, size_t *ret);

/* timeline_map() of a view. */
MUST_CHECK int timeline_map_view(struct timeline_view *view, struct timeline_map *ret,
				 struct error *e);

#endif
