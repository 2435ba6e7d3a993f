#include "tools/dump_writer.h"

#include "base/file.h"
#include "tests/unit/tools/dump_files.h"

static const struct source_options check_all = {.objcheck = BSON_CHECK_FULL};
static const uint8_t uuid[16] = {1, 2, 3};

#define EMPTY                                                                                      \
	{                                                                                          \
		.at = (const uint8_t *)"\5\0\0\0", .len = 5                                        \
	}

/* A view's options, built by the first test that wants them. */
static struct bytes view_options(void)
{
	static struct buf b;

	if (b.len == 0) {
		size_t doc = harness_doc_open(&b);

		harness_doc_string(&b, "viewOn", "x");
		harness_doc_close(&b, doc);
	}
	return buf_bytes(&b);
}

static struct bytes series_options(void)
{
	static struct buf b;

	if (b.len == 0) {
		size_t doc = harness_doc_open(&b);
		size_t sub = harness_doc_open_sub(&b, "timeseries");

		harness_doc_string(&b, "timeField", "t");
		harness_doc_close(&b, sub);
		harness_doc_close(&b, doc);
	}
	return buf_bytes(&b);
}

#define NAMESPACES 7

/* One of each kind. */
static void fill(struct dump_writer_ns all[NAMESPACES])
{
	static const struct dump_writer_ns kinds[NAMESPACES] = {
		{"admin", {0}, "collection", EMPTY, EMPTY, uuid, true, true},
		{"d", {0}, "collection", EMPTY, EMPTY, uuid, true, true},
		{"d", {0}, "collection", EMPTY, EMPTY, NULL, true, true},
		{"d", {0}, "view", EMPTY, EMPTY, NULL, true, false},
		{"m", {0}, "collection", EMPTY, EMPTY, NULL, false, true},
		{"m", {0}, "timeseries", EMPTY, EMPTY, NULL, true, false},
		{"", {0}, "", EMPTY, EMPTY, NULL, false, true},
	};
	static const char *const names[] = {"system.users",	"a/b c", "empty", "v",
					    "system.buckets.w", "w",	 "oplog"};

	for (size_t i = 0; i < NAMESPACES; i++) {
		all[i] = kinds[i];
		all[i].coll = bytes_str(names[i]);
	}
	all[3].options = view_options();
	all[5].options = series_options();
}

/* Write all of them; the second and the buckets have documents. */
static void write_all(const struct dump_writer_options *options, struct bytes docs)
{
	OWNED(dump_writer_free) struct dump_writer *w = NULL;
	struct dump_writer_ns all[NAMESPACES];
	struct error e = {0};

	fill(all);
	ASSERT_OK(dump_writer_open(options, all, NAMESPACES, &w, &e));
	for (size_t i = 0; i < NAMESPACES; i++) {
		ASSERT_OK(dump_writer_begin(w, i, &e));
		if (i == 1 || i == 4)
			ASSERT_OK(dump_writer_docs(w, docs, &e));
		ASSERT_OK(dump_writer_end(w, &e));
	}
	ASSERT_OK(dump_writer_finish(w, &e));
}

/* Read a dump back. Files are mapped when they are plain; an archive has a series first. */
static void check_back(const struct dump_writer_options *options, struct bytes docs)
{
	const bool archive = options->archive != NULL;
	const char *mapped = archive || options->gzip ? "" : " +mapped";
	const char *unknown = archive ? "0.0.0" : "";
	const char *series = "m.w timeseries docs=0 indexes=0 +meta\n";
	OWNED(record_release) struct record record = {0};
	OWNED(free) char *expected = NULL;
	struct source_info info;
	struct error e = {0};

	expected = xprintf("admin.system.users collection docs=0 indexes=0 +meta +uuid\n"
			   "d.a/b c collection docs=2 indexes=0 +meta +uuid%s\n"
			   "d.empty collection docs=0 indexes=0 +meta\n"
			   "d.v view docs=0 indexes=0 +meta\n"
			   "%sm.system.buckets.w collection docs=2 indexes=0%s\n%s"
			   ".oplog collection docs=0 indexes=0\n",
			   mapped, archive ? series : "", mapped, archive ? "" : series);
	ASSERT_OK(record_read(&record, archive ? options->archive : options->out, &check_all, &info,
			      &e));
	assert_string_equal(buf_text(&record.log), expected);
	assert_string_equal(info.server_version,
			    *options->server_version != '\0' ? options->server_version : unknown);
	assert_string_equal(info.tool_version, "yester " YESTER_VERSION);
	assert_true(info.has_oplog);
	assert_int_equal(record.docs.len, 2 * docs.len);
	ASSERT_BYTES(bytes_of(record.docs.at, docs.len), docs);
}

static void what_is_written_reads_back(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	const char *dir = harness_tmpdir();
	const struct dump_writer_options forms[] = {
		{.out = harness_path(dir, "f"), .server_version = "6.0.5"},
		{.out = harness_path(dir, "fz"), .gzip = true, .server_version = ""},
		{.archive = harness_path(dir, "a"), .server_version = "6.0.5"},
		{.archive = harness_path(dir, "az"), .gzip = true, .server_version = ""},
		{.archive = harness_path(dir, "a8"), .server_version = "8.2.7"},
		{.archive = harness_path(dir, "a83"), .server_version = "8.3.0"},
	};

	add_buckets(&docs, 1, 2);
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		write_all(&forms[i], buf_bytes(&docs));
		check_back(&forms[i], buf_bytes(&docs));
	}
}

