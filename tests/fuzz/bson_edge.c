#include "tests/fuzz/bson_edge.h"

#include <math.h>

#include "base/bson.h"

#define LONG_TEXT 3000 /* bytes */

static const int64_t numbers[] = {0,
				  1,
				  -1,
				  2,
				  3,
				  7,
				  20,
				  100,
				  1000,
				  16777216,
				  INT32_MAX,
				  INT32_MIN,
				  1LL << 31,
				  1LL << 32,
				  1LL << 53,
				  INT64_MAX,
				  INT64_MIN,
				  INT64_MAX - 1,
				  -2,
				  -100,
				  60000,
				  86400000,
				  -(1LL << 53),
				  253402300800000};

static const double doubles[] = {-0.0,
				 0.5,
				 -0.5,
				 2.5,
				 INFINITY,
				 -INFINITY,
				 NAN,
				 5e-324,
				 1e308,
				 -1e308,
				 0x1p31,
				 0x1p63,
				 -0x1p63,
				 0x1p64,
				 1e15,
				 0.1,
				 1.7976931348623157e308};

/* Low and high half: NaN, sNaN, infinities, the largest, the smallest, 0 with extreme exponents, one too wide, odd encodings. */
static const uint64_t decimals[][2] = {
	{0, 0x7c00000000000000},
	{0, 0x7e00000000000000},
	{0, 0x7800000000000000},
	{0, 0xf800000000000000},
	{0x378d8e63ffffffff, 0x5fffed09bead87c0},
	{0x378d8e63ffffffff, 0xdfffed09bead87c0},
	{1, 0},
	{1, 0x5ffe000000000000},
	{0, 0x5ffe000000000000},
	{0, 0},
	{0, 0xb040000000000000},
	{15, 0x303e000000000000},
	{9223372036854775808U, 0x3040000000000000},
	{0xffffffffffffffff, 0x3041ffffffffffff},
	{0xffffffffffffffff, 0x6fffffffffffffff},
	{1, 0x2ffe314dc6448d93},
};

#define T(text)                                                                                    \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
static const struct bytes texts[] = {
	T(""),
	T("$"),
	T("$$"),
	T("$x"),
	T("$$ROOT"),
	T("$$CURRENT"),
	T("$$REMOVE"),
	T("$$NOW"),
	T("$$x"),
	T("$a.b"),
	T("$a."),
	T("$.a"),
	T("$$ROOT._id"),
	T("$_id"),
	T("a"),
	T("a.b.c"),
	T("a..b"),
	T("."),
	T("0"),
	T("-1"),
	T("a\0b"),
	T("\xff"),
	T("\xc3"),
	T("\xed\xa0\x80"),
	T("\xf0\x9f\x98\x80"),
	T("\xc3\x9f"),
	T("i\xcc\x87"),
	T("1e400"),
	T("0x10"),
	T("(((((((((("),
	T("(a*)*$"),
	T("[[:alpha:]"),
	T("2021-01-01T00:00:00Z"),
	T("%Y-%m-%dT%H:%M:%S.%LZ"),
	T("%"),
	T("%G%V%u%z%Z"),
	T("Europe/Berlin"),
	T("+99:99"),
	T("unit"),
	T("data"),
	T("sales"),
	T("joined"),
	T("ts"),
	T("system.buckets.ts"),
};
#undef T

#define V(type, text)                                                                              \
	{                                                                                          \
		type, sizeof(text) - 1, text                                                       \
	}
