/*
 * id_name.h - the file name of a document: a bijection between keys of `_id`s and names.
 *
 * A name is without its extension. Two `_id`s have the same name exactly when they have the same
 * key (key.h), that is, when MongoDB's unique index calls them equal; each key has one name, and
 * every other spelling is no name at all. docs/format/id-names.md has the grammar and examples:
 * 507f1f77bcf86cd799439011, 42, alice@example.com, 2026-11-21T09:41:07Z, %str,42.
 *
 * A name is 1 to ID_NAME_MAX bytes of valid UTF-8 without '/', control characters and
 * directional formatting, and does not begin with '-', '.' or '~'. Where the text would be longer
 * the name is its beginning and a hash.
 *
 * Names of ObjectIds, and of UUIDs, sort as their keys do (memcmp); others need not.
 *
 * Threads: pure.
 */
#ifndef BASE_ID_NAME_H
#define BASE_ID_NAME_H

#include "base/buf.h"

#define ID_NAME_MAX 250 /* bytes; with .json or .bson a file name of 255 */

/* Append the name of the document with this key. Any bytes have a name. */
void id_name_of_key(struct bytes key, struct buf *ret);

/* Append the name of document number `rank`: for what has no `_id`, or a duplicate one. */
void id_name_of_rank(uint64_t rank, struct buf *ret);

enum id_name_found {
	ID_NAME_NONE = 0,   /* no document has this name */
	ID_NAME_KEY = 1,    /* *ret_key got the key */
	ID_NAME_PREFIX = 2, /* too long: *ret_key got what the key begins with, and id_name_of_key()
			     * of the right one gives this name */
	ID_NAME_RANK = 3,   /* *ret_rank is set */
};

/* What `name` means. Only what is found is written; *ret_key is appended to. */
enum id_name_found id_name_parse(struct bytes name, struct buf *ret_key, uint64_t *ret_rank);

#endif
