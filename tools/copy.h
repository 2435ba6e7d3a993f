/*
 * copy.h - snapshots and oplog from one store into another, which may be made otherwise (seed, leaf size).
 *
 * Documents are read, verified, and stored as the other store stores them: what it has is not stored again. Names, times,
 * optimes and tags stay. What was copied before is passed over, so it can be run again, and after a kill.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_COPY_H
#define TOOLS_COPY_H

#include "base/progress.h"
#include "store/store.h"

struct copy_options {
	const char *const *names; /* snapshots: WHENs of snapshots; none: all, and the oplog */
	size_t name_count;
	const char *since,
		*until; /* WHEN, or NULL: snapshots in between only; not together with names */
	const struct progress *progress;
	struct buf *left;  /* texts: what could not be copied, and why */
	struct buf *there; /* texts: what is damaged in the other store */
};

struct copy_result {
	uint64_t snapshots;	   /* that were copied */
	uint64_t had;		   /* that the other store had */
	uint64_t documents, bytes; /* BSON that was read for it */
	uint64_t entries;	   /* of the oplog that were new there */
	uint64_t stored;	   /* bytes of new packs */
	uint64_t renamed;	   /* of those that were copied: another one has the name there */
};

/*
 * Copy. A snapshot whose name another one has there gets one with the begin of its id. What is damaged here is left out and told in
 * options->left, the rest is copied: of the oplog all entries that can be read, with a gap where the others were. What is damaged in the
 * other store is told in options->there: what was copied is whole there all the same, unless that ended it (*ret says how far it came). ERR_NOT_FOUND,
 * ERR_CORRUPT (this one is damaged so that nothing is known of it), other errors of reading and writing; what was copied before stays.
 */
MUST_CHECK int copy_run(struct store *from, struct store *to, const struct copy_options *options,
			struct copy_result *ret, struct error *e);

#endif
