/*
 * fs_status.h - the files in .yester/: facts about the mount and its snapshots, for programs.
 *
 * Threads: any.
 */
#ifndef FS_FS_STATUS_H
#define FS_FS_STATUS_H

#include "fs/fs.h"

/* Append status.json: an object, one line a field. ERR_NOMEM. */
MUST_CHECK int fs_status_mount(struct fs *fs, const struct fs_tree_facts *facts, struct buf *ret,
			       struct error *e);

/* Append ranges.json: what `yester ranges --json` tells, one line a range. */
MUST_CHECK int fs_status_ranges(struct fs *fs, struct buf *ret, struct error *e);

/* Append gaps.json: what `yester gaps --json` tells, one line a gap. */
MUST_CHECK int fs_status_gaps(struct fs *fs, struct buf *ret, struct error *e);

/* Append README.txt. */
MUST_CHECK int fs_status_readme(struct fs *fs, const struct fs_tree_facts *facts, struct buf *ret,
				struct error *e);

/* Append snapshots.json: an array with what `yester snapshots --json` tells, one line a snapshot. */
MUST_CHECK int fs_status_snapshots(struct fs *fs, struct buf *ret, struct error *e);

#endif
