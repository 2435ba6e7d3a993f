/*
 * fs_span.h - timeline/: days, hours, minutes and seconds in which something happened, so that tab
 * completion leads to it.
 *
 * timeline/2026-11-21/09/41/06Z is a link to ../../../../at/2026-11-21T094106Z. Each step is one search
 * in the stream, however long that is.
 *
 * Threads: any.
 */
#ifndef FS_FS_SPAN_H
#define FS_FS_SPAN_H

#include "fs/fs_node.h"

enum fs_span { FS_SPAN_DAY = 0, FS_SPAN_HOUR = 1, FS_SPAN_MINUTE = 2, FS_SPAN_SECOND = 3 };

/* Load the folder or link (FS_KIND_SPAN): 1, 0 when there is nothing in that time. */
MUST_CHECK int fs_span_find(struct fs *fs, struct fs_inode inode, struct fs_node *ret,
			    struct error *e);

/* Load the child `name` of timeline/ or of a span: 1, or 0 when there is none. */
MUST_CHECK int fs_span_child(struct fs *fs, struct fs_inode parent, struct bytes name,
			     struct fs_node *ret, struct error *e);

/* The entry at `position` (0: the first) or behind it, its name appended: 1 and the position after it. */
MUST_CHECK int fs_span_next(struct fs *fs, struct fs_inode parent, uint64_t position,
			    struct buf *ret_name, struct fs_node *ret, uint64_t *ret_next,
			    struct error *e);

/* The folder that a span is in. */
struct fs_inode fs_span_parent(struct fs_inode inode);

bool fs_span_is_link(struct fs_inode inode);

/* Append where the link of a second leads. */
void fs_span_target(struct fs *fs, struct fs_inode inode, struct buf *ret);

#endif
