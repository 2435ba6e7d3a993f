/* Prefix: value_ (of value.h) */
#include <math.h>
#include <stdlib.h>

#include "base/key_number.h"
#include "query/fields.h"
#include "query/value.h"

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

/* ---- numbers: by their exact values, NaN before all others */

static int compare_doubles(double a, double b)
{
	if (a < b)
		return -1;
	if (a > b)
		return 1;
	if (a == b)
		return 0;
	return isnan(a) ? (isnan(b) ? 0 : -1) : 1;
}

static int compare_int64_double(int64_t a, double b)
{
	double rounded = (double)a;

	if (isnan(b))
		return 1;
	if (rounded != b || b >= 0x1p63)
		return rounded < b || b >= 0x1p63 ? -1 : 1;
	return ORDER(a, (int64_t)b);
}

static int compare_decimals(_Decimal128 a, _Decimal128 b)
{
	if (a < b)
		return -1;
	if (a > b)
		return 1;
	if (a == b)
		return 0;
	return a != a ? (b != b ? 0 : -1) : 1;
}

static int compare_double_decimal(double a, _Decimal128 b)
{
	uint8_t key_a[KEY_NUMBER_MAX], key_b[KEY_NUMBER_MAX], payload[16];
	double rounded = (double)b;
	size_t len_a, len_b;

	/* Rounding keeps the order, so only what becomes equal has to be looked at by its digits. */
	if (isnan(a) || isnan(rounded) || a != rounded)
		return compare_doubles(a, rounded);
	memcpy(payload, &b, sizeof(b));
	len_a = key_number_double(key_a, a);
	len_b = key_number_decimal(key_b, payload);
	return bytes_compare(bytes_of(key_a, len_a), bytes_of(key_b, len_b));
}

static int compare_mixed(const struct value *a, const struct value *b)
{
	if (a->type == BSON_KIND_DECIMAL)
		return b->type == BSON_KIND_DOUBLE
			       ? -compare_double_decimal(b->number, a->decimal)
			       : compare_decimals(a->decimal, value_to_decimal(b));
	if (b->type == BSON_KIND_DECIMAL)
		return a->type == BSON_KIND_DOUBLE
			       ? compare_double_decimal(a->number, b->decimal)
			       : compare_decimals(value_to_decimal(a), b->decimal);
	if (a->type == BSON_KIND_DOUBLE)
		return b->type == BSON_KIND_DOUBLE
			       ? compare_doubles(a->number, b->number)
			       : -compare_int64_double(value_to_int64(b), a->number);
	if (b->type == BSON_KIND_DOUBLE)
		return compare_int64_double(value_to_int64(a), b->number);
	return ORDER(value_to_int64(a), value_to_int64(b));
}

static int compare_numbers(const struct value *a, const struct value *b)
{
	if (a->type == BSON_KIND_INT32 && b->type == BSON_KIND_INT32)
		return ORDER(a->int32, b->int32);
	return compare_mixed(a, b);
}

/* ---- documents and arrays */

/* How texts are compared. */
struct rule {
	struct collation *collation; /* NULL: by their bytes */
	bool takes_symbols;	     /* the collation, as it takes strings */
};
static const struct rule by_bytes = {NULL, false};

static int compare(const struct value *a, const struct value *b, struct rule rule);

static int compare_fields(struct bytes a, struct bytes b, bool named, struct rule rule)
{
	struct fields fields_a = fields_of(a), fields_b = fields_of(b);
	struct bson_field field_a, field_b;

	if (bytes_equal(a, b))
		return 0;
	for (;;) {
		bool more_a = fields_next(&fields_a, &field_a);
		bool more_b = fields_next(&fields_b, &field_b);
		struct value value_a, value_b;
		int order;

		if (!more_a || !more_b)
			return more_a - more_b;
		if (field_a.type != field_b.type) {
			order = value_class(field_a.type) - value_class(field_b.type);
			if (order != 0)
				return order;
		}
		if (named) {
			order = bytes_compare(field_a.name, field_b.name);
			if (order != 0)
				return order;
		}
		value_a = value_of_field(&field_a);
		value_b = value_of_field(&field_b);
		order = compare(&value_a, &value_b, rule);
		if (order != 0)
			return order;
	}
}

/* ---- the rest */

/* By length, then subtype, then bytes. A payload: length, subtype, bytes. */
static int compare_binaries(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return ORDER(a.len, b.len);
	return memcmp(a.at + 4, b.at + 4, a.len - 4);
}

/* The pattern, then the options; both end in NUL, so that one comparison does. */
static int compare_regexes(struct bytes a, struct bytes b)
{
	int order = strcmp((const char *)a.at, (const char *)b.at);

	if (order != 0)
		return order;
	return strcmp((const char *)a.at + strlen((const char *)a.at) + 1,
		      (const char *)b.at + strlen((const char *)b.at) + 1);
}

static int compare_db_pointers(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return ORDER(a.len, b.len);
	return memcmp(a.at, b.at, a.len);
}

/* The code and the scope of a payload. */
static struct bytes code_of(struct bytes value)
{
	return bytes_of(value.at + 8, get_le32(value.at + 4) - 1);
}

