#include "tools/source.h"

#include "tests/unit/tools/dump_files.h"

static const struct source_options check_all = {.objcheck = BSON_CHECK_FULL};

/* Read the dump at `path`; what came is this text. */
static void check_read(const char *path, const struct source_options *options, const char *expected)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	ASSERT_OK(record_read(&record, path, options, &info, &e));
	assert_string_equal(buf_text(&record.log), expected);
	assert_int_equal(record.done, record.total);
}

/* Reading fails so. */
static void check_fails(const char *path, int code, const char *text)
{
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	ASSERT_ERROR_TEXT(record_read(&record, path, &check_all, &info, &e), code, text);
}

static const char id_index[] = "{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\"}";

static void put_meta(const char *dir, const char *name, const char *more)
{
	OWNED(free) char *text = xprintf("{\"indexes\":[%s]%s}", id_index, more);

	put_text(dir, name, text);
}

static void a_dump_is_read_in_order(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	const char *dir = harness_tmpdir();
	struct source_info info;
	struct error e = {0};

	put_docs(dir, "b/two+words.bson", 3);
	put_meta(dir, "b/two+words.metadata.json",
		 ",\"uuid\":\"000102030405060708090a0b0c0d0e0f\"");
	put_docs(dir, "b/a%2Fb.bson", 0);
	put_docs(dir, "B/lone.bin", 1);
	put_text(dir, "b/v.metadata.json",
		 "{\"options\":{\"viewOn\":\"x\",\"pipeline\":[]},\"indexes\":[]}");
	put_meta(dir, "b/meta+only.metadata.json", "");
	put_docs(dir, "oplog.bson", 2);
	put_text(dir, "prelude.json", "{\"ServerVersion\":\"6.0.5\",\"ToolVersion\":\"100.12.0\"}");
	put_text(dir, "README", "not ours");
	put_text(dir, "b/.hidden.bson", "not looked at");
	put_text(dir, "b/sub/x.bson", "not read");
	put_text(dir, "stray.bson", "not read");
	put_text(dir, "stray.metadata.json", "not read");
	ASSERT_OK(record_read(&record, dir, &check_all, &info, &e));
	assert_string_equal(buf_text(&record.log),
			    "B.lone collection docs=1 indexes=0 +mapped\n"
			    "b.a/b collection docs=0 indexes=0\n"
			    "b.meta only collection docs=0 indexes=1 +meta\n"
			    "b.two words collection docs=3 indexes=1 +meta +uuid +mapped\n"
			    "b.v view docs=0 indexes=0 +meta\n"
			    ".oplog collection docs=2 indexes=0 +mapped\n");
	assert_string_equal(info.server_version, "6.0.5");
	assert_string_equal(info.tool_version, "100.12.0");
	assert_true(info.has_oplog);
	assert_true(info.newest_mtime > 0);
	assert_int_equal(info.unread.count, 2);
	assert_string_equal(info.unread.first, harness_path(dir, "stray.bson"));
	assert_int_equal(info.bare.count, 1);
	assert_string_equal(info.bare.first, harness_path(dir, "b/meta+only.metadata.json"));
	assert_int_equal(record.done, record.total);
	assert_int_equal(record.total, 6 * 14);
}

static void one_databases_folder_is_read_by_its_name(void **state UNUSED)
{
	const char *dir = harness_tmpdir();
	struct source_options named = check_all;

	put_docs(dir, "shop/orders.bson", 2);
	put_docs(dir, "shop/oplog.bson", 1);
	put_docs(dir, "shop/$admin.system.users.bson", 1);
	put_text(dir, "shop/prelude.json", "{\"ServerVersion\":\"unknown\"}");
	check_read(harness_path(dir, "shop/"), &check_all,
		   "shop.$admin.system.users collection docs=1 indexes=0 +mapped\n"
		   "shop.oplog collection docs=1 indexes=0 +mapped\n"
		   "shop.orders collection docs=2 indexes=0 +mapped\n");
	named.db = "other";
	check_read(harness_path(dir, "shop/orders.bson"), &named,
		   "other.orders collection docs=2 indexes=0 +mapped\n");
	check_read(harness_path(dir, "shop/orders.bson"), &check_all,
		   "shop.orders collection docs=2 indexes=0 +mapped\n");
	check_read(harness_path(dir, "shop/oplog.bson"), &check_all,
		   ".oplog collection docs=1 indexes=0 +mapped\n");
}

