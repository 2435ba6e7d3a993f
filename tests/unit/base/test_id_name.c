#include "base/id_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/check_id_name.h"

#define OID "507f1f77bcf86cd799439011"
#define UUID "550e8400-e29b-41d4-a716-446655440000"

/* Payloads in hex. Each row is also a row of docs/format/id-names.md, or an edge of one. */
static const struct {
	uint8_t type;
	const char *hex;
	const char *name;
} values[] = {
	{7, OID, OID},
	{5, "1000000004550e8400e29b41d4a716446655440000", UUID},
	{5, "1000000003550e8400e29b41d4a716446655440000",
	 "%bin,03,550e8400e29b41d4a716446655440000"},
	{5, "0000000000", "%bin,00,"},
	{5, "0000000004", "%bin,04,"},
	{5, "0300000080c0ffee", "%bin,80,c0ffee"},
	{16, "2a000000", "42"},
	{18, "2a00000000000000", "42"},
	{1, "0000000000004540", "42"},
	{19, "68100000000000000000000000003c30", "42"}, /* 42.00 */
	{16, "00000000", "0"},
	{1, "0000000000000080", "0"},
	{16, "fbffffff", "%-5"},
	{18, "ffffffffffffff7f", "9223372036854775807"},
	{18, "0000000000000080", "%-9223372036854775808"},
	{1, "000000000000e03f", "0.5"},
	{19, "05000000000000000000000000003e30", "0.5"},
	{1, "9a9999999999b93f", "0.1"},
	{19, "01000000000000000000000000003e30", "%dec,0.1"},
	{19, "01000000000000000000000000003eb0", "%dec,-0.1"},
	{1, "9a9999999999f9bf", "%-1.6"},
	{1, "f168e388b5f8e43e", "0.00001"},
	{1, "8dedb5a0f7c6b03e", "0.000001"},
	{1, "48afbc9af2d77a3e", "1e-7"},
	{1, "9c7500883ce4377e", "1e+300"},
	{1, "0100000000000000", "5e-324"},
	{1, "ffffffffffffef7f", "1.7976931348623157e+308"},
	{19, "01000000000000000000000000006830", "1e+20"},
	{19, "01000000000000000000000000006e30", "%dec,1e+23"},
	{19, "ffffffff638e8d37c087adbe09edffdf", "%dec,-9.999999999999999999999999999999999e+6144"},
	{19, "ffffffff638e8d37c087adbe09edff5f", "%dec,9.999999999999999999999999999999999e+6144"},
	{19, "01000000000000000000000000000000", "%dec,1e-6176"},
	{1, "000000000000f87f", "NaN"},
	{19, "0000000000000000000000000000007c", "NaN"},
	{1, "000000000000f07f", "Infinity"},
	{1, "000000000000f0ff", "%-Infinity"},
	{9, "0000000000000000", "1970-01-01T00:00:00Z"},
	{9, "7b00000000000000", "1970-01-01T00:00:00.123Z"},
	{9, "7800000000000000", "1970-01-01T00:00:00.12Z"},
	{9, "ffffffffffffffff", "1969-12-31T23:59:59.999Z"},
	{9, "ffdb1fd277e60000", "9999-12-31T23:59:59.999Z"},
	{9, "00dc1fd277e60000", "+10000-01-01T00:00:00Z"},
	{9, "00a0fb9075c7ffff", "0000-01-01T00:00:00Z"},
	{9, "ff9ffb9075c7ffff", "%-0001-12-31T23:59:59.999Z"},
	{9, "40cdd7f48d010000", "2024-02-29T12:30:00Z"},
	{9, "ffffffffffffff7f", "+292278994-08-17T07:12:55.807Z"},
	{9, "0000000000000080", "%-292275055-05-16T16:47:04.192Z"},
	{17, "0100000000f15365", "%ts,1700000000,1"},
	{8, "00", "false"},
	{8, "01", "true"},
	{10, "", "null"},
	{6, "", "undefined"},
	{0xff, "", "MinKey"},
	{0x7f, "", "MaxKey"},
	{11, "5e612f2c6200696d00", "%re,^a%2F%2Cb,im"},
	{11, "0000", "%re,,"},
	{13, "0a000000662829207b7d2c206700", "%code,f() {}, g"},
	{13, "0100000000", "%code,"},
	{12, "05000000642e632c00" OID, "%ptr,d.c%2C," OID},
	{3, "0500000000", "{}"},
	{4, "0500000000", "[]"},
};

