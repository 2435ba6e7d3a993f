/*
 * fs_points.h - the moments that were looked at and are no snapshots: the slot (part of the node
 * id) of each, and those that are open.
 *
 * A slot is hashed from the point's base and timestamp, so it is nearly always the same after a
 * remount; while mounted it never means another point. A slot leads back to its point for ever, at
 * 16 to 32 bytes each; a bounded number of moments is kept open, others are opened again.
 *
 * Threads: any. What is handed out stays valid until it is given back.
 */
#ifndef FS_FS_POINTS_H
#define FS_FS_POINTS_H

#include "oplog/timeline.h"

#define FS_POINTS_OPEN_MAX 64

struct fs_points; /* opaque */

/* `timeline` must outlive it, `progress` (or NULL) all moments that it opens, too. */
struct fs_points *fs_points_new(struct timeline *timeline, const struct progress *progress);
void fs_points_free(struct fs_points *points);
DEFINE_OWNED(struct fs_points *, fs_points_free);

/* The slot of `point`, given now when it has none: FS_INODE_POINTS or more. ERR_LIMIT: there are too many. */
MUST_CHECK int fs_points_slot(struct fs_points *points, const struct timeline_point *point,
			      uint32_t *ret_slot, struct error *e);

/* The point that has this slot, its name made from its time; false when none has. */
bool fs_points_find(struct fs_points *points, uint32_t slot, struct timeline_point *ret);

/* Is the moment open, so that fs_points_moment() will not replay? */
bool fs_points_is_open(struct fs_points *points, uint32_t slot);

/*
 * The moment in `slot`, opened (and replayed) when it is not: 1 and a reference for moment_release();
 * 0: no such slot, or its base was forgotten. Other errors are timeline_moment()'s.
 */
MUST_CHECK int fs_points_moment(struct fs_points *points, uint32_t slot, struct moment **ret,
				struct error *e);

/* Close all: some may have been forgotten. Who holds one keeps it. */
void fs_points_close(struct fs_points *points);

#endif
