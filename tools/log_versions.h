/*
 * log_versions.h - all versions of one document in time: the operations on it, and what they made of it.
 *
 * The first version is read from a moment, the others follow by applying what the oplog says. A document
 * is followed with its collection through renames (log_names.h); each collection that has had the name has a
 * document of its own.
 *
 * Threads: one job at a time.
 */
#ifndef TOOLS_LOG_VERSIONS_H
#define TOOLS_LOG_VERSIONS_H

#include "oplog/timeline.h"
#include "tools/log_names.h"
#include "tools/log_span.h"

/* What a version is, once an operation (or its absence) made it. */
struct log_version {
	const struct log_op *op; /* NULL: how it was at `ts`, where reading begins */
	uint64_t ts;
	struct bytes ns; /* of its collection then */
	bool known; /* else what was before is not known, nor is what the operation made of it */
	struct bytes doc; /* empty: there is none any more */
};

struct log_versions_sink {
	void *ctx;
	int (*version)(void *ctx, const struct log_version *version, struct error *e);
	/* As those of log_read.h. */
	int (*gap)(void *ctx, const struct stream_range *before, const struct stream_range *after,
		   struct error *e);
	int (*lost)(void *ctx, uint64_t ts, const struct error *why, struct error *e);
};

struct log_versions_options {
	struct timeline *timeline;
	struct stream *stream;
	struct log_span span;
	struct log_names *names; /* a collection's */
	struct bytes id;	 /* the document {_id: value} */
	const struct progress *progress;
};

/* Find them. ERR_CANCELLED, the errors of reading and of the sink. */
MUST_CHECK int log_versions_run(const struct log_versions_options *options,
				const struct log_versions_sink *sink, struct error *e);

/*
 * Open the moment `ts` of a timeline: 1; 0 when it can't be reached (which is no error). With `before`
 * the moment just before it.
 */
MUST_CHECK int log_versions_moment(struct timeline *timeline, uint64_t ts, bool before,
				   const struct progress *progress, struct moment **ret,
				   struct error *e);

#endif
