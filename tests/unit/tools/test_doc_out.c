#include "tools/doc_out.h"

#include "base/ejson.h"
#include "tests/harness/harness.h"

/* {_id: 1, name: "a, \"b\"", sub: {list: [5, {x: " y"}]}, d: ISODate, o: ObjectId, n: null} */
static void build(struct buf *b)
{
	size_t doc = harness_doc_open(b), sub, list, item;

	harness_doc_int32(b, "_id", 1);
	harness_doc_string(b, "name", "a, \"b\"");
	sub = harness_doc_open_sub(b, "sub");
	list = harness_doc_open_array(b, "list");
	harness_doc_int32(b, "0", 5);
	item = harness_doc_open_sub(b, "1");
	harness_doc_string(b, "x", " y\033");
	harness_doc_close(b, item);
	harness_doc_close(b, list);
	harness_doc_close(b, sub);
	harness_doc_date(b, "d", 1500);
	harness_doc_oid_of(b, "o", 7);
	harness_doc_decimal(b, "dec", 15, 0x303e000000000000U);
	harness_doc_element(b, 0x0a, "n", bytes_of(NULL, 0));
	harness_doc_close(b, doc);
}

/* What one document becomes; to be freed. */
static char *printed(enum doc_out_format format, const char *fields, bool escape, size_t *ret_len)
{
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_len);
	struct doc_out out;

	build(&doc);
	doc_out_init(&out, format, fields, to);
	out.escape = escape;
	ASSERT_OK(doc_out_begin(&out, &e));
	ASSERT_OK(doc_out_document(&out, buf_bytes(&doc), &e));
	doc_out_release(&out);
	fclose(to);
	return text;
}

static void csv_is_that_of_mongoexport(void **state)
{
	size_t len;
	OWNED(free)
	char *text = printed(DOC_OUT_CSV,
			     "_id,name,sub.list.0,sub.list.1.x,sub.list.9,d,o,dec,n,none,sub",
			     false, &len);

	(void)state;
	assert_string_equal(text, "_id,name,sub.list.0,sub.list.1.x,sub.list.9,d,o,dec,n,none,sub\n"
				  "1,\"a, \"\"b\"\"\",5,\" y\033\",,1970-01-01T00:00:01.500Z,"
				  "ObjectId(657374650000000000000007),1.5,,,"
				  "\"{\"\"list\"\":[5,{\"\"x\"\":\"\" y\\u001b\"\"}]}\"\n");
}

static void json_is_one_line_and_bson_is_the_bytes(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	size_t len, bson_len;
	OWNED(free) char *json = printed(DOC_OUT_JSON, NULL, false, &len);
	OWNED(free) char *bson = printed(DOC_OUT_BSON, NULL, false, &bson_len);

	(void)state;
	build(&doc);
	assert_ptr_equal(strchr(json, '\n'), json + len - 1);
	assert_memory_equal(json, "{\"_id\":1,", 9);
	ASSERT_BYTES(bytes_of(bson, bson_len), buf_bytes(&doc));
}

static void a_terminal_gets_no_control_bytes(void **state)
{
	size_t len;
	OWNED(free) char *text = printed(DOC_OUT_CSV, "sub.list.1.x", true, &len);

	(void)state;
	assert_string_equal(text, "sub.list.1.x\n\" y\\x1b\"\n");
}

static void formats_have_names(void **state)
{
	struct error e = {0};
	enum doc_out_format format;

	(void)state;
	ASSERT_OK(doc_out_parse("pretty", &format, &e));
	assert_int_equal(format, DOC_OUT_PRETTY);
	ASSERT_ERROR(doc_out_parse("xml", &format, &e), ERR_INVALID);
}

/* A document of 2 MiB, with characters of each length. */
static void long_documents_are_written_as_short_ones(void **state)
{
	static const enum doc_out_format formats[] = {DOC_OUT_JSON, DOC_OUT_CANONICAL,
						      DOC_OUT_PRETTY};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf text = {0};
	size_t begin = harness_doc_open(&doc);
	struct error e = {0};

	(void)state;
	while (text.len < 512 * KIB)
		buf_add_str(&text, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	for (int i = 0; i < 4; i++)
		harness_doc_string(&doc, "text", buf_text(&text));
	harness_doc_close(&doc, begin);
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		OWNED(buf_release) struct buf want = {0};
		char *got = NULL;
		size_t len = 0;
		FILE *to = open_memstream(&got, &len);
		struct doc_out out;

		doc_out_init(&out, formats[i], NULL, to);
		ASSERT_OK(doc_out_document(&out, buf_bytes(&doc), &e));
		doc_out_release(&out);
		fclose(to);
		if (formats[i] == DOC_OUT_PRETTY)
			ASSERT_OK(ejson_pretty(buf_bytes(&doc), &want, &e));
		else
			ASSERT_OK(ejson_write(buf_bytes(&doc),
					      formats[i] == DOC_OUT_JSON ? EJSON_RELAXED
									 : EJSON_CANONICAL,
					      &want, &e));
		buf_add_u8(&want, '\n');
		ASSERT_BYTES(bytes_of(got, len), buf_bytes(&want));
		free(got);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_that_of_mongoexport),
		cmocka_unit_test(json_is_one_line_and_bson_is_the_bytes),
		cmocka_unit_test(a_terminal_gets_no_control_bytes),
		cmocka_unit_test(formats_have_names),
		cmocka_unit_test(long_documents_are_written_as_short_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
