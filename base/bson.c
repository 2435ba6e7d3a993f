#include "base/bson_inline.h"

#include <inttypes.h>

#define FIXED(len) ((len) + 1)
#define SCOPED_MIN (4 + 5 + BSON_MIN_LEN)

const int8_t bson_inline_shapes[256] = {
	[BSON_KIND_DOUBLE] = FIXED(8),
	[BSON_KIND_STRING] = BSON_SHAPE_STRING,
	[BSON_KIND_DOCUMENT] = BSON_SHAPE_DOCUMENT,
	[BSON_KIND_ARRAY] = BSON_SHAPE_DOCUMENT,
	[BSON_KIND_BINARY] = BSON_SHAPE_BINARY,
	[BSON_KIND_UNDEFINED] = FIXED(0),
	[BSON_KIND_OBJECT_ID] = FIXED(12),
	[BSON_KIND_BOOL] = FIXED(1),
	[BSON_KIND_DATE] = FIXED(8),
	[BSON_KIND_NULL] = FIXED(0),
	[BSON_KIND_REGEX] = BSON_SHAPE_REGEX,
	[BSON_KIND_DB_POINTER] = BSON_SHAPE_DB_POINTER,
	[BSON_KIND_CODE] = BSON_SHAPE_STRING,
	[BSON_KIND_SYMBOL] = BSON_SHAPE_STRING,
	[BSON_KIND_CODE_WITH_SCOPE] = BSON_SHAPE_SCOPED,
	[BSON_KIND_INT32] = FIXED(4),
	[BSON_KIND_TIMESTAMP] = FIXED(8),
	[BSON_KIND_INT64] = FIXED(8),
	[BSON_KIND_DECIMAL] = FIXED(16),
	[BSON_KIND_MAX_KEY] = FIXED(0),
	[BSON_KIND_MIN_KEY] = FIXED(0),
};

static int64_t regex_len(struct bytes rest)
{
	size_t pattern = bson_inline_text_len(rest.at, rest.len), options;

	if (pattern == rest.len)
		return -1;
	options = bson_inline_text_len(rest.at + pattern + 1, rest.len - pattern - 1);
	if (options == rest.len - pattern - 1)
		return -1;
	return (int64_t)(pattern + options + 2);
}

int64_t bson_value_len(uint8_t type, struct bytes rest)
{
	int shape = bson_inline_shapes[type];
	int64_t len;

	if (shape > 0)
		return rest.len >= (size_t)shape - 1 ? shape - 1 : -1;
	switch ((enum bson_inline_shape)shape) {
	case BSON_SHAPE_STRING:
		return bson_inline_counted_len(rest, 1, 4);
	case BSON_SHAPE_DOCUMENT:
		return bson_inline_counted_len(rest, BSON_MIN_LEN, 0);
	case BSON_SHAPE_BINARY:
		if (rest.len < 5 || get_le32(rest.at) > rest.len - 5)
			return -1;
		return (int64_t)get_le32(rest.at) + 5;
	case BSON_SHAPE_REGEX:
		return regex_len(rest);
	case BSON_SHAPE_DB_POINTER:
		len = bson_inline_counted_len(rest, 1, 4);
		return len >= 0 && rest.len - (size_t)len >= 12 ? len + 12 : -1;
	case BSON_SHAPE_SCOPED:
		return bson_inline_counted_len(rest, SCOPED_MIN, 0);
	case BSON_SHAPE_UNKNOWN:
		break;
	}
	return -1;
}

/* Say why bson_value_len() was -1 for the value at `offset` of the document. */
static COLD int explain_value(uint8_t type, struct bytes rest, size_t offset, struct error *e)
{
	int shape = bson_inline_shapes[type];
	bool scoped = shape == BSON_SHAPE_SCOPED, document = shape == BSON_SHAPE_DOCUMENT || scoped;
	size_t before = document ? 0 : shape == BSON_SHAPE_BINARY ? 5 : 4;
	uint32_t least = scoped			      ? SCOPED_MIN
			 : document		      ? BSON_MIN_LEN
			 : shape == BSON_SHAPE_BINARY ? 0
						      : 1;
	uint32_t len;

	if (shape > 0)
		return error_set(
			e, ERR_CORRUPT,
			"byte %zu: value of type 0x%02x is cut off: %d bytes expected, %zu left",
			offset, type, shape - 1, rest.len);
	if (shape == BSON_SHAPE_REGEX)
		return error_set(e, ERR_CORRUPT,
				 "byte %zu: regular expression without its two terminators",
				 offset);
	if (rest.len < MAX_OF(before, (size_t)4))
		return error_set(
			e, ERR_CORRUPT,
			"byte %zu: length of a value of type 0x%02x is cut off, %zu bytes left",
			offset, type, rest.len);
	len = get_le32(rest.at);
	if (len < least || len > INT32_MAX)
		return error_set(e, ERR_CORRUPT,
				 "byte %zu: length of a value of type 0x%02x is %" PRId32
				 ", expected %" PRIu32 " or more",
				 offset, type, (int32_t)len, least);
	if (len > rest.len - before)
		return error_set(e, ERR_CORRUPT,
				 "byte %zu: value of type 0x%02x has length %" PRIu32
				 ", but %zu bytes are left",
				 offset, type, len, rest.len - before);
	if (shape != BSON_SHAPE_BINARY && rest.at[before + len - 1] != 0)
		return error_set(e, ERR_CORRUPT,
				 "byte %zu: value of type 0x%02x ends in 0x%02x, expected 0x00",
				 offset + before + len - 1, type, rest.at[before + len - 1]);
	return error_set(e, ERR_CORRUPT, "byte %zu: value of type 0x%02x is cut off", offset, type);
}