/* Strings; all but two rows have NULs only at their end. */
static const struct {
	const char *text;
	const char *name;
} strings[] = {
	{"alice@example.com", "alice@example.com"},
	{"user:42", "user:42"},
	{"a, b (c) 'd' \"e\" \\ $f", "a, b (c) 'd' \"e\" \\ $f"},
	{"Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
	 "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80"},
	{"", "%str,"},
	{"42", "%str,42"},
	{"0", "%str,0"},
	{"0.1", "%str,0.1"},
	{"1e+20", "%str,1e+20"},
	{OID, "%str," OID},
	{UUID, "%str," UUID},
	{"null", "%str,null"},
	{"true", "%str,true"},
	{"NaN", "%str,NaN"},
	{"MinKey", "%str,MinKey"},
	{"2026-11-21T09:41:07Z", "%str,2026-11-21T09:41:07Z"},
	/* Near misses are ordinary. */
	{"042", "042"},
	{"1.0", "1.0"},
	{"1e20", "1e20"},
	{"10000000000000000000", "10000000000000000000"},
	{"507F1F77BCF86CD799439011", "507F1F77BCF86CD799439011"},
	{"507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901"},
	{"Null", "Null"},
	{"2026-11-21", "2026-11-21"},
	{"2026-02-30T09:41:07Z", "2026-02-30T09:41:07Z"},
	{"2026-11-21T09:41:07.100Z", "2026-11-21T09:41:07.100Z"},
	{"Infinity-", "Infinity-"},
	/* Escapes. */
	{"-5", "%2D5"},
	{"-rf", "%2Drf"},
	{".", "%2E"},
	{"..", "%2E."},
	{".bashrc", "%2Ebashrc"},
	{"~root", "%7Eroot"},
	{"{a}", "%7Ba}"},
	{"[1]", "%5B1]"},
	{"a/b", "a%2Fb"},
	{"100%", "100%25"},
	{"%str,42", "%25str,42"},
	{"a\nb\t\x1b[0m\x7f", "a%0Ab%09%1B[0m%7F"},
	{"\xff\xc3", "%FF%C3"},
	{"\xc2\x9b"
	 "31m",
	 "%C2%9B31m"},
	{"\xe2\x80\xae"
	 "gpj",
	 "%E2%80%AEgpj"},
};

/* Names that mean nothing: another spelling of a value, or none. */
static const char *const wrong[] = {
	"",
	"%",
	"%4",
	"%41",
	"a%2fb",
	"%61lice",
	"a/b",
	"-5",
	".a",
	"~a",
	"{",
	"{}x",
	"{a}",
	"{a:1",
	"{a:1,}",
	"{,a:1}",
	"{a:}",
	"{a:1.0}x",
	"[1,]",
	"[,]",
	"%-0",
	"%-",
	"%-05",
	"%-5.0",
	"%-NaN",
	"%-0000-01-01T00:00:00Z",
	"%str",
	"%str,alice",
	"%str,042",
	"%str,-5",
	"%dec,0.5",
	"%dec,1",
	"%dec,0.10",
	"%dec,0",
	"%dec,1e+9999",
	"%dec,1e-7000",
	"%dec,",
	"%dec,--0.1",
	"%ts,1",
	"%ts,01,1",
	"%ts,4294967296,1",
	"%ts,1,",
	"%bin,4,00",
	"%bin,00,0",
	"%bin,00,AA",
	"%bin,04,550e8400e29b41d4a716446655440000",
	"%re,a",
	"%re,a%00,",
	"%scope,f",
	"%scope,f,",
	"%scope,f,[]",
	"%ptr,a,00",
	"%rank",
	"%rank,",
	"%rank,01",
	"%rank,-1",
	"%rank,18446744073709551616",
	"%key,",
	"%hash,",
	"%undefined",
	"+10000-13-01T00:00:00Z%",
	"\x1b",
	"a\xff",
	"\xc2\x9b",
	"%C3%BC",
};

static void assert_name(struct bytes key, const char *want)
{
	OWNED(buf_release) struct buf name = {0};

	id_name_of_key(key, &name);
	assert_string_equal(buf_text(&name), want);
	assert_there_and_back(key);
}

static void each_type_has_its_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		OWNED(buf_release) struct buf value = {0};
		OWNED(buf_release) struct buf key = {0};

		make_hex(&value, values[i].hex);
		key_of(values[i].type, buf_bytes(&value), &key);
		assert_name(buf_bytes(&key), values[i].name);
	}
}

static void strings_look_as_themselves_where_nothing_else_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(strings); i++) {
		OWNED(buf_release) struct buf key = {0};

		key_of_string(bytes_str(strings[i].text), &key);
		assert_name(buf_bytes(&key), strings[i].name);
	}
}

static void nuls_are_escaped(void **state)
{
	OWNED(buf_release) struct buf key = {0};

	(void)state;
	key_of_string(bytes_of("\0a\0\0", 4), &key);
	assert_name(buf_bytes(&key), "%00a%00%00");
}

