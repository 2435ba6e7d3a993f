#include "base/ejson.h"

#include <math.h>

#include "base/bson.h"
#include "base/ejson_number.h"
#include "base/ejson_string.h"

/*
 * Writing and measuring are one source: each function takes the constant `count` and is
 * compiled twice. Measuring adds up `size`; writing moves `at`, for which sink_room() made
 * room at the start of each field.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#define SHORT_VALUE ((size_t)4096) /* bytes up to which the room is simply the worst case */
#define OPTIONS_MAX 64		   /* of a regular expression: longer ones are not sorted */
/* Room for a value without its text, the comma, and all the brackets that may close then. */
#define WRAP_ROOM ((size_t)160 + 2 * BSON_MAX_NESTING)

struct sink {
	struct buf *out;
	uint8_t *at; /* where in *out to write */
	uint64_t size;
	uint64_t more; /* measuring relaxed: what canonical takes more */
	bool canonical;
	unsigned depth;
	struct error *e;
};

#define NUMBER_DOUBLE "{\"$numberDouble\":\""
#define NUMBER_LONG "{\"$numberLong\":\""
#define NUMBER_INT "{\"$numberInt\":\""
#define NUMBER_END "\"}"
#define DATE "{\"$date\":"

#define EMIT(s, text) emit(s, text, sizeof(text) - 1, count)

ALWAYS_INLINE void emit(struct sink *s, const void *text, size_t len, const bool count)
{
	if (count) {
		s->size += len;
	} else {
		memcpy(s->at, text, len);
		s->at += len;
	}
}

ALWAYS_INLINE void emit_string(struct sink *s, struct bytes text, const bool count)
{
	if (count)
		s->size += ejson_string_len(text);
	else
		s->at = ejson_string_put(s->at, text);
}

ALWAYS_INLINE void emit_int(struct sink *s, int64_t value, const bool count)
{
	if (count)
		s->size += ejson_number_int_len(value);
	else
		s->at += ejson_number_int(s->at, value);
}

/* Make room for `more` bytes at s->at. */
static int sink_room(struct sink *s, size_t more)
{
	int code;

	s->out->len = (size_t)(s->at - s->out->at);
	if (s->out->cap - s->out->len >= more)
		return 0;
	code = buf_reserve(s->out, more, SIZE_MAX / 2, s->e);
	if (code == 0)
		s->at = s->out->at + s->out->len;
	return code;
}

/* What a string of `text` may take, with the slack that ejson_string_put() wants. */
static size_t string_room(struct bytes text)
{
	if (text.len <= SHORT_VALUE)
		return EJSON_STRING_ROOM(text.len);
	return (size_t)ejson_string_len(text) + 8;
}

static int field_room(struct sink *s, const struct bson_field *field)
{
	size_t room = WRAP_ROOM + EJSON_STRING_ROOM(field->name.len), len = field->value.len;

	switch (field->type) {
	case BSON_KIND_STRING:
	case BSON_KIND_CODE:
	case BSON_KIND_SYMBOL:
		room += string_room(bytes_of(field->value.at + 4, len - 5));
		break;
	case BSON_KIND_CODE_WITH_SCOPE:
	case BSON_KIND_REGEX:
	case BSON_KIND_DB_POINTER:
		room += 2 * EJSON_STRING_ROOM(len);
		break;
	case BSON_KIND_BINARY:
		room += 2 * len;
		break;
	default:
		break;
	}
	return sink_room(s, room);
}

ALWAYS_INLINE void put_double(struct sink *s, struct bytes value, const bool count)
{
	uint8_t text[EJSON_NUMBER_MAX];
	uint64_t bits = get_le64(value.at);
	double real;
	bool quoted;

	memcpy(&real, &bits, sizeof(real));
	quoted = s->canonical || !isfinite(real);
	if (quoted)
		EMIT(s, NUMBER_DOUBLE);
	else if (count)
		s->more += sizeof(NUMBER_DOUBLE NUMBER_END) - 1;
	if (count)
		s->size += ejson_number_double(text, real);
	else
		s->at += ejson_number_double(s->at, real);
	if (quoted)
		EMIT(s, NUMBER_END);
}

