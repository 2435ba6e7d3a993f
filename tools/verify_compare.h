/*
 * verify_compare.h - the documents of a tree against those that a server lists: what differs, byte for byte.
 *
 * Threads: pure over the store; a cursor belongs to one thread at a time.
 */
#ifndef TOOLS_VERIFY_COMPARE_H
#define TOOLS_VERIFY_COMPARE_H

#include <mongoc/mongoc.h>

#include "base/bson.h"
#include "base/buf.h"
#include "store/tree/tree_cursor.h"

/* What is told about a document; an empty slice: it is not on that side. Valid during the call. */
struct verify_compare_sink {
	void *ctx;
	int (*differs)(void *ctx, struct bytes ours, struct bytes theirs, struct error *e);
	/* The server's cursor failed: set `e`. */
	int (*failed)(void *ctx, const bson_error_t *why, struct error *e);
	/* Bytes of ours that were compared since the last call; may be NULL. */
	int (*step)(void *ctx, uint64_t bytes, struct error *e);
	/* Natural order only: is it known that ours is not there? Then theirs is compared with the next one. May be NULL. */
	bool (*is_absent)(void *ctx, struct bytes ours);
};

/* Some ranks of a tree. */
struct verify_compare_part {
	struct store *store;
	const struct tree_root *root;
	uint64_t first, count;
};

/*
 * Of a keyed tree: `cursor` gives the server's documents of the same range of _id, in the order of the simple collation, or
 * in any other with `unsorted` (then they are sorted here, spilled to `tmp_dir`). Duplicates count. 0, or the first error.
 */
MUST_CHECK int verify_compare_keyed(const struct verify_compare_part *part, mongoc_cursor_t *cursor,
				    bool unsorted, const char *tmp_dir,
				    const struct verify_compare_sink *sink, struct error *e);

/* Of a tree in natural order: one by one. */
MUST_CHECK int verify_compare_natural(const struct verify_compare_part *part,
				      mongoc_cursor_t *cursor,
				      const struct verify_compare_sink *sink, struct error *e);

/*
 * The _id of the document at that rank; valid until the next call with this cursor. 1, 0 there is none.
 * ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK int verify_compare_id_at(struct tree_cursor *tree, uint64_t rank, struct bson_field *ret,
				    struct error *e);

/*
 * Can a keyed collection be compared in parts? 1; 0: its last _id is MaxKey, which is below no `max`, and no `min` for servers
 * ("does not come before the value provided for max").
 */
MUST_CHECK int verify_compare_has_parts(struct store *store, const struct tree_root *root,
					struct error *e);

/*
 * Append the options of a find that gives this part of a keyed collection in order of _id: hint, min, max. The part
 * ends where the next one begins; the first has no begin and the last no end.
 */
MUST_CHECK int verify_compare_bounds(const struct verify_compare_part *part, struct buf *ret_fields,
				     struct error *e);

#endif
