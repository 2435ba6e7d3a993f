/*
 * make_bson.h - for the tests of base/: documents by hand, hex, and random ones from a seed.
 *
 * Aborts by assert when a test misuses it. One thread.
 */
#ifndef TESTS_UNIT_BASE_MAKE_BSON_H
#define TESTS_UNIT_BASE_MAKE_BSON_H

#include <assert.h>
#include <stdio.h>

#include "base/bson.h"
#include "base/buf.h"

/* Fail the running test with the error's text unless `call`, which has to use `e`, is >= 0. */
#define ASSERT_OK(call)                                                                            \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e.text);                                         \
	} while (0)

/* Start a document at the end of `b`; make_end() wants what this returns. */
static inline size_t make_begin(struct buf *b)
{
	buf_add_le32(b, 0);
	return b->len - 4;
}

static inline void make_end(struct buf *b, size_t start)
{
	buf_add_u8(b, 0);
	put_le32(b->at + start, (uint32_t)(b->len - start));
}

static inline void make_head(struct buf *b, uint8_t type, const char *name)
{
	buf_add_u8(b, type);
	buf_add(b, name, strlen(name) + 1);
}

static inline void make_text(struct buf *b, struct bytes text)
{
	buf_add_le32(b, (uint32_t)text.len + 1);
	buf_add_bytes(b, text);
	buf_add_u8(b, 0);
}

static inline void make_double(struct buf *b, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	buf_add_le64(b, bits);
}

/* The document {name: value}, given the type and payload. */
static inline void make_single(struct buf *b, uint8_t type, const char *name, struct bytes value)
{
	size_t start = make_begin(b);

	make_head(b, type, name);
	buf_add_bytes(b, value);
	make_end(b, start);
}

/* `depth` documents in each other, the outermost counted: {a:{a:{}}}. */
static inline void make_nested(struct buf *b, unsigned depth)
{
	size_t starts[1000];

	assert(depth <= COUNT_OF(starts));
	for (unsigned i = 0; i < depth; i++) {
		starts[i] = make_begin(b);
		if (i + 1 < depth)
			make_head(b, BSON_KIND_DOCUMENT, "a");
	}
	while (depth > 0)
		make_end(b, starts[--depth]);
}

static inline unsigned make_nibble(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* Append the bytes that `hex` stands for. */
static inline void make_hex(struct buf *b, const char *hex)
{
	for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2)
		buf_add_u8(b, (uint8_t)(make_nibble(hex[0]) << 4 | make_nibble(hex[1])));
}

/* One field of each type, in one document: fa, fb .. fu. */
static inline void make_all_types(struct buf *doc)
{
	static const struct {
		uint8_t type;
		const char *hex;
	} values[] = {
		{1, "000000000000f03f"},
		{2, "0400000061626300"},
		{3, "0500000000"},
		{4, "0c0000001030000700000000"},
		{5, "020000000001ff"},
		{6, ""},
		{7, "0102030405060708090a0b0c"},
		{8, "01"},
		{9, "0000000000000080"},
		{10, ""},
		{11, "612e62006900"},
		{12, "0200000061000102030405060708090a0b0c"},
		{13, "020000006600"},
		{14, "020000007300"},
		{15, "12000000020000006600080000000a610000"},
		{16, "ffffffff"},
		{17, "0100000002000000"},
		{18, "0100000000000000"},
		{19, "01000000000000000000000000004030"},
		{0x7f, ""},
		{0xff, ""},
	};
	size_t start = make_begin(doc);

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		char name[3] = {'f', (char)('a' + i), '\0'};

		make_head(doc, values[i].type, name);
		make_hex(doc, values[i].hex);
	}
	make_end(doc, start);
}

/* Random numbers: xorshift64*, never 0 as state. */
static inline uint64_t make_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717U;
}

static inline unsigned make_below(uint64_t *state, unsigned limit)
{
	return (unsigned)(make_random(state) >> 33) % limit;
}

static inline double make_random_double(uint64_t *state)
{
	uint64_t bits = make_random(state);
	double value;

	memcpy(&value, &bits, sizeof(value));
	switch (make_below(state, 4)) {
	case 0:
		return value;
	case 1:
		return (double)(int64_t)bits;
	case 2:
		return (double)((int64_t)bits >> 44) / 8;
	default:
		return (double)make_below(state, 8) - 3;
	}
}

static inline void make_random_decimal(struct buf *b, uint64_t *state)
{
	uint64_t exponent = 6176 - 20 + make_below(state, 40);
	uint64_t low = make_random(state) >> make_below(state, 64), high = 0;

	if (make_below(state, 4) == 0)
		high = make_random(state) >> 15;
	if (make_below(state, 8) == 0) {
		buf_add_le64(b, make_random(state));
		buf_add_le64(b, make_random(state));
		return;
	}
	buf_add_le64(b, low);
	buf_add_le64(b, (make_random(state) >> 63) << 63 | exponent << 49 | high);
}

