/*
 * log_read.h - the operations of the oplog between two times, as they became visible.
 *
 * Transactions and batched writes are taken apart into their operations, at the time at which all of them
 * are seen; what was aborted is not there. A transaction whose first entries lie before `from` is
 * found all the same, by the links between its entries. (One that was prepared before `from` and is
 * decided after `to` is not.)
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LOG_READ_H
#define TOOLS_LOG_READ_H

#include "base/progress.h"
#include "oplog/command.h"
#include "oplog/stream.h"

/* One operation. All of it is valid during the call only. */
struct log_op {
	const struct entry *op;
	const struct command *command; /* of a command that is understood; else NULL */
	uint64_t ts;		       /* from this timestamp on it is seen */
	bool transaction;	       /* it is part of one */
	bool has_wall;
	int64_t wall; /* milliseconds since 1970, when it became visible */
};

struct log_sink {
	void *ctx;
	/* An operation; ENTRY_UNKNOWN, too: lost it is to who wants its collection. 1: the filter was changed, read on with the new one; 0; or an error. */
	int (*op)(void *ctx, const struct log_op *op, struct error *e);
	/* A time between two ranges of the stream for which there is no oplog. */
	int (*gap)(void *ctx, const struct stream_range *before, const struct stream_range *after,
		   struct error *e);
	/* An entry whose operations can't be told: it is not understood, or its beginning is not there. */
	int (*lost)(void *ctx, uint64_t ts, const struct error *why, struct error *e);
};

struct log_read_options {
	struct stream *stream;
	uint64_t from, to;		    /* timestamps, inclusive */
	const struct stream_filter *filter; /* or NULL: all; may be changed by the sink */
	const struct progress *progress;    /* or NULL */
};

/* Read. ERR_CANCELLED, the errors of reading, those of the sink. */
MUST_CHECK int log_read(const struct log_read_options *options, const struct log_sink *sink,
			struct error *e);

#endif
