/*
 * restore_docs.h - documents of one collection into the target: batches, what is there already, what clashes.
 *
 * A unit is done whole, majority-committed at its end, or again from its begin: after an election or a lost connection what is
 * there is looked at first, so that nothing is twice and nothing of others is lost.
 *
 * Threads: the job is shared; a writer belongs to one thread at a time.
 */
#ifndef TOOLS_RESTORE_DOCS_H
#define TOOLS_RESTORE_DOCS_H

#include "tools/restore_notes.h"
#include "tools/restore_plan.h"
#include "tools/restore_work.h"

struct restore_docs_job {
	struct restore_target *target;
	struct store *store;
	const struct restore_select *select; /* may be NULL */
	enum restore_mode mode;
	bool preserve_uuid;
	struct restore_notes *notes;
	struct restore_rate rate;
	atomic_uint_fast64_t bytes; /* that were read of the moment */
	atomic_uint_fast64_t inserted, replaced, same, kept;
};

struct restore_docs; /* opaque */

struct restore_docs *restore_docs_new(struct restore_docs_job *job);
void restore_docs_free(struct restore_docs *writer);
DEFINE_OWNED(struct restore_docs *, restore_docs_free);

/*
 * Write the documents of ranks [first, first + count) of an item. `careful`: some of them may be there, from an earlier
 * run. 0; 1 something clashed, and is in the notes. ERR_REMOTE, ERR_REFUSED, ERR_CANCELLED, the errors of reading.
 */
MUST_CHECK int restore_docs_write(struct restore_docs *writer, mongoc_client_t *client,
				  const struct restore_plan_item *item, uint64_t first,
				  uint64_t count, bool careful, struct error *e);

#endif
