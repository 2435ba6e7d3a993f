/*
 * restore_gone.h - documents that others deleted from the target while it was restored into: its oplog says so.
 *
 * Threads: as the client.
 */
#ifndef TOOLS_RESTORE_GONE_H
#define TOOLS_RESTORE_GONE_H

#include "tools/restore_batch.h"
#include "tools/restore_plan.h"

/*
 * Which of the documents in `ret` (true: it is asked for) were deleted since the target was connected to? Those become
 * false. Only a replica set can tell, and only those who may read local.oplog.rs: else nothing changes. ERR_BUSY, ERR_CORRUPT.
 */
MUST_CHECK int restore_gone_look(struct restore_batch *batch, struct restore_target *target,
				 mongoc_client_t *client, const struct restore_plan_item *item,
				 bool *ret, struct error *e);

#endif
