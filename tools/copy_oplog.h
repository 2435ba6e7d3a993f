/*
 * copy_oplog.h - the entries of one store's oplog into another's: what copy.h does behind the snapshots.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_COPY_OPLOG_H
#define TOOLS_COPY_OPLOG_H

#include "base/progress.h"
#include "store/store_writer.h"

struct copy_oplog {
	struct store *from;
	struct store_writer *writer;	 /* of the other store */
	const struct progress *progress; /* or NULL */
	struct buf *left;		 /* texts: what could not be copied, and why */
	uint64_t *bytes;		 /* those that were read are added */
};

/*
 * Copy. Each range is a slice, so that a gap stays one; one more begins behind entries that can't be read: there is a gap there, too. *ret_entries:
 * those that were new. Errors as those of stream_add.h.
 */
MUST_CHECK int copy_oplog(const struct copy_oplog *copy, uint64_t *ret_entries, struct error *e);

#endif