static struct bytes scope_of(struct bytes value)
{
	size_t before = 8 + get_le32(value.at + 4);

	return bytes_of(value.at + before, value.len - before);
}

/* No collation reaches into a scope. */
static int compare_scoped(struct bytes a, struct bytes b)
{
	int order = bytes_compare(code_of(a), code_of(b));

	return order != 0 ? order : compare_fields(scope_of(a), scope_of(b), true, by_bytes);
}

static int compare(const struct value *a, const struct value *b, struct rule rule)
{
	int class = value_class(a->type);

	if (a->type != b->type && class != value_class(b->type))
		return class - value_class(b->type);
	switch (a->type) {
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DECIMAL:
		return compare_numbers(a, b);
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
		if (rule.collation != NULL && (a->type == BSON_KIND_STRING || rule.takes_symbols))
			return collation_compare(rule.collation, a->data, b->data);
		return bytes_compare(a->data, b->data);
	case BSON_KIND_CODE:
		return bytes_compare(a->data, b->data);
	case BSON_KIND_OBJECT_ID:
		return memcmp(a->data.at, b->data.at, 12);
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return compare_fields(a->data, b->data, a->type == BSON_KIND_DOCUMENT, rule);
	case BSON_KIND_BOOL:
		return a->flag - b->flag;
	case BSON_KIND_DATE:
		return ORDER(a->date, b->date);
	case BSON_KIND_TIMESTAMP:
		return ORDER(a->timestamp, b->timestamp);
	case BSON_KIND_BINARY:
		return compare_binaries(a->data, b->data);
	case BSON_KIND_REGEX:
		return compare_regexes(a->data, b->data);
	case BSON_KIND_DB_POINTER:
		return compare_db_pointers(a->data, b->data);
	case BSON_KIND_CODE_WITH_SCOPE:
		return compare_scoped(a->data, b->data);
	default:
		return 0;
	}
}

int value_compare(const struct value *a, const struct value *b, struct collation *collation)
{
	return compare(a, b, (struct rule){collation, false});
}

int value_compare_element(const struct value *a, const struct value *b, struct collation *collation)
{
	return compare(a, b, (struct rule){collation, true});
}

/* ---- hash */

#define MIX_A UINT64_C(0x9e3779b97f4a7c15)
#define MIX_B UINT64_C(0xd6e8feb86659fd93)

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ MIX_A) * (b ^ MIX_B);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_bytes(uint64_t seed, struct bytes from)
{
	uint64_t tail = 0;
	size_t i = 0;

	for (; from.len - i >= 8; i += 8)
		seed = mix(seed, get_le64(from.at + i));
	if (i < from.len)
		memcpy(&tail, from.at + i, from.len - i);
	return mix(mix(seed, tail), from.len);
}

static uint64_t hash_string(uint64_t seed, struct bytes text, struct collation *collation)
{
	return hash_bytes(seed, collation == NULL ? text : collation_sort_key(collation, text));
}

/* By the int64 where there is one: what has none is hashed by its nearest double. */
static uint64_t hash_number(uint64_t seed, const struct value *v)
{
	int64_t whole;
	double number;
	uint64_t bits;

	if (value_as_int64(v, &whole))
		return mix(seed, (uint64_t)whole);
	number = value_to_double(v);
	memcpy(&bits, &number, sizeof(bits));
	return mix(seed, isnan(number) ? 1 : number == 0 ? 2 : ~bits);
}

static uint64_t hash(const struct value *v, struct rule rule);

static uint64_t hash_fields(uint64_t seed, struct bytes doc, bool named, struct rule rule)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (named)
			seed = hash_bytes(seed, field.name);
		seed = mix(seed, hash(&v, rule));
	}
	return seed;
}

static uint64_t hash(const struct value *v, struct rule rule)
{
	uint64_t seed = (uint64_t)value_class(v->type);

	switch (v->type) {
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DECIMAL:
		return hash_number(seed, v);
	case BSON_KIND_STRING:
		return hash_string(seed, v->data, rule.collation);
	case BSON_KIND_SYMBOL: /* equal to the string */
		return hash_string(seed, v->data, rule.takes_symbols ? rule.collation : NULL);
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return hash_fields(seed, v->data, v->type == BSON_KIND_DOCUMENT, rule);
	case BSON_KIND_BOOL:
		return mix(seed, v->flag);
	case BSON_KIND_DATE:
	case BSON_KIND_TIMESTAMP:
		return mix(seed, v->timestamp);
	case BSON_KIND_CODE_WITH_SCOPE:
		return hash_fields(hash_bytes(seed, code_of(v->data)), scope_of(v->data), true,
				   by_bytes);
	case BSON_KIND_CODE:
	case BSON_KIND_OBJECT_ID:
	case BSON_KIND_BINARY:
	case BSON_KIND_REGEX:
	case BSON_KIND_DB_POINTER:
		return hash_bytes(seed, v->data);
	default:
		return mix(seed, 0);
	}
}

uint64_t value_hash(const struct value *v, struct collation *collation)
{
	return hash(v, (struct rule){collation, false});
}

uint64_t value_hash_element(const struct value *v, struct collation *collation)
{
	return hash(v, (struct rule){collation, true});
}
