#include "tools/source_archive.h"

#include "base/crc64.h"
#include "tests/unit/tools/dump_files.h"

static const struct source_options check_all = {.objcheck = BSON_CHECK_FULL};

/* Everything up to the first block, with an empty catalog that put_listing() adds to. */
static void put_start(struct buf *b)
{
	size_t doc;

	buf_add_le32(b, SOURCE_ARCHIVE_MAGIC);
	doc = harness_doc_open(b);
	harness_doc_int32(b, "concurrent_collections", 4);
	harness_doc_string(b, "version", "0.1");
	harness_doc_string(b, "server_version", "6.0.5");
	harness_doc_string(b, "tool_version", "100.12.0");
	harness_doc_close(b, doc);
}

static void put_listing(struct buf *b, const char *db, const char *coll, const char *metadata,
			const char *type)
{
	size_t doc = harness_doc_open(b);

	harness_doc_string(b, "db", db);
	harness_doc_string(b, "collection", coll);
	harness_doc_string(b, "metadata", metadata);
	harness_doc_int32(b, "size", 0);
	harness_doc_string(b, "type", type);
	harness_doc_close(b, doc);
}

static void put_end(struct buf *b)
{
	buf_add_le32(b, UINT32_MAX);
}

static void put_header(struct buf *b, const char *db, const char *coll, bool eof, uint64_t crc)
{
	size_t doc = harness_doc_open(b);

	harness_doc_string(b, "db", db);
	harness_doc_string(b, "collection", coll);
	harness_doc_bool(b, "EOF", eof);
	harness_doc_int64(b, "CRC", (int64_t)crc);
	harness_doc_close(b, doc);
	if (eof)
		put_end(b);
}

/* A block with documents, whose CRC goes on from *crc. */
static void put_block(struct buf *b, const char *db, const char *coll, int first, int count,
		      uint64_t *crc)
{
	OWNED(buf_release) struct buf docs = {0};

	add_docs(&docs, first, count);
	put_header(b, db, coll, false, 0);
	buf_add_bytes(b, buf_bytes(&docs));
	put_end(b);
	*crc = crc64_update(*crc, buf_bytes(&docs));
}

/* Two namespaces in turn, a view, an oplog. */
static void put_archive(struct buf *b)
{
	uint64_t x = 0;
	uint64_t y = 0;
	uint64_t oplog = 0;

	put_start(b);
	put_listing(b, "d", "y", "", "");
	put_listing(b, "d", "x", "{\"indexes\":[{\"name\":\"_id_\"}]}", "collection");
	put_listing(b, "d", "v", "{\"options\":{\"viewOn\":\"x\"},\"indexes\":[]}", "view");
	put_listing(b, "", "oplog", "", "");
	put_end(b);
	put_block(b, "d", "x", 1, 3, &x);
	put_block(b, "d", "y", 1, 2, &y);
	put_block(b, "d", "x", 4, 2, &x);
	put_header(b, "d", "x", true, x);
	put_header(b, "d", "v", false, 0);
	put_end(b);
	put_header(b, "d", "v", true, 0);
	put_block(b, "", "oplog", 1, 1, &oplog);
	put_header(b, "", "oplog", true, oplog);
	put_header(b, "d", "y", true, y);
}

static const char archive_log[] = "d.x collection docs=5 indexes=1 +meta\n"
				  "d.v view docs=0 indexes=0 +meta\n"
				  ".oplog collection docs=1 indexes=0\n"
				  "d.y collection docs=2 indexes=0\n";

/* Read an archive of these bytes. */
static int read_bytes(struct bytes content, struct record *record, struct source_info *info,
		      struct error *e)
{
	struct source_sink sink = record_sink(record);
	const char *dir = harness_tmpdir();

	put_file(dir, "a", content);
	return source_read(harness_path(dir, "a"), true, &check_all, &sink, info, e);
}

static void check_archive(struct bytes content, const char *expected)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	ASSERT_OK(read_bytes(content, &record, &info, &e));
	assert_string_equal(buf_text(&record.log), expected);
	assert_int_equal(record.done, record.total);
}

static void check_fails(struct bytes content, int code, const char *text)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	ASSERT_ERROR_TEXT(read_bytes(content, &record, &info, &e), code, text);
}

static void blocks_may_come_in_any_order(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf packed = {0};
	struct source_info info;
	struct error e = {0};

	put_archive(&b);
	ASSERT_OK(read_bytes(buf_bytes(&b), &record, &info, &e));
	assert_string_equal(buf_text(&record.log), archive_log);
	assert_string_equal(info.server_version, "6.0.5");
	assert_string_equal(info.tool_version, "100.12.0");
	assert_true(info.has_oplog);
	assert_true(info.newest_mtime > 0);
	add_gzip(&packed, buf_bytes(&b));
	check_archive(buf_bytes(&packed), archive_log);
}

