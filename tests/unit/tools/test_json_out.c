#include "tools/json_out.h"

#include "tests/harness/harness.h"

static void objects_and_arrays_nest_with_commas_between(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	struct json_out j;

	(void)state;
	json_out_begin(&j, to, false);
	json_out_str(&j, "a", "x\"\\\n\001");
	json_out_str(&j, "none", NULL);
	json_out_array(&j, "list");
	json_out_u64(&j, NULL, UINT64_MAX);
	json_out_object(&j, NULL);
	json_out_end_object(&j);
	json_out_bool(&j, NULL, true);
	json_out_end_array(&j);
	json_out_time(&j, "t", 1795254067);
	json_out_optime(&j, "o", 1795254067, 5);
	json_out_hex(&j, "h", bytes_of("\x01\xff", 2));
	json_out_double(&j, "d", 2.5);
	json_out_finish(&j);
	fclose(to);
	assert_string_equal(text, "{\n"
				  "  \"a\": \"x\\\"\\\\\\n\\u0001\",\n"
				  "  \"none\": null,\n"
				  "  \"list\": [\n"
				  "    18446744073709551615,\n"
				  "    {},\n"
				  "    true\n"
				  "  ],\n"
				  "  \"t\": \"2026-11-21T09:41:07Z\",\n"
				  "  \"o\": \"1795254067.5\",\n"
				  "  \"h\": \"01ff\",\n"
				  "  \"d\": 2.500\n"
				  "}\n");
	free(text);
}

static void a_name_that_is_not_utf8_keeps_its_bytes_beside_it(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	struct json_out j;

	(void)state;
	json_out_begin(&j, to, false);
	json_out_name(&j, "ns", bytes_of("a\xff", 2));
	json_out_name(&j, "ok", bytes_str("\xe6\xbc\xa2"));
	json_out_entry_str(&j, bytes_of("k\"\x80", 3), "v");
	json_out_finish(&j);
	fclose(to);
	assert_string_equal(text, "{\n"
				  "  \"ns\": \"a\\ufffd\",\n"
				  "  \"nsHex\": \"61ff\",\n"
				  "  \"ok\": \"\xe6\xbc\xa2\",\n"
				  "  \"k\\\"\\ufffd\": \"v\"\n"
				  "}\n");
	free(text);
}

static void an_empty_list_is_two_brackets(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	struct json_out j;

	(void)state;
	json_out_begin(&j, to, true);
	json_out_finish(&j);
	fclose(to);
	assert_string_equal(text, "[]\n");
	free(text);
}

static void a_line_has_no_spaces_and_one_newline(void **state)
{
	struct json_out j;
	FILE *to = tmpfile();
	char text[200] = "";
	size_t len;

	(void)state;
	assert_non_null(to);
	for (int i = 0; i < 2; i++) {
		json_out_begin_line(&j, to);
		json_out_str(&j, "a", "x y");
		json_out_array(&j, "b");
		json_out_u64(&j, NULL, 1);
		json_out_u64(&j, NULL, 2);
		json_out_end_array(&j);
		json_out_object(&j, "c");
		json_out_end_object(&j);
		json_out_finish(&j);
	}
	rewind(to);
	len = fread(text, 1, sizeof(text) - 1, to);
	assert_string_equal(text, "{\"a\":\"x y\",\"b\":[1,2],\"c\":{}}\n"
				  "{\"a\":\"x y\",\"b\":[1,2],\"c\":{}}\n");
	assert_int_equal(len, strlen(text));
	fclose(to);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_no_spaces_and_one_newline),
		cmocka_unit_test(objects_and_arrays_nest_with_commas_between),
		cmocka_unit_test(a_name_that_is_not_utf8_keeps_its_bytes_beside_it),
		cmocka_unit_test(an_empty_list_is_two_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
