/*
 * restore_long.h - a command to the target that reads all of a collection or database, for hours maybe: createIndexes, dbHash.
 *
 * What the driver allows an answer (five minutes) is no sign there that the server is lost; a lost connection is noticed by
 * TCP's keepalive. It can be interrupted all the same: the server goes on with it, and nobody waits.
 *
 * Threads: any.
 */
#ifndef TOOLS_RESTORE_LONG_H
#define TOOLS_RESTORE_LONG_H

#include "tools/restore_target.h"

/* As restore_target_run(). ERR_CANCELLED: then restore_target_close() closes nothing, and the process has to end. */
MUST_CHECK int restore_long_run(struct restore_target *target, const char *db, struct bytes command,
				struct buf *ret_reply, struct error *e);

#endif
