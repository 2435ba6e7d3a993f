#include "tools/csv_json.h"

#include <stdio.h>
#include <time.h>

#include "base/ejson.h"
#include "base/ejson_number.h"
#include "base/utf8.h"

void csv_json_double(uint64_t bits, struct buf *ret)
{
	uint8_t text[EJSON_NUMBER_MAX];
	size_t len;
	double value;

	memcpy(&value, &bits, sizeof(value));
	len = ejson_number_double(text, value);
	if (len > 2 && text[len - 2] == '.' && text[len - 1] == '0')
		len -= 2;
	if (text[0] == 'I')
		buf_add_u8(ret, '+');
	if (text[len - 1] == 'y')
		len -= strlen("inity");
	for (size_t i = 0; i < len; i++)
		buf_add_u8(ret, text[i] == 'E' ? 'e' : text[i]);
}

void csv_json_date(int64_t ms, struct buf *ret)
{
	int64_t part = (ms % 1000 + 1000) % 1000;
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
	struct tm utc = {0};
	int64_t year;

	gmtime_r(&seconds, &utc);
	year = (int64_t)utc.tm_year + 1900;
	buf_printf(ret, "%s%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", year < 0 ? "-" : "",
		   (long long)(year < 0 ? -year : year), utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
		   utc.tm_min, utc.tm_sec, (int)part);
}

struct bytes csv_json_binary(struct bytes value)
{
	struct bytes data = bytes_of(value.at + 5, value.len - 5);

	if (value.at[4] == 2 && data.len >= 4 && get_le32(data.at) == data.len - 4)
		data = bytes_of(data.at + 4, data.len - 4);
	return data;
}

/* The short escape of a control character in texts, and in code, which Go quotes by itself. */
static const char *short_escape(uint8_t byte, bool code)
{
	switch (byte) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return code ? "\\t" : NULL;
	case '\b':
		return code ? "\\b" : NULL;
	case '\f':
		return code ? "\\f" : NULL;
	default:
		return NULL;
	}
}

/* A string with its quotes. */
static void add_string(struct bytes text, bool code, struct buf *ret)
{
	buf_add_u8(ret, '"');
	for (size_t i = 0; i < text.len;) {
		uint8_t byte = text.at[i];
		size_t len = byte < 0x80 ? 1 : utf8_sequence(text.at + i, text.len - i);
		const char *escape = short_escape(byte, code);

		if (len == 0)
			buf_add_str(ret, "\\ufffd");
		else if (escape != NULL)
			buf_add_str(ret, escape);
		else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&')
			buf_printf(ret, "\\u%04x", byte);
		else if (len == 3 && byte == 0xe2 && text.at[i + 1] == 0x80 &&
			 (text.at[i + 2] & 0xfe) == 0xa8)
			buf_add_str(ret, text.at[i + 2] == 0xa8 ? "\\u2028" : "\\u2029");
		else
			buf_add(ret, text.at + i, len);
		i += MAX_OF(len, 1);
	}
	buf_add_u8(ret, '"');
}

static void add_double(uint64_t bits, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0};

	csv_json_double(bits, &text);
	buf_text(&text);
	if (memchr("+-", text.at[0], 2) != NULL && memchr(text.at, 'I', text.len) != NULL)
		buf_add_str(ret, text.at[0] == '-' ? "-Infinity" : "+Infinity");
	else
		buf_add_bytes(ret, buf_bytes(&text));
	if (strspn((const char *)text.at, "-0123456789") == text.len)
		buf_add_str(ret, ".0");
}

static void add_hex(struct bytes value, struct buf *ret)
{
	for (size_t i = 0; i < value.len; i++)
		buf_printf(ret, "%02x", value.at[i]);
}

/* The base64 of a binary, which is inside of its extended JSON. */
static int add_binary(struct bytes value, struct buf *ret, struct error *e)
{
	static const char before[] = "{\"$binary\":{\"base64\":";
	OWNED(buf_release) struct buf json = {0};
	const uint8_t *end;

	if (ejson_write_value(BSON_KIND_BINARY, value, EJSON_RELAXED, &json, e) < 0)
		return e->code;
	end = memchr(json.at, ',', json.len);
	buf_add_str(ret, "{\"$binary\":");
	buf_add(ret, json.at + sizeof(before) - 1, (size_t)(end - json.at) - (sizeof(before) - 1));
	buf_printf(ret, ",\"$type\":\"%02x\"}", value.at[4]);
	return 0;
}

