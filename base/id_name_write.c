#include "base/id_name_write.h"

#include "base/id_name.h"
#include "base/id_name_number.h"
#include "base/id_name_read.h"
#include "base/id_name_text.h"

/* A key being written as text. */
struct writer {
	struct bytes key; /* what is left of it */
	struct buf *out;
	size_t start; /* of the name in *out */
};

static bool take(struct writer *w, size_t len, const uint8_t **ret)
{
	if (w->key.len < len)
		return false;
	*ret = w->key.at;
	w->key.at += len;
	w->key.len -= len;
	return true;
}

/* A text of a key, up to its NUL: `escapes`: 00 ff is a NUL in it. */
struct key_text {
	uint8_t at[ID_NAME_MAX + 8];
	size_t len;
	bool whole; /* false: it is longer */
};

static bool take_text(struct writer *w, bool escapes, struct key_text *ret)
{
	const uint8_t *byte, *next;

	ret->len = 0;
	ret->whole = true;
	while (take(w, 1, &byte)) {
		if (*byte == 0) {
			if (!escapes || w->key.len == 0 || *w->key.at != 0xff)
				return true;
			(void)take(w, 1, &next);
		}
		if (ret->len == sizeof(ret->at)) {
			ret->whole = false;
			return true;
		}
		ret->at[ret->len++] = *byte;
	}
	return false;
}

static bool write_value(struct writer *w, enum id_name_place place);

/* Would a string of this text be read as another value? */
static bool needs_mark(struct bytes text)
{
	OWNED(buf_release) struct buf ignored = {0};

	return text.len == 0 || id_name_read_bare(text, &ignored);
}

static bool write_string(struct writer *w, enum id_name_place place)
{
	struct key_text text;

	if (!take_text(w, true, &text) || !text.whole)
		return false;
	if (needs_mark(bytes_of(text.at, text.len)))
		buf_add_str(w->out, "%str,");
	id_name_text_add(w->out, bytes_of(text.at, text.len), place);
	return true;
}

/* A text behind a mark. */
static bool write_marked(struct writer *w, const char *mark, bool escapes, enum id_name_place place)
{
	struct key_text text;

	if (!take_text(w, escapes, &text) || !text.whole)
		return false;
	buf_add_str(w->out, mark);
	id_name_text_add(w->out, bytes_of(text.at, text.len), place);
	return true;
}

static bool write_binary(struct writer *w)
{
	const uint8_t *head, *at;
	size_t len;

	if (!take(w, 2, &head))
		return false;
	len = head[0];
	if (len == 255 || !take(w, len, &at))
		return false; /* far too long for a name */
	if (head[1] != ID_NAME_UUID_SUBTYPE || len != ID_NAME_UUID_LEN) {
		buf_printf(w->out, "%%bin,%02x,", head[1]);
		id_name_text_hex(w->out, bytes_of(at, len));
		return true;
	}
	for (size_t i = 0; i < ID_NAME_UUID_LEN; i++) {
		if (id_name_uuid_dash(i))
			buf_add_u8(w->out, '-');
		id_name_text_hex(w->out, bytes_of(at + i, 1));
	}
	return true;
}

static bool write_u64(struct writer *w, uint8_t class)
{
	const uint8_t *at;

	if (!take(w, 8, &at))
		return false;
	if (class == CLASS_DATE)
		id_name_number_write_date((int64_t)(get_be64(at) ^ (uint64_t)1 << 63), w->out);
	else
		buf_printf(w->out, "%%ts,%u,%u", get_be32(at), get_be32(at + 4));
	return true;
}

static bool write_db_pointer(struct writer *w)
{
	const uint8_t *at, *id;
	size_t len;

	if (!take(w, 4, &at))
		return false;
	len = get_be32(at);
	if (len > ID_NAME_MAX || !take(w, len, &at) || !take(w, ID_NAME_OBJECT_ID_LEN, &id))
		return false;
	buf_add_str(w->out, "%ptr,");
	id_name_text_add(w->out, bytes_of(at, len), PLACE_INNER);
	buf_add_u8(w->out, ',');
	id_name_text_hex(w->out, bytes_of(id, ID_NAME_OBJECT_ID_LEN));
	return true;
}

