#include "fs/fs_name.h"

#include "tests/harness/harness.h"

/* The file name of a collection in one form; valid until the next call but seven. */
static const char *file_of(const char *coll, enum fs_form form)
{
	static char names[8][300];
	static unsigned turn;
	OWNED(buf_release) struct buf name = {0};
	char *ret = names[turn++ % COUNT_OF(names)];

	fs_name_file(bytes_str(coll), form, &name);
	snprintf(ret, sizeof(names[0]), "%s", buf_text(&name));
	return ret;
}

/* `file` means this form of this collection. */
static void check_means(const char *file, enum fs_form form, const char *coll)
{
	OWNED(buf_release) struct buf found = {0};
	enum fs_form got = FS_FORM_COUNT;

	assert_int_equal(fs_name_parse(bytes_str(file), &got, &found), FS_NAME_EXACT);
	assert_int_equal(got, form);
	ASSERT_BYTES(buf_bytes(&found), bytes_str(coll));
}

static void check_means_nothing(const char *file)
{
	OWNED(buf_release) struct buf found = {0};
	enum fs_form form;

	assert_int_equal(fs_name_parse(bytes_str(file), &form, &found), FS_NAME_NONE);
	assert_int_equal(found.len, 0);
}

static void what_mongodump_writes_is_spelled_as_it_does(void **state)
{
	(void)state;
	assert_string_equal(file_of("orders", FS_FORM_BSON), "orders.bson");
	assert_string_equal(file_of("orders", FS_FORM_METADATA), "orders.metadata.json");
	assert_string_equal(file_of("orders.json", FS_FORM_BSON), "orders.json.bson");
	assert_string_equal(file_of("orders.bson", FS_FORM_METADATA), "orders.bson.metadata.json");
	assert_string_equal(file_of("orders.metadata", FS_FORM_METADATA),
			    "orders.metadata.metadata.json");
	assert_string_equal(file_of("a b/c%d\n", FS_FORM_BSON), "a+b%2Fc%25d%0A.bson");
}

static void our_own_files_yield_where_they_could_collide(void **state)
{
	(void)state;
	assert_string_equal(file_of("orders", FS_FORM_JSON), "orders.json");
	assert_string_equal(file_of("orders", FS_FORM_DOCS), "orders");
	assert_string_equal(file_of("orders.metadata", FS_FORM_JSON), "orders%2Emetadata.json");
	assert_string_equal(file_of("orders.metadata", FS_FORM_DOCS), "orders.metadata");
	assert_string_equal(file_of("orders.bson", FS_FORM_DOCS), "orders%2Ebson");
	assert_string_equal(file_of("orders.json", FS_FORM_DOCS), "orders%2Ejson");
	assert_string_equal(file_of("orders.json", FS_FORM_JSON), "orders.json.json");
	assert_string_equal(file_of("a.metadata.json", FS_FORM_DOCS), "a.metadata%2Ejson");
	assert_string_equal(file_of(".", FS_FORM_DOCS), "%2E");
	assert_string_equal(file_of("..", FS_FORM_DOCS), ".%2E");
	assert_string_equal(file_of("", FS_FORM_DOCS), "%");
}

static void each_name_leads_back_to_its_collection(void **state)
{
	static const char *const parts[] = {"",	 "orders", ".bson", ".json",	   ".metadata",
					    ".", "%2E",	   " ",	    "+",	   "\n",
					    "/", "%",	   "$",	    "\xe6\xbc\xa2"};
	char coll[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(parts) * COUNT_OF(parts) * COUNT_OF(parts); i++) {
		snprintf(coll, sizeof(coll), "%s%s%s", parts[i % COUNT_OF(parts)],
			 parts[i / COUNT_OF(parts) % COUNT_OF(parts)],
			 parts[i / COUNT_OF(parts) / COUNT_OF(parts)]);
		for (enum fs_form form = FS_FORM_BSON; form < FS_FORM_COUNT; form++)
			check_means(file_of(coll, form), form, coll);
	}
}

static void other_spellings_mean_nothing(void **state)
{
	static const char *const names[] = {
		"a%20b.bson",
		"%6frders.bson",
		"a%2fb.bson",
		"orders%2Ebson.bson",
		"%zz.bson",
		"a%.bson",
		"orders%2Emetadata.bson",
		"",
		"a b.bson",
		"orders%2E",
		"%2Ebson.metadata.json",
		"orders%2Ejson.json",
		"a%00b.bson",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		check_means_nothing(names[i]);
}

/* 200 characters of three bytes: far over what mongodump leaves whole. */
static void a_long_name_is_found_by_what_it_begins_with(void **state)
{
	OWNED(buf_release) struct buf coll = {0};
	OWNED(buf_release) struct buf file = {0};
	OWNED(buf_release) struct buf found = {0};
	enum fs_form form;

	(void)state;
	for (size_t lead = 0; lead < 12; lead++) {
		buf_reset(&coll);
		for (size_t i = 0; i < lead; i++)
			buf_add_u8(&coll, 'x');
		for (size_t i = 0; i < 200; i++)
			buf_add_str(&coll, "\xe6\xbc\xa2");
		for (enum fs_form want = FS_FORM_BSON; want < FS_FORM_COUNT; want++) {
			buf_reset(&file);
			buf_reset(&found);
			fs_name_file(buf_bytes(&coll), want, &file);
			assert_true(file.len <= 255);
			assert_int_equal(fs_name_parse(buf_bytes(&file), &form, &found),
					 FS_NAME_PREFIX);
			assert_int_equal(form, want);
			assert_true(found.len >= 60 && found.len < coll.len);
			assert_memory_equal(found.at, coll.at, found.len);
		}
	}
}

static void a_name_of_the_greatest_plain_length_keeps_within_a_file_name(void **state)
{
	char coll[239];

	(void)state;
	memset(coll, 'a', sizeof(coll));
	memcpy(coll + 230, ".metadata", 9);
	coll[238] = '\0'; /* "...metadat": one short */
	memcpy(coll + 229, ".metadata", 9);
	for (enum fs_form form = FS_FORM_BSON; form < FS_FORM_COUNT; form++) {
		assert_true(strlen(file_of(coll, form)) <= 255);
		check_means(file_of(coll, form), form, coll);
	}
}

static void databases_keep_their_names(void **state)
{
	OWNED(buf_release) struct buf name = {0};

	(void)state;
	fs_name_db(bytes_str("shop 1%\xe6\xbc\xa2"), &name);
	assert_string_equal(buf_text(&name), "shop 1%\xe6\xbc\xa2");
	buf_reset(&name);
	fs_name_db(bytes_str("a/b"), &name);
	assert_string_equal(buf_text(&name), "a%2Fb.db");
	buf_reset(&name);
	fs_name_db(bytes_str(""), &name);
	assert_string_equal(buf_text(&name), ".db");
	assert_true(fs_name_db_is_escaped(bytes_str("a%2Fb.db")));
	assert_false(fs_name_db_is_plain(bytes_str("a.b")));
	buf_reset(&name);
	fs_name_snapshot("../x", &name);
	assert_string_equal(buf_text(&name), "..%2Fx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_mongodump_writes_is_spelled_as_it_does),
		cmocka_unit_test(our_own_files_yield_where_they_could_collide),
		cmocka_unit_test(each_name_leads_back_to_its_collection),
		cmocka_unit_test(other_spellings_mean_nothing),
		cmocka_unit_test(a_long_name_is_found_by_what_it_begins_with),
		cmocka_unit_test(a_name_of_the_greatest_plain_length_keeps_within_a_file_name),
		cmocka_unit_test(databases_keep_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
