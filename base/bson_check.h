/*
 * bson_check.h - is this BSON well formed: for documents from disk and network.
 *
 * Threads: pure.
 */
#ifndef BASE_BSON_CHECK_H
#define BASE_BSON_CHECK_H

#include "base/bson.h"

enum bson_check_level {
	BSON_CHECK_OFF,	      /* the length field is the slice's length, and the last byte is 0 */
	BSON_CHECK_STRUCTURE, /* and every length, terminator, type and the nesting inside */
	BSON_CHECK_FULL,      /* and UTF-8, booleans, the inner length of binary subtype 2 */
};

/*
 * Check that `doc` is exactly one document. ERR_CORRUPT with the offset of the byte at fault,
 * what was expected and what is there; ERR_LIMIT when documents nest deeper than
 * BSON_MAX_NESTING. Duplicate and empty field names, and array fields with any names, are
 * fine at every level, as they are for mongod. What passes BSON_CHECK_STRUCTURE is never
 * refused by key.h (but for KEY_MAX_LEN) or ejson.h.
 */
MUST_CHECK int bson_check(struct bytes doc, enum bson_check_level level, struct error *e);

#endif
