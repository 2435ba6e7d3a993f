#include "tools/id_text.h"

#include "tests/unit/oplog/text_doc.h"
#include "tools/id_find.h"
#include "tools/term.h"

static void check(const char *doc_text, const char *expected)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	text_doc(&doc, doc_text);
	ASSERT_OK(id_text_document(buf_bytes(&doc), &got, &e));
	assert_string_equal(buf_text(&got), expected);
}

static void an_id_reads_as_it_is_typed(void **state)
{
	(void)state;
	check("{'_id':5}", "5");
	check("{'a':1,'_id':'anna'}", "\"anna\"");
	check("{'_id':{'$oid':'507f1f77bcf86cd799439011'}}", "507f1f77bcf86cd799439011");
	check("{'_id':{'a':1,'b':[2]}}", "{\"a\":1,\"b\":[2]}");
	check("{'a':1}", "(no _id)");
}

static void what_is_shown_can_be_typed_again(void **state)
{
	static const char *const ids[] = {"{'_id':5}",
					  "{'_id':'anna'}",
					  "{'_id':{'x':true}}",
					  "{'_id':{'$oid':'507f1f77bcf86cd799439011'}}",
					  "{'_id':{'$oid':'650000000000000000000001'}}",
					  "{'_id':{'$oid':'6500000000000000000000e1'}}",
					  "{'_id':{'$numberDecimal':'1.50'}}"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf text = {0};
		OWNED(buf_release) struct buf again = {0};
		struct error e = {0};

		text_doc(&doc, ids[i]);
		ASSERT_OK(id_text_document(buf_bytes(&doc), &text, &e));
		ASSERT_OK(id_find_parse(buf_text(&text), &again, &e));
		ASSERT_BYTES(buf_bytes(&again), buf_bytes(&doc));
	}
}

static void what_a_shell_prints_gets_a_hint(void **state)
{
	static const char *const cases[][2] = {
		{"ObjectId(\"507f1f77bcf86cd799439011\")",
		 "'{\"$oid\":\"507f1f77bcf86cd799439011\"}'"},
		{"ObjectId('507f1f77bcf86cd799439011')",
		 "'{\"$oid\":\"507f1f77bcf86cd799439011\"}'"},
		{"NumberLong(5)", "'{\"$numberLong\":\"5\"}'"},
		{"UUID(\"3b241101-e2bb-4255-8caf-4136c566a962\")",
		 "'{\"$uuid\":\"3b241101-e2bb-4255-8caf-4136c566a962\"}'"},
		{"3b241101-e2bb-4255-8caf-4136c566a962",
		 "a UUID is '{\"$uuid\":\"3b241101-e2bb-4255-8caf-4136c566a962\"}', a string"},
		{"T-17", "a string needs its quotes, and these the shell's: '\"T-17\"'"},
		{"Long(\"5\"", "for example: 5, "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf id = {0};
		struct error e = {0};

		assert_int_equal(id_find_parse(cases[i][0], &id, &e), ERR_INVALID);
		assert_non_null(strstr(e.hint, cases[i][1]));
	}
}

static void it_is_one_short_line_without_control_bytes(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	char text[3000] = "";
	struct error e = {0};
	size_t begin = harness_doc_open(&doc);

	(void)state;
	check("{'_id':'a\\nb'}", "\"a\\nb\"");
	harness_doc_string(&doc, "_id", "\x1b[31m\xe2\x80\xae\xc2\x9b");
	harness_doc_close(&doc, begin);
	ASSERT_OK(id_text_document(buf_bytes(&doc), &got, &e));
	for (size_t i = 0; i < got.len; i++)
		assert_in_range(got.at[i], 0x20, 0x7e);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 == 0 ? '\xc3' : '\xa4';
	text[sizeof(text) - 2] = 'x';
	text[sizeof(text) - 1] = '\0';
	buf_reset(&doc);
	buf_reset(&got);
	begin = harness_doc_open(&doc);
	harness_doc_string(&doc, "_id", text);
	harness_doc_close(&doc, begin);
	ASSERT_OK(id_text_document(buf_bytes(&doc), &got, &e));
	assert_in_range(got.len, ID_TEXT_MAX - 8, ID_TEXT_MAX + 3);
	assert_memory_equal(got.at + got.len - 5, "\xc3\xa4...", 5); /* no letter is cut */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_reads_as_it_is_typed),
		cmocka_unit_test(what_is_shown_can_be_typed_again),
		cmocka_unit_test(what_a_shell_prints_gets_a_hint),
		cmocka_unit_test(it_is_one_short_line_without_control_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
