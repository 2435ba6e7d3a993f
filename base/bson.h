/*
 * bson.h - the fields of BSON documents, read in place.
 *
 * Every step checks its bounds; whether all of a document is well formed says bson_check.h.
 * It knows no values: order is key.h, text is ejson.h. All slices that come out point into
 * the document that went in and live as long.
 *
 * The format is that of bsonspec.org, version 1.1.
 *
 * Threads: pure; an iterator belongs to one thread at a time.
 */
#ifndef BASE_BSON_H
#define BASE_BSON_H

#include "base/bytes.h"
#include "base/error.h"

#define BSON_MIN_LEN 5			   /* bytes of an empty document */
#define BSON_MAX_NESTING 200		   /* documents in each other, the outermost counted */
#define BSON_MAX_LEN (16 * MIB + 16 * KIB) /* bytes; what mongod stores and logs, at most */

/* The type byte before each field. */
enum bson_kind {
	BSON_KIND_DOUBLE = 0x01,
	BSON_KIND_STRING = 0x02,
	BSON_KIND_DOCUMENT = 0x03,
	BSON_KIND_ARRAY = 0x04,
	BSON_KIND_BINARY = 0x05,
	BSON_KIND_UNDEFINED = 0x06,
	BSON_KIND_OBJECT_ID = 0x07,
	BSON_KIND_BOOL = 0x08,
	BSON_KIND_DATE = 0x09,
	BSON_KIND_NULL = 0x0a,
	BSON_KIND_REGEX = 0x0b,
	BSON_KIND_DB_POINTER = 0x0c,
	BSON_KIND_CODE = 0x0d,
	BSON_KIND_SYMBOL = 0x0e,
	BSON_KIND_CODE_WITH_SCOPE = 0x0f,
	BSON_KIND_INT32 = 0x10,
	BSON_KIND_TIMESTAMP = 0x11,
	BSON_KIND_INT64 = 0x12,
	BSON_KIND_DECIMAL = 0x13,
	BSON_KIND_MAX_KEY = 0x7f,
	BSON_KIND_MIN_KEY = 0xff,
};

/*
 * The length in bytes of the document that `rest` (of a file or message) begins with; 0 when
 * `rest` is empty. ERR_CORRUPT when the length is below 5 or over `limit`, or the document is
 * cut off. Reads the length field only.
 */
MUST_CHECK int64_t bson_next(struct bytes rest, size_t limit, struct error *e);

/*
 * The bytes of the value of type `type` at the start of `rest`, by its own length fields and
 * terminators; -1 when it is cut off, malformed or of unknown type. Of a document, array or
 * code with scope only the length and the last byte are looked at.
 */
int64_t bson_value_len(uint8_t type, struct bytes rest);

/* One field of a document or array. */
struct bson_field {
	uint8_t type;	    /* mostly an enum bson_kind */
	struct bytes name;  /* without the NUL */
	struct bytes value; /* the payload: all bytes after the name's NUL */
};

/* All of it as it lies in its document: the type, the name with its NUL, the value. */
static inline struct bytes bson_element(const struct bson_field *field)
{
	const uint8_t *from = field->name.at - 1;

	return bytes_of(from, (size_t)(field->value.at + field->value.len - from));
}

/*
 * The field whose type byte is at offset `at` of `doc`, in an inner or the outermost document
 * whose final NUL is at offset `end` > `at`. ERR_CORRUPT with the offset in `doc` of the byte
 * at fault.
 */
MUST_CHECK int bson_field_at(struct bytes doc, size_t at, size_t end, struct bson_field *ret,
			     struct error *e);

/* The payload at offset `at` of a value of type `type`; `end` and errors as in bson_field_at(). */
MUST_CHECK int bson_value_at(struct bytes doc, uint8_t type, size_t at, size_t end,
			     struct bytes *ret, struct error *e);

/* The length field of `doc` is the slice's length, and its last byte is 0; else ERR_CORRUPT. */
MUST_CHECK int bson_frame(struct bytes doc, struct error *e);

/* Where an iteration stands. */
struct bson_fields {
	struct bytes doc;
	size_t at; /* offset of the next field's type byte */
};

/* An iterator over the top-level fields of a document or array, which it does not yet look at. */
static inline struct bson_fields bson_fields(struct bytes doc)
{
	return (struct bson_fields){.doc = doc, .at = 4};
}

/*
 * The next field: 1 and *ret set, 0 at the end of the document. ERR_CORRUPT (with the offset)
 * when the document is damaged there; never reads outside the slice.
 */
MUST_CHECK int bson_fields_next(struct bson_fields *fields, struct bson_field *ret,
				struct error *e);

/* The first top-level field called `name`: 1 and *ret set, 0 there is none; ERR_CORRUPT. */
MUST_CHECK int bson_find(struct bytes doc, const char *name, struct bson_field *ret,
			 struct error *e);

/* What old servers take as true (bson/bsonelement.cpp: trueValue); later ones store true or nothing. A decimal is, also that of 0. */
bool bson_is_true(const struct bson_field *field);

/*
 * The text of a string, code or symbol value (its payload), without the NUL; may contain
 * other NULs. ERR_CORRUPT when the lengths do not fit.
 */
MUST_CHECK int bson_text(struct bytes value, struct bytes *ret, struct error *e);

#endif
