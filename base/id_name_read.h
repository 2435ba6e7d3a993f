/*
 * id_name_read.h - the key that a text stands for, for id_name.h alone.
 *
 * Threads: pure.
 */
#ifndef BASE_ID_NAME_READ_H
#define BASE_ID_NAME_READ_H

#include "base/buf.h"

/*
 * Append the key that a text stands for; false, and anything may be appended, when there is none.
 * Other spellings than that of id_name_write_key() pass: the caller compares.
 */
MUST_CHECK bool id_name_read_key(struct bytes text, struct buf *ret_key);

/*
 * Append the key of a value that is no string and needs no mark: a word, a number, an ObjectId, a
 * UUID, a date. False, and nothing is appended, when `text` is not the one spelling of such a value.
 */
MUST_CHECK bool id_name_read_bare(struct bytes text, struct buf *ret_key);

#endif
