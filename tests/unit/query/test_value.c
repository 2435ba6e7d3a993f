#include "query/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bson_build.h"
#include "base/collation.h"
#include "tests/unit/base/make_bson.h"

static struct value decimal_of(const char *hex)
{
	OWNED(buf_release) struct buf bytes = {0};
	_Decimal128 ret;

	make_hex(&bytes, hex);
	memcpy(&ret, bytes.at, sizeof(ret));
	return value_decimal(ret);
}

/* Ascending; those of one number are equal. Measured on mongod 6.0.27 by $cmp. */
static void numbers_have_one_exact_order(void **state)
{
	const struct {
		int number;
		struct value v;
	} order[] = {
		{0, value_double(NAN)},
		{0, value_decimal((_Decimal128)NAN)},
		{1, value_double(-INFINITY)},
		{2, value_int64(INT64_MIN)},
		{2, value_double(-0x1p63)},
		{3, value_int32(-1)},
		{4, value_double(-0.0)},
		{4, value_int32(0)},
		/* Decimal 0.1 is less than the double, which is a little more. */
		{5, decimal_of("01000000000000000000000000003e30")},
		{6, value_double(0.1)},
		{7, value_int32(1)},
		{7, value_int64(1)},
		{7, value_double(1)},
		{7, decimal_of("0a000000000000000000000000003e30")},
		{8, value_double(0x1p53)},
		{8, value_int64(INT64_C(1) << 53)},
		{9, value_int64((INT64_C(1) << 53) + 1)},
		{10, value_int64(INT64_MAX)},
		{11, value_double(0x1p63)},
		{12, value_double(INFINITY)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(order); i++)
		for (size_t k = 0; k < COUNT_OF(order); k++) {
			int want = (order[i].number > order[k].number) -
				   (order[i].number < order[k].number);
			int got = value_compare(&order[i].v, &order[k].v, NULL);

			if ((got > 0) - (got < 0) != want)
				fail_msg("%zu and %zu compare to %d", i, k, got);
			if (want == 0)
				assert_true(value_hash(&order[i].v, NULL) ==
					    value_hash(&order[k].v, NULL));
		}
}

/* Random documents with every type: what the order has to be, whatever it is. */
static void any_values_have_an_order(void **state)
{
	uint64_t seed = 20261121;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 20000; round++) {
		OWNED(buf_release) struct buf a = {0}, b = {0};
		struct value x, y;
		int order;

		make_random_fields(&a, &seed, 0);
		make_random_fields(&b, &seed, 0);
		x = value_document(buf_bytes(&a));
		y = value_document(buf_bytes(&b));
		order = value_compare(&x, &y, NULL);
		assert_int_equal((order > 0) - (order < 0), -((value_compare(&y, &x, NULL) > 0) -
							      (value_compare(&y, &x, NULL) < 0)));
		assert_int_equal(value_compare(&x, &x, NULL), 0);
		if (order == 0)
			assert_true(value_hash(&x, NULL) == value_hash(&y, NULL));
	}
}

static void what_is_written_is_what_was_read(void **state)
{
	OWNED(buf_release) struct buf doc = {0}, copy = {0};
	OWNED(arena_free) struct arena *arena = arena_new();
	struct bson_fields fields;
	struct bson_field field;
	struct error e = {0};
	size_t at;

	(void)state;
	make_all_types(&doc);
	at = bson_build_begin(&copy);
	fields = bson_fields(buf_bytes(&doc));
	while (bson_fields_next(&fields, &field, &e) > 0) {
		struct value v = value_keep(arena, value_of_field(&field));

		value_write(&copy, field.name, &v);
	}
	bson_build_end(&copy, at);
	assert_true(bytes_equal(buf_bytes(&doc), buf_bytes(&copy)));
}

