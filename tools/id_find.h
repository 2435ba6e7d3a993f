/*
 * id_find.h - documents by `_id`: from what a person typed to the documents.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_ID_FIND_H
#define TOOLS_ID_FIND_H

#include "base/buf.h"
#include "store/snapshot/catalog.h"

/*
 * Read an `_id` as typed: a value in extended JSON (5, "abc", {"$oid":"…"}), or 24 hex digits
 * alone for an ObjectId. *ret becomes the document {_id: value}. ERR_INVALID with a hint.
 */
MUST_CHECK int id_find_parse(const char *typed, struct buf *ret, struct error *e);

/*
 * Call `take` with each document of the collection whose `_id` equals that of `id` (a document
 * as id_find_parse() makes): one, or more in a damaged collection. A tree that keeps natural order
 * is scanned; so is a collection with a collation when the simple look-up misses. Returns how
 * many there were, or the first error.
 */
MUST_CHECK int64_t id_find(struct store *store, const struct catalog_entry *entry, struct bytes id,
			   int (*take)(void *ctx, struct bytes doc, struct error *e), void *ctx,
			   struct error *e);

/*
 * After a miss: is there a document whose `_id` is what the user may have meant (the string
 * instead of the ObjectId, the number instead of the string)? 1 and the text to type, or 0.
 */
MUST_CHECK int id_find_suggest(struct store *store, const struct catalog_entry *entry,
			       struct bytes id, struct buf *ret_typed, struct error *e);

#endif
