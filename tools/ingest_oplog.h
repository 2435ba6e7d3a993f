/*
 * ingest_oplog.h - the job behind `yester ingest-oplog`: entries of the oplog go into the store's stream.
 *
 * Threads: one job at a time per struct store; in all processes one at a time.
 */
#ifndef TOOLS_INGEST_OPLOG_H
#define TOOLS_INGEST_OPLOG_H

#include "base/progress.h"
#include "oplog/stream_add.h"
#include "tools/oplog_own.h"

struct ingest_oplog_options {
	/*
	 * Each a .bson or .bson.gz of entries, a folder with oplog.bson or local/oplog.rs.bson, an archive
	 * with one of these, a folder in which such files and folders lie, or "-": entries or an archive on standard
	 * input.
	 */
	const char *const *paths;
	size_t path_count;
	const struct progress *progress; /* or NULL */
};

struct ingest_oplog_result {
	struct stream_added added;
	struct entry_optime first, last; /* of all entries that were read; ts 0: there were none */
	bool has_range;
	struct stream_range range; /* that `last` belongs to now */
	struct oplog_own own;	   /* slices that lack what a server writes by itself */
	uint64_t stored_bytes;	   /* bytes of packs that were written */
	uint64_t milliseconds;
};

/*
 * Ingest: all or nothing. Errors: those of stream_add.h, ERR_CORRUPT and ERR_LIMIT (with file and
 * offset), ERR_INVALID (there is no oplog in it), ERR_IO, ERR_CANCELLED.
 */
MUST_CHECK int ingest_oplog_run(struct store *store, const struct ingest_oplog_options *options,
				struct ingest_oplog_result *ret, struct error *e);

#endif
