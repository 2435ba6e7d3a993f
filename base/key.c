#include "base/key.h"

#include "base/bson.h"
#include "base/key_number.h"

enum key_class {
	CLASS_MIN_KEY = 10,
	CLASS_UNDEFINED = 15,
	CLASS_NULL = 20,
	CLASS_NUMBER = 30, /* before the name of an object's field; key_number.c has the rest */
	CLASS_STRING = 60,
	CLASS_OBJECT = 70,
	CLASS_ARRAY = 80,
	CLASS_BINARY = 90,
	CLASS_OBJECT_ID = 100,
	CLASS_BOOL = 110, /* false; true is one more */
	CLASS_DATE = 120,
	CLASS_TIMESTAMP = 130,
	CLASS_REGEX = 140,
	CLASS_DB_POINTER = 150,
	CLASS_CODE = 160,
	CLASS_CODE_WITH_SCOPE = 170,
	CLASS_MAX_KEY = 240,
};

static const uint8_t classes[256] = {
	[BSON_KIND_DOUBLE] = CLASS_NUMBER,
	[BSON_KIND_STRING] = CLASS_STRING,
	[BSON_KIND_DOCUMENT] = CLASS_OBJECT,
	[BSON_KIND_ARRAY] = CLASS_ARRAY,
	[BSON_KIND_BINARY] = CLASS_BINARY,
	[BSON_KIND_UNDEFINED] = CLASS_UNDEFINED,
	[BSON_KIND_OBJECT_ID] = CLASS_OBJECT_ID,
	[BSON_KIND_BOOL] = CLASS_BOOL,
	[BSON_KIND_DATE] = CLASS_DATE,
	[BSON_KIND_NULL] = CLASS_NULL,
	[BSON_KIND_REGEX] = CLASS_REGEX,
	[BSON_KIND_DB_POINTER] = CLASS_DB_POINTER,
	[BSON_KIND_CODE] = CLASS_CODE,
	[BSON_KIND_SYMBOL] = CLASS_STRING,
	[BSON_KIND_CODE_WITH_SCOPE] = CLASS_CODE_WITH_SCOPE,
	[BSON_KIND_INT32] = CLASS_NUMBER,
	[BSON_KIND_TIMESTAMP] = CLASS_TIMESTAMP,
	[BSON_KIND_INT64] = CLASS_NUMBER,
	[BSON_KIND_DECIMAL] = CLASS_NUMBER,
	[BSON_KIND_MAX_KEY] = CLASS_MAX_KEY,
	[BSON_KIND_MIN_KEY] = CLASS_MIN_KEY,
};

/* A key being written behind the `start` bytes that *out already had. */
struct key {
	struct buf *out;
	size_t start;
	unsigned depth; /* documents around the value */
	struct error *e;
};

/* Room for `more` bytes at *ret_at, which the caller then adds to out->len. */
static inline int key_room(struct key *k, size_t more, uint8_t **ret_at)
{
	if (k->out->cap - k->out->len < more ||
	    k->out->len - k->start > KEY_MAX_LEN - MIN_OF(more, (size_t)KEY_MAX_LEN)) {
		int code = buf_reserve(k->out, more, k->start + KEY_MAX_LEN, k->e);

		if (code < 0)
			return code;
	}
	*ret_at = k->out->at + k->out->len;
	return 0;
}

static int put_u8(struct key *k, uint8_t value)
{
	uint8_t *at;
	int code = key_room(k, 1, &at);

	if (code == 0) {
		*at = value;
		k->out->len++;
	}
	return code;
}

/* `head`, then `tail`, as they are. */
static int put_two(struct key *k, const void *head, size_t head_len, struct bytes tail)
{
	uint8_t *at;
	int code = key_room(k, head_len + tail.len, &at);

	if (code < 0)
		return code;
	memcpy(at, head, head_len);
	if (tail.len > 0)
		memcpy(at + head_len, tail.at, tail.len);
	k->out->len += head_len + tail.len;
	return 0;
}