/* {year: 2024, city: "Ulm", t: Timestamp(1, 2), d: -0.5, deep: {list: [null, "1", 1, {}]}} */
static void objects_are_readable(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	size_t start = make_begin(&doc), deep, list;

	(void)state;
	make_head(&doc, BSON_KIND_INT32, "year");
	buf_add_le32(&doc, 2024);
	make_head(&doc, BSON_KIND_STRING, "city");
	make_text(&doc, bytes_str("Ulm"));
	make_head(&doc, BSON_KIND_TIMESTAMP, "t");
	buf_add_le64(&doc, (uint64_t)1 << 32 | 2);
	make_head(&doc, BSON_KIND_DOUBLE, "d");
	make_double(&doc, -0.5);
	make_head(&doc, BSON_KIND_DOCUMENT, "deep");
	deep = make_begin(&doc);
	make_head(&doc, BSON_KIND_ARRAY, "list");
	list = make_begin(&doc);
	make_head(&doc, BSON_KIND_NULL, "0");
	make_head(&doc, BSON_KIND_STRING, "1");
	make_text(&doc, bytes_str("1"));
	make_head(&doc, BSON_KIND_BOOL, "2");
	buf_add_u8(&doc, 1);
	make_head(&doc, BSON_KIND_DOCUMENT, "3");
	make_end(&doc, make_begin(&doc));
	make_end(&doc, list);
	make_end(&doc, deep);
	make_end(&doc, start);
	key_of(BSON_KIND_DOCUMENT, buf_bytes(&doc), &key);
	assert_name(buf_bytes(&key),
		    "{year:2024,city:Ulm,t:%ts,1,2,d:%-0.5,deep:{list:[null,%str,1,true,{}]}}");
}

static void odd_names_and_texts_in_objects_are_escaped(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	size_t start = make_begin(&doc);

	(void)state;
	make_head(&doc, BSON_KIND_STRING, "");
	make_text(&doc, bytes_str(""));
	make_head(&doc, BSON_KIND_STRING, "a:b,{c}");
	make_text(&doc, bytes_str("-x,y]:z"));
	make_head(&doc, BSON_KIND_DATE, "-d");
	buf_add_le64(&doc, 0);
	make_end(&doc, start);
	key_of(BSON_KIND_DOCUMENT, buf_bytes(&doc), &key);
	assert_name(buf_bytes(&key),
		    "{:%str,,a%3Ab%2C%7Bc%7D:%2Dx%2Cy%5D:z,-d:1970-01-01T00:00:00Z}");
}

static void code_with_scope_has_both(void **state)
{
	OWNED(buf_release) struct buf value = {0};
	OWNED(buf_release) struct buf key = {0};

	(void)state;
	make_hex(&value, "1b000000050000006628782900"
			 "0e000000"
			 "10612c000100000000");
	value.at[value.len - 9] = BSON_KIND_INT32;
	put_le32(value.at, (uint32_t)value.len);
	put_le32(value.at + 13, (uint32_t)value.len - 13);
	key_of(BSON_KIND_CODE_WITH_SCOPE, buf_bytes(&value), &key);
	assert_name(buf_bytes(&key), "%scope,f(x),{a%2C:1}");
}

static void other_spellings_are_no_names(void **state)
{
	OWNED(buf_release) struct buf key = {0};
	uint64_t rank = 77;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		if (id_name_parse(bytes_str(wrong[i]), &key, &rank) != ID_NAME_NONE)
			fail_msg("%s is a name", wrong[i]);
		assert_int_equal(key.len, 0);
		assert_int_equal(rank, 77);
	}
}

static void a_rank_is_a_name(void **state)
{
	static const uint64_t ranks[] = {0, 12, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ranks); i++) {
		OWNED(buf_release) struct buf name = {0};
		OWNED(buf_release) struct buf key = {0};
		uint64_t rank;

		id_name_of_rank(ranks[i], &name);
		assert_valid(buf_bytes(&name));
		assert_int_equal(id_name_parse(buf_bytes(&name), &key, &rank), ID_NAME_RANK);
		assert_int_equal(rank, ranks[i]);
		assert_int_equal(key.len, 0);
	}
}

/* Strings of one character, of all lengths around the longest name. */
static void long_strings_keep_their_beginning(void **state)
{
	static const char *const units[] = {
		"x", "\xc3\xbc", "\xf0\x9f\x98\x80", "\x01", "/", "\xe2\x80\xae", "-", "{"};

	(void)state;
	for (size_t u = 0; u < COUNT_OF(units); u++) {
		OWNED(buf_release) struct buf text = {0};

		for (size_t n = 0; n < 700; n++) {
			OWNED(buf_release) struct buf key = {0};
			OWNED(buf_release) struct buf name = {0};

			buf_add_str(&text, units[u]);
			key_of_string(buf_bytes(&text), &key);
			assert_there_and_back(buf_bytes(&key));
			id_name_of_key(buf_bytes(&key), &name);
			if (u == 0)
				assert_memory_equal(name.at, text.at, MIN_OF(text.len, 204));
		}
	}
}

