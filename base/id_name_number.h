/*
 * id_name_number.h - numbers and dates in the names of documents, for id_name.h alone.
 *
 * The texts are those of docs/format/id-names.md. Parsing is lenient in places: whether a text is
 * the one spelling of its value is for the caller to see, by writing it again.
 *
 * Threads: pure.
 */
#ifndef BASE_ID_NAME_NUMBER_H
#define BASE_ID_NAME_NUMBER_H

#include "base/buf.h"

/*
 * Append the text of the number whose key `*key` begins with (class 30 to 35), and move past that;
 * false when it is no key of a number.
 */
MUST_CHECK bool id_name_number_write(struct bytes *key, struct buf *ret);

/*
 * Append the key of the number `text`, which has no sign: digits, perhaps a fraction, an exponent.
 * `exact`: of that decimal value, else of the nearest double where `text` is no short integer.
 * False when it is no such number.
 */
MUST_CHECK bool id_name_number_parse(struct bytes text, bool negative, bool exact,
				     struct buf *ret_key);

/* Append the text of a date. */
void id_name_number_write_date(int64_t ms, struct buf *ret);

/* The date `text`, which has no sign but perhaps a '+'; `negative`: the year is. False: none. */
MUST_CHECK bool id_name_number_parse_date(struct bytes text, bool negative, int64_t *ret_ms);

#endif
