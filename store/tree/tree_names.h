/*
 * tree_names.h - the names of a collection's documents, one after the other, in constant memory.
 *
 * In a keyed tree a document is called after its `_id` (base/id_name.h); of several with equal
 * `_id` the first is, the others go by rank. In a tree of natural order all go by rank.
 * docs/format/names.md. Names are without extension; the way back is fs/fs_doc.h.
 *
 * Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_NAMES_H
#define STORE_TREE_TREE_NAMES_H

#include "base/buf.h"
#include "store/store.h"
#include "store/tree/tree.h"

struct tree_names; /* opaque */

struct tree_names *tree_names_new(struct store *store, const struct tree_root *root);
void tree_names_free(struct tree_names *names);
DEFINE_OWNED(struct tree_names *, tree_names_free);

/*
 * Append the name of document number `rank`: cheap for one rank after the other, and for the same
 * again. 1 and, unless `ret_doc` is NULL, the document (until the next call); 0 when there are not
 * so many.
 */
MUST_CHECK int tree_names_at(struct tree_names *names, uint64_t rank, struct buf *ret,
			     struct bytes *ret_doc, struct error *e);

#endif