/* The fields of an object, or the values of an array, with the brackets. */
static bool write_fields(struct writer *w, bool named)
{
	const char *comma = "";
	struct key_text name;
	const uint8_t *byte;

	buf_add_u8(w->out, named ? '{' : '[');
	for (;;) {
		if (w->key.len == 0)
			return false;
		if (*w->key.at == 0)
			break;
		buf_add_str(w->out, comma);
		comma = ",";
		if (named) {
			/* The class before the name says what the value says again. */
			if (!take(w, 1, &byte) || !take_text(w, false, &name) || !name.whole)
				return false;
			id_name_text_add(w->out, bytes_of(name.at, name.len), PLACE_FIELD);
			buf_add_u8(w->out, ':');
		}
		if (!write_value(w, PLACE_INNER))
			return false;
	}
	buf_add_u8(w->out, named ? '}' : ']');
	return take(w, 1, &byte);
}

static bool write_scoped(struct writer *w)
{
	if (!write_marked(w, "%scope,", true, PLACE_INNER))
		return false;
	buf_add_u8(w->out, ',');
	return write_fields(w, true);
}

static bool write_regex(struct writer *w, enum id_name_place place)
{
	return write_marked(w, "%re,", false, PLACE_INNER) && write_marked(w, ",", false, place);
}

/* The value that the key begins with. False: it is too long for a name, or no key. */
static bool write_value(struct writer *w, enum id_name_place place)
{
	const uint8_t *class, *at;
	const char *word;

	if (w->out->len - w->start > ID_NAME_MAX || w->key.len == 0)
		return false;
	if (*w->key.at >= CLASS_NAN && *w->key.at <= CLASS_INFINITY)
		return id_name_number_write(&w->key, w->out);
	(void)take(w, 1, &class);
	switch (*class) {
	case CLASS_STRING:
		return write_string(w, place);
	case CLASS_OBJECT:
	case CLASS_ARRAY:
		return write_fields(w, *class == CLASS_OBJECT);
	case CLASS_BINARY:
		return write_binary(w);
	case CLASS_OBJECT_ID:
		if (!take(w, ID_NAME_OBJECT_ID_LEN, &at))
			return false;
		id_name_text_hex(w->out, bytes_of(at, ID_NAME_OBJECT_ID_LEN));
		return true;
	case CLASS_DATE:
	case CLASS_TIMESTAMP:
		return write_u64(w, *class);
	case CLASS_REGEX:
		return write_regex(w, place);
	case CLASS_DB_POINTER:
		return write_db_pointer(w);
	case CLASS_CODE:
		return write_marked(w, "%code,", true, place);
	case CLASS_CODE_WITH_SCOPE:
		return write_scoped(w);
	default:
		word = id_name_text_word(*class);
		buf_add_str(w->out, word != NULL ? word : "");
		return word != NULL;
	}
}

bool id_name_write_key(struct bytes key, struct buf *ret)
{
	struct writer w = {.key = key, .out = ret, .start = ret->len};

	return write_value(&w, PLACE_ALONE) && w.key.len == 0;
}

bool id_name_write_beginning(struct bytes key, size_t limit, struct buf *ret)
{
	struct writer w = {.key = bytes_of(key.at + 1, key.len - 1)};
	size_t start = ret->len, end;
	struct key_text text;

	if (!take_text(&w, true, &text))
		return false;
	for (size_t i = 0; i < text.len;) {
		end = ret->len;
		i += id_name_text_unit(ret, bytes_of(text.at + i, text.len - i), PLACE_ALONE,
				       i == 0);
		if (ret->len - start > limit) {
			ret->len = end;
			return true;
		}
	}
	return false;
}
