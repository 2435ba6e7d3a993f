/*
 * fs_daemon.h - going to the background, so that the parent ends only when the mount is live.
 *
 * Threads: before there are any.
 */
#ifndef FS_FS_DAEMON_H
#define FS_FS_DAEMON_H

#include "base/error.h"

struct fs_daemon {
	int ready_fd; /* the child tells by it; -1 in the foreground */
};

/*
 * Fork. Returns 0 in the child, which goes on; the parent waits for fs_daemon_tell(), and
 * exits with the code told. What the child prints until then is seen by who started it.
 */
MUST_CHECK int fs_daemon_start(struct fs_daemon *ret, struct error *e);

/* Tell the parent to exit with this code; 0: the mount is live, and this process leaves the
 * terminal. Only the first call counts. */
void fs_daemon_tell(struct fs_daemon *daemon, int exit_code);

#endif
