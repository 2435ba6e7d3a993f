/*
 * fs_session.h - a mounted file system's life: mount, answer until told to end, unmount.
 *
 * Threads: one at a time; it makes threads of its own.
 */
#ifndef FS_FS_SESSION_H
#define FS_FS_SESSION_H

#include "fs/fs.h"

/* Called once, when the mount answers. */
typedef void fs_session_ready(void *ctx);

/*
 * Mount `fs` as the options say, answer until it is unmounted or a SIGTERM, SIGINT or SIGHUP
 * comes (those must be blocked in all other threads), unmount. 0 after a clean end.
 */
MUST_CHECK int fs_session_run(struct fs *fs, const struct fs_options *options,
			      fs_session_ready *ready, void *ctx, struct error *e);

/* "3.14.0": the version of libfuse that is loaded. */
const char *fs_session_library(void);

#endif
