/*
 * tree_model.h - what the tests of store/tree/ share: a store, documents, trees made of them.
 *
 * Threads: one.
 */
#ifndef TESTS_UNIT_STORE_TREE_MODEL_H
#define TESTS_UNIT_STORE_TREE_MODEL_H

#include "store/store_writer.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_cursor.h"
#include "tests/harness/harness.h"

/* A store with small leaves (4 KiB), so that few documents make a high tree. */
struct store *tree_model_store(void);

/* Documents in an array; `at` and `len` point into `bytes`. */
struct model_docs {
	struct buf bytes;
	struct {
		size_t at, len;
		struct buf key;
	} * doc;
	size_t count;
};

void tree_model_docs_release(struct model_docs *docs);
/* Append a document (copied) with its key. */
void tree_model_add(struct model_docs *docs, struct bytes doc);
struct bytes tree_model_doc(const struct model_docs *docs, size_t i);
void tree_model_sort(struct model_docs *docs);

/* Build a tree from documents that are in order, and flush. */
struct tree_root tree_model_build(struct store *store, enum tree_kind kind,
				  const struct model_docs *docs);

/* Fails the test unless the tree holds exactly these documents in this order, and is sane. */
void tree_model_check(struct store *store, const struct tree_root *root,
		      const struct model_docs *docs);

#endif
