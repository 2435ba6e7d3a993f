/*
 * bson_inline.h - what bson.h does with one field, for loops over the fields of many documents.
 *
 * Threads: pure.
 */
#ifndef BASE_BSON_INLINE_H
#define BASE_BSON_INLINE_H

#include "base/bson.h"

/* How the length of a value is found. Positive: it is fixed, and this many bytes plus one. */
enum bson_inline_shape {
	BSON_SHAPE_UNKNOWN = 0,
	BSON_SHAPE_STRING = -1,
	BSON_SHAPE_DOCUMENT = -2,
	BSON_SHAPE_BINARY = -3,
	BSON_SHAPE_REGEX = -4,
	BSON_SHAPE_DB_POINTER = -5,
	BSON_SHAPE_SCOPED = -6,
};

/* By type: an enum bson_inline_shape, or the fixed length plus one. */
extern const int8_t bson_inline_shapes[256];

#define BSON_INLINE_EACH_BYTE(value) (UINT64_MAX / 255 * (value))

/* The length of the NUL-terminated text at `at`, or `max` when there is no NUL in it. */
static inline size_t bson_inline_text_len(const uint8_t *at, size_t max)
{
	size_t i = 0;

	for (; max - i >= 8; i += 8) {
		uint64_t word = get_le64(at + i);
		uint64_t zero =
			(word - BSON_INLINE_EACH_BYTE(0x01)) & ~word & BSON_INLINE_EACH_BYTE(0x80);

		if (zero != 0)
			return i + (size_t)__builtin_ctzll(zero) / 8;
	}
	while (i < max && at[i] != 0)
		i++;
	return i;
}

/* 4 and the length that the first four bytes give, when that is in range and ends in a NUL. */
static inline int64_t bson_inline_counted_len(struct bytes rest, size_t least, size_t before)
{
	uint32_t len;

	if (rest.len < 4)
		return -1;
	len = get_le32(rest.at);
	if (len < least || len > rest.len - before || rest.at[before + len - 1] != 0)
		return -1;
	return (int64_t)(before + len);
}

/* As bson_value_len(). */
static inline int64_t bson_inline_value_len(uint8_t type, struct bytes rest)
{
	int shape = bson_inline_shapes[type];

	if (shape > 0)
		return rest.len >= (size_t)shape - 1 ? shape - 1 : -1;
	if (shape == BSON_SHAPE_STRING)
		return bson_inline_counted_len(rest, 1, 4);
	if (shape == BSON_SHAPE_DOCUMENT)
		return bson_inline_counted_len(rest, BSON_MIN_LEN, 0);
	return bson_value_len(type, rest);
}

/* As bson_field_at(); false: it is malformed, and bson_field_at() tells how. */
static inline bool bson_inline_field(struct bytes doc, size_t at, size_t end,
				     struct bson_field *ret)
{
	size_t name = at + 1, len = bson_inline_text_len(doc.at + name, end - name);
	uint8_t type = doc.at[at];
	struct bytes rest;
	int64_t value;

	if (len == end - name)
		return false;
	rest = bytes_of(doc.at + name + len + 1, end - name - len - 1);
	value = bson_inline_value_len(type, rest);
	if (value < 0)
		return false;
	*ret = (struct bson_field){type, bytes_of(doc.at + name, len),
				   bytes_of(rest.at, (size_t)value)};
	return true;
}

#endif