ALWAYS_INLINE void put_int(struct sink *s, uint8_t type, struct bytes value, const bool count)
{
	bool wide = type == BSON_KIND_INT64;
	int64_t number = wide ? (int64_t)get_le64(value.at) : (int32_t)get_le32(value.at);

	if (s->canonical) {
		if (wide)
			EMIT(s, NUMBER_LONG);
		else
			EMIT(s, NUMBER_INT);
		emit_int(s, number, count);
		EMIT(s, NUMBER_END);
	} else {
		emit_int(s, number, count);
		if (count)
			s->more += (wide ? sizeof(NUMBER_LONG) : sizeof(NUMBER_INT)) +
				   sizeof(NUMBER_END) - 2;
	}
}

ALWAYS_INLINE void put_decimal(struct sink *s, struct bytes value, const bool count)
{
	uint8_t text[EJSON_NUMBER_MAX];
	size_t len = ejson_number_decimal(text, value.at);

	EMIT(s, "{\"$numberDecimal\":\"");
	emit(s, text, len, count);
	EMIT(s, "\"}");
}

ALWAYS_INLINE void put_date(struct sink *s, struct bytes value, const bool count)
{
	int64_t ms = (int64_t)get_le64(value.at);
	uint8_t text[EJSON_NUMBER_MAX];

	if (s->canonical || ms < 0 || ms > EJSON_NUMBER_DATE_MAX) {
		EMIT(s, DATE NUMBER_LONG);
		emit_int(s, ms, count);
		EMIT(s, NUMBER_END "}");
		return;
	}
	EMIT(s, DATE "\"");
	if (count) {
		size_t len = ejson_number_date(text, ms);

		s->size += len;
		s->more += sizeof(NUMBER_LONG NUMBER_END) - 1 + ejson_number_int_len(ms) - len - 2;
	} else {
		s->at += ejson_number_date(s->at, ms);
	}
	EMIT(s, "\"}");
}

ALWAYS_INLINE void put_hex(struct sink *s, const uint8_t *from, size_t len, const bool count)
{
	static const char hex[] = "0123456789abcdef";

	if (count) {
		s->size += 2 * len;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		*s->at++ = (uint8_t)hex[from[i] >> 4];
		*s->at++ = (uint8_t)hex[from[i] & 15];
	}
}

ALWAYS_INLINE void put_object_id(struct sink *s, const uint8_t *id, const bool count)
{
	EMIT(s, "{\"$oid\":\"");
	put_hex(s, id, 12, count);
	EMIT(s, "\"}");
}

static uint8_t *base64_put(uint8_t *to, struct bytes from)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	size_t i = 0, left;

	for (; from.len - i >= 3; i += 3, to += 4) {
		uint32_t three =
			(uint32_t)from.at[i] << 16 | (uint32_t)from.at[i + 1] << 8 | from.at[i + 2];

		to[0] = (uint8_t)digits[three >> 18];
		to[1] = (uint8_t)digits[three >> 12 & 63];
		to[2] = (uint8_t)digits[three >> 6 & 63];
		to[3] = (uint8_t)digits[three & 63];
	}
	left = from.len - i;
	if (left == 0)
		return to;
	to[0] = (uint8_t)digits[from.at[i] >> 2];
	to[1] = (uint8_t)digits[(from.at[i] & 3) << 4 | (left == 2 ? from.at[i + 1] >> 4 : 0)];
	to[2] = left == 2 ? (uint8_t)digits[(from.at[i + 1] & 15) << 2] : '=';
	to[3] = '=';
	return to + 4;
}

ALWAYS_INLINE void put_binary(struct sink *s, struct bytes value, const bool count)
{
	struct bytes data = bytes_of(value.at + 5, value.len - 5);

	/* Subtype 2 has a length of its own inside, which is not shown when it fits. */
	if (value.at[4] == 2 && data.len >= 4 && get_le32(data.at) == data.len - 4)
		data = bytes_of(data.at + 4, data.len - 4);
	EMIT(s, "{\"$binary\":{\"base64\":\"");
	if (count)
		s->size += (data.len + 2) / 3 * 4;
	else
		s->at = base64_put(s->at, data);
	EMIT(s, "\",\"subType\":\"");
	put_hex(s, value.at + 4, 1, count);
	EMIT(s, "\"}}");
}

