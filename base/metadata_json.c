#include "base/metadata_json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/bson_check.h"
#include "base/metadata_wrapper.h"

#define WRAPPER_NESTING 2 /* objects around a date: {"$date":{"$numberLong":…}} */
#define NUMBER_MAX 64	  /* characters of the longest number that is understood */
#define KEY_DIGITS_MAX 24 /* characters of an array's key */

/* The text, where we are in it, and what has been made of it. */
struct json {
	struct bytes text;
	size_t at;
	size_t limit; /* of out->len, but for the closing bytes */
	struct buf *out;
	unsigned int depth;
	bool strict; /* wrappers in their own shape only */
};

static int parse_value(struct json *j, size_t type_at, struct error *e);

/* ERR_CORRUPT: what was expected at the current byte, and what is there. */
static int COLD unexpected(const struct json *j, const char *expected, struct error *e)
{
	uint8_t found;

	if (j->at >= j->text.len)
		return error_set(e, ERR_CORRUPT, "byte %zu: expected %s, the text ends", j->at,
				 expected);
	found = j->text.at[j->at];
	if (found > ' ' && found < 0x7f)
		return error_set(e, ERR_CORRUPT, "byte %zu: expected %s, found '%c'", j->at,
				 expected, found);
	return error_set(e, ERR_CORRUPT, "byte %zu: expected %s, found byte 0x%02x", j->at,
			 expected, found);
}

/* The next byte that is not white space, 0 at the end. Does not step over it. */
static uint8_t peek(struct json *j)
{
	while (j->at < j->text.len) {
		uint8_t byte = j->text.at[j->at];

		if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r')
			return byte;
		j->at++;
	}
	return 0;
}

/* Step over `wanted` if it comes next. */
static bool accept(struct json *j, char wanted)
{
	if (peek(j) != (uint8_t)wanted)
		return false;
	j->at++;
	return true;
}

/* The four hex digits at the current byte; -1 when they are not that. */
static int32_t read_hex4(struct json *j)
{
	uint32_t value = 0;

	if (j->text.len - j->at < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = metadata_wrapper_hex(j->text.at[j->at + i]);

		if (digit < 0)
			return -1;
		value = value << 4 | (uint32_t)digit;
	}
	j->at += 4;
	return (int32_t)value;
}

/* Append a code point as UTF-8. */
static void add_utf8(struct buf *out, uint32_t point)
{
	if (point < 0x80) {
		buf_add_u8(out, (uint8_t)point);
		return;
	}
	if (point < 0x800) {
		buf_add_u8(out, (uint8_t)(0xc0 | point >> 6));
	} else {
		if (point < 0x10000) {
			buf_add_u8(out, (uint8_t)(0xe0 | point >> 12));
		} else {
			buf_add_u8(out, (uint8_t)(0xf0 | point >> 18));
			buf_add_u8(out, (uint8_t)(0x80 | (point >> 12 & 0x3f)));
		}
		buf_add_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
	}
	buf_add_u8(out, (uint8_t)(0x80 | (point & 0x3f)));
}

