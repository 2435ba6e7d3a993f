#include "fs/fs_points.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "fs/fs_inode.h"

#define POINTS_MAX (1U << 21) /* 64 MiB; more would make probing slow besides */
#define CAPACITY_MIN 64

#define IS_SECOND (1U << 31)
#define IS_SNAPSHOT (1U << 30)
#define IS_IN_SECONDS                                                                              \
	(1U << 29) /* a second whose printed name a snapshot has: it is printed @seconds */
#define FLAGS (IS_SECOND | IS_SNAPSHOT | IS_IN_SECONDS)

/* A point and its slot; `slot` is 0 where there is none. */
struct given {
	uint64_t ts;
	uint32_t slot;
	uint32_t base; /* index in `bases`, and FLAGS */
};

struct open_moment {
	struct moment *moment; /* NULL: this place is free */
	uint32_t slot;
	uint64_t used; /* when last asked for, by `clock` */
};

struct fs_points {
	struct timeline *timeline;	 /* borrowed */
	const struct progress *progress; /* borrowed */

	pthread_mutex_t lock; /* of all below */
	struct given *at;     /* an open hash table by slot, at most half full */
	size_t capacity;      /* a power of two */
	size_t count;
	struct chunk_id *bases; /* of points that were looked at */
	size_t base_count;
	struct open_moment open[FS_POINTS_OPEN_MAX];
	uint64_t clock;
};

struct fs_points *fs_points_new(struct timeline *timeline, const struct progress *progress)
{
	struct fs_points *points = xcalloc(1, sizeof(*points));

	points->timeline = timeline;
	points->progress = progress;
	pthread_mutex_init(&points->lock, NULL);
	points->capacity = CAPACITY_MIN;
	points->at = xcalloc(points->capacity, sizeof(*points->at));
	return points;
}

void fs_points_free(struct fs_points *points)
{
	if (points == NULL)
		return;
	fs_points_close(points);
	pthread_mutex_destroy(&points->lock);
	free(points->at);
	free(points->bases);
	free(points);
}

/* The point's name, as timeline_find() printed it. */
static void name_of(uint64_t ts, uint32_t flags, char ret[SNAPSHOT_NAME_MAX + 1])
{
	if (flags & IS_IN_SECONDS)
		snprintf(ret, SNAPSHOT_NAME_MAX + 1, "@%" PRIu32, entry_seconds(ts));
	else if (flags & IS_SECOND)
		snapshot_time_text(entry_seconds(ts), ret);
	else
		snprintf(ret, SNAPSHOT_NAME_MAX + 1, "%" PRIu32 ".%" PRIu32, entry_seconds(ts),
			 entry_increment(ts));
}

/* Under lock: the number of this base, given now when it has none. */
static uint32_t base_of(struct fs_points *points, const struct chunk_id *id)
{
	/* The newest are asked for most. */
	for (size_t i = points->base_count; i > 0; i--)
		if (chunk_id_equal(&points->bases[i - 1], id))
			return (uint32_t)(i - 1);
	points->bases = xrealloc(points->bases, (points->base_count + 1) * sizeof(*points->bases));
	points->bases[points->base_count] = *id;
	return (uint32_t)points->base_count++;
}

/* Under lock: where `slot` is, or the free place where it would be. */
static struct given *place_of(const struct fs_points *points, uint32_t slot)
{
	size_t i = slot & (points->capacity - 1);

	while (points->at[i].slot != 0 && points->at[i].slot != slot)
		i = (i + 1) & (points->capacity - 1);
	return &points->at[i];
}

/* The slot to try first: all bits decide it (the finalizer of MurmurHash3). */
static uint32_t first_slot(const struct timeline_point *point)
{
	uint64_t mixed = point->ts ^ get_le64(point->base.at) ^ (uint64_t)point->is_second << 63;

	mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdU;
	mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53U;
	return FS_INODE_POINTS | ((uint32_t)(mixed ^ mixed >> 33) & (FS_INODE_POINTS - 1));
}

/* Under lock: the table with twice the room. */
static void grow(struct fs_points *points)
{
	struct given *old = points->at;
	size_t capacity = points->capacity;

	points->capacity *= 2;
	points->at = xcalloc(points->capacity, sizeof(*points->at));
	for (size_t i = 0; i < capacity; i++)
		if (old[i].slot != 0)
			*place_of(points, old[i].slot) = old[i];
	free(old);
}

/* Under lock. */
static int give(struct fs_points *points, const struct timeline_point *point, uint32_t *ret_slot,
		struct error *e)
{
	struct given wanted = {
		.ts = point->ts,
		.slot = first_slot(point),
		.base = base_of(points, &point->base) | (point->is_second ? IS_SECOND : 0) |
			(point->is_snapshot ? IS_SNAPSHOT : 0) |
			(point->name[0] == '@' ? IS_IN_SECONDS : 0),
	};
	struct given *place;