/* Regular expression options in the order of the alphabet; odd ones stay as they are. */
static struct bytes options_sorted(struct bytes options, uint8_t room[OPTIONS_MAX])
{
	if (options.len > OPTIONS_MAX)
		return options;
	for (size_t i = 0; i < options.len; i++) {
		size_t k = i;

		if (options.at[i] >= 0x80)
			return options;
		for (; k > 0 && room[k - 1] > options.at[i]; k--)
			room[k] = room[k - 1];
		room[k] = options.at[i];
	}
	return bytes_of(room, options.len);
}

ALWAYS_INLINE void put_regex(struct sink *s, struct bytes value, const bool count)
{
	size_t pattern = strnlen((const char *)value.at, value.len);
	uint8_t room[OPTIONS_MAX];

	EMIT(s, "{\"$regularExpression\":{\"pattern\":");
	emit_string(s, bytes_of(value.at, pattern), count);
	EMIT(s, ",\"options\":");
	emit_string(s,
		    options_sorted(bytes_of(value.at + pattern + 1, value.len - pattern - 2), room),
		    count);
	EMIT(s, "}}");
}

ALWAYS_INLINE void put_db_pointer(struct sink *s, struct bytes value, const bool count)
{
	size_t len = value.len - 17;

	EMIT(s, "{\"$dbPointer\":{\"$ref\":");
	emit_string(s, bytes_of(value.at + 4, len), count);
	EMIT(s, ",\"$id\":");
	put_object_id(s, value.at + 5 + len, count);
	EMIT(s, "}}");
}

ALWAYS_INLINE void put_timestamp(struct sink *s, struct bytes value, const bool count)
{
	EMIT(s, "{\"$timestamp\":{\"t\":");
	emit_int(s, get_le32(value.at + 4), count);
	EMIT(s, ",\"i\":");
	emit_int(s, get_le32(value.at), count);
	EMIT(s, "}}");
}

static int write_fields(struct sink *s, struct bytes doc, bool array);
static int count_fields(struct sink *s, struct bytes doc, bool array);

ALWAYS_INLINE int put_scoped(struct sink *s, struct bytes value, const bool count)
{
	struct bytes rest = bytes_of(value.at + 4, value.len - 4);
	int64_t len = bson_value_len(BSON_KIND_CODE, rest);
	int code;

	if (len < 0)
		return error_set(s->e, ERR_CORRUPT, "code with scope: the code is cut off");
	EMIT(s, "{\"$code\":");
	emit_string(s, bytes_of(rest.at + 4, (size_t)len - 5), count);
	EMIT(s, ",\"$scope\":");
	rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	code = count ? count_fields(s, rest, false) : write_fields(s, rest, false);
	if (code < 0)
		return code;
	EMIT(s, "}");
	return 0;
}

/* The types without a payload, or nearly. */
ALWAYS_INLINE void put_word(struct sink *s, uint8_t type, struct bytes value, const bool count)
{
	switch (type) {
	case BSON_KIND_NULL:
		EMIT(s, "null");
		break;
	case BSON_KIND_BOOL:
		if (value.at[0] != 0)
			EMIT(s, "true");
		else
			EMIT(s, "false");
		break;
	case BSON_KIND_UNDEFINED:
		EMIT(s, "{\"$undefined\":true}");
		break;
	case BSON_KIND_MIN_KEY:
		EMIT(s, "{\"$minKey\":1}");
		break;
	default:
		EMIT(s, "{\"$maxKey\":1}");
	}
}

ALWAYS_INLINE void put_text(struct sink *s, uint8_t type, struct bytes value, const bool count)
{
	struct bytes text = bytes_of(value.at + 4, value.len - 5);

	if (type == BSON_KIND_CODE)
		EMIT(s, "{\"$code\":");
	else if (type == BSON_KIND_SYMBOL)
		EMIT(s, "{\"$symbol\":");
	emit_string(s, text, count);
	if (type != BSON_KIND_STRING)
		EMIT(s, "}");
}

