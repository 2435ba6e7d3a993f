/*
 * fs_doc.h - the documents of a collection as files: names to ranks and back, and their text.
 *
 * In a keyed tree a document is called after its `_id` (base/id_name.h); of several with equal
 * `_id` the first is, the others go by rank. In a tree of natural order (capped collections, ones
 * without `_id`) all go by rank, as only a walk through all of it could tell whether an `_id` is
 * there once; up to FS_DOC_SCAN_MAX bytes that walk is made when a name by `_id` is asked for.
 *
 * Names are without extension. Threads: any; a list belongs to one thread at a time.
 */
#ifndef FS_FS_DOC_H
#define FS_FS_DOC_H

#include "base/buf.h"
#include "store/tree/tree_cursor.h"

#define FS_DOC_SCAN_MAX (256 * MIB) /* BSON bytes */

/* The rank of the document called `name`: 1, or 0 when there is none. O(log n), but see above. */
MUST_CHECK int fs_doc_find(struct store *store, const struct tree_root *root, struct bytes name,
			   uint64_t *ret_rank, struct error *e);

/* Append document number `rank`. 1, or 0 when there are not so many. */
MUST_CHECK int fs_doc_bson(struct store *store, const struct tree_root *root, uint64_t rank,
			   struct buf *ret, struct error *e);

/* The same as text: ejson_pretty() and a newline. */
MUST_CHECK int fs_doc_pretty(struct store *store, const struct tree_root *root, uint64_t rank,
			     struct buf *ret, struct error *e);

/* A walk through the names, of constant memory. */
struct fs_doc_list; /* opaque */

struct fs_doc_list *fs_doc_list_new(struct store *store, const struct tree_root *root);
void fs_doc_list_free(struct fs_doc_list *list);
DEFINE_OWNED(struct fs_doc_list *, fs_doc_list_free);

/* Append the name of document number `rank`: cheap for one rank after the other, and for the same
 * again. 1, or 0 when there are not so many. */
MUST_CHECK int fs_doc_list_name(struct fs_doc_list *list, uint64_t rank, struct buf *ret,
				struct error *e);

#endif
