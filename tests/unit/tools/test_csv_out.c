#include "tools/csv_out.h"

#include <stdlib.h>

#include "tests/harness/harness.h"

/* The line of {a: value}, in a buffer that is reused. */
static const char *line_of(uint8_t type, const void *value, size_t len)
{
	static struct buf line;
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	size_t open = harness_doc_open(&doc);

	harness_doc_element(&doc, type, "a", bytes_of(value, len));
	harness_doc_close(&doc, open);
	buf_reset(&line);
	ASSERT_OK(csv_out_document("a", buf_bytes(&doc), &line, &e));
	return buf_text(&line);
}

/* What mongoexport 100.9.5 printed for these numbers and dates of a mongod 6.0.27. */
static void numbers_and_dates_are_those_of_mongoexport(void **state)
{
	static const struct {
		double value;
		const char *line;
	} doubles[] = {
		{1.0, "1\n"},
		{100000.0, "100000\n"},
		{1e6, "1e+06\n"},
		{1234567.0, "1.234567e+06\n"},
		{123456.7, "123456.7\n"},
		{0.0001, "0.0001\n"},
		{0.00001, "1e-05\n"},
		{-0.0, "-0\n"},
		{1e21, "1e+21\n"},
		{5e-324, "5e-324\n"},
		{-1.5, "-1.5\n"},
		{1.0 / 0.0, "+Inf\n"},
		{-1.0 / 0.0, "-Inf\n"},
		{0.0 / 0.0, "NaN\n"},
	};
	static const struct {
		int64_t ms;
		const char *line;
	} dates[] = {
		{-1, "1969-12-31T23:59:59.999Z\n"},
		{1500, "1970-01-01T00:00:01.500Z\n"},
		{-62135596800001, "0000-12-31T23:59:59.999Z\n"},
		{-100000000000000, "-1199-02-15T14:13:20.000Z\n"},
		{INT64_MIN, "-292275055-05-16T16:47:04.192Z\n"},
		{32535215998999, "3000-12-31T23:59:58.999Z\n"},
		{32535215999000,
		 "\"{ \"\"$date\"\": { \"\"$numberLong\"\" : \"\"32535215999000\"\" }}\"\n"},
		{253402300800000,
		 "\"{ \"\"$date\"\": { \"\"$numberLong\"\" : \"\"253402300800000\"\" }}\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(doubles); i++)
		assert_string_equal(line_of(1, &doubles[i].value, 8), doubles[i].line);
	for (size_t i = 0; i < COUNT_OF(dates); i++)
		assert_string_equal(line_of(9, &dates[i].ms, 8), dates[i].line);
}

static void the_other_types_too(void **state)
{
	(void)state;
	assert_string_equal(line_of(5, "\3\0\0\0\0abc", 8), "616263\n");
	assert_string_equal(line_of(5, "\2\0\0\0\0\xab\xcd", 7), "ABCD\n");
	assert_string_equal(line_of(5, "\7\0\0\0\2\3\0\0\0abc", 12), "616263\n");
	assert_string_equal(line_of(6, "", 0), "\"{ \"\"$undefined\"\": true }\"\n");
	assert_string_equal(line_of(0x0e, "\2\0\0\0x", 6), "x\n");
	assert_string_equal(line_of(0x0f, "\x0f\0\0\0\2\0\0\0f\0\5\0\0\0", 15), "f\n");
	assert_string_equal(line_of(0x0c, "\4\0\0\0a.b\0\0\1\2\3\4\5\6\7\10\11\12\13", 20),
			    "\"{ \"\"$ref\"\": \"\"a.b\"\", \"\"$id\"\": "
			    "ObjectID(\"\"000102030405060708090a0b\"\") }\"\n");
	assert_string_equal(line_of(0x11, "\6\0\0\0\5\0\0\0", 8),
			    "\"{ \"\"$timestamp\"\": { \"\"t\"\": 5, \"\"i\"\": 6 } }\"\n");
	assert_string_equal(line_of(0x0b, "a\0i", 4), "/a/i\n");
	assert_string_equal(line_of(0xff, "", 0), "$MinKey\n");
	assert_string_equal(line_of(0x7f, "", 0), "$MaxKey\n");
	assert_string_equal(line_of(0x0d, "\2\0\0\0x", 6), "x\n");
	assert_string_equal(line_of(2, "\3\0\0\0\\.", 7), "\"\\.\"\n");
	assert_string_equal(line_of(8, "\1", 1), "true\n");
	assert_string_equal(line_of(0x0a, "", 0), "\n");
}

/* Elements are counted, whatever they are called, and the number is read as Go reads one. */
static void elements_go_by_their_place(void **state)
{
	/* [1, 2], the elements called "x" and "y". */
	static const char array[] = "\x13\0\0\0\x10x\0\1\0\0\0\x10y\0\2\0\0\0";
	static const struct {
		const char *path, *line;
	} cases[] = {
		{"a.0", "1\n"},		{"a.1", "2\n"},
		{"a.2", "\n"},		{"a.+1", "2\n"},
		{"a.001", "2\n"},	{"a.-0", "1\n"},
		{"a.-1", "\n"},		{"a.x", "\n"},
		{"a.1x", "\n"},		{"a.", "\n"},
		{"a.+", "\n"},		{"a.1.0", "\n"},
		{"a.4294967296", "\n"}, {"a.99999999999999999999", "\n"},
	};
	OWNED(buf_release) struct buf doc = {0};
	size_t open = harness_doc_open(&doc);
	struct error e = {0};

	(void)state;
	harness_doc_element(&doc, 0x04, "a", bytes_of(array, sizeof(array)));
	harness_doc_close(&doc, open);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf line = {0};

		ASSERT_OK(csv_out_document(cases[i].path, buf_bytes(&doc), &line, &e));
		assert_string_equal(buf_text(&line), cases[i].line);
	}
}

static void paths_that_lead_nowhere_are_empty(void **state)
{
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf line = {0};

	(void)state;
	harness_doc_of_int32(&doc, 5);
	ASSERT_OK(csv_out_document("x,_id,_id.y,,", buf_bytes(&doc), &line, &e));
	assert_string_equal(buf_text(&line), ",5,,,\n");
	buf_reset(&line);
	csv_out_titles("a b,\"c,d", &line);
	assert_string_equal(buf_text(&line), "a b,\"\"\"c\",d\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_dates_are_those_of_mongoexport),
		cmocka_unit_test(the_other_types_too),
		cmocka_unit_test(elements_go_by_their_place),
		cmocka_unit_test(paths_that_lead_nowhere_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
