/*
 * The renderer and the reader against libbson's. An input is tried as a document, and as what
 * a document is made of. Both sides write extended JSON v2, and differ in
 * what the specification leaves open: spaces, escapes, digits of doubles, zeros at the end of a
 * second's fraction. So the texts are compared with strings decoded and numbers read; and each
 * side's text is given to the other side's reader, which has to give the document back.
 *
 * Left out is what docs/format/json.md names as lost, and what libbson does otherwise: options of
 * regular expressions that it does not know, and documents nested deeper than it goes.
 */
#include <bson/bson.h>
#include <math.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "base/ejson.h"
#include "base/metadata_json.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

#define DEPTH_MAX 90 /* libbson's reader has 100 levels */

#define DATE_MAX 253402300799999 /* of the year 9999 */

/* What is in a document that only one of the comparisons can't take. */
struct found {
	bool far_date;	 /* libbson writes years of five digits */
	bool unreadable; /* by libbson (1.23), which damages code and DBPointers inside arrays */
};

static bool is_common(struct bytes doc, bool array, unsigned depth, struct found *found);

/* Options that are sorted, known and there once: libbson leaves out all others. */
static bool has_common_options(struct bytes value)
{
	const char *options = (const char *)value.at + strlen((const char *)value.at) + 1;

	for (; *options != '\0'; options++)
		if (strchr("ilmsux", *options) == NULL || options[1] == *options ||
		    (options[1] != '\0' && options[1] < *options))
			return false;
	return true;
}

static bool is_plain_double(struct bytes value)
{
	uint64_t bits = get_le64(value.at);

	/* A NaN has no payload and no sign in JSON. */
	return (bits & 0x7ff0000000000000) != 0x7ff0000000000000 ||
	       (bits & 0x000fffffffffffff) == 0 || bits == 0x7ff8000000000000;
}

/* A decimal that is written as it is read: others have several encodings. */
static bool is_plain_decimal(struct bytes value)
{
	char text[BSON_DECIMAL128_STRING];
	bson_decimal128_t number = {.low = get_le64(value.at), .high = get_le64(value.at + 8)};
	bson_decimal128_t back;

	bson_decimal128_to_string(&number, text);
	return bson_decimal128_from_string(text, &back) && back.low == number.low &&
	       back.high == number.high;
}

static bool is_common_value(const struct bson_field *field, unsigned depth, struct found *found)
{
	struct bytes value = field->value;
	uint32_t code;

	switch (field->type) {
	case BSON_KIND_DOUBLE:
		return is_plain_double(value);
	case BSON_KIND_DECIMAL:
		return is_plain_decimal(value);
	case BSON_KIND_DATE:
		found->far_date |= (int64_t)get_le64(value.at) > DATE_MAX;
		return true;
	case BSON_KIND_DB_POINTER:
	case BSON_KIND_CODE:
	case BSON_KIND_SYMBOL: /* libbson ends these at a NUL */
		found->unreadable |= field->type != BSON_KIND_SYMBOL;
		return memchr(value.at + 4, 0, get_le32(value.at) - 1) == NULL;
	case BSON_KIND_REGEX:
		return has_common_options(value);
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return is_common(value, field->type == BSON_KIND_ARRAY, depth + 1, found);
	case BSON_KIND_CODE_WITH_SCOPE:
		found->unreadable = true;
		code = 8 + get_le32(value.at + 4);
		return memchr(value.at + 8, 0, code - 9) == NULL &&
		       is_common(bytes_of(value.at + code, value.len - code), false, depth + 1,
				 found);
	default:
		return true;
	}
}

/* Is there nothing in it that the two sides write, or read back, otherwise? */
static bool is_common(struct bytes doc, bool array, unsigned depth, struct found *found)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct error e = {0};
	char name[24];
	int got;

	if (depth > DEPTH_MAX)
		return false;
	for (unsigned i = 0; (got = bson_fields_next(&fields, &field, &e)) > 0; i++) {
		snprintf(name, sizeof(name), "%u", i);
		/* "$" may begin a wrapper; names inside arrays are not written. */
		if (array ? !bytes_equal(field.name, bytes_str(name))
			  : field.name.len > 0 && field.name.at[0] == '$')
			return false;
		if (!is_common_value(&field, depth, found))
			return false;
	}
	return got == 0;
}

