/*
 * live_oplog.h - a member's oplog as it grows: majority-committed entries in order, bytes as they are.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LIVE_OPLOG_H
#define TOOLS_LIVE_OPLOG_H

#include "tools/live.h"

struct live_oplog; /* opaque */

/*
 * Stand before the first entry at or behind `from`; live_oplog_next() waits `wait_ms` for one. `live` must outlive it.
 * Errors come with the first entry.
 */
struct live_oplog *live_oplog_open(struct live *live, uint64_t from, unsigned wait_ms);
void live_oplog_close(struct live_oplog *oplog);
DEFINE_OWNED(struct live_oplog *, live_oplog_close);

/*
 * 1 and the next entry, which passed bson_check() (valid until the next call); 0 there was none within
 * that time. ERR_REMOTE (also when the server ended the cursor), ERR_CORRUPT.
 */
MUST_CHECK int live_oplog_next(struct live_oplog *oplog, struct bytes *ret,
			       struct entry_optime *ret_at, struct error *e);

#endif