static COLD int unknown_type(uint8_t type, size_t offset, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "byte %zu: field type 0x%02x is unknown", offset, type);
}

static COLD int endless_name(size_t offset, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "byte %zu: field name has no end", offset);
}

int bson_frame(struct bytes doc, struct error *e)
{
	if (doc.len < BSON_MIN_LEN)
		return error_set(e, ERR_CORRUPT,
				 "byte 0: document of %zu bytes, expected %d or more", doc.len,
				 BSON_MIN_LEN);
	if (get_le32(doc.at) != doc.len || doc.len > INT32_MAX)
		return error_set(e, ERR_CORRUPT,
				 "byte 0: document says it has %" PRId32 " bytes, but has %zu",
				 (int32_t)get_le32(doc.at), doc.len);
	if (doc.at[doc.len - 1] != 0)
		return error_set(e, ERR_CORRUPT, "byte %zu: document ends in 0x%02x, expected 0x00",
				 doc.len - 1, doc.at[doc.len - 1]);
	return 0;
}

int bson_value_at(struct bytes doc, uint8_t type, size_t at, size_t end, struct bytes *ret,
		  struct error *e)
{
	struct bytes rest = bytes_of(doc.at + at, end - at);
	int64_t len = bson_value_len(type, rest);

	if (len < 0)
		return explain_value(type, rest, at, e);
	*ret = bytes_of(rest.at, (size_t)len);
	return 0;
}

/* What is wrong with a field. */
static COLD int explain_field(struct bytes doc, size_t at, size_t end, struct error *e)
{
	size_t name = at + 1, len = bson_inline_text_len(doc.at + name, end - name);
	uint8_t type = doc.at[at];

	if (bson_inline_shapes[type] == BSON_SHAPE_UNKNOWN)
		return unknown_type(type, at, e);
	if (len == end - name)
		return endless_name(name, e);
	at = name + len + 1;
	return explain_value(type, bytes_of(doc.at + at, end - at), at, e);
}

int bson_field_at(struct bytes doc, size_t at, size_t end, struct bson_field *ret, struct error *e)
{
	return bson_inline_field(doc, at, end, ret) ? 0 : explain_field(doc, at, end, e);
}

int64_t bson_next(struct bytes rest, size_t limit, struct error *e)
{
	uint32_t len;

	if (rest.len == 0)
		return 0;
	if (rest.len < 4)
		return error_set(e, ERR_CORRUPT,
				 "length of a document is cut off: 4 bytes expected, %zu left",
				 rest.len);
	len = get_le32(rest.at);
	if (len < BSON_MIN_LEN || len > INT32_MAX)
		return error_set(e, ERR_CORRUPT,
				 "document of %" PRId32 " bytes, expected %d or more", (int32_t)len,
				 BSON_MIN_LEN);
	if (len > limit)
		return error_set(e, ERR_CORRUPT,
				 "document of %" PRIu32 " bytes, at most %zu expected", len, limit);
	if (len > rest.len)
		return error_set(e, ERR_CORRUPT, "document of %" PRIu32 " bytes, %zu left", len,
				 rest.len);
	return len;
}

int bson_fields_next(struct bson_fields *fields, struct bson_field *ret, struct error *e)
{
	if (fields->at == 4 && bson_frame(fields->doc, e) < 0)
		return ERR_CORRUPT;
	if (fields->at >= fields->doc.len - 1)
		return 0;
	if (!bson_inline_field(fields->doc, fields->at, fields->doc.len - 1, ret))
		return explain_field(fields->doc, fields->at, fields->doc.len - 1, e);
	fields->at = (size_t)(ret->value.at - fields->doc.at) + ret->value.len;
	return 1;
}

int bson_find(struct bytes doc, const char *name, struct bson_field *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bytes wanted = bytes_str(name);
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (bytes_equal(field.name, wanted)) {
			*ret = field;
			return 1;
		}
	}
	return got;
}

bool bson_is_true(const struct bson_field *field)
{
	switch (field->type) {
	case BSON_KIND_BOOL:
		return field->value.at[0] != 0;
	case BSON_KIND_INT32:
		return get_le32(field->value.at) != 0;
	case BSON_KIND_INT64:
		return get_le64(field->value.at) != 0;
	case BSON_KIND_DOUBLE:
		return get_le64(field->value.at) << 1 != 0; /* not 0.0 and not -0.0 */
	case BSON_KIND_NULL:
	case BSON_KIND_UNDEFINED:
		return false;
	default:
		return true;
	}
}

int bson_text(struct bytes value, struct bytes *ret, struct error *e)
{
	if (bson_inline_counted_len(value, 1, 4) != (int64_t)value.len)
		return error_set(e, ERR_CORRUPT, "text does not fill its %zu bytes", value.len);
	*ret = bytes_of(value.at + 4, value.len - 5);
	return 0;
}
