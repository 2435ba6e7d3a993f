/*
 * ejson_string.h - JSON strings as the Go driver writes them, for ejson.h.
 *
 * Escaped are " and \ and the bytes below 0x20 (\b \f \n \r \t, the others as \u00xx), and
 * U+2028 and U+2029. Each byte that is not part of valid UTF-8 becomes \ufffd. Everything
 * else stays, 0x7f and < > & too (rule: writeStringWithEscapes of mongo-go-driver 1.16, bsonrw,
 * with escapeHTML off, as mongoexport and bsondump call it).
 *
 * Threads: pure.
 */
#ifndef BASE_EJSON_STRING_H
#define BASE_EJSON_STRING_H

#include "base/bytes.h"

/* Room that ejson_string_put() needs for `len` bytes, whatever they are. */
#define EJSON_STRING_ROOM(len) (6 * (len) + 2 + 8)

/* The length of the string with its quotes. */
uint64_t ejson_string_len(struct bytes text);

/*
 * Write the string with its quotes to `to` and return the end. There must be room for
 * ejson_string_len() + 8 bytes; what lies behind the end may be overwritten up to there.
 */
uint8_t *ejson_string_put(uint8_t *to, struct bytes text);

#endif
