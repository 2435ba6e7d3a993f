/*
 * compare_values.h - for tests: a second opinion of MongoDB's order, by value instead of by key.
 *
 * Slow and plain: numbers are compared as decimal digits from printf. One thread.
 */
#ifndef TESTS_UNIT_BASE_COMPARE_VALUES_H
#define TESTS_UNIT_BASE_COMPARE_VALUES_H

#include "tests/unit/base/make_bson.h"

struct plain_number {
	int rank; /* NaN, -infinity, finite, infinity */
	int sign;
	int exponent;
	char digits[800];
};

/* Digits and exponent of [-]ddd[.ddd]e[+-]dd, as +-0.ddd * 10^exponent. */
static inline void plain_of_text(const char *text, struct plain_number *n)
{
	size_t count = 0;
	int point = -1;
	const char *at = text;

	n->sign = *at == '-' ? -1 : 1;
	at += *at == '-';
	for (; *at != '\0' && *at != 'e'; at++) {
		if (*at == '.')
			point = (int)count;
		else
			n->digits[count++] = *at;
	}
	n->exponent =
		(point < 0 ? (int)count : point) + (*at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0);
	while (count > 0 && n->digits[count - 1] == '0')
		count--;
	n->digits[count] = '\0';
	count = strspn(n->digits, "0");
	memmove(n->digits, n->digits + count, strlen(n->digits) + 1 - count);
	n->exponent -= (int)count;
	if (n->digits[0] == '\0')
		n->sign = n->exponent = 0;
}

static inline void plain_of_decimal(const uint8_t *value, struct plain_number *n)
{
	unsigned __int128 limit = 1, coefficient;
	uint64_t high = get_le64(value + 8);
	char text[64];
	size_t at = sizeof(text);

	if ((high >> 58 & 31) >= 30) {
		n->rank = (high >> 58 & 31) == 31 ? 0 : high >> 63 ? 1 : 3;
		return;
	}
	for (int i = 0; i < 34; i++)
		limit *= 10;
	coefficient = (unsigned __int128)(high & 0x1ffffffffffff) << 64 | get_le64(value);
	if ((high >> 61 & 3) == 3 || coefficient >= limit)
		coefficient = 0;
	text[--at] = '\0';
	do
		text[--at] = (char)('0' + (int)(coefficient % 10));
	while ((coefficient /= 10) != 0);
	plain_of_text(text + at, n);
	if (n->sign != 0 && high >> 63)
		n->sign = -1;
	if (n->sign != 0)
		n->exponent += (int)(high >> 49 & 0x3fff) - 6176;
}

static inline void plain_of(const struct bson_field *field, struct plain_number *n)
{
	char text[900];
	double real;

	*n = (struct plain_number){.rank = 2};
	switch (field->type) {
	case BSON_KIND_DECIMAL:
		plain_of_decimal(field->value.at, n);
		return;
	case BSON_KIND_INT32:
		snprintf(text, sizeof(text), "%d", (int)get_le32(field->value.at));
		break;
	case BSON_KIND_INT64:
		snprintf(text, sizeof(text), "%lld", (long long)get_le64(field->value.at));
		break;
	default:
		memcpy(&real, field->value.at, sizeof(real));
		if (real != real)
			n->rank = 0;
		else if (real - real != 0)
			n->rank = real < 0 ? 1 : 3;
		if (n->rank != 2)
			return;
		snprintf(text, sizeof(text), "%.780e", real);
	}
	plain_of_text(text, n);
}

static inline int sign_of(int64_t value)
{
	return value < 0 ? -1 : value > 0;
}

static inline int compare_numbers(const struct bson_field *a, const struct bson_field *b)
{
	struct plain_number x, y;

	plain_of(a, &x);
	plain_of(b, &y);
	if (x.rank != y.rank)
		return sign_of(x.rank - y.rank);
	if (x.rank != 2)
		return 0;
	if (x.sign != y.sign)
		return sign_of(x.sign - y.sign);
	if (x.exponent != y.exponent)
		return x.sign * sign_of(x.exponent - y.exponent);
	return x.sign * sign_of(strcmp(x.digits, y.digits));
}

