/*
 * restore_check.h - after a restore: is what is there what was meant?
 *
 * A collection that was made anew has exactly the documents of the moment, byte for byte. Where documents went into one that had
 * data, those that were meant are there; what others changed since, and what was told as a clash, is no mismatch.
 *
 * Threads: the job is shared; a checker belongs to one thread at a time.
 */
#ifndef TOOLS_RESTORE_CHECK_H
#define TOOLS_RESTORE_CHECK_H

#include "tools/restore_docs.h"

struct restore_check_job {
	struct restore_docs_job *docs;
	struct restore_notes *notes; /* mismatches go here, */
	const char *tmp_dir;
	atomic_uint_fast64_t bytes;   /* that were compared */
	atomic_uint_fast64_t changed; /* documents that others changed since */
	atomic_uint_fast64_t given;   /* that had no _id, and have one by the server */
};

/* May the item be compared in parts (ranges of _id)? 1; 0 only as a whole. */
MUST_CHECK int restore_check_in_parts(const struct restore_check_job *job,
				      const struct restore_plan_item *item, struct error *e);

/* Compare ranks [first, first + count) of an item. ERR_REMOTE, ERR_CANCELLED, the errors of reading. */
MUST_CHECK int restore_check_unit(struct restore_check_job *job, mongoc_client_t *client,
				  const struct restore_plan_item *item, uint64_t first,
				  uint64_t count, struct error *e);

#endif
