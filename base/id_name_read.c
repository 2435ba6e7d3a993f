#include "base/id_name_read.h"

#include "base/id_name.h"
#include "base/id_name_number.h"
#include "base/id_name_text.h"
#include "base/id_name_write.h"

#define UUID_TEXT 36

/* A name being read as a key. */
struct parser {
	struct bytes rest;
	struct buf *key;
};

/* What comes before the first of `ends`, or all that is left. */
static struct bytes take_until(struct parser *p, const char *ends)
{
	struct bytes taken = bytes_of(p->rest.at, 0);

	while (p->rest.len > 0 && (*p->rest.at == 0 || strchr(ends, *p->rest.at) == NULL)) {
		p->rest.at++;
		p->rest.len--;
		taken.len++;
	}
	return taken;
}

/* A value or argument that is the last of its kind: up to where its place ends. */
static struct bytes take_last(struct parser *p, enum id_name_place place)
{
	return take_until(p, place == PLACE_ALONE ? "" : ",}]");
}

static bool put_text(struct parser *p, struct bytes text, enum id_name_nul nul)
{
	if (!id_name_text_unescape(p->key, text, nul))
		return false;
	buf_add_u8(p->key, 0);
	return true;
}

/* False when it is not a u32 in decimal. */
static bool parse_u32(struct bytes text, uint32_t *ret)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 10)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	}
	*ret = (uint32_t)value;
	return value <= UINT32_MAX;
}

static bool parse_uuid(struct bytes text, struct buf *ret_key)
{
	static const uint8_t head[] = {CLASS_BINARY, ID_NAME_UUID_LEN, ID_NAME_UUID_SUBTYPE};
	size_t at = 0;

	buf_add(ret_key, head, sizeof(head));
	for (size_t i = 0; i < ID_NAME_UUID_LEN; i++, at += 2) {
		if (id_name_uuid_dash(i) && text.at[at++] != '-')
			return false;
		if (!id_name_text_unhex(ret_key, bytes_of(text.at + at, 2)))
			return false;
	}
	return true;
}

static bool parse_date(struct bytes text, bool negative, struct buf *ret_key)
{
	int64_t ms;

	if (!id_name_number_parse_date(text, negative, &ms))
		return false;
	buf_add_u8(ret_key, CLASS_DATE);
	put_be64(buf_room(ret_key, 8), (uint64_t)ms ^ (uint64_t)1 << 63);
	ret_key->len += 8;
	return true;
}

/* As id_name_read_bare(), but other spellings of such a value may pass. */
static bool parse_any_bare(struct bytes text, struct buf *ret_key)
{
	uint8_t word = id_name_text_class(text);

	if (word != 0) {
		buf_add_u8(ret_key, word);
		return true;
	}
	if (text.len == 2 * ID_NAME_OBJECT_ID_LEN) {
		size_t start = ret_key->len;

		buf_add_u8(ret_key, CLASS_OBJECT_ID);
		if (id_name_text_unhex(ret_key, text))
			return true;
		ret_key->len = start;
	}
	if (text.len == UUID_TEXT && text.at[8] == '-')
		return parse_uuid(text, ret_key);
	if (text.len == 0 || (text.at[0] != '+' && (text.at[0] < '0' || text.at[0] > '9')))
		return false;
	if (text.at[text.len - 1] == 'Z')
		return parse_date(text, false, ret_key);
	return id_name_number_parse(text, false, false, ret_key);
}

bool id_name_read_bare(struct bytes text, struct buf *ret_key)
{
	OWNED(buf_release) struct buf again = {0};
	size_t start = ret_key->len;

	if (text.len <= ID_NAME_MAX && parse_any_bare(text, ret_key) &&
	    id_name_write_key(bytes_of(ret_key->at + start, ret_key->len - start), &again) &&
	    bytes_equal(buf_bytes(&again), text))
		return true;
	ret_key->len = start;
	return false;
}

static bool parse_value(struct parser *p, enum id_name_place place);

/* What stands before a field's name for the class of its value. */
static uint8_t field_class(uint8_t class)
{
	if (class >= CLASS_NAN && class <= CLASS_INFINITY)
		return CLASS_NAN;
	return class == CLASS_TRUE ? CLASS_FALSE : class;
}

static bool parse_field(struct parser *p)
{
	size_t at = p->key->len, value;

	buf_add_u8(p->key, 0);
	if (!id_name_text_unescape(p->key, take_until(p, ":"), NUL_NONE) ||
	    !id_name_text_skip(&p->rest, ":"))
		return false;
	buf_add_u8(p->key, 0);
	value = p->key->len;
	if (!parse_value(p, PLACE_INNER))
		return false;
	p->key->at[at] = field_class(p->key->at[value]);
	return true;
}

/* Behind the opening bracket, to the closing one. */
static bool parse_fields(struct parser *p, bool named)
{
	const char *close = named ? "}" : "]";
	bool first = true;

	while (!id_name_text_skip(&p->rest, close)) {
		if (!first && !id_name_text_skip(&p->rest, ","))
			return false;
		first = false;
		if (!(named ? parse_field(p) : parse_value(p, PLACE_INNER)))
			return false;
	}
	buf_add_u8(p->key, 0);
	return true;
}