/* What follows \u: one code unit, or two of a surrogate pair; a lone surrogate is U+FFFD. */
static int add_unicode(struct json *j, struct error *e)
{
	int32_t unit = read_hex4(j);

	if (unit < 0)
		return unexpected(j, "four hex digits after \\u", e);
	if (unit >= 0xd800 && unit < 0xdc00 && j->text.len - j->at >= 6 &&
	    j->text.at[j->at] == '\\' && j->text.at[j->at + 1] == 'u') {
		size_t back = j->at;
		int32_t low;

		j->at += 2;
		low = read_hex4(j);
		if (low >= 0xdc00 && low < 0xe000) {
			add_utf8(j->out,
				 (uint32_t)(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
			return 0;
		}
		j->at = back;
	}
	add_utf8(j->out, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : (uint32_t)unit);
	return 0;
}

/* What follows a backslash in a string. */
static int add_escape(struct json *j, struct error *e)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (j->at < j->text.len && j->text.at[j->at] == 'u') {
		j->at++;
		return add_unicode(j, e);
	}
	found = j->at < j->text.len ? memchr(from, j->text.at[j->at], sizeof(from) - 1) : NULL;
	if (found == NULL)
		return unexpected(j, "one of \"\\/bfnrtu after a backslash", e);
	j->at++;
	buf_add_u8(j->out, (uint8_t)to[found - from]);
	return 0;
}

/* Append the string that begins at the current byte, without a NUL at the end. */
static int parse_string(struct json *j, const char *expected, struct error *e)
{
	if (!accept(j, '"'))
		return unexpected(j, expected, e);
	for (;;) {
		size_t start = j->at;
		uint8_t byte = 0;
		int r;

		while (j->at < j->text.len) {
			byte = j->text.at[j->at];
			if (byte == '"' || byte == '\\' || byte < ' ')
				break;
			j->at++;
		}
		if (j->out->len + (j->at - start) > j->limit)
			return error_set(e, ERR_LIMIT,
					 "byte %zu: over the limit of %zu bytes of BSON", start,
					 j->limit);
		buf_add(j->out, j->text.at + start, j->at - start);
		if (j->at >= j->text.len || byte < ' ')
			return unexpected(j, "the rest of a string", e);
		j->at++;
		if (byte == '"')
			return 0;
		r = add_escape(j, e);
		if (r < 0)
			return r;
	}
}

/* A string value: its length, its bytes, a NUL. */
static int parse_string_value(struct json *j, struct error *e)
{
	size_t start = j->out->len;
	int r;

	buf_add_le32(j->out, 0);
	r = parse_string(j, "a string", e);
	if (r < 0)
		return r;
	buf_add_u8(j->out, 0);
	put_le32(j->out->at + start, (uint32_t)(j->out->len - start - 4));
	return 0;
}

/* The offset of the first byte from `at` on that is no decimal digit. */
static size_t skip_digits(struct bytes text, size_t at)
{
	while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9')
		at++;
	return at;
}

/* The number of characters of a JSON number at `text`, 0 when it is none; *ret_whole: no . or e. */
static size_t number_len(struct bytes text, bool *ret_whole)
{
	size_t start = text.len > 0 && text.at[0] == '-';
	size_t at = skip_digits(text, start);

	*ret_whole = true;
	if (at == start || (text.at[start] == '0' && at - start > 1))
		return 0;
	if (at < text.len && text.at[at] == '.') {
		*ret_whole = false;
		start = at + 1;
		at = skip_digits(text, start);
		if (at == start)
			return 0;
	}
	if (at < text.len && (text.at[at] == 'e' || text.at[at] == 'E')) {
		*ret_whole = false;
		start = at + 1;
		start += start < text.len && (text.at[start] == '+' || text.at[start] == '-');
		at = skip_digits(text, start);
		if (at == start)
			return 0;
	}
	return at;
}

/* What mongodump before 4.4 wrote of doubles that JSON has no digits for; without a sign that before 3.0. */
static const struct {
	char text[12];
	double value;
} odd_doubles[] = {
	{"NaN", NAN},
	{"+Infinity", INFINITY},
	{"Infinity", INFINITY},
	{"-Infinity", -INFINITY},
};

static void add_double(struct json *j, size_t type_at, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	j->out->at[type_at] = BSON_KIND_DOUBLE;
	buf_add_le64(j->out, bits);
}

/* One of odd_doubles: true, and it is taken. */
static bool parse_odd_double(struct json *j, size_t type_at)
{
	struct bytes rest = bytes_of(j->text.at + j->at, j->text.len - j->at);

	for (size_t i = 0; i < COUNT_OF(odd_doubles) && !j->strict; i++) {
		size_t len = strlen(odd_doubles[i].text);

		if (rest.len < len || memcmp(rest.at, odd_doubles[i].text, len) != 0)
			continue;
		j->at += len;
		add_double(j, type_at, odd_doubles[i].value);
		return true;
	}
	return false;
}

/* A number: int32, int64 or double. */
static int parse_number(struct json *j, size_t type_at, struct error *e)
{
	struct bytes rest = bytes_of(j->text.at + j->at, j->text.len - j->at);
	bool whole = false;
	size_t len = number_len(rest, &whole);
	char text[NUMBER_MAX + 1];
	long long integer = 0;

	if (len == 0)
		return parse_odd_double(j, type_at) ? 0 : unexpected(j, "a value", e);
	if (len > NUMBER_MAX)
		return error_set(e, ERR_LIMIT, "byte %zu: a number of %zu characters, at most %d",
				 j->at, len, NUMBER_MAX);
	memcpy(text, rest.at, len);
	text[len] = '\0';
	j->at += len;
	errno = 0;
	if (whole)
		integer = strtoll(text, NULL, 10);
	if (!whole || errno == ERANGE) {
		add_double(j, type_at, strtod(text, NULL));
	} else if (integer >= INT32_MIN && integer <= INT32_MAX) {
		j->out->at[type_at] = BSON_KIND_INT32;
		buf_add_le32(j->out, (uint32_t)integer);
	} else {
		j->out->at[type_at] = BSON_KIND_INT64;
		buf_add_le64(j->out, (uint64_t)integer);
	}
	return 0;
}

/* true, false, null. */
static int parse_word(struct json *j, size_t type_at, struct error *e)
{
	static const struct {
		char text[6];
		uint8_t kind;
		int8_t value; /* of a bool */
	} words[] = {
		{"true", BSON_KIND_BOOL, 1},
		{"false", BSON_KIND_BOOL, 0},
		{"null", BSON_KIND_NULL, -1},
	};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t len = strlen(words[i].text);

		if (j->text.len - j->at < len ||
		    memcmp(j->text.at + j->at, words[i].text, len) != 0)
			continue;
		j->at += len;
		j->out->at[type_at] = words[i].kind;
		if (words[i].value >= 0)
			buf_add_u8(j->out, (uint8_t)words[i].value);
		return 0;
	}
	return unexpected(j, "a value", e);
}

