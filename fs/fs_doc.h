/*
 * fs_doc.h - the documents of a collection as files: from names to ranks, and what is in them.
 *
 * In a keyed tree a document is called after its `_id` (base/id_name.h); of several with equal
 * `_id` the first is, the others go by rank. In a tree of natural order (capped collections, ones
 * without `_id`) all go by rank, as only a walk through all of it could tell whether an `_id` is
 * there once; up to FS_DOC_SCAN_MAX bytes that walk is made when a name by `_id` is asked for.
 *
 * Names are without extension; the way there is store/tree/tree_names.h. Threads: any.
 */
#ifndef FS_FS_DOC_H
#define FS_FS_DOC_H

#include "base/buf.h"
#include "fs/fs_long.h"
#include "store/tree/tree_cursor.h"

#define FS_DOC_SCAN_MAX (256 * MIB) /* BSON bytes */

/*
 * The rank of the document called `name`: 1, or 0 when there is none. O(log n), but see above, and for names that are too long
 * (fs_long.h): a walk through those that begin alike, which `places` makes one for all of them.
 */
MUST_CHECK int fs_doc_find(struct store *store, const struct tree_root *root,
			   struct fs_long *places, struct bytes name, uint64_t *ret_rank,
			   struct error *e);

/*
 * Document number `rank`, without a copy: *ret holds the chunk that it lies in, which the caller
 * releases. 1, or 0 when there are not so many.
 */
MUST_CHECK int fs_doc_hold(struct store *store, const struct tree_root *root, uint64_t rank,
			   struct tree_piece *ret, struct error *e);

/* Where its bytes lie in the collection's .bson. Returns as fs_doc_hold(). */
MUST_CHECK int fs_doc_place(struct store *store, const struct tree_root *root, uint64_t rank,
			    uint64_t *ret_offset, uint64_t *ret_len, struct error *e);

/* How long its text is, EJSON_PRETTY of ejson_pieces.h. Returns as fs_doc_hold(). */
MUST_CHECK int fs_doc_pretty_size(struct store *store, const struct tree_root *root, uint64_t rank,
				  uint64_t *ret, struct error *e);

#endif