/* In an archive of a server from 8.3 on mongorestore looks for a time series by its own name. */
static void blocks_of_buckets_have_the_name_that_mongorestore_expects(void **state UNUSED)
{
	static const struct {
		const char *version;
		bool own;
	} rows[] = {
		{"6.0.5", false}, {"", false}, {"8.2.9", false}, {"8.3.0", true}, {"9.0.0", true}};
	OWNED(buf_release) struct buf docs = {0};

	add_docs(&docs, 1, 2);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct dump_writer_options options = {
			.archive = harness_path(harness_tmpdir(), "a"),
			.server_version = rows[i].version};
		OWNED(buf_release) struct buf text = {0};
		struct error e = {0};

		write_all(&options, buf_bytes(&docs));
		ASSERT_OK(file_read(options.archive, 1 << 20, &text, &e));
		assert_int_equal(memmem(text.at, text.len, "system.buckets.w", 16) == NULL,
				 rows[i].own);
	}
}

static void a_folder_has_the_files_of_mongodump(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf text = {0};
	const char *dir = harness_tmpdir();
	struct error e = {0};
	static const char *const files[] = {"prelude.json",
					    "oplog.bson",
					    "d/a%2Fb+c.bson",
					    "d/a%2Fb+c.metadata.json",
					    "d/empty.bson",
					    "d/v.metadata.json",
					    "m/system.buckets.w.bson",
					    "m/w.metadata.json"};
	static const char *const absent[] = {"d/v.bson", "m/w.bson",
					     "m/system.buckets.w.metadata.json"};

	add_docs(&docs, 1, 2);
	write_all(&(struct dump_writer_options){.out = dir, .server_version = "6.0.5"},
		  buf_bytes(&docs));
	for (size_t i = 0; i < COUNT_OF(files); i++)
		assert_int_equal(access(harness_path(dir, files[i]), R_OK), 0);
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_int_not_equal(access(harness_path(dir, absent[i]), R_OK), 0);
	ASSERT_OK(file_read(harness_path(dir, "d/a%2Fb+c.metadata.json"), 1000, &text, &e));
	assert_string_equal(buf_text(&text),
			    "{\"indexes\":[],\"uuid\":\"01020300000000000000000000000000\","
			    "\"collectionName\":\"a/b c\",\"type\":\"collection\"}");
	buf_reset(&text);
	ASSERT_OK(file_read(harness_path(dir, "prelude.json"), 1000, &text, &e));
	assert_string_equal(buf_text(&text), "{\"ServerVersion\":\"6.0.5\",\"ToolVersion\":"
					     "\"yester " YESTER_VERSION "\"}");
}

/* As mongodump --oplog --gzip does; mongorestore looks for this name only. */
static void a_gzipped_oplog_is_called_oplog_bson(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	const char *dir = harness_tmpdir();

	add_docs(&docs, 1, 2);
	write_all(&(struct dump_writer_options){.out = dir, .gzip = true, .server_version = ""},
		  buf_bytes(&docs));
	assert_int_equal(access(harness_path(dir, "oplog.bson"), R_OK), 0);
	assert_int_not_equal(access(harness_path(dir, "oplog.bson.gz"), R_OK), 0);
	assert_int_equal(access(harness_path(dir, "d/empty.bson.gz"), R_OK), 0);
}

static void what_is_there_is_not_overwritten(void **state UNUSED)
{
	OWNED(dump_writer_free) struct dump_writer *w = NULL;
	const char *dir = harness_tmpdir();
	struct error e = {0};

	put_text(dir, "x", "kept");
	ASSERT_ERROR_TEXT(
		dump_writer_open(&(struct dump_writer_options){.out = dir, .server_version = ""},
				 NULL, 0, &w, &e),
		ERR_EXISTS, "found x in it");
	ASSERT_ERROR_TEXT(
		dump_writer_open(&(struct dump_writer_options){.archive = harness_path(dir, "x"),
							       .server_version = ""},
				 NULL, 0, &w, &e),
		ERR_EXISTS, "found one of 4 bytes");
	assert_int_equal(access(harness_path(dir, "x"), R_OK), 0);
}

/* Begin a dump, and give up in the middle of a namespace. */
static void give_up(const struct dump_writer_options *options)
{
	OWNED(dump_writer_free) struct dump_writer *w = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct dump_writer_ns all[NAMESPACES];
	struct error e = {0};

	fill(all);
	add_docs(&docs, 1, 2);
	ASSERT_OK(dump_writer_open(options, all, NAMESPACES, &w, &e));
	ASSERT_OK(dump_writer_begin(w, 6, &e));
	ASSERT_OK(dump_writer_end(w, &e));
	ASSERT_OK(dump_writer_begin(w, 1, &e));
	ASSERT_OK(dump_writer_docs(w, buf_bytes(&docs), &e));
}