/* The class, the bytes with each NUL as 00 ff, 00. */
static int put_text(struct key *k, uint8_t class, struct bytes text)
{
	uint8_t *at = NULL;
	int code = key_room(k, text.len + 2, &at);
	const uint8_t *nul = text.len == 0 ? NULL : memchr(text.at, 0, text.len);

	if (code < 0)
		return code;
	if (nul == NULL) {
		at[0] = class;
		if (text.len > 0)
			memcpy(at + 1, text.at, text.len);
		at[1 + text.len] = 0;
		k->out->len += text.len + 2;
		return 0;
	}
	code = key_room(k, 2 * text.len + 2, &at);
	if (code < 0)
		return code;
	*at++ = class;
	for (size_t i = 0; i < text.len; i++) {
		*at++ = text.at[i];
		if (text.at[i] == 0)
			*at++ = 0xff;
	}
	*at++ = 0;
	k->out->len = (size_t)(at - k->out->at);
	return 0;
}

static int put_string(struct key *k, uint8_t class, struct bytes value)
{
	struct bytes text;
	int code = bson_text(value, &text, k->e);

	return code < 0 ? code : put_text(k, class, text);
}

static int put_binary(struct key *k, struct bytes value)
{
	uint8_t head[7] = {CLASS_BINARY};
	size_t len = value.len - 5;

	if (len < 255) {
		head[1] = (uint8_t)len;
		head[2] = value.at[4];
		return put_two(k, head, 3, bytes_of(value.at + 5, len));
	}
	head[1] = 255;
	put_be32(head + 2, (uint32_t)len);
	head[6] = value.at[4];
	return put_two(k, head, 7, bytes_of(value.at + 5, len));
}

static int put_db_pointer(struct key *k, struct bytes value)
{
	uint8_t head[5] = {CLASS_DB_POINTER};
	size_t len = value.len - 17;
	int code;

	put_be32(head + 1, (uint32_t)len);
	code = put_two(k, head, sizeof(head), bytes_of(value.at + 4, len));
	return code < 0 ? code : put_two(k, value.at + 4 + len + 1, 12, bytes_of(NULL, 0));
}

static int put_u64(struct key *k, uint8_t class, uint64_t value)
{
	uint8_t head[9] = {class};

	put_be64(head + 1, value);
	return put_two(k, head, sizeof(head), bytes_of(NULL, 0));
}

static int put_number(struct key *k, uint8_t type, struct bytes value)
{
	uint8_t *at;
	int code = key_room(k, KEY_NUMBER_MAX, &at);
	uint64_t bits;
	double real;

	if (code < 0)
		return code;
	switch (type) {
	case BSON_KIND_INT32:
		k->out->len += key_number_int(at, (int32_t)get_le32(value.at));
		break;
	case BSON_KIND_INT64:
		k->out->len += key_number_int(at, (int64_t)get_le64(value.at));
		break;
	case BSON_KIND_DOUBLE:
		bits = get_le64(value.at);
		memcpy(&real, &bits, sizeof(real));
		k->out->len += key_number_double(at, real);
		break;
	default:
		k->out->len += key_number_decimal(at, value.at);
	}
	return 0;
}

static int put_value(struct key *k, uint8_t type, struct bytes value);

/* The fields of a document (named) or array, then the end. */
static int put_fields(struct key *k, struct bytes doc, bool named)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int got, code;

	if (k->depth >= BSON_MAX_NESTING)
		return error_set(k->e, ERR_LIMIT, "documents nest more than %d deep",
				 BSON_MAX_NESTING);
	k->depth++;
	while ((got = bson_fields_next(&fields, &field, k->e)) > 0) {
		if (named) {
			/* The name and its NUL. */
			struct bytes name = bytes_of(field.name.at, field.name.len + 1);

			code = put_two(k, &classes[field.type], 1, name);
			if (code < 0)
				return code;
		}
		code = put_value(k, field.type, field.value);
		if (code < 0)
			return code;
	}
	k->depth--;
	return got < 0 ? got : put_u8(k, 0);
}