static void what_looks_like_documents_and_is_not_read_is_told(void **state UNUSED)
{
	OWNED(record_release) struct record record = {0};
	const char *dir = harness_tmpdir();
	struct source_info info;
	struct error e = {0};

	put_docs(dir, "d/a.bson", 1);
	put_text(dir, "d/a.bson.sha256", "of what was read");
	put_text(dir, "d/a.bson.json", "of the collection a.bson, in a mount");
	put_text(dir, "d/.b.bson.swp", "hidden");
	put_text(dir, "d/a.bson.gz", "1: a twin");
	put_meta(dir, "d/b.metadata.json", "");
	put_text(dir, "d/b.BSON", "2: another case");
	put_text(dir, "d/c.bson.zst", "3: compressed otherwise");
	put_text(dir, "e.Bson.part", "4: beside the databases");
	ASSERT_OK(record_read(&record, dir, &check_all, &info, &e));
	assert_string_equal(buf_text(&record.log), "d.a collection docs=1 indexes=0 +mapped\n"
						   "d.b collection docs=0 indexes=1 +meta\n");
	assert_int_equal(info.unread.count, 4);
	assert_string_equal(info.unread.first, harness_path(dir, "e.Bson.part"));
	assert_int_equal(info.bare.count, 1);
	assert_string_equal(info.bare.first, harness_path(dir, "d/b.metadata.json"));
}

/* A mount's folder of one database, as cp copies it. */
static void a_folder_out_of_a_mount_is_a_database(void **state UNUSED)
{
	static const char expected[] = "shop.a.bson collection docs=1 indexes=1 +meta +mapped\n"
				       "shop.ids collection docs=1 indexes=1 +meta +mapped\n"
				       "shop.prelude collection docs=2 indexes=1 +meta +mapped\n";
	const char *dir = harness_tmpdir();
	OWNED(free) char *lines = xcalloc(1, 70000);

	put_docs(dir, "shop/ids.bson", 1);
	put_meta(dir, "shop/ids.metadata.json", "");
	put_text(dir, "shop/ids.json", "{\"_id\":\"x.metadata\"}\n");
	put_text(dir, "shop/ids/x.metadata.json", "{\"_id\": \"x.metadata\"}\n");
	put_docs(dir, "shop/a.bson.bson", 1);
	put_meta(dir, "shop/a.bson.metadata.json", "");
	put_text(dir, "shop/a%2Ebson/x.metadata.json", "{\"_id\": \"x.metadata\"}\n");
	put_docs(dir, "shop/prelude.bson", 2);
	put_meta(dir, "shop/prelude.metadata.json", "");
	put_text(dir, "shop/prelude.json", "{\"_id\":1}\n{\"_id\":2}\n");
	check_read(harness_path(dir, "shop"), &check_all, expected);
	memset(lines, ' ', 69999); /* longer than any prelude */
	put_text(dir, "shop/prelude.json", lines);
	check_read(harness_path(dir, "shop"), &check_all, expected);
	check_read(harness_path(dir, "shop/prelude.bson"), &check_all,
		   "shop.prelude collection docs=2 indexes=1 +meta +mapped\n");
	put_text(dir, "prelude.json", "{\"ServerVersion\":");
	check_read(harness_path(dir, "shop"), &check_all, expected);
	check_fails(dir, ERR_CORRUPT, "/prelude.json: byte 17: expected a value");
}

