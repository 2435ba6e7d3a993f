/*
 * restore_rights.h - may the user of the URI do what a plan asks for? Asked before anything is written.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_RIGHTS_H
#define TOOLS_RESTORE_RIGHTS_H

#include "tools/restore.h"
#include "tools/restore_plan.h"

/*
 * ERR_REFUSED: the first namespace for which the user lacks a right, and which. A server that asks nobody who he is, and
 * collections with names of the server's own, are taken as they are. ERR_REMOTE.
 */
MUST_CHECK int restore_rights_check(struct restore_target *target, const struct restore_plan *plan,
				    const struct restore_options *how, struct error *e);

#endif
