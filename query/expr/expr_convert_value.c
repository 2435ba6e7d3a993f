#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "query/decimal.h"
#include "query/expr/expr_convert.h"
#include "query/expr/expr_date_inside.h"

#define FAILURE QUERY_CONVERSION_FAILURE

static int overflow(const struct value *from, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (from->type != BSON_KIND_INT64) /* mongod forgets it of a long */
		value_text(from, &text);
	return query_error(
		e, FAILURE,
		"Conversion would overflow target type in $convert with no onError value: %s",
		buf_text(&text));
}

static int unsupported(const struct value *from, uint8_t to, struct error *e)
{
	return query_error(e, FAILURE,
			   "Unsupported conversion from %s to %s in $convert with no onError value",
			   expr_type(from), value_type_name(to));
}

static int not_parsed(struct bytes text, const char *why, struct error *e)
{
	OWNED(buf_release) struct buf quoted = {0};

	return query_error(e, FAILURE,
			   "Failed to parse number '%s' in $convert with no onError value: %s",
			   query_error_quote(text, &quoted), why);
}

/* ---- from strings */

/* NumberParser of mongod for whole numbers of base 10. */
static const char *parse_integer(struct bytes text, int64_t least, int64_t most, int64_t *ret)
{
	bool negative = text.len > 0 && text.at[0] == '-';
	size_t at = negative || (text.len > 0 && text.at[0] == '+') ? 1 : 0;
	int64_t value = 0;

	if (at == text.len)
		return "No digits";
	for (; at < text.len; at++) {
		int digit = text.at[at] - '0';

		if (digit < 0 || digit > 9)
			return "Did not consume whole string.";
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value) ||
		    value < least || value > most)
			return "Overflow";
	}
	*ret = value;
	return NULL;
}

static const char *parse_double(struct bytes text, struct arena *arena, double *ret)
{
	const char *copy = arena_text(arena, text);
	char *end;

	if (text.len == 0)
		return "Empty string";
	if (strchr(" \t\n\v\f\r", copy[0]) != NULL && copy[0] != 0)
		return "Leading whitespace";
	errno = 0;
	*ret = strtod(copy, &end);
	if (end == copy)
		return "Did not consume any digits";
	if (errno == ERANGE)
		return "Out of range";
	return end == copy + text.len ? NULL : "Did not consume whole string.";
}

