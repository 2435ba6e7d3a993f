/* Prefix: value_ (of value.h) */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ejson_number.h"
#include "base/ejson_shortest.h"
#include "query/fields.h"
#include "query/value.h"

#define TEXT_DEPTH_MAX 100 /* BSONObj::maxToStringRecursionDepth */
#define TEXT_MAX 160	   /* a longer string (its NUL counted) is cut */
#define TEXT_CUT 150
#define CODE_MAX 80
#define CODE_CUT 70
#define BINARY_MAX 80
#define BINARY_CUT 70

static void add_hex(struct buf *ret, const uint8_t *at, size_t len, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		buf_add_u8(ret, (uint8_t)digits[at[i] >> 4]);
		buf_add_u8(ret, (uint8_t)digits[at[i] & 15]);
	}
}

static void add_decimal(struct buf *ret, _Decimal128 v)
{
	uint8_t payload[16], text[EJSON_NUMBER_MAX];

	memcpy(payload, &v, sizeof(v));
	buf_add(ret, text, ejson_number_decimal(text, payload));
}

/* The pattern and the options of a payload. */
static void add_regex(struct buf *ret, struct bytes payload)
{
	const char *pattern = (const char *)payload.at;

	buf_printf(ret, "/%s/%s", pattern, pattern + strlen(pattern) + 1);
}

static struct bytes code_of(struct bytes value)
{
	return bytes_of(value.at + 8, get_le32(value.at + 4) - 1);
}

static struct bytes scope_of(struct bytes value)
{
	size_t before = 8 + get_le32(value.at + 4);

	return bytes_of(value.at + before, value.len - before);
}

/* The bytes of a binary's payload, without the inner length that subtype 2 has. */
static struct bytes binary_of(struct bytes value)
{
	if (value.at[4] == 2 && value.len >= 9)
		return bytes_of(value.at + 9, value.len - 9);
	return bytes_of(value.at + 5, value.len - 5);
}

/* ---- BSONElement::toString() */

static void bson_fields_text(struct bytes doc, bool is_array, int depth, bool full,
			     struct buf *ret);

/* StringBuilder::appendDoubleNice() */
static void add_nice_double(struct buf *ret, double v)
{
	size_t start = ret->len;

	/* What printf makes of -nan is its sign; mongod's has none but where the bits have it, too. */
	buf_printf(ret, "%.16g", v);
	if (memchr(ret->at + start, '.', ret->len - start) == NULL)
		buf_add_str(ret, ".0");
}

static void bson_binary_text(struct bytes value, bool full, struct buf *ret)
{
	struct bytes data = binary_of(value);
	bool cut = !full && data.len > BINARY_MAX;

	if (value.at[4] == 4 && data.len == 16) {
		buf_add_str(ret, "UUID(\"");
		for (size_t i = 0; i < 16; i++) {
			if (i == 4 || i == 6 || i == 8 || i == 10)
				buf_add_u8(ret, '-');
			add_hex(ret, data.at + i, 1, false);
		}
		buf_add_str(ret, "\")");
		return;
	}
	buf_printf(ret, "BinData(%d, ", value.at[4]);
	add_hex(ret, data.at, cut ? BINARY_CUT : data.len, true);
	buf_add_str(ret, cut ? "...)" : ")");
}

static void bson_string_text(struct bytes text, bool full, struct buf *ret)
{
	bool cut = !full && text.len + 1 > TEXT_MAX;

	buf_add_u8(ret, '"');
	buf_add(ret, text.at, cut ? TEXT_CUT : text.len);
	buf_add_str(ret, cut ? "...\"" : "\"");
}

static void bson_code_text(struct bytes text, bool full, struct buf *ret)
{
	bool cut = !full && text.len + 1 > CODE_MAX;

	buf_add(ret, text.at, cut ? CODE_CUT : text.len);
	if (cut)
		buf_add_str(ret, "...");
}

static void bson_scoped_text(struct bytes value, bool full, struct buf *ret)
{
	buf_add_str(ret, "CodeWScope( ");
	buf_add_bytes(ret, code_of(value));
	buf_add_str(ret, ", ");
	bson_fields_text(scope_of(value), false, 0, full, ret);
	buf_add_u8(ret, ')');
}

static void bson_pointer_text(struct bytes value, struct buf *ret)
{
	buf_printf(ret, "DBRef('%.*s',", (int)value.len - 17, (const char *)value.at + 4);
	add_hex(ret, value.at + value.len - 12, 12, false);
	buf_add_u8(ret, ')');
}