static void databases_have_names_that_a_server_allows(void **state UNUSED)
{
	static const char *const bad[] = {"", "a.b", "a/b", "a b", "a\"b"};
	const char *dir = harness_tmpdir();
	struct source_options named = check_all;
	OWNED(record_release) struct record record = {0};
	struct source_info info;
	struct error e = {0};

	put_docs(dir, "shop/orders.bson", 1);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		named.db = bad[i];
		ASSERT_ERROR_TEXT(record_read(&record, harness_path(dir, "shop/orders.bson"),
					      &named, &info, &e),
				  ERR_INVALID, "--db: expected the name of a database, found \"");
		e = (struct error){0};
	}
	named.db = "other";
	ASSERT_ERROR_TEXT(record_read(&record, dir, &named, &info, &e), ERR_INVALID,
			  "is a whole dump");
	check_read(harness_path(dir, "shop"), &named,
		   "other.orders collection docs=1 indexes=0 +mapped\n");
	put_docs(dir, "shop.old/orders.bson", 1);
	check_fails(dir, ERR_INVALID, "/shop.old: expected the name of a database");
	check_fails(harness_path(dir, "shop.old"), ERR_INVALID,
		    "/shop.old: expected the name of a database");
	check_fails(harness_path(dir, "shop.old/orders.bson"), ERR_INVALID,
		    "/shop.old: expected the name of a database");
	check_read(harness_path(dir, "shop.old"), &named,
		   "other.orders collection docs=1 indexes=0 +mapped\n");
}

static void a_folder_with_only_an_oplog_is_a_dump(void **state UNUSED)
{
	const char *dir = harness_tmpdir();

	put_docs(dir, "oplog.bson", 2);
	check_read(dir, &check_all, ".oplog collection docs=2 indexes=0 +mapped\n");
	put_meta(dir, "oplog.metadata.json", "");
	put_docs(dir, "x/y.bson", 1);
	check_read(harness_path(dir, "x"), &check_all, "x.y collection docs=1 indexes=0 +mapped\n");
}

static void gzip_files_are_read_where_no_plain_one_is(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf packed = {0};
	const char *dir = harness_tmpdir();
	OWNED(free) char *meta = xprintf("{\"indexes\":[%s]}", id_index);

	add_docs(&docs, 1, 5);
	put_gzip(dir, "d/zipped.bson.gz", buf_bytes(&docs));
	put_gzip(dir, "d/zipped.metadata.json.gz", bytes_str(meta));
	put_docs(dir, "d/both.bson", 1);
	put_text(dir, "d/both.bson.gz", "not even gzip");
	/* Members after each other, cut inside of a document. */
	add_gzip(&packed, bytes_of(docs.at, 20));
	add_gzip(&packed, bytes_of(docs.at, 0));
	add_gzip(&packed, bytes_of(docs.at + 20, docs.len - 20));
	put_file(dir, "d/members.bson.gz", buf_bytes(&packed));
	check_read(dir, &check_all,
		   "d.both collection docs=1 indexes=0 +mapped\n"
		   "d.members collection docs=5 indexes=0\n"
		   "d.zipped collection docs=5 indexes=1 +meta\n");
	check_read(harness_path(dir, "d/zipped.bson.gz"), &check_all,
		   "d.zipped collection docs=5 indexes=1 +meta\n");
}

