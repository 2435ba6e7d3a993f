/*
 * tree_cursor.h - walking and seeking in a tree: by key, by rank, by byte offset.
 *
 * A cursor stands before a document (or at the end) and holds the chunks on its path.
 * Threads: one cursor belongs to one thread at a time; any number of cursors.
 */
#ifndef STORE_TREE_TREE_CURSOR_H
#define STORE_TREE_TREE_CURSOR_H

#include "base/bytes.h"
#include "store/store.h"
#include "store/tree/tree.h"

struct tree_cursor; /* opaque */

/* A cursor before the first document. It reads nothing yet and can't fail. */
struct tree_cursor *tree_cursor_new(struct store *store, const struct tree_root *root);
void tree_cursor_free(struct tree_cursor *cursor);
DEFINE_OWNED(struct tree_cursor *, tree_cursor_free);

/* Who goes from leaf to leaf has those that follow decoded by other threads; not when `ahead` is false, as where they are busy with it. */
void tree_cursor_set_ahead(struct tree_cursor *cursor, bool ahead);

/*
 * Stand before the first document whose key is >= `key` (keyed trees only).
 * 1 when that document's key is equal, 0 when it is greater or at the end.
 */
MUST_CHECK int tree_cursor_seek_key(struct tree_cursor *cursor, struct bytes key, struct error *e);

/* Stand before document number `rank` (from 0). 1, or 0 at the end when there are not so many. */
MUST_CHECK int tree_cursor_seek_rank(struct tree_cursor *cursor, uint64_t rank, struct error *e);

/*
 * Stand before the document that holds byte `offset` of the collection's .bson; *ret_into is
 * how far into it the byte is. 1, or 0 at or after the end.
 */
MUST_CHECK int tree_cursor_seek_offset(struct tree_cursor *cursor, uint64_t offset,
				       uint64_t *ret_into, struct error *e);

/* 1 and the next document (valid until the cursor moves or is freed), 0 at the end. */
MUST_CHECK int tree_cursor_next(struct tree_cursor *cursor, struct bytes *ret_doc, struct error *e);

/* 1 and the rest of the current leaf, at least one document; moves past it. 0 at the end. */
MUST_CHECK int tree_cursor_next_leaf(struct tree_cursor *cursor, struct bytes *ret_docs,
				     struct error *e);

/*
 * After an error of reading document number `rank`: which ones are lost with it, in a leaf or below a node: *ret_begin to *ret_end - 1. None, both
 * `rank`, when it can be read by now. The cursor has to seek after it.
 */
void tree_cursor_lost(struct tree_cursor *cursor, uint64_t rank, uint64_t *ret_begin,
		      uint64_t *ret_end);
/*
 * After an error of tree_cursor_next(): stand behind what can't be read, a leaf or all that is below a node; *ret_lost: how many
 * documents. 0 of them when it can be read by now.
 */
void tree_cursor_pass(struct tree_cursor *cursor, uint64_t *ret_lost);

/* Number of the document that tree_cursor_next() would return, and its byte offset. */
uint64_t tree_cursor_rank(const struct tree_cursor *cursor);
/* Bytes that it holds, with the chunks that it stands in. NULL: none. */
size_t tree_cursor_memory(const struct tree_cursor *cursor);
uint64_t tree_cursor_offset(const struct tree_cursor *cursor);

/*
 * Copy up to `len` bytes from byte `offset` of the collection's .bson into `ret`; *ret_len is
 * less than `len` only at the end. Decodes the leaves ahead of a sequential reader:
 * `ahead` is how many leaves to prefetch (0: none).
 */
MUST_CHECK int tree_read(struct store *store, const struct tree_root *root, uint64_t offset,
			 void *ret, size_t len, unsigned ahead, size_t *ret_len, struct error *e);

/* Some bytes of a read, in a chunk that is held for them. */
struct tree_piece {
	struct chunk *chunk;
	struct bytes bytes;
};

/*
 * As tree_read(), without a copy: up to `max` pieces in order, of *ret_count chunks that the caller
 * releases. 1, or 0 when more than `max` would be needed (then nothing is held: use tree_read()).
 */
MUST_CHECK int tree_read_pieces(struct store *store, const struct tree_root *root, uint64_t offset,
				size_t len, unsigned ahead, struct tree_piece *ret, size_t max,
				size_t *ret_count, struct error *e);

#endif
