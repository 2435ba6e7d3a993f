/*
 * bytes.h - borrowed slices, and integers at byte offsets.
 *
 * Formats are read and written with these helpers only, never by casting a struct.
 * All are pure; the caller has checked the bounds.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"

/* A slice that somebody else owns: whoever hands it out says until when it is valid. */
struct bytes {
	const uint8_t *at;
	size_t len;
};

static inline struct bytes bytes_of(const void *at, size_t len)
{
	return (struct bytes){.at = at, .len = len};
}

static inline struct bytes bytes_str(const char *text)
{
	return bytes_of(text, strlen(text));
}

/* memcmp order; of two that agree the shorter is less. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
	size_t common = MIN_OF(a.len, b.len);
	int order = common == 0 ? 0 : memcmp(a.at, b.at, common);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Is it this text? */
static inline bool bytes_is(struct bytes bytes, const char *text)
{
	return bytes_equal(bytes, bytes_str(text));
}

static inline uint16_t get_le16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? value : __builtin_bswap32(value);
}

static inline uint64_t get_le64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? value : __builtin_bswap64(value);
}

static inline double get_le_double(const uint8_t *at)
{
	uint64_t bits = get_le64(at);
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

static inline uint32_t get_be32(const uint8_t *at)
{
	return __builtin_bswap32(get_le32(at));
}

static inline uint64_t get_be64(const uint8_t *at)
{
	return __builtin_bswap64(get_le64(at));
}

static inline void put_le16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(uint8_t *at, uint32_t value)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void put_le64(uint8_t *at, uint64_t value)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		value = __builtin_bswap64(value);
	memcpy(at, &value, sizeof(value));
}

static inline void put_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put_be32(uint8_t *at, uint32_t value)
{
	put_le32(at, __builtin_bswap32(value));
}

static inline void put_be64(uint8_t *at, uint64_t value)
{
	put_le64(at, __builtin_bswap64(value));
}

#define VARINT_MAX 10 /* bytes of the longest varint */

/* LEB128, at most VARINT_MAX bytes; returns the number written. */
static inline size_t put_varint(uint8_t *at, uint64_t value)
{
	size_t len = 0;

	while (value >= 0x80) {
		at[len++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	at[len++] = (uint8_t)value;
	return len;
}

/* Read a varint and advance `*from`; false when it is cut off, over 64 bits or not minimal. */
static inline bool get_varint(struct bytes *from, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < from->len && i < VARINT_MAX; i++) {
		uint8_t byte = from->at[i];

		if (i == VARINT_MAX - 1 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			if (byte == 0 && i > 0)
				return false;
			from->at += i + 1;
			from->len -= i + 1;
			*ret = value;
			return true;
		}
	}
	return false;
}

#endif