static inline int canonical_type(uint8_t type)
{
	static const uint8_t order[] = {0xff, 6, 10, 1,	 2,  3,	 4,  5,	 7,
					8,    9, 17, 11, 12, 13, 15, 127};

	if (type == BSON_KIND_SYMBOL)
		type = BSON_KIND_STRING;
	if (type == 16 || type == 18 || type == 19)
		type = BSON_KIND_DOUBLE;
	for (size_t i = 0; i < sizeof(order); i++) {
		if (order[i] == type)
			return (int)i;
	}
	assert(false);
	return -1;
}

static inline struct bytes text_of(struct bytes value)
{
	return bytes_of(value.at + 4, get_le32(value.at) - 1);
}

static inline int compare_values(const struct bson_field *a, const struct bson_field *b);

static inline int compare_documents(struct bytes a, struct bytes b, bool named)
{
	struct bson_fields xs = bson_fields(a), ys = bson_fields(b);
	struct bson_field x, y;
	struct error e = {0};

	for (;;) {
		int got_x = bson_fields_next(&xs, &x, &e), got_y = bson_fields_next(&ys, &y, &e);
		int order;

		assert(got_x >= 0 && got_y >= 0);
		if (got_x == 0 || got_y == 0)
			return got_x - got_y;
		order = canonical_type(x.type) - canonical_type(y.type);
		if (order == 0 && named)
			order = bytes_compare(x.name, y.name);
		if (order == 0)
			order = compare_values(&x, &y);
		if (order != 0)
			return sign_of(order);
	}
}

static inline int compare_scoped(struct bytes a, struct bytes b)
{
	struct bytes x = text_of(bytes_of(a.at + 4, a.len)), y = text_of(bytes_of(b.at + 4, b.len));
	int order = bytes_compare(x, y);

	if (order != 0)
		return sign_of(order);
	return compare_documents(bytes_of(a.at + 9 + x.len, a.len - 9 - x.len),
				 bytes_of(b.at + 9 + y.len, b.len - 9 - y.len), true);
}

static inline int compare_same_type(const struct bson_field *a, const struct bson_field *b)
{
	struct bytes x = a->value, y = b->value;
	int order;

	switch (a->type) {
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
	case BSON_KIND_CODE:
		return sign_of(bytes_compare(text_of(x), text_of(y)));
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return compare_documents(x, y, a->type == BSON_KIND_DOCUMENT);
	case BSON_KIND_CODE_WITH_SCOPE:
		return compare_scoped(x, y);
	case BSON_KIND_BINARY:
	case BSON_KIND_DB_POINTER:
		if (x.len != y.len)
			return x.len < y.len ? -1 : 1;
		return sign_of(memcmp(x.at + 4, y.at + 4, x.len - 4));
	case BSON_KIND_DATE:
		return ((int64_t)get_le64(x.at) > (int64_t)get_le64(y.at)) -
		       ((int64_t)get_le64(x.at) < (int64_t)get_le64(y.at));
	case BSON_KIND_TIMESTAMP:
		return (get_le64(x.at) > get_le64(y.at)) - (get_le64(x.at) < get_le64(y.at));
	case BSON_KIND_REGEX:
		order = strcmp((const char *)x.at, (const char *)y.at);
		if (order != 0)
			return sign_of(order);
		return sign_of(strcmp((const char *)x.at + strlen((const char *)x.at) + 1,
				      (const char *)y.at + strlen((const char *)y.at) + 1));
	default:
		return sign_of(bytes_compare(x, y));
	}
}

/* -1, 0 or 1 by MongoDB's order of values; the values are well formed. */
static inline int compare_values(const struct bson_field *a, const struct bson_field *b)
{
	int order = canonical_type(a->type) - canonical_type(b->type);

	if (order != 0)
		return sign_of(order);
	if (canonical_type(a->type) == canonical_type(BSON_KIND_DOUBLE))
		return compare_numbers(a, b);
	return compare_same_type(a, b);
}

#endif