static int put_scoped(struct key *k, struct bytes value)
{
	struct bytes rest = bytes_of(value.at + 4, value.len - 4);
	int64_t len = bson_value_len(BSON_KIND_CODE, rest);
	int code;

	if (len < 0)
		return error_set(k->e, ERR_CORRUPT, "code with scope: the code is cut off");
	code = put_string(k, CLASS_CODE_WITH_SCOPE, bytes_of(rest.at, (size_t)len));
	if (code < 0)
		return code;
	return put_fields(k, bytes_of(rest.at + len, rest.len - (size_t)len), true);
}

static int put_container(struct key *k, uint8_t type, struct bytes value)
{
	int code = put_u8(k, classes[type]);

	return code < 0 ? code : put_fields(k, value, type == BSON_KIND_DOCUMENT);
}

/* `value` has the length that bson_value_len() says. */
static int put_value(struct key *k, uint8_t type, struct bytes value)
{
	uint8_t class = classes[type];

	switch ((enum bson_kind)type) {
	case BSON_KIND_OBJECT_ID:
		return put_two(k, &class, 1, value);
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DECIMAL:
		return put_number(k, type, value);
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
	case BSON_KIND_CODE:
		return put_string(k, class, value);
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return put_container(k, type, value);
	case BSON_KIND_CODE_WITH_SCOPE:
		return put_scoped(k, value);
	case BSON_KIND_BINARY:
		return put_binary(k, value);
	case BSON_KIND_DB_POINTER:
		return put_db_pointer(k, value);
	case BSON_KIND_DATE:
		return put_u64(k, class, get_le64(value.at) ^ (uint64_t)1 << 63);
	case BSON_KIND_TIMESTAMP:
		return put_u64(k, class, get_le64(value.at));
	case BSON_KIND_BOOL:
		return put_u8(k, (uint8_t)(class + (value.at[0] != 0)));
	case BSON_KIND_REGEX:
		return put_two(k, &class, 1, value);
	case BSON_KIND_UNDEFINED:
	case BSON_KIND_NULL:
	case BSON_KIND_MIN_KEY:
	case BSON_KIND_MAX_KEY:
		return put_u8(k, class);
	}
	return error_set(k->e, ERR_UNSUPPORTED, "BSON type 0x%02x is unknown", type);
}

int key_of_value(uint8_t bson_type, struct bytes value, struct buf *ret, struct error *e)
{
	struct key k = {.out = ret, .start = ret->len, .e = e};
	int code;

	if (classes[bson_type] == 0)
		return error_set(e, ERR_UNSUPPORTED, "_id: BSON type 0x%02x is unknown", bson_type);
	if (bson_value_len(bson_type, value) != (int64_t)value.len)
		return error_set(e, ERR_CORRUPT,
				 "_id: value of BSON type 0x%02x does not fit its %zu bytes",
				 bson_type, value.len);
	code = put_value(&k, bson_type, value);
	if (code < 0) {
		ret->len = k.start;
		return error_wrap(e, "_id");
	}
	return 0;
}

/* The usual document: an ObjectId comes first. */
#define OBJECT_ID_FIRST (4 + 1 + 4 + 12)

int key_of_document(struct bytes doc, struct buf *ret, struct error *e)
{
	struct bson_field field;
	int got, code;

	if (doc.len > OBJECT_ID_FIRST && memcmp(doc.at + 4, "\x07_id", 5) == 0) {
		uint8_t *at = buf_room(ret, 13);

		at[0] = CLASS_OBJECT_ID;
		memcpy(at + 1, doc.at + 9, 12);
		ret->len += 13;
		return 1;
	}
	got = bson_find(doc, "_id", &field, e);
	if (got <= 0)
		return got;
	code = key_of_value(field.type, field.value, ret, e);
	return code < 0 ? code : 1;
}
