/*
 * value.h - one value of a query or of a document: what expressions give, what is compared and sorted.
 *
 * A value is a small thing that is copied; strings, documents and arrays are borrowed slices (of the document, or of an
 * arena). Order and equality are MongoDB's (reference: BSONElement::compareElements, Value::compare of mongod 6.0).
 * Documents are trusted to have passed bson_check() (at ingest, or when a message came in).
 *
 * Threads: pure.
 */
#ifndef QUERY_VALUE_H
#define QUERY_VALUE_H

#include "base/bson.h"
#include "base/buf.h"
#include "base/collation.h"
#include "query/arena.h"

#ifndef __DEC128_MANT_DIG__
#error "the query layer needs a compiler with _Decimal128: gcc on amd64 (clang has none)"
#endif

#define VALUE_MISSING                                                                              \
	0 /* a type: there is no such field; BSON's types are the others (enum bson_kind) */

struct value {
	uint8_t type;
	union {
		double number;	     /* DOUBLE */
		int32_t int32;	     /* INT32 */
		int64_t int64;	     /* INT64 */
		int64_t date;	     /* DATE, milliseconds since 1970 */
		uint64_t timestamp;  /* TIMESTAMP: seconds << 32 | increment */
		bool flag;	     /* BOOL */
		_Decimal128 decimal; /* DECIMAL; BID, as gcc and BSON have it on this hardware */
		struct bytes
			data; /* STRING, SYMBOL, CODE: the text. DOCUMENT, ARRAY: whole BSON. Others (OBJECT_ID,
				       BINARY, REGEX, ...): the payload as it is in BSON */
	};
};

/* ---- making */
static inline struct value value_missing(void)
{
	return (struct value){.type = VALUE_MISSING};
}
static inline struct value value_null(void)
{
	return (struct value){.type = BSON_KIND_NULL};
}
static inline struct value value_bool(bool v)
{
	return (struct value){.type = BSON_KIND_BOOL, .flag = v};
}
static inline struct value value_int32(int32_t v)
{
	return (struct value){.type = BSON_KIND_INT32, .int32 = v};
}
static inline struct value value_int64(int64_t v)
{
	return (struct value){.type = BSON_KIND_INT64, .int64 = v};
}
static inline struct value value_double(double v)
{
	return (struct value){.type = BSON_KIND_DOUBLE, .number = v};
}
static inline struct value value_decimal(_Decimal128 v)
{
	return (struct value){.type = BSON_KIND_DECIMAL, .decimal = v};
}
static inline struct value value_date(int64_t ms)
{
	return (struct value){.type = BSON_KIND_DATE, .date = ms};
}
static inline struct value value_timestamp(uint64_t v)
{
	return (struct value){.type = BSON_KIND_TIMESTAMP, .timestamp = v};
}
/* Is it a binary of the subtype of UUIDs, whatever it holds? */
static inline bool value_is_uuid(const struct value *v)
{
	return v->type == BSON_KIND_BINARY && v->data.at[4] == 4;
}

static inline struct value value_string(struct bytes text)
{
	return (struct value){.type = BSON_KIND_STRING, .data = text};
}
static inline struct value value_document(struct bytes doc)
{
	return (struct value){.type = BSON_KIND_DOCUMENT, .data = doc};
}
static inline struct value value_array(struct bytes doc)
{
	return (struct value){.type = BSON_KIND_ARRAY, .data = doc};
}

/* The value of a field; borrows from its document. */
struct value value_of_field(const struct bson_field *field);
/* The first field called `name` of a document or array; missing when there is none. */
struct value value_get(struct bytes doc, struct bytes name);
/* Element number `index` of an array; missing when there is none. */
struct value value_at(struct bytes array, size_t index);
/* Number of elements of an array, or fields of a document. */
size_t value_count(struct bytes doc);
/* A copy whose data lives in the arena. */
struct value value_keep(struct arena *arena, struct value v);