static inline void make_random_text(struct buf *b, uint64_t *state, bool nul)
{
	static const char *const parts[] = {"a",    "b",   "Z",	   " ",	       "\"",
					    "\\",   "\n",  "\x01", "\xc3\xa9", "\xe2\x80\xa8",
					    "\xff", "word"};

	for (unsigned count = make_below(state, 5); count > 0; count--) {
		buf_add_str(b, parts[make_below(state, COUNT_OF(parts))]);
		if (nul && make_below(state, 4) == 0)
			buf_add_u8(b, 0);
	}
}

static inline void make_random_fields(struct buf *b, uint64_t *state, unsigned depth);

static inline void make_random_sized(struct buf *b, uint64_t *state, uint8_t type, unsigned depth)
{
	size_t start = b->len;

	if (type == BSON_KIND_CODE_WITH_SCOPE)
		buf_add_le32(b, 0);
	if (type != BSON_KIND_BINARY) {
		buf_add_le32(b, 0);
		make_random_text(b, state, true);
		buf_add_u8(b, 0);
		if (type == BSON_KIND_CODE_WITH_SCOPE) {
			put_le32(b->at + start + 4, (uint32_t)(b->len - start - 8));
			make_random_fields(b, state, depth + 1);
			put_le32(b->at + start, (uint32_t)(b->len - start));
			return;
		}
		put_le32(b->at + start, (uint32_t)(b->len - start - 4));
		return;
	}
	buf_add_le32(b, 0);
	buf_add_u8(b, (uint8_t)make_below(state, 6));
	make_random_text(b, state, true);
	put_le32(b->at + start, (uint32_t)(b->len - start - 5));
}

/* The payload of a random value of a random type, which is returned. */
static inline uint8_t make_random_value(struct buf *b, uint64_t *state, unsigned depth)
{
	static const uint8_t types[] = {1,  16, 18, 19, 1,  2,	5,    6,    7, 8, 9,
					10, 11, 12, 13, 14, 17, 0x7f, 0xff, 3, 4, 15};
	uint8_t type = types[make_below(state, depth < 3 ? COUNT_OF(types) : COUNT_OF(types) - 3)];

	if (type == BSON_KIND_DOUBLE)
		make_double(b, make_random_double(state));
	else if (type == BSON_KIND_INT32)
		buf_add_le32(b, make_below(state, 2) ? make_below(state, 8) - 3
						     : (uint32_t)make_random(state));
	else if (type == BSON_KIND_INT64 || type == BSON_KIND_DATE || type == BSON_KIND_TIMESTAMP)
		buf_add_le64(b, (uint64_t)((int64_t)make_random(state) >> make_below(state, 64)));
	else if (type == BSON_KIND_DECIMAL)
		make_random_decimal(b, state);
	else if (type == BSON_KIND_BOOL)
		buf_add_u8(b, (uint8_t)make_below(state, 2));
	else if (type == BSON_KIND_DOCUMENT || type == BSON_KIND_ARRAY)
		make_random_fields(b, state, depth + 1);
	else if (type == BSON_KIND_REGEX) {
		make_random_text(b, state, false);
		buf_add(b, "\0im", 4);
	} else if (type == BSON_KIND_STRING || type == BSON_KIND_SYMBOL || type == BSON_KIND_CODE ||
		   type == BSON_KIND_CODE_WITH_SCOPE || type == BSON_KIND_BINARY ||
		   type == BSON_KIND_DB_POINTER)
		make_random_sized(b, state, type, depth);
	if (type == BSON_KIND_OBJECT_ID || type == BSON_KIND_DB_POINTER) {
		buf_add_le64(b, make_random(state));
		buf_add_le32(b, make_below(state, 2));
	}
	return type;
}

/* A random document; names are one of three letters, or text with odd bytes. */
static inline void make_random_fields(struct buf *b, uint64_t *state, unsigned depth)
{
	size_t start = make_begin(b);

	for (unsigned count = make_below(state, 4); count > 0; count--) {
		size_t at = b->len;
		uint8_t type;

		buf_add_u8(b, 0);
		if (make_below(state, 4) > 0)
			buf_add_u8(b, (uint8_t)('a' + make_below(state, 3)));
		else
			make_random_text(b, state, false);
		buf_add_u8(b, 0);
		type = make_random_value(b, state, depth);
		b->at[at] = type;
	}
	make_end(b, start);
}

#endif