static void the_longest_name_has_250_bytes(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf name = {0};

	(void)state;
	memset(buf_room(&text, 251), 'x', 251);
	text.len = 250;
	key_of_string(buf_bytes(&text), &key);
	id_name_of_key(buf_bytes(&key), &name);
	ASSERT_SAME(buf_bytes(&name), buf_bytes(&text));
	text.len = 251;
	buf_reset(&key);
	buf_reset(&name);
	key_of_string(buf_bytes(&text), &key);
	id_name_of_key(buf_bytes(&key), &name);
	assert_int_equal(name.len, 250);
	assert_memory_equal(name.at, text.at, 204);
	assert_memory_equal(name.at + 204, "%hash,", 6);
}

/* A beginning that no long string has must not start a search. */
static void a_hash_behind_another_beginning_is_no_name(void **state)
{
	static const char hash[] = "%hash,00112233445566778899aabbccddeeff00112233";
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf key = {0};
	uint64_t rank;

	(void)state;
	for (size_t len = 0; len <= 204; len++) {
		buf_reset(&name);
		buf_reset(&key);
		memset(buf_room(&name, len), 'x', len);
		name.len = len;
		buf_add_str(&name, hash);
		assert_int_equal(id_name_parse(buf_bytes(&name), &key, &rank),
				 len > 195 ? ID_NAME_PREFIX : ID_NAME_NONE);
	}
	name.at[3] = '%';
	assert_int_equal(id_name_parse(buf_bytes(&name), &key, &rank), ID_NAME_NONE);
	name.at[3] = 'x';
	name.at[name.len - 1] = 'F';
	assert_int_equal(id_name_parse(buf_bytes(&name), &key, &rank), ID_NAME_NONE);
}

static void long_keys_of_all_types_differ_in_their_names(void **state)
{
	OWNED(buf_release) struct buf last = {0};

	(void)state;
	for (uint32_t n = 0; n < 300; n++) {
		OWNED(buf_release) struct buf value = {0};
		OWNED(buf_release) struct buf key = {0};
		OWNED(buf_release) struct buf name = {0};

		buf_add_le32(&value, 400);
		buf_add_u8(&value, 0);
		memset(buf_room(&value, 400), 7, 400);
		value.len += 400;
		put_le32(value.at + value.len - 4, n);
		key_of(BSON_KIND_BINARY, buf_bytes(&value), &key);
		assert_there_and_back(buf_bytes(&key));
		id_name_of_key(buf_bytes(&key), &name);
		assert_false(bytes_equal(buf_bytes(&name), buf_bytes(&last)));
		buf_reset(&last);
		buf_add_bytes(&last, buf_bytes(&name));
	}
}

/* 40 MinKeys are a short key with a long text: the name has all of it. */
static void a_short_key_with_a_long_text_is_found_without_a_search(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf back = {0};
	size_t start = make_begin(&doc);
	uint64_t rank;

	(void)state;
	for (int i = 0; i < 40; i++)
		make_head(&doc, BSON_KIND_MIN_KEY, "");
	make_end(&doc, start);
	key_of(BSON_KIND_ARRAY, buf_bytes(&doc), &key);
	id_name_of_key(buf_bytes(&key), &name);
	assert_int_equal(id_name_parse(buf_bytes(&name), &back, &rank), ID_NAME_KEY);
	ASSERT_SAME(buf_bytes(&back), buf_bytes(&key));
	name.at[name.len - 1] = name.at[name.len - 1] == '0' ? '1' : '0';
	assert_int_equal(id_name_parse(buf_bytes(&name), &back, &rank), ID_NAME_NONE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_has_its_form),
		cmocka_unit_test(strings_look_as_themselves_where_nothing_else_does),
		cmocka_unit_test(nuls_are_escaped),
		cmocka_unit_test(objects_are_readable),
		cmocka_unit_test(odd_names_and_texts_in_objects_are_escaped),
		cmocka_unit_test(code_with_scope_has_both),
		cmocka_unit_test(other_spellings_are_no_names),
		cmocka_unit_test(a_rank_is_a_name),
		cmocka_unit_test(long_strings_keep_their_beginning),
		cmocka_unit_test(the_longest_name_has_250_bytes),
		cmocka_unit_test(a_hash_behind_another_beginning_is_no_name),
		cmocka_unit_test(long_keys_of_all_types_differ_in_their_names),
		cmocka_unit_test(a_short_key_with_a_long_text_is_found_without_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