static const struct {
	uint8_t type;
	uint8_t len;
	const char *value;
} values[] = {
	V(BSON_KIND_NULL, ""),
	V(BSON_KIND_UNDEFINED, ""),
	V(BSON_KIND_MIN_KEY, ""),
	V(BSON_KIND_MAX_KEY, ""),
	V(BSON_KIND_BOOL, "\0"),
	V(BSON_KIND_BOOL, "\1"),
	V(BSON_KIND_BOOL, "\2"),
	V(BSON_KIND_OBJECT_ID, "\0\0\0\0\0\0\0\0\0\0\0\0"),
	V(BSON_KIND_OBJECT_ID, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
	V(BSON_KIND_TIMESTAMP, "\xff\xff\xff\xff\xff\xff\xff\xff"),
	V(BSON_KIND_REGEX, "\0\0"),
	V(BSON_KIND_REGEX, "^a\0imsx\0"),
	V(BSON_KIND_REGEX, "(\0\0"),
	V(BSON_KIND_REGEX, "(a+)+$\0z\0"),
	V(BSON_KIND_REGEX, "\xff\0\0"),
	V(BSON_KIND_BINARY, "\0\0\0\0\0"),
	V(BSON_KIND_BINARY, "\1\0\0\0\2x"),
	V(BSON_KIND_BINARY, "\5\0\0\0\2\377\0\0\0x"),
	V(BSON_KIND_BINARY, "\3\0\0\0\4xyz"),
	V(BSON_KIND_BINARY, "\1\0\0\0\6\7"),
	V(BSON_KIND_BINARY, "\0\0\0\0\7"),
	V(BSON_KIND_BINARY, "\12\0\0\0\7\20\0\1\0\0\0\x80\0\0\0"),
	V(BSON_KIND_DB_POINTER, "\2\0\0\0a\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	V(BSON_KIND_CODE_WITH_SCOPE, "\17\0\0\0\2\0\0\0a\0\5\0\0\0\0"),
	V(BSON_KIND_CODE_WITH_SCOPE, "\25\0\0\0\1\0\0\0\0\14\0\0\0\20a\0\1\0\0\0\0"),
};
#undef V

/* splitmix64 */
uint64_t bson_edge_draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

size_t bson_edge_below(uint64_t *random, size_t limit)
{
	return (size_t)(bson_edge_draw(random) >> 11) % limit;
}

static void add_decimal(struct buf *ret, uint64_t low, uint64_t high)
{
	buf_add_le64(ret, low);
	buf_add_le64(ret, high);
}

/* This number as a value of one of the types that have numbers. */
static uint8_t add_number(uint64_t *random, int64_t number, struct buf *ret)
{
	static const uint8_t types[] = {BSON_KIND_INT32, BSON_KIND_INT32,    BSON_KIND_INT64,
					BSON_KIND_INT64, BSON_KIND_DOUBLE,   BSON_KIND_DECIMAL,
					BSON_KIND_DATE,	 BSON_KIND_TIMESTAMP};
	uint8_t type = types[bson_edge_below(random, COUNT_OF(types))];
	uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	double d = (double)number;

	if (type == BSON_KIND_INT32)
		buf_add_le32(ret, (uint32_t)number);
	else if (type == BSON_KIND_DOUBLE)
		buf_add(ret, &d, sizeof(d));
	else if (type == BSON_KIND_DECIMAL)
		add_decimal(ret, size, 0x3040000000000000U | (number < 0 ? 1ULL << 63 : 0));
	else
		buf_add_le64(ret, (uint64_t)number);
	return type;
}

uint8_t bson_edge_number(uint64_t *random, struct buf *ret)
{
	size_t at;

	switch (bson_edge_below(random, 4)) {
	case 0:
		buf_add(ret, &doubles[bson_edge_below(random, COUNT_OF(doubles))], sizeof(double));
		return BSON_KIND_DOUBLE;
	case 1:
		at = bson_edge_below(random, COUNT_OF(decimals));
		add_decimal(ret, decimals[at][0], decimals[at][1]);
		return BSON_KIND_DECIMAL;
	default:
		return add_number(random, numbers[bson_edge_below(random, COUNT_OF(numbers))], ret);
	}
}

uint8_t bson_edge_text(uint64_t *random, struct buf *ret)
{
	static const uint8_t types[] = {BSON_KIND_STRING, BSON_KIND_STRING, BSON_KIND_STRING,
					BSON_KIND_CODE, BSON_KIND_SYMBOL};
	struct bytes text = texts[bson_edge_below(random, COUNT_OF(texts))];
	size_t len = bson_edge_below(random, LONG_TEXT);

	if (bson_edge_below(random, 16) > 0) {
		buf_add_le32(ret, (uint32_t)text.len + 1);
		buf_add_bytes(ret, text);
	} else {
		buf_add_le32(ret, (uint32_t)len + 1);
		memset(buf_room(ret, len + 1), "a$.( \xc3"[bson_edge_below(random, 6)], len);
		ret->len += len;
	}
	buf_add_u8(ret, 0);
	return types[bson_edge_below(random, COUNT_OF(types))];
}

uint8_t bson_edge_other(uint64_t *random, struct buf *ret)
{
	size_t at = bson_edge_below(random, COUNT_OF(values));

	buf_add(ret, values[at].value, values[at].len);
	return values[at].type;
}