static void a_dump_that_is_given_up_leaves_nothing(void **state UNUSED)
{
	const char *dir = harness_tmpdir();
	struct stat st;

	give_up(&(struct dump_writer_options){.out = harness_path(dir, "new/f"),
					      .server_version = ""});
	assert_int_not_equal(access(harness_path(dir, "new/f"), F_OK), 0);
	assert_int_equal(mkdir(harness_path(dir, "there"), 0700), 0);
	give_up(&(struct dump_writer_options){.out = harness_path(dir, "there"),
					      .server_version = ""});
	assert_int_equal(rmdir(harness_path(dir, "there")), 0);
	give_up(&(struct dump_writer_options){.archive = harness_path(dir, "a"),
					      .server_version = ""});
	assert_int_not_equal(access(harness_path(dir, "a"), F_OK), 0);
	put_text(dir, "a", "");
	give_up(&(struct dump_writer_options){
		.archive = harness_path(dir, "a"), .gzip = true, .server_version = ""});
	assert_int_equal(stat(harness_path(dir, "a"), &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void large_collections_go_in_several_blocks(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	OWNED(dump_writer_free) struct dump_writer *w = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct dump_writer_ns all[NAMESPACES];
	struct harness_rng rng = harness_rng_of(1);
	struct source_info info;
	struct error e = {0};
	const char *path = harness_path(harness_tmpdir(), "a");

	fill(all);
	while (docs.len < 5 * MIB)
		harness_doc_of_size(&docs, 1, 1 * MIB, &rng);
	ASSERT_OK(dump_writer_open(
		&(struct dump_writer_options){.archive = path, .server_version = "6.0.5"}, &all[1],
		1, &w, &e));
	ASSERT_OK(dump_writer_begin(w, 0, &e));
	for (int i = 0; i < 8; i++)
		ASSERT_OK(dump_writer_docs(w, buf_bytes(&docs), &e));
	ASSERT_OK(dump_writer_end(w, &e));
	ASSERT_OK(dump_writer_finish(w, &e));
	ASSERT_OK(record_read(&record, path, &check_all, &info, &e));
	assert_int_equal(record.docs.len, 8 * docs.len);
	ASSERT_BYTES(bytes_of(record.docs.at + 7 * docs.len, docs.len), buf_bytes(&docs));
}

static void bad_names_and_orders_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "../x"};
	OWNED(dump_writer_free) struct dump_writer *w = NULL;
	struct dump_writer_ns all[NAMESPACES];
	const char *dir = harness_tmpdir();
	struct dump_writer_options options = {.archive = harness_path(dir, "a"),
					      .server_version = ""};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		fill(all);
		all[2].db = bad[i];
		ASSERT_ERROR_TEXT(dump_writer_open(&options, all, NAMESPACES, &w, &e), ERR_INVALID,
				  "can't be written to a dump");
	}
	fill(all);
	assert_true(dump_writer_comes_first(&all[0]));
	assert_false(dump_writer_comes_first(&all[1]));
	all[2].coll = bytes_str("$admin.system.roles");
	assert_true(dump_writer_comes_first(&all[2]));
	all[2].coll = bytes_str("system.users");
	assert_false(dump_writer_comes_first(&all[2]));
	ASSERT_OK(dump_writer_open(&options, all, NAMESPACES, &w, &e));
	ASSERT_OK(dump_writer_begin(w, 3, &e));
	ASSERT_ERROR_TEXT(dump_writer_docs(w, bytes_of("x", 1), &e), ERR_INVALID,
			  "documents of d.v, which is said to have none");
	ASSERT_OK(dump_writer_end(w, &e));
	ASSERT_ERROR_TEXT(dump_writer_begin(w, 0, &e), ERR_INVALID,
			  "admin.system.users must stand before");
}

static void a_full_disk_is_an_error(void **state UNUSED)
{
	OWNED(dump_writer_free) struct dump_writer *w = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct dump_writer_ns all[NAMESPACES];
	struct harness_rng rng = harness_rng_of(2);
	struct error e = {0};

	fill(all);
	harness_doc_of_size(&docs, 1, 1 * MIB, &rng);
	ASSERT_OK(dump_writer_open(
		&(struct dump_writer_options){.archive = "/dev/full", .server_version = ""}, all,
		NAMESPACES, &w, &e));
	ASSERT_OK(dump_writer_begin(w, 1, &e));
	ASSERT_ERROR(dump_writer_docs(w, buf_bytes(&docs), &e), ERR_IO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(blocks_of_buckets_have_the_name_that_mongorestore_expects),
		cmocka_unit_test(a_folder_has_the_files_of_mongodump),
		cmocka_unit_test(a_gzipped_oplog_is_called_oplog_bson),
		cmocka_unit_test(what_is_there_is_not_overwritten),
		cmocka_unit_test(a_dump_that_is_given_up_leaves_nothing),
		cmocka_unit_test(large_collections_go_in_several_blocks),
		cmocka_unit_test(bad_names_and_orders_are_refused),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