static uint32_t hex4(const char *at)
{
	char digits[5] = {at[0], at[1], at[2], at[3], '\0'};

	return (uint32_t)strtoul(digits, NULL, 16);
}

/* Append the string whose quote is at `at`, decoded; what comes behind it. */
static const char *add_string(struct buf *ret, const char *at)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	uint32_t unit;

	for (at++; *at != '"'; at++) {
		FUZZ_REQUIRE((unsigned char)*at >= ' ');
		if (*at != '\\') {
			buf_add_u8(ret, (uint8_t)*at);
			continue;
		}
		at++;
		found = strchr(from, *at);
		if (found != NULL) {
			buf_add_u8(ret, (uint8_t)to[found - from]);
			continue;
		}
		FUZZ_REQUIRE(*at == 'u');
		unit = hex4(at + 1);
		at += 4;
		/* Neither side escapes what needs three bytes, but for U+2028 and U+2029. */
		FUZZ_REQUIRE(unit < 0x80 || unit == 0x2028 || unit == 0x2029);
		if (unit < 0x80)
			buf_add_u8(ret, (uint8_t)unit);
		else
			buf_add(ret, unit == 0x2028 ? "\xe2\x80\xa8" : "\xe2\x80\xa9", 3);
	}
	return at + 1;
}

static void add_number(struct buf *ret, const char *text, const char **ret_end)
{
	char *end;
	double number = strtod(text, &end);

	FUZZ_REQUIRE(end != text);
	if (isnan(number))
		buf_add_str(ret, "NaN");
	else
		buf_printf(ret, "%.17g", number);
	*ret_end = end;
}

/* "2020-01-01T00:00:00.120Z": without zeros at the end of the fraction. */
static void trim_date(struct buf *text)
{
	const char *dot = memchr(text->at, '.', text->len);

	if (dot == NULL || text->at[text->len - 1] != 'Z')
		return;
	text->len--;
	while (text->at[text->len - 1] == '0')
		text->len--;
	if (text->at[text->len - 1] == '.')
		text->len--;
	buf_add_u8(text, 'Z');
}

/* A decoded string, so that nothing in it can be taken for what is around it. */
static void add_text(struct buf *ret, const struct buf *text)
{
	buf_printf(ret, "%zu:", text->len);
	buf_add_bytes(ret, buf_bytes(text));
}

/* A text without spaces, strings decoded and with their length, numbers in one form. */
static void normalize(const char *at, struct buf *ret)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf text = {0};

	while (*at != '\0') {
		const char *end;

		if (*at == '"') {
			buf_reset(&text);
			at = add_string(&text, at);
			if (bytes_equal(buf_bytes(&key), bytes_str("$date")))
				trim_date(&text);
			if (bytes_equal(buf_bytes(&key), bytes_str("$numberDouble")))
				add_number(ret, buf_text(&text), &end);
			else
				add_text(ret, &text);
			buf_reset(&key);
			buf_add_bytes(&key, buf_bytes(&text));
		} else if (strchr("-0123456789", *at) != NULL) {
			add_number(ret, at, &at);
		} else {
			if (*at != ' ')
				buf_add_u8(ret, (uint8_t)*at);
			if (*at != ' ' && *at != ':')
				buf_reset(&key);
			at++;
		}
	}
}

static void compare(const char *theirs, const struct buf *ours)
{
	OWNED(buf_release) struct buf a = {0};
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf text = {0};

	buf_add_bytes(&text, buf_bytes(ours));
	normalize(theirs, &a);
	normalize(buf_text(&text), &b);
	if (!bytes_equal(buf_bytes(&a), buf_bytes(&b)))
		fprintf(stderr, "libbson: %s\nours:    %s\n", theirs, buf_text(&text));
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
}