static void bson_text_of(const struct value *v, int depth, bool full, struct buf *ret)
{
	if (depth > TEXT_DEPTH_MAX) {
		buf_add_str(ret, "...");
		return;
	}
	switch (v->type) {
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		bson_fields_text(v->data, v->type == BSON_KIND_ARRAY, depth + 1, full, ret);
		return;
	case BSON_KIND_DATE:
		buf_printf(ret, "new Date(%" PRId64 ")", v->date);
		return;
	case BSON_KIND_DOUBLE:
		add_nice_double(ret, v->number);
		return;
	case BSON_KIND_CODE:
		bson_code_text(v->data, full, ret);
		return;
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
		bson_string_text(v->data, full, ret);
		return;
	case BSON_KIND_OBJECT_ID:
		buf_add_str(ret, "ObjectId('");
		add_hex(ret, v->data.at, 12, false);
		buf_add_str(ret, "')");
		return;
	case BSON_KIND_BINARY:
		bson_binary_text(v->data, full, ret);
		return;
	case BSON_KIND_DB_POINTER:
		bson_pointer_text(v->data, ret);
		return;
	case BSON_KIND_CODE_WITH_SCOPE:
		bson_scoped_text(v->data, full, ret);
		return;
	case VALUE_MISSING:
		buf_add_str(ret, "EOO");
		return;
	default:
		value_text(v, ret);
	}
}

static void bson_fields_text(struct bytes doc, bool is_array, int depth, bool full, struct buf *ret)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	bool first = true;

	if (doc.len <= BSON_MIN_LEN) {
		buf_add_str(ret, is_array ? "[]" : "{}");
		return;
	}
	buf_add_str(ret, is_array ? "[ " : "{ ");
	for (; fields_next(&fields, &field); first = false) {
		struct value v = value_of_field(&field);

		if (!first)
			buf_add_str(ret, ", ");
		if (depth > TEXT_DEPTH_MAX) {
			buf_add_str(ret, "...");
			continue;
		}
		if (!is_array) {
			buf_add_bytes(ret, field.name);
			buf_add_str(ret, ": ");
		}
		bson_text_of(&v, depth, full, ret);
	}
	buf_add_str(ret, is_array ? " ]" : " }");
}

void value_text_bson(struct bytes doc, bool is_array, struct buf *ret)
{
	bson_fields_text(doc, is_array, 0, false, ret);
}

static void element_text(struct bytes name, const struct value *v, bool full, struct buf *ret)
{
	if (name.at != NULL) {
		buf_add_bytes(ret, name);
		buf_add_str(ret, ": ");
	}
	bson_text_of(v, 0, full, ret);
}

void value_text_element(struct bytes name, const struct value *v, struct buf *ret)
{
	element_text(name, v, false, ret);
}

void value_text_element_full(struct bytes name, const struct value *v, struct buf *ret)
{
	element_text(name, v, true, ret);
}

/* ---- Value::toString() */

/* The civil date of a day since 1970. Rule: Howard Hinnant, "chrono-compatible low-level date algorithms". */
static void civil(int64_t day, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = (int64_t)yoe + era * 400 + (*ret_month <= 2);
}

#define DAY_MS INT64_C(86400000)

static void date_text(int64_t ms, struct buf *ret)
{
	int64_t day = ms / DAY_MS - (ms % DAY_MS < 0), rest = ms - day * DAY_MS, year;
	unsigned month, of_month;

	civil(day, &year, &month, &of_month);
	if (year < 0 || year > 9999)
		buf_add_str(ret, "illegal date");
	else
		buf_printf(ret, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", (int)year, month, of_month,
			   (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
			   (int)(rest % 1000));
}

static void quoted(const char *before, struct bytes text, const char *after, struct buf *ret)
{
	buf_add_str(ret, before);
	buf_add_bytes(ret, text);
	buf_add_str(ret, after);
}

static void document_text(struct bytes doc, bool named, struct buf *ret)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	bool first = true;

	buf_add_u8(ret, named ? '{' : '[');
	for (; fields_next(&fields, &field); first = false) {
		struct value v = value_of_field(&field);

		if (!first)
			buf_add_str(ret, ", ");
		if (named)
			quoted("", field.name, ": ", ret);
		value_text(&v, ret);
	}
	buf_add_u8(ret, named ? '}' : ']');
}