static const char *parse_decimal(struct bytes text, _Decimal128 *ret)
{
	unsigned flags = 0;

	if (text.len == 0)
		return "Empty string";
	*ret = decimal_of_text(text, &flags);
	if ((flags & DECIMAL_INVALID) != 0)
		return "Failed to parse string to decimal";
	if ((flags & DECIMAL_OVERFLOW) != 0)
		return "Conversion from string to decimal would overflow";
	if ((flags & DECIMAL_UNDERFLOW) != 0)
		return "Conversion from string to decimal would underflow";
	return NULL;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int string_to_id(struct bytes text, struct arena *arena, struct value *ret, struct error *e)
{
	static const char failed[] = "Failed to parse objectId '%s' in $convert with no onError "
				     "value: Invalid character found in hex string: %c";
	OWNED(buf_release) struct buf quoted = {0};
	uint8_t id[12];

	if (text.len != 24)
		return query_error(e, FAILURE,
				   "Failed to parse objectId '%s' in $convert with no onError "
				   "value: Invalid string length for parsing to OID, expected 24 "
				   "but found %zu",
				   query_error_quote(text, &quoted), text.len);
	for (size_t i = 0; i < 24; i++)
		if (hex_digit(text.at[i]) < 0)
			return query_error(e, FAILURE, failed, query_error_quote(text, &quoted),
					   text.at[i]);
	for (size_t i = 0; i < 12; i++)
		id[i] = (uint8_t)(hex_digit(text.at[2 * i]) << 4 | hex_digit(text.at[2 * i + 1]));
	*ret = (struct value){.type = BSON_KIND_OBJECT_ID,
			      .data = arena_copy(arena, bytes_of(id, sizeof(id)))};
	return 0;
}

static int string_to_number(struct bytes text, uint8_t to, struct arena *arena, struct value *ret,
			    struct error *e)
{
	OWNED(buf_release) struct buf quoted = {0};
	const char *why;
	_Decimal128 decimal;
	int64_t number = 0;
	double real = 0;

	if (text.len >= 2 && text.at[0] == '0' && text.at[1] == 'x')
		return query_error(e, FAILURE,
				   "Illegal hexadecimal input in $convert with no onError value: "
				   "%s",
				   query_error_quote(text, &quoted));
	switch (to) {
	case BSON_KIND_INT32:
		why = parse_integer(text, INT32_MIN, INT32_MAX, &number);
		*ret = value_int32((int32_t)number);
		break;
	case BSON_KIND_INT64:
		why = parse_integer(text, INT64_MIN, INT64_MAX, &number);
		*ret = value_int64(number);
		break;
	case BSON_KIND_DOUBLE:
		why = parse_double(text, arena, &real);
		*ret = value_double(real);
		break;
	default:
		why = parse_decimal(text, &decimal);
		if (why == NULL)
			*ret = value_decimal(decimal);
	}
	return why == NULL ? 0 : not_parsed(text, why, e);
}

static int of_string(const struct value *from, uint8_t to, struct arena *arena, struct value *ret,
		     struct error *e)
{
	int64_t ms = 0;
	int result;

	switch (to) {
	case BSON_KIND_OBJECT_ID:
		return string_to_id(from->data, arena, ret, e);
	case BSON_KIND_DATE:
		result = expr_date_of_text(from->data, bytes_of(NULL, 0), NULL, &ms, e);
		*ret = value_date(ms);
		return result;
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DECIMAL:
		return string_to_number(from->data, to, arena, ret, e);
	default:
		return unsupported(from, to, e);
	}
}

/* ---- from numbers */

static int not_finite(const char *what, struct error *e)
{
	return query_error(
		e, FAILURE,
		"Attempt to convert %s value to integer type in $convert with no onError value",
		what);
}

/* As a whole number that fits; `to` says whether 32 bits. */
static int to_integer(const struct value *from, uint8_t to, int64_t *ret, struct error *e)
{
	unsigned flags = 0;

	switch (from->type) {
	case BSON_KIND_INT32:
		*ret = from->int32;
		break;
	case BSON_KIND_INT64:
		*ret = from->int64;
		break;
	case BSON_KIND_DOUBLE:
		if (isnan(from->number))
			return not_finite("NaN", e);
		if (isinf(from->number))
			return not_finite("infinity", e);
		if (!(from->number >= -0x1p63 && from->number < 0x1p63))
			return overflow(from, e);
		*ret = (int64_t)from->number;
		break;
	default:
		if (decimal_is_nan(from->decimal))
			return not_finite("NaN", e);
		if (decimal_is_infinite(from->decimal))
			return not_finite("infinity", e);
		*ret = decimal_to_int64(from->decimal, &flags);
		if ((flags & DECIMAL_INVALID) != 0)
			return overflow(from, e);
	}
	if (to == BSON_KIND_INT32 && (*ret < INT32_MIN || *ret > INT32_MAX))
		return overflow(from, e);
	return 0;
}

static int to_double(const struct value *from, struct value *ret, struct error *e)
{
	unsigned flags = 0;

	if (from->type != BSON_KIND_DECIMAL) {
		*ret = value_double(value_to_double(from));
		return 0;
	}
	*ret = value_double(decimal_to_double(from->decimal, &flags));
	if ((flags & (DECIMAL_OVERFLOW | DECIMAL_UNDERFLOW)) != 0)
		return overflow(from, e);
	return 0;
}

static int of_number(const struct value *from, uint8_t to, struct value *ret, struct error *e)
{
	int64_t number = 0;
	int result;

	switch (to) {
	case BSON_KIND_DOUBLE:
		return to_double(from, ret, e);
	case BSON_KIND_DECIMAL:
		/* A NaN keeps its sign. */
		*ret = value_decimal(from->type == BSON_KIND_DOUBLE && !isnan(from->number)
					     ? decimal_of_double(from->number)
					     : value_to_decimal(from));
		return 0;
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
		result = to_integer(from, to, &number, e);
		*ret = to == BSON_KIND_INT32 ? value_int32((int32_t)number) : value_int64(number);
		return result;
	case BSON_KIND_DATE:
		if (from->type == BSON_KIND_INT32)
			return unsupported(from, to, e);
		result = to_integer(from, BSON_KIND_INT64, &number, e);
		*ret = value_date(number);
		return result;
	default:
		return unsupported(from, to, e);
	}
}

/* ---- the others */

static int of_bool(const struct value *from, uint8_t to, struct value *ret, struct error *e)
{
	switch (to) {
	case BSON_KIND_DOUBLE:
		*ret = value_double(from->flag ? 1 : 0);
		return 0;
	case BSON_KIND_INT32:
		*ret = value_int32(from->flag);
		return 0;
	case BSON_KIND_INT64:
		*ret = value_int64(from->flag);
		return 0;
	case BSON_KIND_DECIMAL:
		*ret = value_decimal(decimal_of_int64(from->flag));
		return 0;
	default:
		return unsupported(from, to, e);
	}
}

static int of_date(const struct value *from, uint8_t to, struct value *ret, struct error *e)
{
	switch (to) {
	case BSON_KIND_DOUBLE:
		*ret = value_double((double)from->date);
		return 0;
	case BSON_KIND_INT64:
		*ret = value_int64(from->date);
		return 0;
	case BSON_KIND_DECIMAL:
		*ret = value_decimal(decimal_of_int64(from->date));
		return 0;
	default:
		return unsupported(from, to, e);
	}
}

static int to_string(const struct value *from, struct arena *arena, struct value *ret,
		     struct error *e)
{
	static const char digits[] = "0123456789abcdef";
	struct bytes text = {0};
	char hex[24];
	int result;

	switch (from->type) {
	case BSON_KIND_BOOL:
		*ret = value_string(bytes_str(from->flag ? "true" : "false"));
		return 0;
	case BSON_KIND_OBJECT_ID:
		for (size_t i = 0; i < 12; i++) {
			hex[2 * i] = digits[from->data.at[i] >> 4];
			hex[2 * i + 1] = digits[from->data.at[i] & 15];
		}
		*ret = value_string(arena_copy(arena, bytes_of(hex, sizeof(hex))));
		return 0;
	case BSON_KIND_DOUBLE: {
		OWNED(buf_release) struct buf b = {0};

		value_text_double(from->number, &b);
		*ret = expr_string_of(arena, &b);
		return 0;
	}
	case BSON_KIND_DATE:
		result = expr_date_text(from->date, arena, &text, e);
		*ret = value_string(text);
		return result;
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DECIMAL:
		result = expr_coerce_text(from, arena, &text, e);
		*ret = value_string(text);
		return result;
	default:
		return unsupported(from, BSON_KIND_STRING, e);
	}
}

int expr_convert_value(const struct value *from, uint8_t to, struct arena *arena, struct value *ret,
		       struct error *e)
{
	int64_t ms = 0;
	int result;

	if (to == BSON_KIND_BOOL) {
		*ret = value_bool(value_is_true(from));
		return 0;
	}
	if (to == from->type && (to == BSON_KIND_STRING || to == BSON_KIND_OBJECT_ID ||
				 to == BSON_KIND_DATE || (value_is_number(from)))) {
		*ret = *from;
		return 0;
	}
	if (to == BSON_KIND_STRING)
		return to_string(from, arena, ret, e);
	switch (from->type) {
	case BSON_KIND_STRING:
		return of_string(from, to, arena, ret, e);
	case BSON_KIND_DOUBLE:
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DECIMAL:
		return of_number(from, to, ret, e);
	case BSON_KIND_BOOL:
		return of_bool(from, to, ret, e);
	case BSON_KIND_DATE:
		return of_date(from, to, ret, e);
	case BSON_KIND_OBJECT_ID:
	case BSON_KIND_TIMESTAMP:
		if (to != BSON_KIND_DATE)
			return unsupported(from, to, e);
		result = expr_coerce_date(from, &ms, e);
		*ret = value_date(ms);
		return result;
	default:
		return unsupported(from, to, e);
	}
}