/* libbson reads the document from our text. */
static void check_their_reader(struct bytes doc, const struct buf *ours)
{
	bson_error_t why = {0};
	bson_t *read = bson_new_from_json(ours->at, (ssize_t)ours->len, &why);

	if (read == NULL || !bytes_equal(bytes_of(bson_get_data(read), read->len), doc))
		fprintf(stderr, "libbson reads something else (%s) from %.*s\n", why.message,
			(int)ours->len, (const char *)ours->at);
	FUZZ_REQUIRE(read != NULL && bytes_equal(bytes_of(bson_get_data(read), read->len), doc));
	bson_destroy(read);
}

/* We read it from either text. */
static void check_our_reader(struct bytes doc, struct bytes text)
{
	OWNED(buf_release) struct buf back = {0};
	struct error e = {0};

	FUZZ_REQUIRE(metadata_json_parse(text, SIZE_MAX / 2, &back, &e) == 0);
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&back), doc));
}

static void try_document(struct bytes doc)
{
	OWNED(buf_release) struct buf ours = {0};
	struct found found = {0};
	struct error e = {0};
	bson_t theirs;
	char *text;

	if (bson_check(doc, BSON_CHECK_FULL, &e) < 0 || !is_common(doc, false, 0, &found))
		return;
	FUZZ_REQUIRE(bson_init_static(&theirs, doc.at, doc.len));
	text = bson_as_relaxed_extended_json(&theirs, NULL);
	FUZZ_REQUIRE(text != NULL && ejson_write(doc, EJSON_RELAXED, &ours, &e) == 0);
	if (!found.far_date)
		compare(text, &ours);
	bson_free(text);
	buf_reset(&ours);
	text = bson_as_canonical_extended_json(&theirs, NULL);
	FUZZ_REQUIRE(text != NULL && ejson_write(doc, EJSON_CANONICAL, &ours, &e) == 0);
	compare(text, &ours);
	if (!found.unreadable)
		check_their_reader(doc, &ours);
	check_our_reader(doc, bytes_str(text));
	check_our_reader(doc, buf_bytes(&ours));
	bson_free(text);
}

/* Take up to `len` bytes off the input. */
static struct bytes take(struct bytes *input, size_t len)
{
	struct bytes taken = bytes_of(input->at, MIN_OF(len, input->len));

	input->at += taken.len;
	input->len -= taken.len;
	return taken;
}

static uint8_t take_u8(struct bytes *input)
{
	struct bytes one = take(input, 1);

	return one.len == 1 ? one.at[0] : 0;
}

/* Exactly `len` bytes into `ret`, zeros where the input has ended. */
static struct bytes take_exactly(struct bytes *input, size_t len, uint8_t *ret)
{
	struct bytes taken = take(input, len);

	memset(ret, 0, len);
	if (taken.len > 0)
		memcpy(ret, taken.at, taken.len);
	return bytes_of(ret, len);
}

/* A text; what is not UTF-8 is cut off. */
static struct bytes take_text(struct bytes *input)
{
	struct bytes text = take(input, take_u8(input) % 40);

	text.len = utf8_prefix(text);
	return text;
}

/* The payload of a string-like value, or of a regular expression (without options). */
static void build_text(struct buf *b, const char *name, uint8_t type, struct bytes *input)
{
	OWNED(buf_release) struct buf payload = {0};
	struct bytes text = take_text(input);
	uint8_t id[12];

	if (type == BSON_KIND_REGEX) {
		text.len = text.len == 0 ? 0 : strnlen((const char *)text.at, text.len);
		buf_add_bytes(&payload, text);
		buf_add(&payload, "\0im", 4);
		payload.len -= take_u8(input) % 2 == 0 ? 2 : 0;
		payload.at[payload.len - 1] = 0;
	} else {
		buf_add_le32(&payload, (uint32_t)text.len + 1);
		buf_add_bytes(&payload, text);
		buf_add_u8(&payload, 0);
	}
	if (type == BSON_KIND_DB_POINTER)
		buf_add_bytes(&payload, take_exactly(input, sizeof(id), id));
	bson_build_value(b, name, type, buf_bytes(&payload));
}