/* A value whose length has been checked, and for which there is room. */
ALWAYS_INLINE int put_value(struct sink *s, uint8_t type, struct bytes value, const bool count)
{
	switch (type) {
	case BSON_KIND_STRING:
	case BSON_KIND_CODE:
	case BSON_KIND_SYMBOL:
		put_text(s, type, value, count);
		return 0;
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
		put_int(s, type, value, count);
		return 0;
	case BSON_KIND_DOUBLE:
		put_double(s, value, count);
		return 0;
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return count ? count_fields(s, value, type == BSON_KIND_ARRAY)
			     : write_fields(s, value, type == BSON_KIND_ARRAY);
	case BSON_KIND_OBJECT_ID:
		put_object_id(s, value.at, count);
		return 0;
	case BSON_KIND_DATE:
		put_date(s, value, count);
		return 0;
	case BSON_KIND_DECIMAL:
		put_decimal(s, value, count);
		return 0;
	case BSON_KIND_BINARY:
		put_binary(s, value, count);
		return 0;
	case BSON_KIND_REGEX:
		put_regex(s, value, count);
		return 0;
	case BSON_KIND_DB_POINTER:
		put_db_pointer(s, value, count);
		return 0;
	case BSON_KIND_TIMESTAMP:
		put_timestamp(s, value, count);
		return 0;
	case BSON_KIND_CODE_WITH_SCOPE:
		return put_scoped(s, value, count);
	default:
		put_word(s, type, value, count);
		return 0;
	}
}

ALWAYS_INLINE int put_fields(struct sink *s, struct bytes doc, bool array, const bool count)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	bool first = true;
	int got, code;

	if (++s->depth > BSON_MAX_NESTING)
		return error_set(s->e, ERR_LIMIT, "documents nest more than %d deep",
				 BSON_MAX_NESTING);
	emit(s, array ? "[" : "{", 1, count);
	while ((got = bson_fields_next(&fields, &field, s->e)) > 0) {
		if (!count && (code = field_room(s, &field)) < 0)
			return code;
		if (!first)
			EMIT(s, ",");
		first = false;
		if (!array) {
			emit_string(s, field.name, count);
			EMIT(s, ":");
		}
		code = put_value(s, field.type, field.value, count);
		if (code < 0)
			return code;
	}
	if (got < 0)
		return got;
	s->depth--;
	emit(s, array ? "]" : "}", 1, count);
	return 0;
}

static int write_fields(struct sink *s, struct bytes doc, bool array)
{
	return put_fields(s, doc, array, false);
}

static int count_fields(struct sink *s, struct bytes doc, bool array)
{
	return put_fields(s, doc, array, true);
}

int ejson_write_value(uint8_t type, struct bytes value, enum ejson_mode mode, struct buf *out,
		      struct error *e)
{
	struct sink s = {.out = out, .canonical = mode == EJSON_CANONICAL, .e = e};
	struct bson_field field = {.type = type, .name = {0}, .value = value};
	size_t before = out->len;
	int code;

	if (bson_value_len(type, value) != (int64_t)value.len)
		return error_set(e, ERR_CORRUPT, "value of type 0x%02x does not fit its %zu bytes",
				 type, value.len);
	s.at = buf_room(out, WRAP_ROOM);
	code = field_room(&s, &field);
	if (code == 0)
		code = put_value(&s, type, value, false);
	out->len = code == 0 ? (size_t)(s.at - out->at) : before;
	return code;
}

int ejson_write(struct bytes doc, enum ejson_mode mode, struct buf *out, struct error *e)
{
	return ejson_write_value(BSON_KIND_DOCUMENT, doc, mode, out, e);
}

int ejson_write_array(struct bytes array, enum ejson_mode mode, struct buf *out, struct error *e)
{
	return ejson_write_value(BSON_KIND_ARRAY, array, mode, out, e);
}

int ejson_size(struct bytes doc, enum ejson_mode mode, uint64_t *ret, struct error *e)
{
	struct sink s = {.canonical = mode == EJSON_CANONICAL, .e = e};
	int code = count_fields(&s, doc, false);

	if (code == 0)
		*ret = s.size;
	return code;
}

int ejson_sizes(struct bytes doc, uint64_t *ret_relaxed, uint64_t *ret_canonical, struct error *e)
{
	struct sink s = {.e = e};
	int code = count_fields(&s, doc, false);

	if (code < 0)
		return code;
	*ret_relaxed = s.size;
	*ret_canonical = s.size + s.more;
	return 0;
}

int ejson_write_name(struct bytes text, struct buf *out, struct error *e)
{
	int code = buf_reserve(out, string_room(text), SIZE_MAX / 2, e);

	if (code == 0)
		out->len = (size_t)(ejson_string_put(out->at + out->len, text) - out->at);
	return code;
}
