/*
 * fs_guard.h - what is checked before mounting: the two paths, and that FUSE is there.
 *
 * Threads: one at a time.
 */
#ifndef FS_FS_GUARD_H
#define FS_FS_GUARD_H

#include "fs/fs_options.h"

/*
 * Make the paths in *options absolute and free of links, and check: there is a folder to mount
 * on, it is empty (or -o nonempty), store and mount point are not inside each other (ERR_REFUSED).
 */
MUST_CHECK int fs_guard_paths(struct fs_options *options, struct error *e);

/* Is there a /dev/fuse, and may this user do what the options ask? The hint says what to install. */
MUST_CHECK int fs_guard_fuse(const struct fs_options *options, struct error *e);

#endif
