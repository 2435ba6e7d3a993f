#include "base/bson_build.h"

#include "base/bson_check.h"

static void add_head(struct buf *b, uint8_t type, const char *name)
{
	buf_add_u8(b, type);
	buf_add(b, name, strlen(name) + 1);
}

size_t bson_build_begin(struct buf *b)
{
	size_t begin = b->len;

	buf_add_le32(b, 0);
	return begin;
}

size_t bson_build_open(struct buf *b, const char *name)
{
	add_head(b, BSON_KIND_DOCUMENT, name);
	return bson_build_begin(b);
}

size_t bson_build_open_array(struct buf *b, const char *name)
{
	add_head(b, BSON_KIND_ARRAY, name);
	return bson_build_begin(b);
}

void bson_build_end(struct buf *b, size_t begin)
{
	buf_add_u8(b, 0);
	put_le32(b->at + begin, (uint32_t)(b->len - begin));
}

void bson_build_double(struct buf *b, const char *name, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	add_head(b, BSON_KIND_DOUBLE, name);
	buf_add_le64(b, bits);
}

void bson_build_string(struct buf *b, const char *name, struct bytes value)
{
	add_head(b, BSON_KIND_STRING, name);
	buf_add_le32(b, (uint32_t)value.len + 1);
	buf_add_bytes(b, value);
	buf_add_u8(b, 0);
}

void bson_build_binary(struct buf *b, const char *name, uint8_t subtype, struct bytes value)
{
	add_head(b, BSON_KIND_BINARY, name);
	buf_add_le32(b, (uint32_t)value.len);
	buf_add_u8(b, subtype);
	buf_add_bytes(b, value);
}

void bson_build_bool(struct buf *b, const char *name, bool value)
{
	add_head(b, BSON_KIND_BOOL, name);
	buf_add_u8(b, value);
}

void bson_build_null(struct buf *b, const char *name)
{
	add_head(b, BSON_KIND_NULL, name);
}

void bson_build_date(struct buf *b, const char *name, int64_t milliseconds)
{
	add_head(b, BSON_KIND_DATE, name);
	buf_add_le64(b, (uint64_t)milliseconds);
}

void bson_build_int32(struct buf *b, const char *name, int32_t value)
{
	add_head(b, BSON_KIND_INT32, name);
	buf_add_le32(b, (uint32_t)value);
}

void bson_build_int64(struct buf *b, const char *name, int64_t value)
{
	add_head(b, BSON_KIND_INT64, name);
	buf_add_le64(b, (uint64_t)value);
}

void bson_build_timestamp(struct buf *b, const char *name, uint32_t seconds, uint32_t increment)
{
	add_head(b, BSON_KIND_TIMESTAMP, name);
	buf_add_le32(b, increment);
	buf_add_le32(b, seconds);
}

void bson_build_value(struct buf *b, const char *name, uint8_t type, struct bytes payload)
{
	add_head(b, type, name);
	buf_add_bytes(b, payload);
}

struct bytes bson_build_empty(void)
{
	static const uint8_t empty[5] = {5, 0, 0, 0, 0};

	return bytes_of(empty, sizeof(empty));
}