static bool parse_timestamp(struct parser *p, enum id_name_place place)
{
	struct bytes seconds = take_until(p, ",");
	uint32_t half[2];

	if (!parse_u32(seconds, &half[0]) || !id_name_text_skip(&p->rest, ",") ||
	    !parse_u32(take_last(p, place), &half[1]))
		return false;
	buf_add_u8(p->key, CLASS_TIMESTAMP);
	put_be32(buf_room(p->key, 8), half[0]);
	put_be32(p->key->at + p->key->len + 4, half[1]);
	p->key->len += 8;
	return true;
}

static bool parse_binary(struct parser *p, enum id_name_place place)
{
	struct bytes subtype = take_until(p, ",");
	size_t start = p->key->len;

	buf_add_u8(p->key, CLASS_BINARY);
	buf_add_u8(p->key, 0);
	if (subtype.len != 2 || !id_name_text_unhex(p->key, subtype) ||
	    !id_name_text_skip(&p->rest, ",") || !id_name_text_unhex(p->key, take_last(p, place)) ||
	    p->key->len - start - 3 >= 255)
		return false;
	p->key->at[start + 1] = (uint8_t)(p->key->len - start - 3);
	return true;
}

static bool parse_db_pointer(struct parser *p, enum id_name_place place)
{
	size_t start = p->key->len;
	struct bytes id;

	buf_add(p->key, "\x96\0\0\0", 5); /* the class, and room for the length */
	if (!id_name_text_unescape(p->key, take_until(p, ","), NUL_PLAIN) ||
	    !id_name_text_skip(&p->rest, ","))
		return false;
	put_be32(p->key->at + start + 1, (uint32_t)(p->key->len - start - 5));
	id = take_last(p, place);
	return id.len == 2 * (size_t)ID_NAME_OBJECT_ID_LEN && id_name_text_unhex(p->key, id);
}

static bool parse_regex(struct parser *p, enum id_name_place place)
{
	buf_add_u8(p->key, CLASS_REGEX);
	return put_text(p, take_until(p, ","), NUL_NONE) && id_name_text_skip(&p->rest, ",") &&
	       put_text(p, take_last(p, place), NUL_NONE);
}

static bool parse_scoped(struct parser *p)
{
	buf_add_u8(p->key, CLASS_CODE_WITH_SCOPE);
	return put_text(p, take_until(p, ","), NUL_DOUBLE) && id_name_text_skip(&p->rest, ",{") &&
	       parse_fields(p, true);
}

static bool parse_string(struct parser *p, uint8_t class, enum id_name_place place)
{
	buf_add_u8(p->key, class);
	return put_text(p, take_last(p, place), NUL_DOUBLE);
}

/* Behind %-: a number, -Infinity or a date before the year 0. */
static bool parse_negative(struct parser *p, enum id_name_place place)
{
	struct bytes text = take_last(p, place);

	if (bytes_equal(text, bytes_str("Infinity"))) {
		buf_add_u8(p->key, CLASS_MINUS_INFINITY);
		return true;
	}
	if (text.len > 0 && text.at[text.len - 1] == 'Z')
		return parse_date(text, true, p->key);
	return id_name_number_parse(text, true, false, p->key);
}

static bool parse_decimal(struct parser *p, enum id_name_place place)
{
	bool negative = id_name_text_skip(&p->rest, "-");

	return id_name_number_parse(take_last(p, place), negative, true, p->key);
}

static bool parse_value(struct parser *p, enum id_name_place place)
{
	struct bytes text;

	if (id_name_text_skip(&p->rest, "{")) {
		buf_add_u8(p->key, CLASS_OBJECT);
		return parse_fields(p, true);
	}
	if (id_name_text_skip(&p->rest, "[")) {
		buf_add_u8(p->key, CLASS_ARRAY);
		return parse_fields(p, false);
	}
	if (id_name_text_skip(&p->rest, "%-"))
		return parse_negative(p, place);
	if (id_name_text_skip(&p->rest, "%str,"))
		return parse_string(p, CLASS_STRING, place);
	if (id_name_text_skip(&p->rest, "%dec,"))
		return parse_decimal(p, place);
	if (id_name_text_skip(&p->rest, "%ts,"))
		return parse_timestamp(p, place);
	if (id_name_text_skip(&p->rest, "%bin,"))
		return parse_binary(p, place);
	if (id_name_text_skip(&p->rest, "%re,"))
		return parse_regex(p, place);
	if (id_name_text_skip(&p->rest, "%code,"))
		return parse_string(p, CLASS_CODE, place);
	if (id_name_text_skip(&p->rest, "%scope,"))
		return parse_scoped(p);
	if (id_name_text_skip(&p->rest, "%ptr,"))
		return parse_db_pointer(p, place);
	text = take_last(p, place);
	if (id_name_read_bare(text, p->key))
		return true;
	buf_add_u8(p->key, CLASS_STRING);
	return put_text(p, text, NUL_DOUBLE);
}

bool id_name_read_key(struct bytes text, struct buf *ret_key)
{
	struct parser p = {.rest = text, .key = ret_key};

	return parse_value(&p, PLACE_ALONE) && p.rest.len == 0;
}
