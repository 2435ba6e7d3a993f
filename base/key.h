/*
 * key.h - the key of an `_id`: bytes whose memcmp order is MongoDB's order of values.
 *
 * Two values have the same key exactly when MongoDB's unique `_id` index calls them equal
 * (1, 1.0 and NumberDecimal("1.00"), or a string and the same symbol). The value cannot be
 * had back from its key. Keys compare by memcmp, and of two that agree the shorter is less
 * (bytes_compare).
 *
 * A class byte, then (numbers in classes of their own: sign and special values):
 *
 *	10 MinKey  15 undefined  20 null  30-35 numbers  60 string, symbol  70 object
 *	80 array  90 binary  100 ObjectId  110 false  111 true  120 date  130 timestamp
 *	140 regular expression  150 DBPointer  160 code  170 code with scope  240 MaxKey
 *
 *	30 NaN  31 -infinity  32 negative  33 zero  34 positive  35 infinity
 *	number		exponent + 0x8000 (u16 BE), pairs of decimal digits + 1, 0; the value is
 *			0.d1d2.. * 10^exponent, d1 and the last digit not 0, exactly. All
 *			bytes complemented for a negative one.
 *	string, code	the bytes, a NUL as 00 ff, then 00
 *	object		for each field: class (30 for any number, 110 for any boolean), name, 00,
 *			key of the value; then 00
 *	array		keys of the values, then 00
 *	binary		length (u8, or ff and u32 BE from 255), subtype, bytes
 *	date		i64 BE with the sign bit inverted;  timestamp u64 BE;  ObjectId 12 bytes
 *	regex		pattern, 00, options, 00
 *	DBPointer	length of the namespace (u32 BE), namespace, 12 bytes
 *	code w. scope	as code, then the scope as an object
 *
 * The order is that of BSONElement::woCompare and KeyString of mongod 4.2 to 8.0, for the
 * simple collation; measured against 6.0.
 *
 * Threads: pure.
 */
#ifndef BASE_KEY_H
#define BASE_KEY_H

#include "base/buf.h"

#define KEY_MAX_LEN (64 * MIB) /* bytes of one key */

/*
 * Append the key of one value to *ret: `value` is the payload of a field of type `bson_type`,
 * all of it and nothing else. ERR_CORRUPT when it is malformed, ERR_UNSUPPORTED for an
 * unknown type, ERR_LIMIT when it nests more than BSON_MAX_NESTING documents or the key is
 * over KEY_MAX_LEN; *ret keeps its content then.
 */
MUST_CHECK int key_of_value(uint8_t bson_type, struct bytes value, struct buf *ret,
			    struct error *e);

/*
 * Append the key of the first top-level field of `doc` called `_id`: 1, or 0 when there is
 * none. Errors as key_of_value(). `doc` should have passed bson_check(), yet is never read
 * outside its bounds; the fields behind the `_id` are not looked at.
 */
MUST_CHECK int key_of_document(struct bytes doc, struct buf *ret, struct error *e);

#endif
