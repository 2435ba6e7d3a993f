/*
 * source_live.h - a running replica set as a source: what mongodump --oplog would write, read from one member.
 *
 * First the oplog's beginning is found: no transaction that is committed later began before it. Then the
 * collections are copied, then the oplog up to what was written last is pushed like a dump's oplog.bson,
 * so that replaying it over the copy gives one moment. All is majority-committed; nothing is written.
 *
 * A lost connection is made anew, to the same member or to another one that is far enough, and the copy goes
 * on. Collections are copied by UUID. Where a user may not, they are by name, which is what was listed unless
 * it was renamed meanwhile: the captured oplog tells, and source_live_read() fails with `again` set. So it
 * does when a rename brings what a filter left out under a name that it takes.
 *
 * A member that lags is left alone for a while; of one that becomes primary another one takes over.
 *
 * Threads: as source.h; the sink is called from several. `note` is called by one at a time, from any.
 */
#ifndef TOOLS_SOURCE_LIVE_H
#define TOOLS_SOURCE_LIVE_H

#include "tools/live.h"
#include "tools/source.h"

struct source_live {
	const struct live_uri *uri;
	unsigned connections;			   /* collections that are copied at once */
	uint64_t rate;				   /* bytes a second; 0: as fast as it goes */
	bool allow_untested;			   /* versions that are newer than this program */
	void (*note)(void *ctx, const char *text); /* what a person should know; may be NULL */
	void *note_ctx;
	struct store *store; /* whose replica set it has to be of; or NULL */
	bool again; /* out: it failed for something that passes: the same once more may succeed */
};

/*
 * Read it: `ctx` is a struct source_live. As source_read(); ERR_REFUSED and ERR_REMOTE of live.h, ERR_REFUSED
 * also while the feature compatibility version changes, for a version that is too new, and when the oplog no
 * longer had what was needed of it.
 */
MUST_CHECK int source_live_read(void *ctx, const struct source_options *options,
				const struct source_sink *sink, struct source_info *ret_info,
				struct error *e);

#endif
