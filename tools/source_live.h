/*
 * source_live.h - a running replica set as a source: what mongodump --oplog would write, read from one member.
 *
 * First the oplog's beginning is found: no transaction that is committed later began before it. Then the
 * collections are copied, then the oplog up to what was written last is pushed like a dump's oplog.bson,
 * so that replaying it over the copy gives one moment. All is majority-committed; nothing is written.
 *
 * A collection is copied by its name. That is what was listed, unless it was renamed meanwhile: the captured
 * oplog tells, and source_live_read() fails with `again` set.
 *
 * Threads: as source.h.
 */
#ifndef TOOLS_SOURCE_LIVE_H
#define TOOLS_SOURCE_LIVE_H

#include "tools/live.h"
#include "tools/source.h"

struct source_live {
	const struct live_uri *uri;
	bool again; /* it failed for something that passes: the same once more may succeed */
};

/*
 * Read it: `ctx` is a struct source_live. As source_read(); ERR_REFUSED and ERR_REMOTE of live.h, ERR_REFUSED
 * also while the feature compatibility version changes, ERR_REMOTE when the oplog no longer had what was
 * needed of it.
 */
MUST_CHECK int source_live_read(void *ctx, const struct source_options *options,
				const struct source_sink *sink, struct source_info *ret_info,
				struct error *e);

#endif
