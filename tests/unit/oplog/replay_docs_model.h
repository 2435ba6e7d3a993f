/*
 * replay_docs_model.h - what the tests of replay_docs.h share: one collection in a store with small leaves,
 * operations on it, and the tree that its documents would have if they were built anew.
 *
 * Threads: one.
 */
#ifndef TESTS_UNIT_OPLOG_REPLAY_DOCS_MODEL_H
#define TESTS_UNIT_OPLOG_REPLAY_DOCS_MODEL_H

#include "oplog/replay_docs.h"
#include "tests/unit/oplog/text_doc.h"

struct replay_docs_model {
	struct store *store;
	struct store_writer *writer;
	struct replay_catalog *catalog;
	struct replay_slot *slot; /* of test.c */
	struct replay_docs *docs;
	struct replay_docs_rules
		rules; /* of the next operation; ts and sequence go up by themselves */
};

/*
 * A collection test.c with these options (NULL: {}) that holds `base`, documents one behind the other: in
 * any order if it is keyed. `memory` as in replay_docs_new().
 */
void replay_docs_model_begin(struct replay_docs_model *m, const char *options, struct bytes base,
			     size_t memory);
void replay_docs_model_end(struct replay_docs_model *m);

/* Collect an operation: `letter` is i, u or d; `o2` is of an update; `upsert` its field b. */
void replay_docs_model_op(struct replay_docs_model *m, char letter, struct bytes o, struct bytes o2,
			  bool upsert);

/* Apply what was collected, and go on with what came of it. */
void replay_docs_model_finish(struct replay_docs_model *m, size_t memory);

/* The documents of the collection, appended one behind the other. */
void replay_docs_model_read(struct replay_docs_model *m, struct buf *ret);

/* Fails unless the collection's tree is the one that these documents (in order of their keys, if keyed) have. */
void replay_docs_model_check(struct replay_docs_model *m, struct bytes docs);

#endif
