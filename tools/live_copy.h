/*
 * live_copy.h - copying the documents of a member's collections, several at once, while clients write.
 *
 * Each connection copies one collection at a time, by its UUID where that is allowed: a rename does not
 * matter then, and what was dropped ends. A document is read at some moment behind `begin`; the oplog from there
 * on makes all of them of one. In order of _id no document is met twice, and a copy goes on behind the last
 * one when the connection is lost, from any member that is far enough; what has no such order begins anew.
 *
 * Threads: live_copy_start() to live_copy_end() from one. The sink is called from several, but for one
 * handle from one at a time; its progress() is called by one at a time.
 */
#ifndef TOOLS_LIVE_COPY_H
#define TOOLS_LIVE_COPY_H

#include "tools/live_list.h"
#include "tools/source.h"

struct live_copy; /* opaque */

struct live_copy_options {
	const struct live *like; /* the member */
	uint64_t begin;		 /* a member that has this may be read */
	const struct live_list *list;
	unsigned connections; /* at least 1 */
	uint64_t rate;	      /* bytes a second, all together; 0: as fast as it goes */
	enum bson_check_level objcheck;
	const struct source_sink *sink;
	/* What a person should know; may be NULL. Called by one at a time. */
	void (*note)(void *ctx, const char *text);
	void *note_ctx;
};

/* Start; what `options` points to must outlive it. ERR_NOMEM. */
MUST_CHECK int live_copy_start(const struct live_copy_options *options, struct live_copy **ret,
			       struct error *e);

/* 0 it goes on, 1 all is copied. Negative: what ended it; the sink's errors, and those of live.h. */
MUST_CHECK int live_copy_poll(struct live_copy *copy, struct error *e);

/* Did it read a collection by its name, as the user may not read by UUID? Then renames matter. */
bool live_copy_by_name(struct live_copy *copy);

/* Wait between two batches until told otherwise: the member has enough to do. */
void live_copy_hold(struct live_copy *copy, bool hold);

/* Connect anew, to whom the URI's read preference says: the member became primary. */
void live_copy_move(struct live_copy *copy);

/* Stop, whether it is done or not. */
void live_copy_end(struct live_copy *copy);
DEFINE_OWNED(struct live_copy *, live_copy_end);

#endif
