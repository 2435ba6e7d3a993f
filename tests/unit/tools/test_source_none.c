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
	put_text(dir, "file", "\1\2\3\4");
	check_fails(harness_path(dir, "file"), ERR_INVALID, "found a file that is none");
	put_text(dir, "x.metadata.json", "{}");
	check_fails(harness_path(dir, "x.metadata.json"), ERR_INVALID, "found JSON");
	put_docs(dir, "up/dump/d/x.bson", 1);
	assert_int_equal(record_read(&record, harness_path(dir, "up"), &check_all, &info, &e),
			 ERR_INVALID);
	assert_non_null(strstr(e.hint, "up/dump?"));
	check_read(harness_path(dir, "up/dump"), "d.x collection docs=1 indexes=0 +mapped\n");
}

/* A file of these bytes is told as what it is, also where an archive is expected. */
static void check_kind(const char *dir, struct bytes content, const char *what, const char *hint)
{
	static const bool as_archive[] = {false, true};

	put_file(dir, "file", content);
	for (size_t i = 0; i < COUNT_OF(as_archive); i++) {
		OWNED(record_release) struct record record = {0};
		const struct source_sink sink = record_sink(&record);
		struct source_info info;
		struct error e = {0};

		assert_int_equal(source_read(harness_path(dir, "file"), as_archive[i], &check_all,
					     &sink, &info, &e),
				 as_archive[i] ? ERR_CORRUPT : ERR_INVALID);
		assert_non_null(strstr(e.text, what));
		assert_non_null(strstr(e.hint, hint));
	}
}

static void files_of_other_programs_are_told_as_what_they_are(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf packed = {0};
	const char *dir = harness_tmpdir();
	uint8_t tar[1024] = "./\0";

	memcpy(tar + 257, "ustar", 5);
	check_kind(dir, bytes_of(tar, sizeof(tar)), "a tar file", "unpack it");
	add_gzip(&packed, bytes_of(tar, sizeof(tar)));
	check_kind(dir, buf_bytes(&packed), "a tar file", "unpack it");
	docs = packed;
	packed = (struct buf){0};
	add_gzip(&packed, buf_bytes(&docs));
	check_kind(dir, buf_bytes(&packed), "gzip inside of gzip", "once");
	check_kind(dir, bytes_of("PK\3\4\x14\0", 6), "a zip file", "unpack it");
	check_kind(dir, bytes_of("\x28\xb5\x2f\xfd\4", 5), "zstd", "pipe");
	check_kind(dir, bytes_of("\xff\xfem\0A&f\0", 8), "UTF-16", "mongodump --archive=FILE");
	check_kind(dir, bytes_str(" [{\"_id\":1}]"), "JSON", "mongoimport");
	check_kind(dir, bytes_str("_id,name\n1,\xc3\xa9\n"), "CSV", "mongoimport");
	buf_reset(&docs);
	add_docs(&docs, 1, 3);
	check_kind(dir, buf_bytes(&docs), "documents of a collection", ".bson");
	put_text(dir, "file", "");
	check_fails(harness_path(dir, "file"), ERR_INVALID, "found nothing: it is empty");
}

static void an_archive_is_no_folder(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	const struct source_sink sink = record_sink(&record);
	const char *dir = harness_tmpdir();
	struct source_info info;
	struct error e = {0};

	put_docs(dir, "d/x.bson", 1);
	ASSERT_ERROR_TEXT(source_read(dir, true, &check_all, &sink, &info, &e), ERR_INVALID,
			  "expected an archive, found a folder");
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
		cmocka_unit_test(files_of_other_programs_are_told_as_what_they_are),
		cmocka_unit_test(an_archive_is_no_folder),
		cmocka_unit_test(a_dump_in_a_dump_is_told),
		cmocka_unit_test(the_data_folder_of_a_mongod_is_no_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
