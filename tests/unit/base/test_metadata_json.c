#include "base/metadata_json.h"

#include "base/bson_check.h"
#include "base/ejson.h"
#include "tests/harness/harness.h"

/* The text as BSON and back, canonical. */
static const char *canonical(const char *text)
{
	static struct buf out;
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	buf_reset(&out);
	ASSERT_OK(metadata_json_parse(bytes_str(text), 1 * MIB, &doc, &e));
	ASSERT_OK(bson_check(buf_bytes(&doc), BSON_CHECK_FULL, &e));
	ASSERT_OK(ejson_write(buf_bytes(&doc), EJSON_CANONICAL, &out, &e));
	return buf_text(&out);
}

struct pair {
	const char *from;
	const char *to;
};

static void check_pairs(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(canonical(pairs[i].from), pairs[i].to);
}

static void canonical_text_comes_back_as_it_was(void **state UNUSED)
{
	static const char *const texts[] = {
		"{}",
		"{\"a\":{\"$numberInt\":\"-7\"},\"b\":[{\"c\":[]},\"x\"]}",
		"{\"a\":{\"$numberLong\":\"9223372036854775807\"}}",
		"{\"a\":{\"$numberDouble\":\"1.5\"},\"b\":{\"$numberDouble\":\"-Infinity\"}}",
		"{\"a\":{\"$numberDouble\":\"NaN\"}}",
		"{\"a\":{\"$numberDecimal\":\"-1.50E+7\"}}",
		"{\"a\":{\"$oid\":\"57e193d7a9cc81b4027498b5\"}}",
		"{\"a\":{\"$date\":{\"$numberLong\":\"-5\"}}}",
		"{\"a\":{\"$binary\":{\"base64\":\"AQIDBA==\",\"subType\":\"04\"}}}",
		"{\"a\":{\"$binary\":{\"base64\":\"AQI=\",\"subType\":\"02\"}}}",
		"{\"a\":{\"$timestamp\":{\"t\":4294967295,\"i\":2}}}",
		"{\"a\":{\"$regularExpression\":{\"pattern\":\"^a\",\"options\":\"i\"}}}",
		"{\"a\":{\"$code\":\"f()\"},\"b\":{\"$code\":\"g\",\"$scope\":{\"x\":true}}}",
		"{\"a\":{\"$symbol\":\"s\"},\"b\":{\"$undefined\":true},\"c\":null}",
		"{\"a\":{\"$minKey\":1},\"b\":{\"$maxKey\":1},\"c\":false}",
		"{\"a\":{\"$dbPointer\":{\"$ref\":\"b\",\"$id\":{\"$oid\":"
		"\"57e193d7a9cc81b4027498b5\"}}}}",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_string_equal(canonical(texts[i]), texts[i]);
}

static void numbers_take_the_smallest_type(void **state UNUSED)
{
	static const struct pair pairs[] = {
		{"{\"a\":2147483647}", "{\"a\":{\"$numberInt\":\"2147483647\"}}"},
		{"{\"a\":-2147483649}", "{\"a\":{\"$numberLong\":\"-2147483649\"}}"},
		{"{\"a\":9223372036854775808}",
		 "{\"a\":{\"$numberDouble\":\"9.223372036854776E+18\"}}"},
		{"{\"a\":1.0}", "{\"a\":{\"$numberDouble\":\"1.0\"}}"},
		{"{\"a\":-0}", "{\"a\":{\"$numberInt\":\"0\"}}"},
		{"{\"a\":5E-1}", "{\"a\":{\"$numberDouble\":\"0.5\"}}"},
		{"{\"a\":1e+3}", "{\"a\":{\"$numberDouble\":\"1000.0\"}}"},
	};

	check_pairs(pairs, COUNT_OF(pairs));
}

static void forms_of_old_tools_are_understood(void **state UNUSED)
{
	static const struct pair pairs[] = {
		{"{\"a\":{\"$numberLong\":5}}", "{\"a\":{\"$numberLong\":\"5\"}}"},
		{"{\"a\":{\"$date\":5}}", "{\"a\":{\"$date\":{\"$numberLong\":\"5\"}}}"},
		{"{\"a\":{\"$date\":\"1970-01-01T00:00:00Z\"}}",
		 "{\"a\":{\"$date\":{\"$numberLong\":\"0\"}}}"},
		{"{\"a\":{\"$date\":\"2016-02-29T23:59:59.120+0130\"}}",
		 "{\"a\":{\"$date\":{\"$numberLong\":\"1456784999120\"}}}"},
		{"{\"a\":{\"$date\":\"1969-12-31T16:00:00.5-08:00\"}}",
		 "{\"a\":{\"$date\":{\"$numberLong\":\"500\"}}}"},
		{"{\"a\":{\"$binary\":\"AQI=\",\"$type\":\"00\"}}",
		 "{\"a\":{\"$binary\":{\"base64\":\"AQI=\",\"subType\":\"00\"}}}"},
		{"{\"a\":{\"$type\":\"5\",\"$binary\":\"\"}}",
		 "{\"a\":{\"$binary\":{\"base64\":\"\",\"subType\":\"05\"}}}"},
		{"{\"a\":{\"$uuid\":\"01020304-0506-0708-090a-0b0c0d0e0f10\"}}",
		 "{\"a\":{\"$binary\":{\"base64\":\"AQIDBAUGBwgJCgsMDQ4PEA==\",\"subType\":"
		 "\"04\"}}}"},
		{"{options : { \"a\" : Infinity }, indexes:[{\"options\":true}]}",
		 "{\"options\":{\"a\":{\"$numberDouble\":\"Infinity\"}},\"indexes\":[{\"options\":"
		 "true}]}"},
		{"{\"a\":NaN,\"b\":[+Infinity,-Infinity]}",
		 "{\"a\":{\"$numberDouble\":\"NaN\"},\"b\":[{\"$numberDouble\":\"Infinity\"},"
		 "{\"$numberDouble\":\"-Infinity\"}]}"},
	};

	check_pairs(pairs, COUNT_OF(pairs));
}

static void operators_that_look_like_wrappers_stay(void **state UNUSED)
{
	static const struct pair pairs[] = {
		{"{\"a\":{\"$type\":{\"$numberInt\":\"2\"}}}",
		 "{\"a\":{\"$type\":{\"$numberInt\":\"2\"}}}"},
		{"{\"a\":{\"$type\":[\"string\"]}}", "{\"a\":{\"$type\":[\"string\"]}}"},
		{"{\"a\":{\"$regex\":\"^a\",\"$options\":\"i\"}}",
		 "{\"a\":{\"$regex\":\"^a\",\"$options\":\"i\"}}"},
		{"{\"a\":{\"$ref\":\"b\",\"$id\":true}}", "{\"a\":{\"$ref\":\"b\",\"$id\":true}}"},
		{"{\"a\":{\"$date\":\"x\",\"$gt\":true}}",
		 "{\"a\":{\"$date\":\"x\",\"$gt\":true}}"},
		{"{\"a\":{\"b\":true,\"$oid\":\"x\"}}", "{\"a\":{\"b\":true,\"$oid\":\"x\"}}"},
		{"{\"a\":{\"$minKey\":true}}", "{\"a\":{\"$minKey\":true}}"},
		{"{\"$oid\":\"x\"}", "{\"$oid\":\"x\"}"},
	};

	check_pairs(pairs, COUNT_OF(pairs));
}

/* What somebody types: a slip is an error, where a dump may have an operator or an old form. */
static void strictly_a_wrapper_is_one_or_an_error(void **state UNUSED)
{
	static const char *const bad[] = {
		"{\"a\":{\"$numberLong\":5}}",
		"{\"a\":{\"$numberInt\":5}}",
		"{\"a\":{\"$numberDouble\":1.5}}",
		"{\"a\":{\"$date\":5}}",
		"{\"a\":{\"$oid\":\"x\"}}",
		"{\"a\":{\"$oid\":5}}",
		"{\"a\":[{\"b\":true,\"$oid\":\"507f1f77bcf86cd799439011\"}]}",
		"{\"a\":{\"$minKey\":true}}",
		"{\"a\":{\"$uuid\":\"0102030405060708-090a-0b0c-0d0e-0f10\"}}",
		"{\"a\":{\"$numberDecimal\":\"1..2\"}}",
		"{\"a\":NaN}",
	};
	static const char *const good[] = {
		"{\"a\":{\"$numberLong\":\"5\"}}",
		"{\"a\":{\"$date\":\"1970-01-01T00:00:00Z\"}}",
		"{\"a\":{\"$date\":{\"$numberLong\":\"5\"}}}",
		"{\"a\":{\"$type\":\"string\"}}",
		"{\"a\":{\"$ref\":\"b\",\"$id\":5,\"$db\":\"c\"}}",
		"{\"a\":{\"$regularExpression\":{\"options\":\"im\",\"pattern\":\"a\"}}}",
	};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf strict = {0};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_int_equal(metadata_json_parse_strict(bytes_str(bad[i]), MIB, &strict, &e),
				 ERR_CORRUPT);
		assert_int_equal(strict.len, 0);
	}
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		buf_reset(&doc);
		buf_reset(&strict);
		ASSERT_OK(metadata_json_parse(bytes_str(good[i]), MIB, &doc, &e));
		ASSERT_OK(metadata_json_parse_strict(bytes_str(good[i]), MIB, &strict, &e));
		ASSERT_BYTES(buf_bytes(&strict), buf_bytes(&doc));
	}
}

