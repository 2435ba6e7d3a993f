#include "base/metadata.h"

#include "base/bson_check.h"
#include "base/ejson.h"
#include "tests/harness/harness.h"

/* What the parse made, as one line. Valid until the next call. */
static const char *parsed(const char *text)
{
	static struct buf out;
	OWNED(metadata_release) struct metadata m;
	struct error e = {0};

	metadata_init(&m);
	buf_reset(&out);
	ASSERT_OK(metadata_parse(bytes_str(text), &m, &e));
	ASSERT_OK(ejson_write(buf_bytes(&m.options), EJSON_RELAXED, &out, &e));
	ASSERT_OK(ejson_write_array(buf_bytes(&m.indexes), EJSON_RELAXED, &out, &e));
	buf_printf(&out, " %s %s", buf_text(&m.collection_name), m.type);
	if (m.has_uuid)
		buf_printf(&out, " %02x..%02x", m.uuid[0], m.uuid[15]);
	return buf_text(&out);
}

static void all_ages_of_files_are_read(void **state UNUSED)
{
	/* 100.x; 4.2 with ns; 3.x; 2.x by the C++ tools; a file without content. */
	assert_string_equal(
		parsed("{\"options\":{\"capped\":true},\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},"
		       "\"key\":{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"}],\"uuid\":"
		       "\"cd6ecbbe48c044698419dd3d4e3bf9f1\",\"collectionName\":\"c\",\"type\":"
		       "\"collection\"}"),
		"{\"capped\":true}[{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\"}] c collection "
		"cd..f1");
	assert_string_equal(parsed("{\"options\":{},\"indexes\":[{\"v\":2,\"key\":{\"_id\":1},"
				   "\"name\":\"_id_\",\"ns\":\"a.b\"}]}"),
			    "{}[{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\",\"ns\":\"a.b\"}]  ");
	assert_string_equal(parsed("{ \"options\" : { \"create\" : \"c\" }, \"indexes\" : [ ] }"),
			    "{\"create\":\"c\"}[]  ");
	assert_string_equal(parsed(""), "{}[]  ");
	assert_string_equal(parsed("{\"options\":null,\"indexes\":null,\"uuid\":\"\",\"more\":1}"),
			    "{}[]  ");
	assert_string_equal(parsed("{\"type\":\"view\",\"type\":\"timeseries\"}"),
			    "{}[]  timeseries");
}

static void bad_files_are_refused(void **state UNUSED)
{
	static const char *const bad[][2] = {
		{"{\"options\":[]}", "\"options\": expected an object"},
		{"{\"indexes\":{}}", "\"indexes\": expected an array"},
		{"{\"indexes\":[{},1]}", "\"indexes\", number 1: expected an object"},
		{"{\"uuid\":\"12\"}", "expected 32 hex digits, found \"12\""},
		{"{\"uuid\":1}", "\"uuid\": expected a string"},
		{"{\"uuid\":\"cd6ecbbe48c044698419dd3d4e3bf9fx\"}", "32 hex digits"},
		{"{\"collectionName\":\"a\\u0000b\"}", "NUL"},
		{"{\"type\":\"something else entirely\"}", "\"type\": expected collection"},
		{"{\"indexes\":[}", "byte 12"},
	};
	OWNED(metadata_release) struct metadata m;
	struct error e = {0};

	metadata_init(&m);
	ASSERT_OK(metadata_parse(bytes_str("{\"type\":\"view\"}"), &m, &e));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ASSERT_ERROR_TEXT(metadata_parse(bytes_str(bad[i][0]), &m, &e), ERR_CORRUPT,
				  bad[i][1]);
	assert_string_equal(m.type, "view");
}

static void what_is_rendered_reads_as_mongodump_writes_it(void **state UNUSED)
{
	static const char full[] =
		"{\"options\":{\"size\":{\"$numberLong\":\"5\"}},\"indexes\":[{\"key\":{\"a\":"
		"{\"$numberDouble\":\"-1.0\"}}}],\"uuid\":\"000102030405060708090a0b0c0d0e0f\","
		"\"collectionName\":\"q\\\"\xc3\xa9\",\"type\":\"collection\"}";
	OWNED(metadata_release) struct metadata m;
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};

	metadata_init(&m);
	ASSERT_OK(metadata_parse(bytes_str(full), &m, &e));
	ASSERT_OK(metadata_render(buf_bytes(&m.options), buf_bytes(&m.indexes), m.uuid,
				  buf_bytes(&m.collection_name), m.type, &text, &e));
	assert_string_equal(buf_text(&text), full);

	/* "create" is no option. */
	ASSERT_OK(metadata_parse(bytes_str("{\"options\":{\"create\":\"x\",\"capped\":true}}"), &m,
				 &e));
	buf_reset(&text);
	ASSERT_OK(metadata_render(buf_bytes(&m.options), bytes_of(NULL, 0), NULL, bytes_str("x"),
				  "", &text, &e));
	assert_string_equal(
		buf_text(&text),
		"{\"options\":{\"capped\":true},\"indexes\":[],\"collectionName\":\"x\"}");
	ASSERT_OK(metadata_parse(bytes_str("{\"options\":{\"create\":\"x\"}}"), &m, &e));
	buf_reset(&text);
	ASSERT_OK(metadata_render(buf_bytes(&m.options), bytes_of(NULL, 0), NULL, bytes_str("x"),
				  "", &text, &e));
	assert_string_equal(buf_text(&text), "{\"indexes\":[],\"collectionName\":\"x\"}");

	/* No options, no uuid, no type: left out. No indexes: an empty array. */
	buf_reset(&text);
	ASSERT_OK(metadata_render(bytes_of("\5\0\0\0\0", 5), bytes_of(NULL, 0), NULL,
				  bytes_str("v"), "", &text, &e));
	assert_string_equal(buf_text(&text), "{\"indexes\":[],\"collectionName\":\"v\"}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ages_of_files_are_read),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(what_is_rendered_reads_as_mongodump_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