static void add_date(int64_t ms, struct buf *ret)
{
	if (ms >= CSV_JSON_DATE_END) {
		buf_printf(ret, "{\"$date\":{\"$numberLong\":\"%lld\"}}", (long long)ms);
		return;
	}
	buf_add_str(ret, "{\"$date\":\"");
	csv_json_date(ms, ret);
	buf_add_str(ret, "\"}");
}

/* Two texts, each with its NUL. */
static void add_regex(struct bytes value, struct buf *ret)
{
	struct bytes pattern = bytes_str((const char *)value.at);
	struct bytes options = bytes_str((const char *)value.at + pattern.len + 1);

	buf_add_str(ret, "{\"$regex\":");
	add_string(pattern, false, ret);
	buf_add_str(ret, ",\"$options\":");
	add_string(options, false, ret);
	buf_add_u8(ret, '}');
}

static void add_pointer(struct bytes value, struct buf *ret)
{
	size_t len = value.len - 17;

	buf_add_str(ret, "{\"$ref\":");
	add_string(bytes_of(value.at + 4, len), false, ret);
	buf_add_str(ret, ",\"$id\":{\"$oid\":\"");
	add_hex(bytes_of(value.at + 5 + len, 12), ret);
	buf_add_str(ret, "\"}}");
}

static int add_value(const struct bson_field *field, unsigned depth, struct buf *ret,
		     struct error *e);

static int add_nested(struct bytes doc, bool array, unsigned depth, struct buf *ret,
		      struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	bool first = true;
	int got;

	if (depth >= BSON_MAX_NESTING)
		return error_set(e, ERR_LIMIT, "documents nest more than %d deep",
				 BSON_MAX_NESTING);
	buf_add_u8(ret, array ? '[' : '{');
	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (!first)
			buf_add_u8(ret, ',');
		first = false;
		if (!array) {
			add_string(field.name, false, ret);
			buf_add_u8(ret, ':');
		}
		if (add_value(&field, depth + 1, ret, e) < 0)
			return e->code;
	}
	buf_add_u8(ret, array ? ']' : '}');
	return got;
}

static int add_scoped(struct bytes value, unsigned depth, struct buf *ret, struct error *e)
{
	struct bytes rest = bytes_of(value.at + 4, value.len - 4);
	int64_t len = bson_value_len(BSON_KIND_CODE, rest);

	if (len < 0)
		return error_set(e, ERR_CORRUPT, "code with scope: the code is cut off");
	buf_add_str(ret, "{\"$code\":");
	add_string(bytes_of(rest.at + 4, (size_t)len - 5), true, ret);
	buf_add_str(ret, ",\"$scope\":");
	if (add_nested(bytes_of(rest.at + len, rest.len - (size_t)len), false, depth, ret, e) < 0)
		return e->code;
	buf_add_u8(ret, '}');
	return 0;
}

static int add_value(const struct bson_field *field, unsigned depth, struct buf *ret,
		     struct error *e)
{
	struct bytes value = field->value, text;

	switch (field->type) {
	case BSON_KIND_STRING:
	case BSON_KIND_CODE:
		if (bson_text(value, &text, e) < 0)
			return e->code;
		if (field->type == BSON_KIND_CODE)
			buf_add_str(ret, "{\"$code\":");
		add_string(text, field->type == BSON_KIND_CODE, ret);
		if (field->type == BSON_KIND_CODE)
			buf_add_u8(ret, '}');
		return 0;
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return add_nested(value, field->type == BSON_KIND_ARRAY, depth, ret, e);
	case BSON_KIND_CODE_WITH_SCOPE:
		return add_scoped(value, depth, ret, e);
	case BSON_KIND_DOUBLE:
		add_double(get_le64(value.at), ret);
		return 0;
	case BSON_KIND_INT64:
		buf_printf(ret, "{\"$numberLong\":\"%lld\"}", (long long)get_le64(value.at));
		return 0;
	case BSON_KIND_DATE:
		add_date((int64_t)get_le64(value.at), ret);
		return 0;
	case BSON_KIND_BINARY:
		return add_binary(value, ret, e);
	case BSON_KIND_REGEX:
		add_regex(value, ret);
		return 0;
	case BSON_KIND_DB_POINTER:
		add_pointer(value, ret);
		return 0;
	default: /* the others are those of extended JSON v2 */
		return ejson_write_value(field->type, value, EJSON_RELAXED, ret, e);
	}
}

int csv_json_value(const struct bson_field *field, struct buf *ret, struct error *e)
{
	return add_value(field, 0, ret, e);
}