static void options_of_a_regular_expression_are_sorted(void **state UNUSED)
{
	static const struct pair pairs[] = {
		{"{\"a\":{\"$regularExpression\":{\"pattern\":\"b\",\"options\":\"xmi\"}}}",
		 "{\"a\":{\"$regularExpression\":{\"pattern\":\"b\",\"options\":\"imx\"}}}"},
	};

	check_pairs(pairs, COUNT_OF(pairs));
}

static void texts_keep_their_bytes(void **state UNUSED)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	static const struct pair pairs[] = {
		{"{\"a\":\"\\u00e9\\uD83D\\uDE00\"}", "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"},
		{"{\"a\":\"\\ud83dx\"}", "{\"a\":\"\xef\xbf\xbdx\"}"},
		{"\xef\xbb\xbf { \"a\" :\t[ true ,\r\n null ] } ", "{\"a\":[true,null]}"},
		{"{\"a\":true,\"a\":false}", "{\"a\":true,\"a\":false}"},
	};

	check_pairs(pairs, COUNT_OF(pairs));
	ASSERT_OK(
		metadata_json_parse(bytes_str("{\"a\":\"\\\"\\\\\\/\\n\\u0000\"}"), MIB, &doc, &e));
	ASSERT_BYTES(buf_bytes(&doc), bytes_of("\x12\0\0\0\x02"
					       "a\0\x06\0\0\0\"\\/\n\0\0\0",
					       18));
}

