/*
 * dump_name.h - how mongodump spells a collection's name as a file name.
 *
 * Go's url.QueryEscape; over 238 bytes the first 208 of the escaped name, "%24" and the
 * base64url SHA-1 of the name (mongo-tools util/escape.go). Pure, any thread.
 */
#ifndef BASE_DUMP_NAME_H
#define BASE_DUMP_NAME_H

#include "base/buf.h"
#include "base/error.h"

#define DUMP_NAME_MAX 238 /* bytes of the longest escaped name, without extension */

/* Append the file name (without extension) of collection `name`. */
void dump_name_escape(struct bytes name, struct buf *ret);

/*
 * Append the collection name of file name `name` (without extension). 1 done; 0 when the
 * name was shortened with a hash, so that only the metadata file's collectionName knows it.
 * ERR_INVALID: a % that is not followed by two hex digits.
 */
MUST_CHECK int dump_name_unescape(struct bytes name, struct buf *ret, struct error *e);

#endif
