#include "tools/csv_json.h"

#include "tests/harness/harness.h"

/* What a value is written as, in a buffer that is reused. */
static const char *text_of(uint8_t type, const void *value, size_t len)
{
	static struct buf text;
	struct bson_field field = {.type = type, .value = bytes_of(value, len)};
	struct error e = {0};

	buf_reset(&text);
	ASSERT_OK(csv_json_value(&field, &text, &e));
	return buf_text(&text);
}

/* What mongoexport 100.9.5 printed for these values inside arrays of a mongod 6.0.27. */
static void values_are_those_of_mongoexport(void **state)
{
	static const struct {
		uint8_t type;
		const char *value;
		size_t len;
		const char *text;
	} cases[] = {
		{0x01, "\0\0\0\0\0\0\xf0\x3f", 8, "1.0"},
		{0x01, "\0\0\0\0\0\0\xf8\x3f", 8, "1.5"},
		{0x01, "\0\0\0\0\0\0\0\x80", 8, "-0.0"},
		{0x01, "\0\0\0\0\0\0\xf0\x7f", 8, "+Infinity"},
		{0x01, "\0\0\0\0\0\0\xf0\xff", 8, "-Infinity"},
		{0x01, "\0\0\0\0\0\0\xf8\x7f", 8, "NaN"},
		{0x01, "\x9c\x75\0\x88\x3c\xe4\x37\x7e", 8, "1e+300"},
		{0x10, "\5\0\0\0", 4, "5"},
		{0x12, "\5\0\0\0\0\0\0\0", 8, "{\"$numberLong\":\"5\"}"},
		{0x12, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "{\"$numberLong\":\"-1\"}"},
		{0x02, "\6\0\0\0<a>&\"", 10, "\"\\u003ca\\u003e\\u0026\\\"\""},
		{0x02, "\5\0\0\0\t\n\xff\x7f", 9, "\"\\u0009\\n\\ufffd\x7f\""},
		{0x0d, "\4\0\0\0\t\n\f", 8, "{\"$code\":\"\\t\\n\\f\"}"},
		{0x05, "\3\0\0\0\0abc", 8, "{\"$binary\":\"YWJj\",\"$type\":\"00\"}"},
		{0x05, "\7\0\0\0\2\3\0\0\0abc", 12, "{\"$binary\":\"YWJj\",\"$type\":\"02\"}"},
		{0x09, "\xdc\5\0\0\0\0\0\0", 8, "{\"$date\":\"1970-01-01T00:00:01.500Z\"}"},
		{0x09, "\x18\x0b\xfe\x31\x97\x1d\x00\x00", 8,
		 "{\"$date\":{\"$numberLong\":\"32535215999768\"}}"},
		{0x0b, "a/\"\0im", 7, "{\"$regex\":\"a/\\\"\",\"$options\":\"im\"}"},
		{0x07, "\0\1\2\3\4\5\6\7\10\11\12\13", 12,
		 "{\"$oid\":\"000102030405060708090a0b\"}"},
		{0x11, "\6\0\0\0\5\0\0\0", 8, "{\"$timestamp\":{\"t\":5,\"i\":6}}"},
		{0x06, "", 0, "{\"$undefined\":true}"},
		{0xff, "", 0, "{\"$minKey\":1}"},
		{0x0a, "", 0, "null"},
		{0x08, "\1", 1, "true"},
		{0x03, "\5\0\0\0", 5, "{}"},
		{0x04,
		 "\x0b\0\0\0\x0a"
		 "0\0\x0a"
		 "1\0",
		 11, "[null,null]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(text_of(cases[i].type, cases[i].value, cases[i].len),
				    cases[i].text);
}

static void damage_and_depth_are_errors(void **state)
{
	struct bson_field field = {.type = 0x03};
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};

	(void)state;
	field.value = bytes_of("\x08\0\0\0\x0a"
			       "a\1",
			       8);
	assert_int_equal(csv_json_value(&field, &text, &e), ERR_CORRUPT);
	field = (struct bson_field){.type = 0x0f, .value = bytes_of("\x0a\0\0\0\x70\0\0\0f\0", 10)};
	assert_int_equal(csv_json_value(&field, &text, &e), ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_those_of_mongoexport),
		cmocka_unit_test(damage_and_depth_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