	for (;; wanted.slot = FS_INODE_POINTS | ((wanted.slot + 1) & (FS_INODE_POINTS - 1))) {
		place = place_of(points, wanted.slot);
		*ret_slot = wanted.slot;
		if (place->slot == 0)
			break;
		if (place->ts == wanted.ts && place->base == wanted.base)
			return 0;
	}
	if (points->count >= POINTS_MAX)
		return error_set(e, ERR_LIMIT,
				 "more than %u moments were looked at since it was mounted",
				 POINTS_MAX);
	*place = wanted;
	if (++points->count > points->capacity / 2)
		grow(points);
	return 0;
}

int fs_points_slot(struct fs_points *points, const struct timeline_point *point, uint32_t *ret_slot,
		   struct error *e)
{
	uint32_t slot;
	int rc;

	pthread_mutex_lock(&points->lock);
	rc = give(points, point, &slot, e);
	pthread_mutex_unlock(&points->lock);
	if (rc == 0)
		*ret_slot = slot;
	return rc;
}

bool fs_points_find(struct fs_points *points, uint32_t slot, struct timeline_point *ret)
{
	struct given *place;
	bool found;

	pthread_mutex_lock(&points->lock);
	place = place_of(points, slot);
	found = slot != 0 && place->slot == slot;
	if (found) {
		*ret = (struct timeline_point){
			.base = points->bases[place->base & ~FLAGS],
			.is_snapshot = (place->base & IS_SNAPSHOT) != 0,
			.is_second = (place->base & IS_SECOND) != 0,
			.ts = place->ts,
		};
		name_of(ret->ts, place->base, ret->name);
	}
	pthread_mutex_unlock(&points->lock);
	return found;
}

/* Under lock: the open moment in `slot`, or NULL. */
static struct open_moment *find_open(struct fs_points *points, uint32_t slot)
{
	for (size_t i = 0; i < COUNT_OF(points->open); i++)
		if (points->open[i].moment != NULL && points->open[i].slot == slot)
			return &points->open[i];
	return NULL;
}

bool fs_points_is_open(struct fs_points *points, uint32_t slot)
{
	bool open;

	pthread_mutex_lock(&points->lock);
	open = find_open(points, slot) != NULL;
	pthread_mutex_unlock(&points->lock);
	return open;
}

/* Under lock: a free place, or that of the moment that was not used for the longest time. */
static struct open_moment *oldest_place(struct fs_points *points)
{
	struct open_moment *oldest = &points->open[0];

	for (size_t i = 0; i < COUNT_OF(points->open); i++) {
		if (points->open[i].moment == NULL)
			return &points->open[i];
		if (points->open[i].used < oldest->used)
			oldest = &points->open[i];
	}
	return oldest;
}

/* A reference to the open moment in `slot`, or NULL. With `offer`, that one becomes it. */
static struct moment *hold_open(struct fs_points *points, uint32_t slot, struct moment *offer)
{
	struct moment *closed = NULL;
	struct moment *held = NULL;
	struct open_moment *open;

	pthread_mutex_lock(&points->lock);
	open = find_open(points, slot);
	if (open == NULL && offer != NULL) {
		open = oldest_place(points);
		closed = open->moment;
		*open = (struct open_moment){.moment = moment_hold(offer), .slot = slot};
	}
	if (open != NULL) {
		open->used = ++points->clock;
		held = moment_hold(open->moment);
	}
	pthread_mutex_unlock(&points->lock);
	moment_release(closed);
	return held;
}

int fs_points_moment(struct fs_points *points, uint32_t slot, struct moment **ret, struct error *e)
{
	OWNED(moment_release) struct moment *opened = NULL;
	struct moment *moment = hold_open(points, slot, NULL);
	struct timeline_point point;
	int rc;

	if (moment == NULL) {
		if (!fs_points_find(points, slot, &point))
			return 0;
		rc = timeline_moment(points->timeline, &point, points->progress, &opened, e);
		if (rc == ERR_NOT_FOUND)
			return 0; /* its base was forgotten */
		if (rc < 0)
			return error_wrap(e, "moment %s", point.name);
		moment = hold_open(points, slot, opened);
	}
	*ret = moment;
	return 1;
}

void fs_points_close(struct fs_points *points)
{
	struct moment *closed[FS_POINTS_OPEN_MAX];

	pthread_mutex_lock(&points->lock);
	for (size_t i = 0; i < COUNT_OF(points->open); i++)
		closed[i] = TAKE(points->open[i].moment);
	pthread_mutex_unlock(&points->lock);
	for (size_t i = 0; i < COUNT_OF(closed); i++)
		moment_release(closed[i]);
}
