/*
 * fields.h - the fields of a document that is trusted, one after the other, as fast as can be.
 *
 * For documents that have passed bson_check(): there is no error to report, yet what is damaged all the same
 * ends the walk and is never read outside its bounds.
 *
 * Threads: pure.
 */
#ifndef QUERY_FIELDS_H
#define QUERY_FIELDS_H

#include "base/bson.h"

struct fields {
	const uint8_t *at, *end; /* `end`: the document's final NUL */
};

static inline struct fields fields_of(struct bytes doc)
{
	if (doc.len < BSON_MIN_LEN)
		return (struct fields){NULL, NULL};
	return (struct fields){doc.at + 4, doc.at + doc.len - 1};
}

/* Bytes that a value of this type has, always; FIELDS_VARIES, or FIELDS_UNKNOWN for what is no type. */
#define FIELDS_VARIES 0xfe
#define FIELDS_UNKNOWN 0xff
static inline uint8_t fields_fixed(uint8_t type)
{
	static const uint8_t fixed[0x14] = {FIELDS_UNKNOWN,
					    8,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    0,
					    12,
					    1,
					    8,
					    0,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    FIELDS_VARIES,
					    4,
					    8,
					    8,
					    16};

	if (type < sizeof(fixed))
		return fixed[type];
	return type == BSON_KIND_MAX_KEY || type == BSON_KIND_MIN_KEY ? 0 : FIELDS_UNKNOWN;
}

/* The bytes of the NUL-terminated text at `at`, without the NUL; `left` when there is none. */
static inline size_t fields_text(const uint8_t *at, size_t left)
{
	const uint8_t ones = 0x01, high = 0x80;
	size_t i = 0;

	for (; left - i >= 8; i += 8) {
		uint64_t word = get_le64(at + i);
		uint64_t zero =
			(word - UINT64_MAX / 255 * ones) & ~word & (UINT64_MAX / 255 * high);

		if (zero != 0)
			return i + (size_t)__builtin_ctzll(zero) / 8;
	}
	while (i < left && at[i] != 0)
		i++;
	return i;
}

#define FIELDS_SCOPED_MIN (4 + 4 + 1 + BSON_MIN_LEN)

/* The bytes of a value whose length is not fixed; more than `left` when it is damaged. */
static inline size_t fields_varying(uint8_t type, const uint8_t *at, size_t left)
{
	size_t len;

	if (type == BSON_KIND_REGEX) {
		len = fields_text(at, left) + 1;
		return len >= left ? left + 1 : len + fields_text(at + len, left - len) + 1;
	}
	if (left < 5)
		return left + 1;
	len = get_le32(at);
	if (type == BSON_KIND_STRING || type == BSON_KIND_CODE || type == BSON_KIND_SYMBOL)
		return len == 0 ? left + 1 : len + 4;
	if (type == BSON_KIND_BINARY)
		return len + 5;
	if (type == BSON_KIND_DB_POINTER)
		return len == 0 ? left + 1 : len + 4 + 12;
	/* Code with scope: its length, that of the code (with a NUL), the code, the scope. */
	if (type == BSON_KIND_CODE_WITH_SCOPE &&
	    (len > left || len < FIELDS_SCOPED_MIN || get_le32(at + 4) == 0 ||
	     get_le32(at + 4) > len - 8 - BSON_MIN_LEN))
		return left + 1;
	return len < BSON_MIN_LEN ? left + 1 : len;
}

/*
 * A type that BSON does not have, with a name and no value: where a field was that a stage has taken away (gaps.h). Documents of a pipeline
 * that keeps such gaps have it; it is passed over as if it was not there, but by what makes a new document of an old one.
 */
#define FIELDS_GAP 0x7e

/* The next field, or gap; false at the end. */
static inline bool fields_next_all(struct fields *fields, struct bson_field *ret)
{
	const uint8_t *name = fields->at + 1, *value;
	size_t left, len;
	uint8_t fixed;

	if (fields->at >= fields->end)
		return false;
	ret->type = fields->at[0];
	left = (size_t)(fields->end - name);
	len = fields_text(name, left);
	if (len == left)
		return false;
	value = name + len + 1;
	left -= len + 1;
	ret->name = bytes_of(name, len);
	fixed = fields_fixed(ret->type);
	if (fixed < FIELDS_VARIES)
		len = fixed;
	else if (fixed == FIELDS_UNKNOWN && ret->type != FIELDS_GAP)
		return false;
	else if (fixed == FIELDS_UNKNOWN)
		len = 0;
	else
		len = fields_varying(ret->type, value, left);
	if (len > left)
		return false;
	ret->value = bytes_of(value, len);
	fields->at = value + len;
	return true;
}

/* The next field; false at the end. */
static inline bool fields_next(struct fields *fields, struct bson_field *ret)
{
	while (fields_next_all(fields, ret))
		if (ret->type != FIELDS_GAP)
			return true;
	return false;
}

/* The first field called `name`. */
static inline bool fields_find(struct bytes doc, struct bytes name, struct bson_field *ret)
{
	struct fields fields = fields_of(doc);

	while (fields_next(&fields, ret))
		if (ret->name.len == name.len && memcmp(ret->name.at, name.at, name.len) == 0)
			return true;
	return false;
}

#endif
