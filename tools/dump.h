/*
 * dump.h - the job behind `yester dump`: a moment goes out as a mongodump.
 *
 * Threads: one job at a time.
 */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H

#include "base/ns_filter.h"
#include "base/progress.h"
#include "oplog/moment.h"

struct dump_options {
	const char *out;     /* folder, or NULL */
	const char *archive; /* file, "-" for standard output, or NULL */
	bool gzip;
	const struct ns_filter *filter;	 /* or NULL: all */
	const struct progress *progress; /* or NULL */
};

struct dump_result {
	uint64_t namespaces;
	uint64_t documents;
	uint64_t bytes;		/* BSON */
	uint64_t oplog_entries; /* of oplog.bson, for mongorestore --oplogReplay */
};

/*
 * Write the namespaces of `moment` that the filter takes; all of them: also the oplog of a
 * dump made with --oplog, without which it is not one moment. ERR_EXISTS (the folder has files),
 * ERR_NOT_FOUND (the filter takes nothing), ERR_CANCELLED, and the errors of reading and writing.
 */
MUST_CHECK int dump_run(struct moment *moment, const struct dump_options *options,
			struct dump_result *ret, struct error *e);

#endif
