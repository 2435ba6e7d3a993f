/*
 * metadata_wrapper.h - the objects of extended JSON that stand for another BSON type.
 *
 * {"$numberLong":"5"} is parsed as any object first; here it becomes an int64. What has the
 * name of a wrapper but not its shape (more keys, other types) is an ordinary object, or an error
 * where that was asked for.
 *
 * Threads: pure.
 */
#ifndef BASE_METADATA_WRAPPER_H
#define BASE_METADATA_WRAPPER_H

#include "base/buf.h"
#include "base/error.h"

/*
 * If the document that lies from `value_at` to the end of `out` is a wrapper, put the value it
 * stands for in its place and the type at `type_at`: 1. 0: it is none, nothing was changed.
 * ERR_CORRUPT: the shape is right but the text inside is not ("$oid" without 24 hex digits);
 * with `strict` also: a key of a wrapper in any other shape, and the shapes that only older tools
 * wrote ({"$numberLong":5}, {"$date":5}).
 */
MUST_CHECK int metadata_wrapper_open(struct buf *out, size_t type_at, size_t value_at, bool strict,
				     struct error *e);

/* The value of a hex digit, -1 when it is none. */
static inline int metadata_wrapper_hex(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

#endif