/* mongodump --gzip --oplog: all is gzip'd, and what is at the top is called oplog.bson. */
static void what_is_called_bson_and_is_gzip_is_read(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	const char *dir = harness_tmpdir();

	add_docs(&docs, 1, 5);
	put_gzip(dir, "d/x.bson.gz", buf_bytes(&docs));
	put_gzip(dir, "oplog.bson", buf_bytes(&docs));
	check_read(dir, &check_all,
		   "d.x collection docs=5 indexes=0\n"
		   ".oplog collection docs=5 indexes=0\n");
	check_read(harness_path(dir, "oplog.bson"), &check_all,
		   ".oplog collection docs=5 indexes=0\n");
	put_file(dir, "oplog.bson", bytes_of("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
	check_fails(dir, ERR_CORRUPT, "/oplog.bson: the gzip data is cut off");
}

/* Documents whose length is written as gzip begins, the second one with all of a header. */
static void what_only_begins_as_gzip_is_no_gzip(void **state UNUSED)
{
	static const uint32_t lens[] = {0x8b1f, 0x088b1f};
	const char *dir = harness_tmpdir();

	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		OWNED(buf_release) struct buf doc = {0};

		buf_add_le32(&doc, lens[i]);
		buf_add(&doc, "\x10_id\0\3\0\0\0", 9);
		buf_add(&doc, "\5p\0", 3);
		buf_add_le32(&doc, lens[i] - 4 - 9 - 3 - 5 - 1);
		buf_add_u8(&doc, 0);
		while (doc.len < lens[i])
			buf_add_u8(&doc, 0);
		put_file(dir, "d/x.bson", buf_bytes(&doc));
		check_read(dir, &check_all, "d.x collection docs=1 indexes=0 +mapped\n");
		check_read(harness_path(dir, "d/x.bson"), &check_all,
			   "d.x collection docs=1 indexes=0 +mapped\n");
	}
}

static void damaged_gzip_is_an_error_with_its_place(void **state UNUSED)
{
	OWNED(buf_release) struct buf packed = {0};
	OWNED(buf_release) struct buf docs = {0};
	struct harness_rng rng = harness_rng_of(2);
	const char *dir = harness_tmpdir();
	const char *path = harness_path(dir, "d/x.bson.gz");

	harness_doc_of_size(&docs, 1, 100000, &rng);
	add_gzip(&packed, buf_bytes(&docs));
	for (size_t cut = 1; cut < packed.len; cut += 1 + packed.len / 50) {
		put_file(dir, "d/x.bson.gz", bytes_of(packed.at, cut));
		check_fails(path, ERR_CORRUPT,
			    cut < 2 ? "expected gzip" : "the gzip data is cut off");
	}
	put_file(dir, "d/x.bson.gz", bytes_of("", 0));
	check_fails(path, ERR_CORRUPT, "expected gzip, the file has 0 bytes");
	buf_add_str(&packed, "tail");
	put_file(dir, "d/x.bson.gz", buf_bytes(&packed));
	check_fails(path, ERR_CORRUPT, "another gzip member");
	packed.len -= 4;
	packed.at[packed.len / 2] ^= 1;
	put_file(dir, "d/x.bson.gz", buf_bytes(&packed));
	check_fails(path, ERR_CORRUPT, "damaged gzip");
	put_file(dir, "d/y.bson", bytes_of(packed.at, packed.len));
	check_fails(harness_path(dir, "d/y.bson"), ERR_CORRUPT, "y.bson: damaged gzip");
}

static void long_names_come_from_the_metadata(void **state UNUSED)
{
	/* 240 times x; system.buckets. and 240 times x. */
	static const char stem[] = "%240JZQhSE9633iGdkOnsUXbdx_umM";
	const char *dir = harness_tmpdir();
	OWNED(free) char *more = NULL;
	OWNED(free) char *line = NULL;
	char xs[241];
	char name[300];

	memset(xs, 'x', 240);
	xs[240] = '\0';
	snprintf(name, sizeof(name), "d/%.208s%s.bson", xs, stem);
	put_docs(dir, name, 1);
	check_fails(dir, ERR_INVALID, "no .metadata.json with its \"collectionName\"");
	snprintf(name, sizeof(name), "d/%.208s%s.metadata.json", xs, stem);
	more = xprintf(",\"collectionName\":\"%s\"", xs);
	put_meta(dir, name, more);
	line = xprintf("d.%s collection docs=1 indexes=1 +meta +mapped\n", xs);
	check_read(dir, &check_all, line);
}

static void time_series_come_with_their_buckets(void **state UNUSED)
{
	static const char options[] = "{\"options\":{\"timeseries\":{\"timeField\":\"t\"}},"
				      "\"indexes\":[],\"type\":\"timeseries\"}";
	static const char both[] = "m.system.buckets.w+x collection docs=2 indexes=0 +mapped\n"
				   "m.w+x timeseries docs=0 indexes=0 +meta\n";
	OWNED(buf_release) struct buf buckets = {0};
	const char *dir = harness_tmpdir();

	put_docs(dir, "m/system.buckets.w%2Bx.bson", 2);
	put_text(dir, "m/w%2Bx.metadata.json", options);
	check_read(dir, &check_all, both);
	check_read(harness_path(dir, "m/system.buckets.w%2Bx.bson"), &check_all, both);
	/* As mongodump writes those of servers from 8.3 on; both can't be. */
	put_docs(dir, "m/w%2Bx.bson", 1);
	check_fails(dir, ERR_INVALID, "both are collection m.system.buckets.w+x");
	assert_int_equal(unlink(harness_path(dir, "m/system.buckets.w%2Bx.bson")), 0);
	check_fails(dir, ERR_UNSUPPORTED, "offset 0: expected a bucket of the time series m.w+x");
	add_buckets(&buckets, 1, 2);
	put_file(dir, "m/w%2Bx.bson", buf_bytes(&buckets));
	put_docs(dir, "m/a.bson", 1);
	check_read(dir, &check_all,
		   "m.a collection docs=1 indexes=0 +mapped\n"
		   "m.system.buckets.w+x collection docs=2 indexes=0 +mapped\n"
		   "m.w+x timeseries docs=0 indexes=0 +meta\n");
	check_read(harness_path(dir, "m/w%2Bx.bson"), &check_all, both);
}

/* One document of system.indexes. */
static void add_index(struct buf *b, const char *ns, const char *name)
{
	size_t doc = harness_doc_open(b);

	harness_doc_string(b, "ns", ns);
	harness_doc_string(b, "name", name);
	harness_doc_close(b, doc);
}

static void system_indexes_fill_what_metadata_leaves_open(void **state UNUSED)
{
	OWNED(buf_release) struct buf indexes = {0};
	const char *dir = harness_tmpdir();

	add_index(&indexes, "d.b.c", "1");
	add_index(&indexes, "d.has", "1");
	add_index(&indexes, "d.b.c", "2");
	add_index(&indexes, "d.gone", "1");
	put_file(dir, "d/system.indexes.bson", buf_bytes(&indexes));
	put_docs(dir, "d/b.c.bson", 1);
	put_docs(dir, "d/has.bson", 1);
	put_meta(dir, "d/has.metadata.json", "");
	put_docs(dir, "d/none.bson", 1);
	check_read(dir, &check_all,
		   "d.b.c collection docs=1 indexes=2 +meta +mapped\n"
		   "d.has collection docs=1 indexes=1 +meta +mapped\n"
		   "d.none collection docs=1 indexes=0 +mapped\n");
	buf_reset(&indexes);
	add_index(&indexes, "nodot", "1");
	put_file(dir, "d/system.indexes.bson", buf_bytes(&indexes));
	check_fails(dir, ERR_CORRUPT, "system.indexes.bson: document at offset 0: expected");
}

static void links_are_followed(void **state UNUSED)
{
	const char *dir = harness_tmpdir();
	const char *dump = harness_tmpdir();

	put_docs(dir, "real/c.bson", 2);
	put_docs(dump, "d/own.bson", 1);
	assert_int_equal(symlink(harness_path(dir, "real"), harness_path(dump, "linked")), 0);
	assert_int_equal(symlink(harness_path(dir, "real/c.bson"), harness_path(dump, "d/c.bson")),
			 0);
	assert_int_equal(symlink("nowhere", harness_path(dump, "dangling")), 0);
	assert_int_equal(symlink(".", harness_path(dump, "loop")), 0);
	assert_int_equal(symlink("round", harness_path(dump, "round")), 0);
	check_read(dump, &check_all,
		   "d.c collection docs=2 indexes=0 +mapped\n"
		   "d.own collection docs=1 indexes=0 +mapped\n"
		   "linked.c collection docs=2 indexes=0 +mapped\n");
	assert_int_equal(symlink("nowhere", harness_path(dump, "d/x.bson")), 0);
	check_fails(dump, ERR_IO, "d/x.bson");
}

static void two_files_of_one_collection_are_refused(void **state UNUSED)
{
	const char *dir = harness_tmpdir();

	put_docs(dir, "d/a%2Fb.bson", 1);
	put_docs(dir, "d/a%2fb.bson", 1);
	check_fails(dir, ERR_INVALID, "both are collection d.a/b");
	put_text(dir, "d/a%2fb.metadata.json", "{\"indexes\":[}");
	check_fails(dir, ERR_CORRUPT, "d/a%2fb.metadata.json: byte 12");
	put_docs(dir, "e/100%.bson", 1);
	check_fails(harness_path(dir, "e"), ERR_INVALID, "two hex digits");
}

/* As mongorestore reads it: people rename files to have a collection under another name beside the old one. */
static void a_renamed_file_is_a_renamed_collection(void **state UNUSED)
{
	const char *dir = harness_tmpdir();

	put_docs(dir, "d/a.bson", 1);
	put_meta(dir, "d/a.metadata.json", ",\"collectionName\":\"a\"");
	put_docs(dir, "d/copy.bson", 2);
	put_meta(dir, "d/copy.metadata.json", ",\"collectionName\":\"a\"");
	check_read(dir, &check_all,
		   "d.a collection docs=1 indexes=1 +meta +mapped\n"
		   "d.copy collection docs=2 indexes=1 +meta +mapped\n");
	check_read(harness_path(dir, "d/copy.bson"), &check_all,
		   "d.copy collection docs=2 indexes=1 +meta +mapped\n");
}

static void documents_are_checked(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	const char *dir = harness_tmpdir();
	const char *path = harness_path(dir, "d/x.bson");
	struct source_options off = {.objcheck = BSON_CHECK_OFF};

	add_docs(&docs, 1, 3);
	docs.at[14 + 4] = 0xaa; /* the type of the second's _id */
	put_file(dir, "d/x.bson", buf_bytes(&docs));
	check_fails(dir, ERR_CORRUPT, "d/x.bson: document at offset 14: byte 4");
	check_read(path, &off, "d.x collection docs=3 indexes=0 +mapped\n");
	put_file(dir, "d/x.bson", bytes_of(docs.at, docs.len - 3));
	check_fails(path, ERR_CORRUPT, "document at offset 14");
	put_le32(docs.at + 14, (uint32_t)(BSON_MAX_LEN + 1));
	put_file(dir, "d/x.bson", buf_bytes(&docs));
	check_fails(path, ERR_CORRUPT, "document at offset 14: document of 16793601 bytes");
	put_gzip(dir, "d/y.bson.gz", buf_bytes(&docs));
	check_fails(harness_path(dir, "d/y.bson.gz"), ERR_CORRUPT,
		    "document at offset 14: document of 16793601 bytes");
	put_text(dir, "d/v.bson", "\5");
	put_text(dir, "d/v.metadata.json", "{\"options\":{\"viewOn\":\"x\"}}");
	put_docs(dir, "d/v.bson", 1);
	check_fails(harness_path(dir, "d/v.bson"), ERR_CORRUPT, "d.v, which is a view");
}

static void large_input_comes_in_slices(void **state UNUSED)
{
	OWNED(record_release) struct record plain = {0};
	OWNED(record_release) struct record packed = {0};
	OWNED(buf_release) struct buf docs = {0};
	struct harness_rng rng = harness_rng_of(3);
	struct source_info info;
	struct error e = {0};
	const char *dir = harness_tmpdir();

	while (docs.len < 6 * MIB)
		harness_doc_of_size(&docs, 1, harness_rng_below(&rng, 5000), &rng);
	harness_doc_of_size(&docs, 2, 16 * MIB, &rng); /* as long as one may be, nearly */
	add_docs(&docs, 3, 4);
	put_file(dir, "d/x.bson", buf_bytes(&docs));
	put_gzip(dir, "z/x.bson.gz", buf_bytes(&docs));
	ASSERT_OK(record_read(&plain, harness_path(dir, "d"), &check_all, &info, &e));
	ASSERT_OK(record_read(&packed, harness_path(dir, "z"), &check_all, &info, &e));
	assert_in_range(plain.calls, 7, 12);
	assert_in_range(packed.calls, 7, 12);
	ASSERT_BYTES(buf_bytes(&plain.docs), buf_bytes(&docs));
	ASSERT_BYTES(buf_bytes(&packed.docs), buf_bytes(&docs));
	assert_int_equal(packed.done, packed.total);
}

static void an_oplogs_entries_may_be_longer(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	struct harness_rng rng = harness_rng_of(4);
	const char *dir = harness_tmpdir();

	harness_doc_of_size(&docs, 1, 20 * MIB, &rng);
	put_file(dir, "oplog.bson", buf_bytes(&docs));
	check_read(dir, &check_all, ".oplog collection docs=1 indexes=0 +mapped\n");
	put_file(dir, "local/oplog.rs.bson", buf_bytes(&docs));
	check_read(harness_path(dir, "local"), &check_all,
		   "local.oplog.rs collection docs=1 indexes=0 +mapped\n");
	put_file(dir, "d/oplog.rs.bson", buf_bytes(&docs));
	check_fails(harness_path(dir, "d"), ERR_CORRUPT, "document at offset 0");
}

static void the_filter_leaves_out(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct source_options options = {.objcheck = BSON_CHECK_FULL, .filter = filter};
	const char *dir = harness_tmpdir();
	struct error e = {0};

	put_docs(dir, "d/a.bson", 1);
	put_text(dir, "d/b.bson", "damage that is not looked at");
	put_docs(dir, "oplog.bson", 1);
	ASSERT_OK(ns_filter_include(filter, "d.a", &e));
	check_read(dir, &options,
		   "d.a collection docs=1 indexes=0 +mapped\n"
		   ".oplog collection docs=1 indexes=0 +mapped\n");
}

static void what_the_sink_says_comes_back(void **state UNUSED)
{
	OWNED(record_release) struct record record = {.fail = ERR_CANCELLED};
	struct source_info info;
	struct error e = {0};
	const char *dir = harness_tmpdir();

	put_docs(dir, "d/a.bson", 1);
	ASSERT_ERROR_TEXT(record_read(&record, dir, &check_all, &info, &e), ERR_CANCELLED,
			  "the sink says no");
	assert_int_equal(record.log.len, 0);
}

/* A sink that cuts the file off while it is read. */
static int cut_docs(void *ctx, void *handle UNUSED, struct bytes docs UNUSED,
		    uint64_t offset UNUSED, struct error *e UNUSED)
{
	return truncate(ctx, 100);
}

static int cut_begin(void *ctx UNUSED, const struct source_ns *ns UNUSED, void **ret_handle,
		     struct error *e UNUSED)
{
	*ret_handle = NULL;
	return 0;
}

static void a_file_that_shrinks_is_noticed(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	struct source_info info;
	struct error e = {0};
	const char *dir = harness_tmpdir();
	OWNED(free) char *path = xprintf("%s/d/x.bson", dir);
	const struct source_sink sink = {.ctx = path, .begin = cut_begin, .docs = cut_docs};

	for (int size = 1; size <= 3; size += 2) {
		add_docs(&docs, 1, size * 80000);
		put_file(dir, "d/x.bson", buf_bytes(&docs));
		ASSERT_ERROR_TEXT(source_read(dir, false, &check_all, &sink, &info, &e),
				  ERR_CORRUPT, "the file changed while it was read");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_is_read_in_order),
		cmocka_unit_test(one_databases_folder_is_read_by_its_name),
		cmocka_unit_test(what_looks_like_documents_and_is_not_read_is_told),
		cmocka_unit_test(a_folder_out_of_a_mount_is_a_database),
		cmocka_unit_test(databases_have_names_that_a_server_allows),
		cmocka_unit_test(a_folder_with_only_an_oplog_is_a_dump),
		cmocka_unit_test(gzip_files_are_read_where_no_plain_one_is),
		cmocka_unit_test(what_is_called_bson_and_is_gzip_is_read),
		cmocka_unit_test(what_only_begins_as_gzip_is_no_gzip),
		cmocka_unit_test(damaged_gzip_is_an_error_with_its_place),
		cmocka_unit_test(long_names_come_from_the_metadata),
		cmocka_unit_test(time_series_come_with_their_buckets),
		cmocka_unit_test(system_indexes_fill_what_metadata_leaves_open),
		cmocka_unit_test(links_are_followed),
		cmocka_unit_test(two_files_of_one_collection_are_refused),
		cmocka_unit_test(a_renamed_file_is_a_renamed_collection),
		cmocka_unit_test(documents_are_checked),
		cmocka_unit_test(large_input_comes_in_slices),
		cmocka_unit_test(an_oplogs_entries_may_be_longer),
		cmocka_unit_test(the_filter_leaves_out),
		cmocka_unit_test(what_the_sink_says_comes_back),
		cmocka_unit_test(a_file_that_shrinks_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
