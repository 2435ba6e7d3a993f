/*
 * replay_docs.h - the operations on documents that a replay collects, and applying them to the trees.
 *
 * Operations are sorted outside memory by collection, document and their sequence; then each touched
 * collection is edited once. So the memory is bounded, and the cost is that of the documents that
 * changed. Collections of natural order (capped) are done in the order of the log.
 *
 * Threads: one at a time; encoding uses the writer's threads.
 */
#ifndef OPLOG_REPLAY_DOCS_H
#define OPLOG_REPLAY_DOCS_H

#include "base/progress.h"
#include "oplog/replay_catalog.h"
#include "store/store_writer.h"

struct replay_docs; /* opaque */

/* Spills go to `tmp_dir`; about `memory` bytes are used before that (0: 48 MiB). */
struct replay_docs *replay_docs_new(const char *tmp_dir, size_t memory);
void replay_docs_free(struct replay_docs *docs);
DEFINE_OWNED(struct replay_docs *, replay_docs_free);

/* How an operation is to be applied. */
struct replay_docs_rules {
	uint64_t ts;	   /* it is visible from then on */
	uint64_t sequence; /* ascending */
	int major;	   /* of the servers */
	bool evicts;	   /* capped collections evict by themselves after an insert */
	bool fuzzy; /* an update of a missing document is skipped; else the collection is stopped */
};

/* Collect an insert, update or delete (copied). ERR_CORRUPT: it has no `_id`. ERR_IO, ERR_NOMEM. */
MUST_CHECK int replay_docs_add(struct replay_docs *docs, struct replay_slot *slot,
			       const struct entry *op, const struct replay_docs_rules *rules,
			       struct error *e);

uint64_t replay_docs_count(const struct replay_docs *docs);

/*
 * Apply everything: slot->entry.root becomes the new root in `writer` for every slot that has
 * operations and is neither dropped nor stopped. An operation that can't be applied stops its
 * collection (slot->stopped) and is no error here. ERR_IO, ERR_CORRUPT (a damaged chunk), ERR_CANCELLED.
 */
MUST_CHECK int replay_docs_finish(struct replay_docs *docs, struct replay_catalog *catalog,
				  struct store_writer *writer, const struct progress *progress,
				  struct error *e);

/*
 * One document alone: what the operations that were added (all of them of this slot and of the
 * document with `key`; others are passed over) make of it. 1 and the document appended to *ret, 0 when there is none.
 */
MUST_CHECK int replay_docs_one(struct replay_docs *docs, struct replay_slot *slot, struct bytes key,
			       struct store *store, struct buf *ret, struct error *e);

#endif