static void what_is_wrong_is_said_with_its_place(void **state UNUSED)
{
	static const struct pair bad[] = {
		{"", "byte 0: expected '{', the text ends"},
		{"[1]", "byte 0: expected '{', found '['"},
		{"{\"a\":1", "byte 6: expected ',' or '}', the text ends"},
		{"{\"a\":1,}", "byte 7: expected a key in quotes, found '}'"},
		{"{\"a\" 1}", "byte 5: expected ':' after a key, found '1'"},
		{"{a:1}", "byte 1: expected a key in quotes, found 'a'"},
		{"{\"a\":1} {", "byte 8: expected the end of the text, found '{'"},
		{"{\"a\":nul}", "byte 5: expected a value"},
		{"{\"a\":01}", "byte 5: expected a value"},
		{"{\"a\":1.}", "byte 5: expected a value"},
		{"{\"a\":\"b", "byte 7: expected the rest of a string, the text ends"},
		{"{\"a\":\"\\x\"}", "backslash"},
		{"{\"a\":\"\\u12g4\"}", "four hex digits"},
		{"{\"a\":\"\x01\"}", "found byte 0x01"},
		{"{\"a\\u0000b\":1}", "a key with a NUL"},
		{"{\"a\":{\"$oid\":\"57e1\"}}", "byte 5: \"$oid\" expects 24 hex digits"},
		{"{\"a\":{\"$numberInt\":\"2147483648\"}}", "an integer of 32 bits"},
		{"{\"a\":{\"$numberLong\":\"9223372036854775808\"}}", "an integer"},
		{"{\"a\":{\"$numberDouble\":\"1x\"}}", "a number"},
		{"{\"a\":{\"$numberDecimal\":\"\"}}", "a decimal number"},
		{"{\"a\":{\"$binary\":{\"base64\":\"A\",\"subType\":\"00\"}}}", "base64"},
		{"{\"a\":{\"$binary\":{\"base64\":\"\",\"subType\":\"xyz\"}}}", "a subtype"},
		{"{\"a\":{\"$date\":\"2016-13-01T00:00:00Z\"}}", "a date"},
		{"{\"a\":{\"$date\":\"2016-12-01 00:00:00Z\"}}", "a date"},
		{"{\"a\":{\"$uuid\":\"01\"}}", "a UUID"},
		{"{\"a\":{\"$timestamp\":{\"t\":-1,\"i\":0}}}", "without a sign"},
		{"{\"a\":{\"$regularExpression\":{\"pattern\":\"\\u0000\",\"options\":\"\"}}}",
		 "without a NUL"},
	};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	buf_add_str(&doc, "kept");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ASSERT_ERROR_TEXT(metadata_json_parse(bytes_str(bad[i].from), MIB, &doc, &e),
				  ERR_CORRUPT, bad[i].to);
		assert_string_equal(buf_text(&doc), "kept");
	}
}

