/*
 * id_name_write.h - the text of a key, for id_name.h alone.
 *
 * Threads: pure.
 */
#ifndef BASE_ID_NAME_WRITE_H
#define BASE_ID_NAME_WRITE_H

#include "base/buf.h"

/*
 * Append the text of a key. False, and anything may be appended, when that is far longer than
 * ID_NAME_MAX or `key` is no key; true does not say that it is short enough.
 */
MUST_CHECK bool id_name_write_key(struct bytes key, struct buf *ret);

/*
 * Append the beginning, of at most `limit` bytes, of the text of a string's key. False when it is
 * all of it, or `key` is none.
 */
MUST_CHECK bool id_name_write_beginning(struct bytes key, size_t limit, struct buf *ret);

#endif
