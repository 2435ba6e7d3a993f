#include "tools/source.h"

#include "tests/unit/tools/dump_files.h"

static const struct source_options check_all = {.objcheck = BSON_CHECK_FULL};

/* Read the dump at `path`; what came is this text. */
static void check_read(const char *path, const char *expected)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	ASSERT_OK(record_read(&record, path, &check_all, &info, &e));
	assert_string_equal(buf_text(&record.log), expected);
}

/* Reading fails so. */
static void check_fails(const char *path, int code, const char *text)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	ASSERT_ERROR_TEXT(record_read(&record, path, &check_all, &info, &e), code, text);
}

static void what_is_no_dump_is_said_to_be_none(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};
	const char *dir = harness_tmpdir();

	check_fails(dir, ERR_INVALID, "found 0 sub-folders and 0 files");
	check_fails(harness_path(dir, "nowhere"), ERR_IO, "nowhere");
	put_text(dir, "file", "text");
	check_fails(harness_path(dir, "file"), ERR_INVALID, "found a file that is none");
	put_text(dir, "x.metadata.json", "{}");
	check_fails(harness_path(dir, "x.metadata.json"), ERR_INVALID, "found a file that is none");
	put_docs(dir, "up/dump/d/x.bson", 1);
	assert_int_equal(record_read(&record, harness_path(dir, "up"), &check_all, &info, &e),
			 ERR_INVALID);
	assert_non_null(strstr(e.hint, "up/dump?"));
	check_read(harness_path(dir, "up/dump"), "d.x collection docs=1 indexes=0 +mapped\n");
}

/* Several dumps in one folder: what is not read is told, and no dump is taken for a database. */
static void a_dump_in_a_dump_is_told(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	const char *dir = harness_tmpdir();
	struct source_info info;
	struct error e = {0};

	put_docs(dir, "shop/a.bson", 1);
	put_docs(dir, "old/shop/a.bson", 1);
	put_docs(dir, "old/shop/b.bson", 1);
	put_docs(dir, "shop/dump/c.bson", 1);
	put_text(dir, "shop/a/x.metadata.json", "{\"_id\":\"x.metadata\"}");
	ASSERT_OK(record_read(&record, dir, &check_all, &info, &e));
	assert_string_equal(buf_text(&record.log), "shop.a collection docs=1 indexes=0 +mapped\n");
	assert_int_equal(info.unread.count, 3);
	assert_string_equal(info.unread.first, harness_path(dir, "old/shop/a.bson"));
	put_docs(dir, "monday/oplog.bson", 1);
	put_docs(dir, "monday/shop/a.bson", 1);
	check_fails(dir, ERR_INVALID, "/monday: expected the files of a database, found a dump");
	check_read(harness_path(dir, "monday"), "shop.a collection docs=1 indexes=0 +mapped\n"
						".oplog collection docs=1 indexes=0 +mapped\n");
}

/* WiredTiger's files have one called storage.bson beside them. */
static void the_data_folder_of_a_mongod_is_no_dump(void **state UNUSED)
{
	const char *dir = harness_tmpdir();

	put_docs(dir, "db/storage.bson", 1);
	put_text(dir, "db/WiredTiger.wt", "");
	check_fails(harness_path(dir, "db"), ERR_INVALID, "found the data folder of a mongod");
	check_fails(dir, ERR_INVALID, "/db: expected a mongodump folder, found the data folder");
	check_read(harness_path(dir, "db/storage.bson"),
		   "db.storage collection docs=1 indexes=0 +mapped\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_dump_is_said_to_be_none),
		cmocka_unit_test(a_dump_in_a_dump_is_told),
		cmocka_unit_test(the_data_folder_of_a_mongod_is_no_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
