/* Columns of a bucket that a mongod 6.0.27 has compressed (12 measurements), and damaged ones. */
#include "base/bson_build.h"
#include "query/bson_column.h"
#include "tests/harness/harness.h"

#define COUNT 12

struct golden {
	const char *name, *hex;
	const char *text; /* of all values: value_text(), a blank between them */
};

static const struct golden goldens[] = {
	{"dates by differences of differences",
	 "09000000d33979010000810a7d000000000000090000000000000000",
	 "2021-05-05T00:00:00.000Z 2021-05-05T00:00:01.000Z 2021-05-05T00:00:02.000Z "
	 "2021-05-05T00:00:03.000Z 2021-05-05T00:00:04.000Z 2021-05-05T00:00:05.000Z "
	 "2021-05-05T00:00:06.000Z 2021-05-05T00:00:07.000Z 2021-05-05T00:00:08.000Z "
	 "2021-05-05T00:00:09.000Z 2021-05-05T00:00:10.000Z 2021-05-05T00:00:11.000Z"},
	{"short strings, and missing ones",
	 "0200030000007330008126fc442108ff20082e0000000000000000",
	 "\"s0\" \"s1\" MISSING \"s3\" \"s0\" \"s1\" \"s2\" MISSING \"s0\" \"s1\" \"s2\" \"s3\""},
	{"one long string all the time",
	 "020022000000612074657874206f66206d6f7265207468616e207369787465656e20627974657300810600"
	 "0000000000000e0000000000000000",
	 "\"a text of more than sixteen bytes\" \"a text of more than sixteen bytes\" "
	 "\"a text of more than sixteen bytes\" \"a text of more than sixteen bytes\" "
	 "\"a text of more than sixteen bytes\" \"a text of more than sixteen bytes\" "
	 "\"a text of more than sixteen bytes\" \"a text of more than sixteen bytes\" "
	 "\"a text of more than sixteen bytes\" \"a text of more than sixteen bytes\" "
	 "\"a text of more than sixteen bytes\" \"a text of more than sixteen bytes\""},
	{"tenths, scaled", "01000000000000000000a126fc8420083f21082e0000000000000000",
	 "0 0.1 MISSING 0.3 0.4 0.5 0.6 MISSING 0.8 0.9 1 1.1"},
	{"long integers that go down", "120000000000000100008116044110044110041e0000000000000000",
	 "1099511627776 1099511627775 1099511627774 1099511627773 1099511627772 1099511627771 "
	 "1099511627770 1099511627769 1099511627768 1099511627767 1099511627766 1099511627765"},
	{"squares with gaps", "1000000000008126fc9023593f2e9aae0200000000000000",
	 "0 1 MISSING 9 16 25 36 MISSING 64 81 100 121"},
	{"objects, interleaved",
	 "f11d000000106100000000000363000e00000002640002000000780000008005c42742884f84108005c007"
	 "00800f00000000",
	 "{a: 0, c: {d: \"x\"}} {a: 1, c: {d: \"x\"}} MISSING {a: 3, c: {d: \"x\"}} {a: 4, c: "
	 "{d: \"x\"}} {a: 5, c: {d: \"x\"}} {a: 6, c: {d: \"x\"}} MISSING {a: 8, c: {d: \"x\"}} "
	 "{a: 9, c: {d: \"x\"}} {a: 10, c: {d: \"x\"}} {a: 11, c: {d: \"x\"}}"},
	{"decimals", "130005000000000000000000000000003e308146511445511445514e0100000000000000",
	 "0.5 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 9.5 10.5 11.5"},
	{"booleans", "0800018116004200080120040e0000000000000000",
	 "true false false true false false true false false true false false"},
	{"ObjectIds that count up",
	 "07005f000000aabbccddee0000008126000000000000000e0000000000000000",
	 "5f000000aabbccddee000000 5f000000aabbccddee000001 5f000000aabbccddee000002 "
	 "5f000000aabbccddee000003 5f000000aabbccddee000004 5f000000aabbccddee000005 "
	 "5f000000aabbccddee000006 5f000000aabbccddee000007 5f000000aabbccddee000008 "
	 "5f000000aabbccddee000009 5f000000aabbccddee00000a 5f000000aabbccddee00000b"},
};

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		unsigned byte = 0;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		to[i] = (uint8_t)byte;
	}
	return len;
}

static void columns_of_mongod_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(goldens); i++) {
		OWNED(arena_free) struct arena *arena = arena_new();
		OWNED(buf_release) struct buf text = {0};
		uint8_t bytes[256];
		struct bson_column *column;
		struct value v;
		struct error e = {0};
		int count = 0;

		column = bson_column_new(bytes_of(bytes, unhex(goldens[i].hex, bytes)), arena);
		while (bson_column_next(column, &v, &e) > 0) {
			if (count++ > 0)
				buf_add_u8(&text, ' ');
			value_text(&v, &text);
		}
		assert_string_equal(e.text, "");
		assert_int_equal(count, COUNT);
		assert_string_equal(buf_text(&text), goldens[i].text);
	}
}

/* Every cut of each column is told, none reads outside. */
static void a_column_that_is_cut_off_is_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(goldens); i++) {
		uint8_t bytes[256];
		size_t whole = unhex(goldens[i].hex, bytes);

		for (size_t len = 0; len < whole; len++) {
			OWNED(arena_free) struct arena *arena = arena_new();
			uint8_t *exact = xmalloc(len + 1);
			struct bson_column *column;
			struct value v;
			struct error e = {0};
			int more;

			memcpy(exact, bytes, len);
			column = bson_column_new(bytes_of(exact, len), arena);
			while ((more = bson_column_next(column, &v, &e)) > 0)
				;
			assert_int_equal(more, ERR_CORRUPT);
			free(exact);
		}
	}
}

static void many_empty_interleavings_do_not_nest(void **state)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(buf_release) struct buf b = {0};
	static const uint8_t one[] = "\xf1\x0c\0\0\0\x10"
				     "a\0\0\0\0\0\0\0";
	struct bson_column *column;
	struct value v;
	struct error e = {0};
	int more;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add(&b, one, sizeof(one) - 1);
	buf_add_u8(&b, 0);
	column = bson_column_new(buf_bytes(&b), arena);
	while ((more = bson_column_next(column, &v, &e)) > 0)
		;
	assert_int_equal(more, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_of_mongod_are_read),
		cmocka_unit_test(a_column_that_is_cut_off_is_damaged),
		cmocka_unit_test(many_empty_interleavings_do_not_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