/* What holds bytes. */
static void data_text(const struct value *v, struct buf *ret)
{
	struct bytes data = v->data;

	switch (v->type) {
	case BSON_KIND_OBJECT_ID:
		add_hex(ret, data.at, 12, false);
		break;
	case BSON_KIND_STRING:
		quoted("\"", data, "\"", ret);
		break;
	case BSON_KIND_SYMBOL:
		quoted("Symbol(\"", data, "\")", ret);
		break;
	case BSON_KIND_CODE:
		quoted("Code(\"", data, "\")", ret);
		break;
	case BSON_KIND_REGEX:
		add_regex(ret, data);
		break;
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		document_text(data, v->type == BSON_KIND_DOCUMENT, ret);
		break;
	case BSON_KIND_CODE_WITH_SCOPE:
		quoted("CodeWScope(\"", code_of(data), "\", ", ret);
		bson_fields_text(scope_of(data), false, 0, false, ret);
		buf_add_u8(ret, ')');
		break;
	case BSON_KIND_BINARY:
		buf_printf(ret, "BinData(%d, \"", data.at[4]);
		add_hex(ret, data.at + 5, data.len - 5, true);
		buf_add_str(ret, "\")");
		break;
	default:
		buf_printf(ret, "DBRef(\"%.*s\", ", (int)data.len - 17, (const char *)data.at + 4);
		add_hex(ret, data.at + data.len - 12, 12, false);
		buf_add_u8(ret, ')');
	}
}

void value_text(const struct value *v, struct buf *ret)
{
	switch (v->type) {
	case VALUE_MISSING:
		buf_add_str(ret, "MISSING");
		break;
	case BSON_KIND_MIN_KEY:
		buf_add_str(ret, "MinKey");
		break;
	case BSON_KIND_MAX_KEY:
		buf_add_str(ret, "MaxKey");
		break;
	case BSON_KIND_BOOL:
		buf_add_str(ret, v->flag ? "true" : "false");
		break;
	case BSON_KIND_DECIMAL:
		add_decimal(ret, v->decimal);
		break;
	case BSON_KIND_DOUBLE: /* an ostream's six digits */
		buf_printf(ret, "%g", v->number);
		break;
	case BSON_KIND_INT64:
		buf_printf(ret, "%" PRId64, v->int64);
		break;
	case BSON_KIND_INT32:
		buf_printf(ret, "%" PRId32, v->int32);
		break;
	case BSON_KIND_NULL:
		buf_add_str(ret, "null");
		break;
	case BSON_KIND_UNDEFINED:
		buf_add_str(ret, "undefined");
		break;
	case BSON_KIND_DATE:
		date_text(v->date, ret);
		break;
	case BSON_KIND_TIMESTAMP:
		buf_printf(ret, "Timestamp(%" PRIu64 ", %" PRIu64 ")", v->timestamp >> 32,
			   v->timestamp & UINT32_MAX);
		break;
	default:
		data_text(v, ret);
	}
}

/* ---- $toString */

/* Plain from 1e-04 to below 1e+16, else with an exponent of at least two digits; the fewest digits that read back. */
#define PLAIN_BEFORE 16
#define PLAIN_FROM -4

void value_text_double(double v, struct buf *ret)
{
	char text[32];
	uint64_t digits;
	int exponent, point;
	size_t len;

	if (isnan(v)) {
		buf_add_str(ret, "NaN");
		return;
	}
	if (signbit(v))
		buf_add_u8(ret, '-');
	v = fabs(v);
	if (isinf(v) || v == 0) {
		buf_add_str(ret, v == 0 ? "0" : "Infinity");
		return;
	}
	ejson_shortest(v, &digits, &exponent);
	len = (size_t)snprintf(text, sizeof(text), "%" PRIu64, digits);
	point = (int)len + exponent - 1; /* of the first digit */
	if (point < PLAIN_FROM || point >= PLAIN_BEFORE) {
		buf_add(ret, text, 1);
		if (len > 1)
			buf_add_u8(ret, '.');
		buf_add(ret, text + 1, len - 1);
		buf_printf(ret, "e%c%02d", point < 0 ? '-' : '+', abs(point));
	} else if (point < 0) {
		buf_printf(ret, "0.%.*s%s", -point - 1, "000", text);
	} else if (exponent >= 0) {
		buf_printf(ret, "%s%.*s", text, exponent, "0000000000000000");
	} else {
		buf_printf(ret, "%.*s.%s", point + 1, text, text + point + 1);
	}
}
