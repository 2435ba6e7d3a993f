/*
 * id_name_text.h - texts, words and hex in the names of documents, for id_name.h alone.
 *
 * Threads: pure.
 */
#ifndef BASE_ID_NAME_TEXT_H
#define BASE_ID_NAME_TEXT_H

#include "base/buf.h"

/* The classes of base/key.h. */
enum id_name_class {
	CLASS_MIN_KEY = 10,
	CLASS_UNDEFINED = 15,
	CLASS_NULL = 20,
	CLASS_NAN = 30, /* the first of the numbers, and before the name of an object's field */
	CLASS_MINUS_INFINITY = 31,
	CLASS_NEGATIVE = 32,
	CLASS_ZERO = 33,
	CLASS_POSITIVE = 34,
	CLASS_INFINITY = 35,
	CLASS_STRING = 60,
	CLASS_OBJECT = 70,
	CLASS_ARRAY = 80,
	CLASS_BINARY = 90,
	CLASS_OBJECT_ID = 100,
	CLASS_FALSE = 110,
	CLASS_TRUE = 111,
	CLASS_DATE = 120,
	CLASS_TIMESTAMP = 130,
	CLASS_REGEX = 140,
	CLASS_DB_POINTER = 150,
	CLASS_CODE = 160,
	CLASS_CODE_WITH_SCOPE = 170,
	CLASS_MAX_KEY = 240,
};

#define ID_NAME_OBJECT_ID_LEN 12
#define ID_NAME_UUID_SUBTYPE 4
#define ID_NAME_UUID_LEN 16

/* Is there a dash before this byte of a UUID? */
static inline bool id_name_uuid_dash(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/* Skip `text` when the rest begins with it. */
static inline bool id_name_text_skip(struct bytes *rest, const char *text)
{
	size_t len = strlen(text);

	if (rest->len < len || memcmp(rest->at, text, len) != 0)
		return false;
	rest->at += len;
	rest->len -= len;
	return true;
}

/* The word for a value whose key is this class alone (null, true, MinKey), or NULL. */
const char *id_name_text_word(uint8_t class);

/* The class of such a word; 0 when it is none. */
uint8_t id_name_text_class(struct bytes word);

/* Where a text stands: it decides what is escaped besides the bytes that always are. */
enum id_name_place {
	PLACE_ALONE, /* to the end of the name */
	PLACE_INNER, /* in {..} or [..], or before a comma */
	PLACE_FIELD, /* the name of a field */
};

/* Append a text, escaped. */
void id_name_text_add(struct buf *ret, struct bytes text, enum id_name_place place);

#define ID_NAME_UNIT_MAX 9 /* bytes of the longest unit */

/*
 * Append what stands for the first byte, or sequence of UTF-8, of `text` (not empty); returns how
 * many bytes of it that is. `first`: it begins the text.
 */
size_t id_name_text_unit(struct buf *ret, struct bytes text, enum id_name_place place, bool first);

/* How a NUL in a text stands in a key: not at all, as itself, as 00 ff. */
enum id_name_nul { NUL_NONE, NUL_PLAIN, NUL_DOUBLE };

/* Append the bytes that a text stands for; false when there is a wrong escape or NUL in it. */
MUST_CHECK bool id_name_text_unescape(struct buf *ret, struct bytes text, enum id_name_nul nul);

/* Append lower-case hex, and the bytes of such hex: false when it is anything else. */
void id_name_text_hex(struct buf *ret, struct bytes from);
MUST_CHECK bool id_name_text_unhex(struct buf *ret, struct bytes hex);

#endif
