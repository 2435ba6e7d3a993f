#include "base/metadata_wrapper.h"

#include <bson/bson.h>
#include <errno.h>
#include <math.h>

#include "base/bson_check.h"

#define TEXT_MAX 64 /* characters of the longest number, date or UUID that is understood */
#define OID_LEN 12
#define UUID_LEN 16
#define SUBTYPE_UUID 4
#define SUBTYPE_OLD_BINARY 2

/* An object that may be a wrapper: its first two fields. */
struct wrapper {
	struct bson_field first;
	struct bson_field second; /* name.at is NULL when there is one only */
	bool strict;
};

/* Makes the value: 1 appended to *ret and *type set, 0 not this shape, ERR_CORRUPT. */
typedef int wrapper_fn(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e);

/* ERR_CORRUPT: the text of a wrapper is not what it must be. */
static int COLD bad_text(const struct bson_field *field, const char *expected, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "\"%.*s\" expects %s", (int)MIN_OF(field->name.len, 32),
			 (const char *)field->name.at, expected);
}

static bool is_named(const struct bson_field *field, const char *name)
{
	return field->name.at != NULL && bytes_equal(field->name, bytes_str(name));
}

/* The text of a string field; false when it is no string. */
static bool text_of(const struct bson_field *field, struct bytes *ret)
{
	struct error ignored;

	return field->type == BSON_KIND_STRING && bson_text(field->value, ret, &ignored) >= 0;
}

/* A short text as a C string; false when it is too long or has a NUL inside. */
static bool copy_text(struct bytes text, char ret[TEXT_MAX + 1])
{
	if (text.len == 0 || text.len > TEXT_MAX || memchr(text.at, 0, text.len) != NULL)
		return false;
	memcpy(ret, text.at, text.len);
	ret[text.len] = '\0';
	return true;
}

/* An int32 or int64 field. */
static bool integer_of(const struct bson_field *field, int64_t *ret)
{
	if (field->type == BSON_KIND_INT32)
		*ret = (int32_t)get_le32(field->value.at);
	else if (field->type == BSON_KIND_INT64)
		*ret = (int64_t)get_le64(field->value.at);
	else
		return false;
	return true;
}

/* The two fields of a document: 1, or 0 when it has another number of them. */
static int read_fields(struct bytes doc, struct wrapper *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field third;
	int r;

	*ret = (struct wrapper){0};
	r = bson_fields_next(&fields, &ret->first, e);
	if (r <= 0)
		return r;
	r = bson_fields_next(&fields, &ret->second, e);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = bson_fields_next(&fields, &third, e);
	return r < 0 ? r : r == 0;
}

/* Put the fields of a two-field document into the order `first`, `second`; false: others. */
static bool order_fields(struct wrapper *w, const char *first, const char *second)
{
	struct bson_field swapped = w->first;

	if (is_named(&w->second, first) && is_named(&w->first, second)) {
		w->first = w->second;
		w->second = swapped;
	}
	return is_named(&w->first, first) && is_named(&w->second, second);
}

