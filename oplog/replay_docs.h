/*
 * replay_docs.h - the operations on documents that a replay collects, and applying them to the trees.
 *
 * Operations are sorted outside memory by collection, document and their sequence; then each touched
 * collection is edited once. So the memory is bounded, and the cost is that of the leaves that change.
 * Collections of natural order (capped, or a ranked tree) are done in the order of the log; where a
 * collation rules, documents are found by it (reference of the oplog, 2.1, 2.6, 4.1).
 *
 * The resulting tree is the one that a fresh dump of the same documents would have.
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

/*
 * Collect an insert, update or delete (copied); sets slot->has_ops and slot->changed. `op` needs its kind, o,
 * o2 and upsert. The text of an error names the entry. ERR_CORRUPT: it has no `_id`, or a damaged one;
 * ERR_UNSUPPORTED (a type, the collection's collation), ERR_LIMIT: of one collection only, too. ERR_IO,
 * ERR_NOMEM.
 */
MUST_CHECK int replay_docs_add(struct replay_docs *docs, struct replay_slot *slot,
			       const struct entry *op, const struct replay_docs_rules *rules,
			       struct error *e);

uint64_t replay_docs_count(const struct replay_docs *docs);

/*
 * Apply everything, once: slot->entry.root becomes the new root in `writer` for every slot that has operations
 * and is neither dropped nor stopped. Roots that slot->cleared made void are empty before, and an empty
 * root gets the kind that the options ask for. An operation that can't be applied stops its collection,
 * which keeps its root (slot->stopped: "oplog entry 1795251817.14 (u): …"), and is no error here: one that a
 * server rejects, and, on an exact base, an update of a missing document. The writer may be flushed on
 * the way. ERR_IO, ERR_CORRUPT (a damaged chunk), ERR_CANCELLED, ERR_NOMEM.
 */
MUST_CHECK int replay_docs_finish(struct replay_docs *docs, struct replay_catalog *catalog,
				  struct store_writer *writer, const struct progress *progress,
				  struct error *e);

/*
 * Instead of replay_docs_finish(), one document alone: what the operations that were added (all of them of
 * this slot and of the document with `key`; others are passed over) make of it. 1 and the document
 * appended to *ret, 0 when there is none. ERR_INVALID: a collection of natural order or with a collation.
 * What would stop the collection is an error.
 */
MUST_CHECK int replay_docs_one(struct replay_docs *docs, struct replay_slot *slot, struct bytes key,
			       struct store *store, struct buf *ret, struct error *e);

#endif