static void build_fields(struct buf *b, bool array, unsigned depth, struct bytes *input);

/* One field of a type that the input chooses, with a value that it has. */
static void build_field(struct buf *b, const char *name, unsigned depth, struct bytes *input)
{
	static const uint8_t types[] = {
		BSON_KIND_DOUBLE,  BSON_KIND_STRING,	 BSON_KIND_BINARY,   BSON_KIND_OBJECT_ID,
		BSON_KIND_BOOL,	   BSON_KIND_DATE,	 BSON_KIND_NULL,     BSON_KIND_REGEX,
		BSON_KIND_INT32,   BSON_KIND_DB_POINTER, BSON_KIND_CODE,     BSON_KIND_SYMBOL,
		BSON_KIND_INT64,   BSON_KIND_TIMESTAMP,	 BSON_KIND_DECIMAL,  BSON_KIND_MAX_KEY,
		BSON_KIND_MIN_KEY, BSON_KIND_UNDEFINED,	 BSON_KIND_DOCUMENT, BSON_KIND_ARRAY,
	};
	uint8_t type = types[take_u8(input) % COUNT_OF(types)], room[16];
	struct bytes none = {0};
	size_t begin;

	switch (type) {
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		begin = type == BSON_KIND_ARRAY ? bson_build_open_array(b, name)
						: bson_build_open(b, name);
		if (depth < 5)
			build_fields(b, type == BSON_KIND_ARRAY, depth + 1, input);
		bson_build_end(b, begin);
		return;
	case BSON_KIND_BINARY:
		/* Subtype 2 has its own length inside: test_ejson.c tries it. */
		room[0] = take_u8(input);
		bson_build_binary(b, name, room[0] == 2 ? 0 : room[0],
				  take(input, take_u8(input) % 40));
		return;
	case BSON_KIND_BOOL:
		bson_build_bool(b, name, take_u8(input) % 2 == 1);
		return;
	default:
		if (bson_value_len(type, none) == 0)
			bson_build_value(b, name, type, none);
		else if (strchr("\x02\x0b\x0c\x0d\x0e", type) != NULL)
			build_text(b, name, type, input);
		else
			bson_build_value(b, name, type,
					 take_exactly(input,
						      type == BSON_KIND_OBJECT_ID ? 12
						      : type == BSON_KIND_DECIMAL ? 16
						      : type == BSON_KIND_INT32	  ? 4
										  : 8,
						      room));
	}
}

static void build_fields(struct buf *b, bool array, unsigned depth, struct bytes *input)
{
	for (unsigned i = 0; input->len > 0 && take_u8(input) % 16 != 0; i++) {
		struct bytes text = array ? (struct bytes){0} : take_text(input);
		char name[64];

		if (array)
			snprintf(name, sizeof(name), "%u", i);
		else
			snprintf(name, sizeof(name), "%.*s", (int)text.len,
				 text.len == 0 ? "" : (const char *)text.at);
		build_field(b, name, depth, input);
	}
}

/* Any input makes a valid document, so nearly all of them get as far as the comparison. */
static void try_built(struct bytes input)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	size_t begin = bson_build_begin(&doc);

	build_fields(&doc, false, 0, &input);
	bson_build_end(&doc, begin);
	FUZZ_REQUIRE(bson_check(buf_bytes(&doc), BSON_CHECK_FULL, &e) == 0);
	try_document(buf_bytes(&doc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf doc = {0};

	try_built(bytes_of(data, size));
	try_document(bytes_of(data, size));
	if (size < BSON_MIN_LEN)
		return 0;
	buf_add(&doc, data, size);
	put_le32(doc.at, (uint32_t)size);
	doc.at[size - 1] = 0;
	try_document(buf_bytes(&doc));
	return 0;
}