static void limits_hold(void **state UNUSED)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	buf_add_str(&text, "{\"a\":");
	for (int i = 0; i < 199; i++)
		buf_add_str(&text, "[");
	for (int i = 0; i < 199; i++)
		buf_add_str(&text, "]");
	buf_add_str(&text, "}");
	ASSERT_OK(metadata_json_parse(buf_bytes(&text), MIB, &doc, &e));
	ASSERT_OK(bson_check(buf_bytes(&doc), BSON_CHECK_FULL, &e));
	buf_reset(&text);
	buf_add_str(&text, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		buf_add_str(&text, "[");
	ASSERT_ERROR_TEXT(metadata_json_parse(buf_bytes(&text), MIB, &doc, &e), ERR_LIMIT,
			  "nested deeper than 200");
	buf_reset(&doc);
	ASSERT_OK(metadata_json_parse(bytes_str("{\"a\":1}"), 12, &doc, &e));
	ASSERT_ERROR(metadata_json_parse(bytes_str("{\"a\":1}"), 11, &doc, &e), ERR_LIMIT);
	ASSERT_ERROR(metadata_json_parse(bytes_str("{\"a\":[1,2,3,4,5,6]}"), 20, &doc, &e),
		     ERR_LIMIT);
	assert_int_equal(doc.len, 12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_text_comes_back_as_it_was),
		cmocka_unit_test(numbers_take_the_smallest_type),
		cmocka_unit_test(forms_of_old_tools_are_understood),
		cmocka_unit_test(operators_that_look_like_wrappers_stay),
		cmocka_unit_test(strictly_a_wrapper_is_one_or_an_error),
		cmocka_unit_test(options_of_a_regular_expression_are_sorted),
		cmocka_unit_test(texts_keep_their_bytes),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