/* ---- writing: appends a field to the document that is being built in `b` (bson_build.h). A missing value appends nothing. */
void value_write(struct buf *b, struct bytes name, const struct value *v);
/* The same as element number `index` of an array; missing is written as null. */
void value_write_at(struct buf *b, size_t index, const struct value *v);
/* An array of `count` values in the arena; missing ones become null. */
struct value value_array_of(struct arena *arena, const struct value *values, size_t count);

/* ---- kinds */
static inline bool value_is_missing(const struct value *v)
{
	return v->type == VALUE_MISSING;
}
/* null, undefined or missing: what most expressions call nullish. */
static inline bool value_is_nullish(const struct value *v)
{
	return v->type == VALUE_MISSING || v->type == BSON_KIND_NULL ||
	       v->type == BSON_KIND_UNDEFINED;
}
static inline bool value_is_number(const struct value *v)
{
	return v->type == BSON_KIND_INT32 || v->type == BSON_KIND_INT64 ||
	       v->type == BSON_KIND_DOUBLE || v->type == BSON_KIND_DECIMAL;
}
/* Of an aggregation's condition: false, 0, null, undefined and missing are false. Value::coerceToBool. */
bool value_is_true(const struct value *v);
/* "double", "string", "object", "missing", ...: typeName() of mongod. */
const char *value_type_name(uint8_t type);
/* The place of a type in the order of values: numbers share one, string and symbol share one. canonicalizeBSONType. */
int value_class(uint8_t type);

/* ---- numbers */
/* The number as a double, rounded; as int64, truncated and clamped; as decimal (a double by its 15 digits, mongod's rule). */
double value_to_double(const struct value *v);
int64_t value_to_int64(const struct value *v);
/* As mongod takes the number of a sort's direction and of $sample: a decimal is rounded, half to even; else as value_to_int64(). */
int64_t value_round_int64(const struct value *v);
_Decimal128 value_to_decimal(const struct value *v);
/* Is it integral and does it fit? Sets *ret. BSONElement::safeNumberLong's strict twin, Value::integral. */
bool value_as_int32(const struct value *v, int32_t *ret);
bool value_as_int64(const struct value *v, int64_t *ret);

/* ---- order. `collation` may be NULL (simple): it is used for strings, also inside documents and arrays. */
/* <0, 0, >0. Missing < null here (aggregation's $cmp, Value::compare); sort and match treat them before. */
int value_compare(const struct value *a, const struct value *b, struct collation *collation);
static inline bool value_equal(const struct value *a, const struct value *b,
			       struct collation *collation)
{
	return value_compare(a, b, collation) == 0;
}
/* Equal values have equal hashes (1 and 1.0; with a collation, strings that it calls equal). */
uint64_t value_hash(const struct value *v, struct collation *collation);
/* As the match language and distinct compare (BSONElement::compareElements): the collation is used for symbols, too. And the hash for that. */
int value_compare_element(const struct value *a, const struct value *b,
			  struct collation *collation);
uint64_t value_hash_element(const struct value *v, struct collation *collation);

/* ---- text for messages */
/* Value::toString() of aggregation: strings in quotes, `{a: 1}`, `[1, 2]`, MISSING. */
void value_text(const struct value *v, struct buf *ret);
/* BSONObj/BSONElement::toString(): `{ a: 1, b: [ 1, 2 ] }`, `a: 1` for an element with its name. */
void value_text_bson(struct bytes doc, bool is_array, struct buf *ret);
/* `name.at` NULL: without the name, as toString(false). */
void value_text_element(struct bytes name, const struct value *v, struct buf *ret);
/* toString(true, true): long strings are not cut. */
void value_text_element_full(struct bytes name, const struct value *v, struct buf *ret);
/* The text of a value as $toString gives it for numbers: shortest round trip, "1e+16", "-0". */
void value_text_double(double v, struct buf *ret);

#endif