static void doubles_are_written_with_the_fewest_digits(void **state)
{
	static const struct {
		double number;
		const char *want;
	} cases[] = {
		{0.1 + 0.2, "0.30000000000000004"},
		{1, "1"},
		{-0.0, "-0"},
		{1e15, "1000000000000000"},
		{1e16, "1e+16"},
		{1.5e16, "1.5e+16"},
		{1e-4, "0.0001"},
		{1e-5, "1e-05"},
		{1.25e-7, "1.25e-07"},
		{123456789.123, "123456789.123"},
		{1e300, "1e+300"},
		{5e-324, "5e-324"},
		{-1.5, "-1.5"},
		{NAN, "NaN"},
		{-INFINITY, "-Infinity"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf got = {0};

		value_text_double(cases[i].number, &got);
		assert_string_equal(buf_text(&got), cases[i].want);
	}
}

static void a_double_becomes_a_decimal_of_fifteen_digits(void **state)
{
	const struct {
		double number;
		const char *want;
	} cases[] = {
		{1.5, "1.50000000000000"},
		{0.1, "0.100000000000000"},
		{1e-5, "0.0000100000000000000"},
		{123456789.123, "123456789.123000"},
		{1e16, "1.00000000000000E+16"},
		{0, "0"},
		{-0.0, "-0"},
		{9.999999999999999e22, "1.00000000000000E+23"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf got = {0};
		struct value from = value_double(cases[i].number);
		struct value v = value_decimal(value_to_decimal(&from));

		value_text(&v, &got);
		assert_string_equal(buf_text(&got), cases[i].want);
	}
}

static void texts_for_messages_are_those_of_a_mongod(void **state)
{
	OWNED(buf_release) struct buf doc = {0}, bson = {0}, value = {0};
	struct value v;

	(void)state;
	make_all_types(&doc);
	v = value_document(buf_bytes(&doc));
	value_text_bson(buf_bytes(&doc), false, &bson);
	assert_string_equal(
		buf_text(&bson),
		"{ fa: 1.0, fb: \"abc\", fc: {}, fd: [ 7 ], fe: BinData(0, 01FF), ff: undefined, "
		"fg: ObjectId('0102030405060708090a0b0c'), fh: true, "
		"fi: new Date(-9223372036854775808), fj: null, fk: /a.b/i, "
		"fl: DBRef('a',0102030405060708090a0b0c), fm: f, fn: \"s\", "
		"fo: CodeWScope( f, { a: null }), fp: -1, fq: Timestamp(2, 1), fr: 1, fs: 1, "
		"ft: MaxKey, fu: MinKey }");
	value_text(&v, &value);
	assert_string_equal(buf_text(&value),
			    "{fa: 1, fb: \"abc\", fc: {}, fd: [7], fe: BinData(0, \"01FF\"), "
			    "ff: undefined, fg: 0102030405060708090a0b0c, fh: true, "
			    "fi: illegal date, fj: null, fk: /a.b/i, "
			    "fl: DBRef(\"a\", 0102030405060708090a0b0c), fm: Code(\"f\"), "
			    "fn: Symbol(\"s\"), fo: CodeWScope(\"f\", { a: null }), fp: -1, "
			    "fq: Timestamp(2, 1), fr: 1, fs: 1, ft: MaxKey, fu: MinKey}");
}

static void long_strings_are_cut(void **state)
{
	char text[201];
	OWNED(buf_release) struct buf got = {0}, full = {0};
	struct value v;

	(void)state;
	memset(text, 'x', sizeof(text));
	v = value_string(bytes_of(text, 160));
	value_text_element(bytes_of(NULL, 0), &v, &got);
	assert_int_equal(got.len, 150 + strlen("\"...\""));
	value_text_element_full(bytes_str("a"), &v, &full);
	assert_int_equal(full.len, 160 + strlen("a: \"\""));
}

/* Measured on mongod 6.0.27: {x: {$eq: "A"}} finds symbols under a collation, $eq of aggregation goes by its left side. */
static void a_collation_takes_symbols_where_elements_are_compared(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(collation_close) struct collation *en = NULL;
	struct value string = value_string(bytes_str("A")), symbol = value_string(bytes_str("a"));
	struct error e = {0};
	size_t begin = bson_build_begin(&doc);

	(void)state;
	symbol.type = BSON_KIND_SYMBOL;
	bson_build_string(&doc, "locale", bytes_str("en"));
	bson_build_int32(&doc, "strength", 2);
	bson_build_end(&doc, begin);
	assert_int_equal(collation_open(buf_bytes(&doc), &en, &e), 1);
	assert_int_equal(value_compare_element(&symbol, &string, en), 0);
	assert_int_equal(value_compare_element(&string, &symbol, en), 0);
	assert_true(value_hash_element(&string, en) == value_hash_element(&symbol, en));
	assert_true(value_compare(&symbol, &string, en) > 0);
	assert_int_equal(value_compare(&string, &symbol, en), 0);
	assert_true(value_compare_element(&symbol, &string, NULL) > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_one_exact_order),
		cmocka_unit_test(any_values_have_an_order),
		cmocka_unit_test(a_collation_takes_symbols_where_elements_are_compared),
		cmocka_unit_test(what_is_written_is_what_was_read),
		cmocka_unit_test(doubles_are_written_with_the_fewest_digits),
		cmocka_unit_test(a_double_becomes_a_decimal_of_fifteen_digits),
		cmocka_unit_test(texts_for_messages_are_those_of_a_mongod),
		cmocka_unit_test(long_strings_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
