/*
 * fs_log.h - where the mounted file system says what went wrong.
 *
 * To stderr in the foreground, to syslog otherwise. The same problem is told once in ten
 * minutes, and at most so many a minute; control bytes are escaped.
 *
 * Threads: any.
 */
#ifndef FS_FS_LOG_H
#define FS_FS_LOG_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

struct fs_log; /* opaque */

struct fs_log *fs_log_new(bool to_syslog);
void fs_log_free(struct fs_log *log);
DEFINE_OWNED(struct fs_log *, fs_log_free);

/* Tell that `what` (a constant, or text that the caller has) failed, and why. */
void fs_log_problem(struct fs_log *log, const char *what, const struct error *e);

/* Print "yesterfs: text" and the hint to stderr: for errors before the mount is live. */
void fs_log_fatal(const struct error *e);

#endif