/* `count` bytes written in hex. */
static bool parse_hex(struct bytes text, size_t count, uint8_t *ret)
{
	if (text.len != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		int high = metadata_wrapper_hex(text.at[2 * i]);
		int low = metadata_wrapper_hex(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int open_oid(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct bytes text;

	if (w->second.name.at != NULL || !text_of(&w->first, &text))
		return 0;
	if (!parse_hex(text, OID_LEN, buf_room(ret, OID_LEN)))
		return bad_text(&w->first, "24 hex digits", e);
	ret->len += OID_LEN;
	*type = BSON_KIND_OBJECT_ID;
	return 1;
}

static int open_symbol(const struct wrapper *w, uint8_t *type, struct buf *ret,
		       struct error *e UNUSED)
{
	if (w->second.name.at != NULL || w->first.type != BSON_KIND_STRING)
		return 0;
	buf_add_bytes(ret, w->first.value);
	*type = BSON_KIND_SYMBOL;
	return 1;
}

/* $numberInt and $numberLong: a text of digits, or (older tools) a bare integer. */
static int open_integer(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	bool small = is_named(&w->first, "$numberInt");
	struct bytes text;
	char copy[TEXT_MAX + 1];
	int64_t value;

	if (w->second.name.at != NULL)
		return 0;
	if (text_of(&w->first, &text)) {
		char *end = copy;

		errno = 0;
		value = copy_text(text, copy) ? strtoll(copy, &end, 10) : 0;
		if (end == copy || *end != '\0' || errno == ERANGE || *copy == ' ')
			return bad_text(&w->first, "an integer", e);
	} else if (w->strict || !integer_of(&w->first, &value)) {
		return 0;
	}
	if (small && (value < INT32_MIN || value > INT32_MAX))
		return bad_text(&w->first, "an integer of 32 bits", e);
	if (small)
		buf_add_le32(ret, (uint32_t)value);
	else
		buf_add_le64(ret, (uint64_t)value);
	*type = small ? BSON_KIND_INT32 : BSON_KIND_INT64;
	return 1;
}

static int open_double(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct bytes text;
	char copy[TEXT_MAX + 1];
	char *end = copy;
	double value = 0;
	int64_t integer;
	uint64_t bits;

	if (w->second.name.at != NULL)
		return 0;
	*type = BSON_KIND_DOUBLE;
	if (w->first.type == BSON_KIND_DOUBLE && !w->strict) {
		buf_add_bytes(ret, w->first.value);
		return 1;
	}
	if (!w->strict && integer_of(&w->first, &integer)) {
		value = (double)integer;
	} else if (text_of(&w->first, &text)) {
		if (copy_text(text, copy))
			value = strtod(copy, &end);
		if (end == copy || *end != '\0' || *copy == ' ')
			return bad_text(&w->first, "a number", e);
		if (isnan(value))
			value = (double)NAN; /* without a sign */
	} else {
		return 0;
	}
	memcpy(&bits, &value, sizeof(bits));
	buf_add_le64(ret, bits);
	return 1;
}

static int open_decimal(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	bson_decimal128_t value;
	struct bytes text;

	if (w->second.name.at != NULL || !text_of(&w->first, &text))
		return 0;
	/* Of any length: zeros around the digits count for nothing. */
	if (text.len == 0 || memchr(text.at, 0, text.len) != NULL ||
	    !bson_decimal128_from_string_w_len((const char *)text.at, (int)text.len, &value))
		return bad_text(&w->first, "a decimal number", e);
	buf_add_le64(ret, value.low);
	buf_add_le64(ret, value.high);
	*type = BSON_KIND_DECIMAL;
	return 1;
}

/* The value of a base64 digit, -1 when it is none. */
static int base64_value(uint8_t digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

/* Append what a padded base64 text encodes. */
static bool add_base64(struct buf *ret, struct bytes text)
{
	uint32_t bits = 0;
	size_t digits = text.len;

	if (text.len % 4 != 0)
		return false;
	while (digits > 0 && text.len - digits < 2 && text.at[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++) {
		int value = base64_value(text.at[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			buf_add_u8(ret, (uint8_t)(bits >> (6 - 2 * (i % 4))));
	}
	return true;
}

/* A binary value: its length, its subtype, its bytes. */
static int add_binary(const struct bson_field *name, struct bytes base64, struct bytes subtype,
		      struct buf *ret, struct error *e)
{
	size_t start = ret->len;
	uint8_t kind = 0;

	if (subtype.len == 1 && metadata_wrapper_hex(subtype.at[0]) >= 0)
		kind = (uint8_t)metadata_wrapper_hex(subtype.at[0]);
	else if (!parse_hex(subtype, 1, &kind))
		return bad_text(name, "a subtype of two hex digits", e);
	buf_add_le32(ret, 0);
	buf_add_u8(ret, kind);
	if (kind == SUBTYPE_OLD_BINARY)
		buf_add_le32(ret, 0);
	if (!add_base64(ret, base64))
		return bad_text(name, "base64", e);
	put_le32(ret->at + start, (uint32_t)(ret->len - start - 5));
	if (kind == SUBTYPE_OLD_BINARY)
		put_le32(ret->at + start + 5, (uint32_t)(ret->len - start - 9));
	return 1;
}

/* {"$binary":{"base64":…,"subType":…}}, and before 100.0 {"$binary":…,"$type":…}. */
static int open_binary(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct wrapper inner = *w;
	struct bytes base64;
	struct bytes subtype;
	int r;

	if (w->second.name.at == NULL && w->first.type == BSON_KIND_DOCUMENT) {
		r = read_fields(w->first.value, &inner, e);
		if (r <= 0 || !order_fields(&inner, "base64", "subType"))
			return r < 0 ? r : 0;
	} else if (!order_fields(&inner, "$binary", "$type")) {
		return 0;
	}
	if (!text_of(&inner.first, &base64) || !text_of(&inner.second, &subtype))
		return 0;
	*type = BSON_KIND_BINARY;
	return add_binary(&w->first, base64, subtype, ret, e);
}

static int open_uuid(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	char digits[2 * UUID_LEN];
	struct bytes text;
	size_t count = 0;

	if (w->second.name.at != NULL || !text_of(&w->first, &text))
		return 0;
	for (size_t i = 0; i < text.len && count < sizeof(digits); i++)
		if (i != 8 && i != 13 && i != 18 && i != 23)
			digits[count++] = (char)text.at[i];
		else if (text.at[i] != '-')
			return bad_text(&w->first, "a UUID", e);
	buf_add_le32(ret, UUID_LEN);
	buf_add_u8(ret, SUBTYPE_UUID);
	if (text.len != sizeof(digits) + 4 ||
	    !parse_hex(bytes_of(digits, count), UUID_LEN, buf_room(ret, UUID_LEN)))
		return bad_text(&w->first, "a UUID", e);
	ret->len += UUID_LEN;
	*type = BSON_KIND_BINARY;
	return 1;
}

static int open_code(const struct wrapper *w, uint8_t *type, struct buf *ret,
		     struct error *e UNUSED)
{
	struct wrapper ordered = *w;

	if (w->second.name.at == NULL) {
		if (!is_named(&w->first, "$code") || w->first.type != BSON_KIND_STRING)
			return 0;
		buf_add_bytes(ret, w->first.value);
		*type = BSON_KIND_CODE;
		return 1;
	}
	if (!order_fields(&ordered, "$code", "$scope") || ordered.first.type != BSON_KIND_STRING ||
	    ordered.second.type != BSON_KIND_DOCUMENT)
		return 0;
	buf_add_le32(ret, (uint32_t)(4 + ordered.first.value.len + ordered.second.value.len));
	buf_add_bytes(ret, ordered.first.value);
	buf_add_bytes(ret, ordered.second.value);
	*type = BSON_KIND_CODE_WITH_SCOPE;
	return 1;
}

static int open_timestamp(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct wrapper inner;
	int64_t seconds;
	int64_t increment;
	int r;

	if (w->second.name.at != NULL || w->first.type != BSON_KIND_DOCUMENT)
		return 0;
	r = read_fields(w->first.value, &inner, e);
	if (r <= 0 || !order_fields(&inner, "t", "i") || !integer_of(&inner.first, &seconds) ||
	    !integer_of(&inner.second, &increment))
		return r < 0 ? r : 0;
	if (seconds < 0 || seconds > UINT32_MAX || increment < 0 || increment > UINT32_MAX)
		return bad_text(&w->first, "two integers of 32 bits without a sign", e);
	buf_add_le32(ret, (uint32_t)increment);
	buf_add_le32(ret, (uint32_t)seconds);
	*type = BSON_KIND_TIMESTAMP;
	return 1;
}

static int by_byte(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* The options are sorted, as BSON wants them and as the readers of MongoDB's tools do. */
static int open_regex(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct wrapper inner;
	struct bytes pattern;
	struct bytes options;
	int r;

	if (w->second.name.at != NULL || w->first.type != BSON_KIND_DOCUMENT)
		return 0;
	r = read_fields(w->first.value, &inner, e);
	if (r <= 0 || !order_fields(&inner, "pattern", "options") ||
	    !text_of(&inner.first, &pattern) || !text_of(&inner.second, &options))
		return r < 0 ? r : 0;
	if (memchr(pattern.at, 0, pattern.len) != NULL ||
	    memchr(options.at, 0, options.len) != NULL)
		return bad_text(&w->first, "texts without a NUL", e);
	buf_add_bytes(ret, pattern);
	buf_add_u8(ret, 0);
	buf_add_bytes(ret, options);
	qsort(ret->at + ret->len - options.len, options.len, 1, by_byte);
	buf_add_u8(ret, 0);
	*type = BSON_KIND_REGEX;
	return 1;
}

static int open_pointer(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct wrapper inner;
	int r;

	if (w->second.name.at != NULL || w->first.type != BSON_KIND_DOCUMENT)
		return 0;
	r = read_fields(w->first.value, &inner, e);
	if (r <= 0 || !order_fields(&inner, "$ref", "$id") ||
	    inner.first.type != BSON_KIND_STRING || inner.second.type != BSON_KIND_OBJECT_ID)
		return r < 0 ? r : 0;
	buf_add_bytes(ret, inner.first.value);
	buf_add_bytes(ret, inner.second.value);
	*type = BSON_KIND_DB_POINTER;
	return 1;
}

/* `count` decimal digits at *at, which moves past them; -1 when they are not that. */
static int take_digits(const char **at, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool take_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
	int y = month > 2 ? year : year - 1; /* years that begin in March end with the leap day */
	int m = month > 2 ? month - 3 : month + 9;

	return (int64_t)365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "Z", "+hh:mm", "+hhmm" at *at: the minutes east of Greenwich. */
static bool take_zone(const char **at, int *ret)
{
	int sign = **at == '-' ? -1 : 1;
	int hours;
	int minutes;

	*ret = 0;
	if (take_char(at, 'Z') || take_char(at, 'z'))
		return true;
	if (!take_char(at, '+') && !take_char(at, '-'))
		return false;
	hours = take_digits(at, 2);
	take_char(at, ':');
	minutes = take_digits(at, 2);
	*ret = sign * (hours * 60 + minutes);
	return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

/* "2014-06-04T16:39:22.123Z" as milliseconds since 1970; finer digits are cut off. */
static bool parse_date(const char *at, int64_t *ret)
{
	static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int part[6];
	static const char after[] = "--T::";
	int ms = 0;
	int zone;

	for (size_t i = 0; i < COUNT_OF(part); i++) {
		part[i] = take_digits(&at, i == 0 ? 4 : 2);
		if (part[i] < 0 || (i + 1 < COUNT_OF(part) && !take_char(&at, after[i])))
			return false;
	}
	if (part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > month_days[part[1] - 1] ||
	    part[3] > 23 || part[4] > 59 || part[5] > 59)
		return false;
	if (take_char(&at, '.')) {
		if (*at < '0' || *at > '9')
			return false;
		for (int unit = 100; *at >= '0' && *at <= '9'; at++, unit /= 10)
			ms += unit * (*at - '0');
	}
	if (!take_zone(&at, &zone) || *at != '\0')
		return false;
	*ret = (days_of(part[0], part[1], part[2]) * 1440 + part[3] * 60 + part[4] - zone) * 60000 +
	       part[5] * 1000 + ms;
	return true;
}

static int open_date(const struct wrapper *w, uint8_t *type, struct buf *ret, struct error *e)
{
	struct bytes text;
	char copy[TEXT_MAX + 1];
	int64_t ms;

	if (w->second.name.at != NULL)
		return 0;
	if (text_of(&w->first, &text)) {
		if (!copy_text(text, copy) || !parse_date(copy, &ms))
			return bad_text(&w->first, "a date like 2014-06-04T16:39:22.123Z", e);
	} else if (!integer_of(&w->first, &ms) || (w->strict && w->first.type != BSON_KIND_INT64)) {
		return 0;
	}
	buf_add_le64(ret, (uint64_t)ms);
	*type = BSON_KIND_DATE;
	return 1;
}

/* $minKey, $maxKey: 1, $undefined: true. */
static int open_constant(const struct wrapper *w, uint8_t *type, struct buf *ret UNUSED,
			 struct error *e UNUSED)
{
	bool undefined = is_named(&w->first, "$undefined");
	int64_t value;

	if (w->second.name.at != NULL)
		return 0;
	if (undefined ? w->first.type != BSON_KIND_BOOL || w->first.value.at[0] != 1
		      : !integer_of(&w->first, &value) || value != 1)
		return 0;
	*type = undefined			 ? BSON_KIND_UNDEFINED
		: is_named(&w->first, "$minKey") ? BSON_KIND_MIN_KEY
						 : BSON_KIND_MAX_KEY;
	return 1;
}

static const struct {
	const char *key;
	wrapper_fn *open;
} wrappers[] = {
	{"$numberInt", open_integer},
	{"$numberLong", open_integer},
	{"$numberDouble", open_double},
	{"$numberDecimal", open_decimal},
	{"$oid", open_oid},
	{"$date", open_date},
	{"$binary", open_binary},
	{"$type", open_binary},
	{"$uuid", open_uuid},
	{"$timestamp", open_timestamp},
	{"$regularExpression", open_regex},
	{"$code", open_code},
	{"$scope", open_code},
	{"$symbol", open_symbol},
	{"$dbPointer", open_pointer},
	{"$minKey", open_constant},
	{"$maxKey", open_constant},
	{"$undefined", open_constant},
};

static wrapper_fn *find_wrapper(const struct bson_field *field)
{
	for (size_t i = 0; i < COUNT_OF(wrappers); i++)
		if (is_named(field, wrappers[i].key))
			return wrappers[i].open;
	return NULL;
}

/* 0, or ERR_CORRUPT when a key of the document is one of a wrapper; $type is an operator, too. */
static int check_plain(struct bytes doc, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int r;

	while ((r = bson_fields_next(&fields, &field, e)) > 0)
		if (find_wrapper(&field) != NULL && !is_named(&field, "$type"))
			return error_set(
				e, ERR_CORRUPT,
				"\"%.*s\" has another value, or other keys beside it, than "
				"in extended JSON",
				(int)field.name.len, (const char *)field.name.at);
	return r;
}

int metadata_wrapper_open(struct buf *out, size_t type_at, size_t value_at, bool strict,
			  struct error *e)
{
	OWNED(buf_release) struct buf value = {0};
	struct bytes doc = bytes_of(out->at + value_at, out->len - value_at);
	wrapper_fn *open = NULL;
	struct wrapper w;
	uint8_t type = 0;
	int r;

	if (!strict && (doc.len <= BSON_MIN_LEN || doc.at[5] != '$'))
		return 0;
	r = read_fields(doc, &w, e);
	if (r < 0)
		return r;
	w.strict = strict;
	if (r > 0 && w.first.name.at != NULL)
		open = find_wrapper(&w.first);
	r = open == NULL ? 0 : open(&w, &type, &value, e);
	if (r == 0 && strict)
		return check_plain(doc, e);
	if (r <= 0)
		return r;
	out->len = value_at;
	buf_add_bytes(out, buf_bytes(&value));
	out->at[type_at] = type;
	return 1;
}