/*
 * The key of a value, with its NUL. mongodump 2.2 wrote those of the file itself without quotes:
 * {options : {"create" : …}, indexes:[…]}
 */
static int parse_key(struct json *j, struct error *e)
{
	static const char *const bare[] = {"options", "indexes"};
	size_t start = j->out->len;
	int r;

	(void)peek(j);
	for (size_t i = 0; i < COUNT_OF(bare) && j->depth == 1 && !j->strict; i++) {
		size_t len = strlen(bare[i]);

		if (j->text.len - j->at < len || memcmp(j->text.at + j->at, bare[i], len) != 0)
			continue;
		j->at += len;
		buf_add(j->out, bare[i], len + 1);
		return 0;
	}
	r = parse_string(j, "a key in quotes", e);
	if (r < 0)
		return r;
	if (memchr(j->out->at + start, 0, j->out->len - start) != NULL)
		return error_set(e, ERR_CORRUPT, "byte %zu: a key with a NUL", j->at);
	buf_add_u8(j->out, 0);
	return 0;
}

/* One "key": value of an object, or one value of an array, which gets `index` as its key. */
static int parse_member(struct json *j, bool array, size_t index, struct error *e)
{
	size_t type_at = j->out->len;
	char digits[KEY_DIGITS_MAX];
	int r;

	if (j->out->len > j->limit)
		return error_set(e, ERR_LIMIT, "byte %zu: over the limit of %zu bytes of BSON",
				 j->at, j->limit);
	buf_add_u8(j->out, 0);
	if (array) {
		snprintf(digits, sizeof(digits), "%zu", index);
		buf_add(j->out, digits, strlen(digits) + 1);
	} else {
		r = parse_key(j, e);
		if (r < 0)
			return r;
		if (!accept(j, ':'))
			return unexpected(j, "':' after a key", e);
	}
	return parse_value(j, type_at, e);
}

/* An object or array after its opening bracket, up to and with the closing one. */
static int parse_members(struct json *j, bool array, struct error *e)
{
	const char close = array ? ']' : '}';
	size_t start = j->out->len;

	if (++j->depth > BSON_MAX_NESTING + WRAPPER_NESTING)
		return error_set(e, ERR_LIMIT, "byte %zu: nested deeper than %d", j->at,
				 BSON_MAX_NESTING);
	buf_add_le32(j->out, 0);
	if (!accept(j, close)) {
		for (size_t index = 0;; index++) {
			int r = parse_member(j, array, index, e);

			if (r < 0)
				return r;
			if (accept(j, close))
				break;
			if (!accept(j, ','))
				return unexpected(j, array ? "',' or ']'" : "',' or '}'", e);
		}
	}
	buf_add_u8(j->out, 0);
	put_le32(j->out->at + start, (uint32_t)(j->out->len - start));
	j->depth--;
	return 0;
}

/* Any value: append its payload and set the type byte at `type_at`. */
static int parse_value(struct json *j, size_t type_at, struct error *e)
{
	uint8_t first = peek(j);
	size_t value_at = j->out->len;
	size_t text_at = j->at;
	int r;

	switch (first) {
	case '{':
		j->at++;
		j->out->at[type_at] = BSON_KIND_DOCUMENT;
		r = parse_members(j, false, e);
		if (r < 0)
			return r;
		r = metadata_wrapper_open(j->out, type_at, value_at, j->strict, e);
		return r < 0 ? error_wrap(e, "byte %zu", text_at) : r;
	case '[':
		j->at++;
		j->out->at[type_at] = BSON_KIND_ARRAY;
		return parse_members(j, true, e);
	case '"':
		j->out->at[type_at] = BSON_KIND_STRING;
		return parse_string_value(j, e);
	case 't':
	case 'f':
	case 'n':
		return parse_word(j, type_at, e);
	default:
		return parse_number(j, type_at, e);
	}
}

static int parse(struct bytes text, size_t limit, bool strict, struct buf *ret, struct error *e)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* that editors of Windows put first */
	struct json j = {.text = text, .limit = ret->len + limit, .out = ret, .strict = strict};
	size_t start = ret->len;
	int r;

	if (text.len >= sizeof(mark) && memcmp(text.at, mark, sizeof(mark)) == 0)
		j.at = sizeof(mark);
	if (!accept(&j, '{'))
		return unexpected(&j, "'{'", e);
	r = parse_members(&j, false, e);
	if (r == 0 && (peek(&j) != 0 || j.at < text.len))
		r = unexpected(&j, "the end of the text", e);
	if (r == 0 && ret->len - start > limit)
		r = error_set(e, ERR_LIMIT, "%zu bytes of BSON, over the limit of %zu",
			      ret->len - start, limit);
	if (r < 0)
		ret->len = start;
	return r;
}

int metadata_json_parse(struct bytes text, size_t limit, struct buf *ret, struct error *e)
{
	return parse(text, limit, false, ret, e);
}

int metadata_json_parse_strict(struct bytes text, size_t limit, struct buf *ret, struct error *e)
{
	return parse(text, limit, true, ret, e);
}