static void archives_are_known_by_their_first_bytes(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	OWNED(buf_release) struct buf b = {0};
	struct source_info info;
	struct error e = {0};
	const char *dir = harness_tmpdir();

	put_archive(&b);
	put_gzip(dir, "named.bson", buf_bytes(&b));
	ASSERT_OK(record_read(&record, harness_path(dir, "named.bson"), &check_all, &info, &e));
	assert_string_equal(buf_text(&record.log), archive_log);
}

static void every_truncation_is_noticed(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = {0};

	put_archive(&b);
	for (size_t cut = 0; cut < b.len; cut++) {
		OWNED(record_release) struct record record = {0};
		struct source_info info;
		struct error e = {0};

		assert_int_equal(read_bytes(bytes_of(b.at, cut), &record, &info, &e), ERR_CORRUPT);
		if (cut >= 4) /* the magic number */
			assert_non_null(strstr(e.hint, "truncated"));
	}
	buf_add_u8(&b, 0);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "the header of a block at offset");
}

static void damaged_documents_do_not_match_their_crc(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf docs = {0};
	uint8_t *found;

	put_archive(&b);
	add_docs(&docs, 4, 1);
	found = memmem(b.at, b.len, docs.at, docs.len);
	assert_non_null(found);
	found[10] ^= 1; /* of the number */
	check_fails(buf_bytes(&b), ERR_CORRUPT, "the documents of d.x are damaged: their CRC is");
	found[4] = 0xaa;
	check_fails(buf_bytes(&b), ERR_CORRUPT, ": document at offset");
}

static void what_breaks_the_order_is_refused(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = {0};
	uint64_t crc = 0;

	put_start(&b);
	put_listing(&b, "d", "x", "", "");
	put_end(&b);
	put_block(&b, "d", "z", 1, 1, &crc);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "expected a namespace of the archive's catalog");

	buf_reset(&b);
	put_start(&b);
	put_listing(&b, "d", "x", "", "");
	put_end(&b);
	put_header(&b, "d", "x", true, 0);
	put_header(&b, "d", "x", true, 0);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "d.x, which has ended before");

	buf_reset(&b);
	put_start(&b);
	put_listing(&b, "d", "x", "", "");
	put_listing(&b, "d", "x", "", "");
	put_end(&b);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "the catalog has d.x twice");

	buf_reset(&b);
	put_start(&b);
	put_listing(&b, "d", "v", "{\"options\":{\"viewOn\":\"x\"}}", "view");
	put_end(&b);
	put_block(&b, "d", "v", 1, 1, &crc);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "d.v, which is a view");

	buf_reset(&b);
	buf_add_le32(&b, SOURCE_ARCHIVE_MAGIC);
	put_end(&b);
	put_end(&b);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "expected the header at offset 4");
}

static void two_archives_in_one_file_are_told_apart(void **state UNUSED)
{
	OWNED(buf_release) struct buf one = {0};
	OWNED(buf_release) struct buf two = {0};
	uint64_t crc = 0;

	put_start(&one);
	put_listing(&one, "d", "x", "", "");
	put_end(&one);
	put_block(&one, "d", "x", 1, 2, &crc);
	put_header(&one, "d", "x", true, crc);
	buf_add_bytes(&two, buf_bytes(&one));
	buf_add_bytes(&two, buf_bytes(&one));
	check_fails(buf_bytes(&two), ERR_CORRUPT, "found the beginning of another archive");
}

static void names_that_no_server_allows_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {"../up", "a.b", "a b", "", "a\"b", "a\\b"};
	OWNED(buf_release) struct buf b = {0};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		buf_reset(&b);
		put_start(&b);
		put_listing(&b, bad[i], "x", "", "");
		put_end(&b);
		check_fails(buf_bytes(&b), ERR_CORRUPT, "\"db\": expected the name of a database");
	}
	buf_reset(&b);
	put_start(&b);
	put_listing(&b, "d", "", "", "");
	check_fails(buf_bytes(&b), ERR_CORRUPT, "\"collection\": expected the name");
}

static void damaged_metadata_is_named(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = {0};

	put_start(&b);
	put_listing(&b, "d", "x", "{\"indexes\":[}", "");
	put_end(&b);
	check_fails(buf_bytes(&b), ERR_CORRUPT, "metadata of d.x: byte 12");
}

static void a_time_series_comes_before_its_buckets(void **state UNUSED)
{
	static const char metadata[] = "{\"options\":{\"timeseries\":{\"timeField\":\"t\"}},"
				       "\"indexes\":[]}";
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf start = {0};
	OWNED(buf_release) struct buf docs = {0};
	uint64_t crc = 0;

	put_start(&start);
	put_listing(&start, "m", "w", metadata, "timeseries");
	put_end(&start);
	check_fails(buf_bytes(&start), ERR_CORRUPT, "but m.w has not ended");
	buf_add_bytes(&b, buf_bytes(&start));
	put_block(&b, "m", "system.buckets.w", 1, 2, &crc);
	put_header(&b, "m", "system.buckets.w", true, crc);
	check_archive(buf_bytes(&b), "m.w timeseries docs=0 indexes=0 +meta\n"
				     "m.system.buckets.w collection docs=2 indexes=0\n");
	/* As tools for servers from 8.3 on write it. */
	add_buckets(&docs, 1, 2);
	crc = crc64_update(0, buf_bytes(&docs));
	put_header(&start, "m", "w", false, 0);
	buf_add_bytes(&start, buf_bytes(&docs));
	put_end(&start);
	put_header(&start, "m", "w", true, crc);
	check_archive(buf_bytes(&start), "m.w timeseries docs=0 indexes=0 +meta\n"
					 "m.system.buckets.w collection docs=2 indexes=0\n");
	put_header(&start, "m", "w", true, crc);
	check_fails(buf_bytes(&start), ERR_CORRUPT,
		    "a block of m.system.buckets.w, which has ended before");
}

static void other_files_are_told_apart(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	check_fails(bytes_str("{\"json\":1}"), ERR_CORRUPT, "found 7b 22 6a 73 at offset 0");
	check_fails(bytes_of("", 0), ERR_CORRUPT, "found 0 bytes");
	assert_int_equal(read_bytes(bytes_of("\xff\xfem\0A&f\0", 8), &record, &info, &e),
			 ERR_CORRUPT);
	assert_non_null(strstr(e.text, "UTF-16"));
	assert_non_null(strstr(e.hint, "mongodump --archive=FILE"));
}

static void a_filter_leaves_out_but_checks_the_crc(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(record_release) struct record record = {0};
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf docs = {0};
	struct source_options options = {.objcheck = BSON_CHECK_FULL, .filter = filter};
	struct source_sink sink = record_sink(&record);
	struct source_info info;
	struct error e = {0};
	const char *dir = harness_tmpdir();

	ASSERT_OK(ns_filter_include(filter, "d.y", &e));
	put_archive(&b);
	put_file(dir, "a", buf_bytes(&b));
	ASSERT_OK(source_read(harness_path(dir, "a"), false, &options, &sink, &info, &e));
	assert_string_equal(buf_text(&record.log), ".oplog collection docs=1 indexes=0\n"
						   "d.y collection docs=2 indexes=0\n");

	/* A byte of d.x, which is left out. */
	add_docs(&docs, 4, 1);
	((uint8_t *)memmem(b.at, b.len, docs.at, docs.len))[10] ^= 1;
	put_file(dir, "a", buf_bytes(&b));
	ASSERT_ERROR_TEXT(source_read(harness_path(dir, "a"), false, &options, &sink, &info, &e),
			  ERR_CORRUPT, "the documents of d.x are damaged");
}

static void a_pipe_is_read_too(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	OWNED(input_stream_close) struct input_stream *in = NULL;
	OWNED(buf_release) struct buf b = {0};
	struct source_sink sink = record_sink(&record);
	struct source_info info = {.server_version = ""};
	struct source_job job = {.options = &check_all, .sink = &sink, .info = &info};
	struct error e = {0};
	int fd[2];

	put_archive(&b);
	assert_int_equal(pipe(fd), 0);
	ASSERT_OK(file_write(fd[1], "pipe", buf_bytes(&b), &e)); /* less than a pipe holds */
	close(fd[1]);
	ASSERT_OK(input_stream_from_fd(fd[0], "pipe", INPUT_STREAM_AUTO, &in, &e));
	ASSERT_OK(source_archive_read(&job, in, &e));
	assert_string_equal(buf_text(&record.log), archive_log);
	assert_int_equal(info.newest_mtime, 0);
	assert_int_equal(record.total, 0);
	close(fd[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_may_come_in_any_order),
		cmocka_unit_test(archives_are_known_by_their_first_bytes),
		cmocka_unit_test(every_truncation_is_noticed),
		cmocka_unit_test(damaged_documents_do_not_match_their_crc),
		cmocka_unit_test(what_breaks_the_order_is_refused),
		cmocka_unit_test(two_archives_in_one_file_are_told_apart),
		cmocka_unit_test(names_that_no_server_allows_are_refused),
		cmocka_unit_test(damaged_metadata_is_named),
		cmocka_unit_test(a_time_series_comes_before_its_buckets),
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(a_filter_leaves_out_but_checks_the_crc),
		cmocka_unit_test(a_pipe_is_read_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
