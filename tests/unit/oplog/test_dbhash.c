#include "oplog/dbhash.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "store/snapshot/manifest.h"
#include "store/snapshot/view_docs.h"
#include "store/store_writer.h"
#include "store/tree/tree_build.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

enum shape {
	PLAIN,
	CAPPED,
	CAPPED_BARE, /* without an index on _id, as BARE */
	BARE,
	COLLATED,
	WITHOUT_METADATA,
	VIEW,
	VERSION, /* its document tells the feature compatibility version: `ids` */
	SERIES,
};

/* In byte order of names. Of a capped one the documents lie as they came. */
static const struct collection {
	const char *ns;
	enum shape shape;
	const char *ids;    /* a letter each, in the tree's order */
	const char *hashed; /* in the order that counts; NULL: the text, or nothing */
} collections[] = {
	{"local.hidden", PLAIN, "ab", "ab"},
	{"shop.bare", BARE, "ba", NULL},
	{"shop.log", CAPPED, "cab", "abc"},
	{"shop.orders", PLAIN, "abc", "abc"},
	{"shop.system.profile", CAPPED_BARE, "x", NULL},
	{"shop.tail", CAPPED_BARE, "cab", "cab"},
	{"shop.tmp.mr.x", PLAIN, "a", NULL},
	{"shop.view", VIEW, "", NULL},
	{"shop.words", COLLATED, "Bac", "aBc"},
	{"shop2.empty", PLAIN, "", ""},
	{"shop2.lone", WITHOUT_METADATA, "ab", "ab"},
};

/* { _id: "featureCompatibilityVersion", version }; none for "-", another type for "x". */
static void version_document(struct buf *ret, const char *version)
{
	size_t at = bson_build_begin(ret);

	bson_build_string(ret, "_id", bytes_str("featureCompatibilityVersion"));
	if (strcmp(version, "x") == 0)
		bson_build_int32(ret, "version", 5);
	else if (strcmp(version, "-") != 0)
		bson_build_string(ret, "version", bytes_str(version));
	bson_build_end(ret, at);
}

static void document(struct buf *ret, char id)
{
	const char text[2] = {id, '\0'};
	size_t at = bson_build_begin(ret);

	bson_build_string(ret, "_id", bytes_str(text));
	bson_build_string(ret, "of", bytes_str("a document"));
	bson_build_end(ret, at);
}

static struct tree_root build_documents(struct store_writer *writer, const struct collection *c)
{
	const struct tree_build_options options = {
		.kind = c->shape == CAPPED || c->shape == CAPPED_BARE || c->shape == BARE
				? TREE_RANKED
				: TREE_KEYED};
	OWNED(tree_builder_free) struct tree_builder *builder = tree_builder_new(writer, &options);
	struct tree_root root = {0};
	struct error e = {0};

	for (const char *id = c->ids; *id != '\0'; id += c->shape == VERSION ? strlen(id) : 1) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};

		if (c->shape == VERSION)
			version_document(&doc, id);
		else
			document(&doc, *id);
		ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
		ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	return root;
}

static void make_options(const struct collection *c, struct buf *ret)
{
	size_t at = bson_build_begin(ret), inner;

	if (c->shape == CAPPED || c->shape == CAPPED_BARE) {
		bson_build_bool(ret, "capped", true);
		bson_build_int32(ret, "size", 4096);
	}
	if (c->shape == COLLATED) {
		inner = bson_build_open(ret, "collation");
		bson_build_string(ret, "locale", bytes_str("en"));
		bson_build_end(ret, inner);
	}
	if (c->shape == VIEW) {
		bson_build_string(ret, "viewOn", bytes_str("orders"));
		inner = bson_build_open_array(ret, "pipeline");
		bson_build_end(ret, inner);
	}
	if (c->shape == SERIES) {
		inner = bson_build_open(ret, "timeseries");
		bson_build_string(ret, "timeField", bytes_str("t"));
		bson_build_end(ret, inner);
	}
	bson_build_end(ret, at);
}

static void make_indexes(const struct collection *c, struct buf *ret)
{
	bool any = c->shape == PLAIN || c->shape == CAPPED || c->shape == COLLATED;
	size_t at = bson_build_begin(ret), index, key;

	if (any) {
		index = bson_build_open(ret, "0");
		bson_build_int32(ret, "v", 2);
		key = bson_build_open(ret, "key");
		bson_build_int32(ret, "_id", 1);
		bson_build_end(ret, key);
		bson_build_string(ret, "name", bytes_str("_id_"));
		bson_build_end(ret, index);
	}
	bson_build_end(ret, at);
}

static void make_entry(const struct collection *c, struct catalog_entry *ret)
{
	catalog_entry_init(ret);
	ret->ns = xstrdup(c->ns);
	ret->ns_len = strlen(c->ns);
	ret->db_len = strcspn(c->ns, ".");
	ret->type = c->shape == VIEW	 ? CATALOG_VIEW
		    : c->shape == SERIES ? CATALOG_TIMESERIES
					 : CATALOG_COLLECTION;
	ret->has_metadata = c->shape != WITHOUT_METADATA;
	buf_reset(&ret->options);
	buf_reset(&ret->indexes);
	make_options(c, &ret->options);
	make_indexes(c, &ret->indexes);
}

static struct moment *make_of(const struct collection *list, size_t count, struct store **ret)
{
	static const struct store_params params = {.leaf_target = 4096};
	const struct tree_build_options keyed = {.kind = TREE_KEYED};
	const char *dir = harness_path(harness_tmpdir(), "store");
	struct snapshot snapshot = {.name = (char *)(uintptr_t) "one", .time = 77};
	struct store_writer *writer = NULL;
	struct tree_builder *catalog;
	struct moment *moment = NULL;
	struct error e = {0};

	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, NULL, ret, &e));
	ASSERT_OK(store_writer_begin(*ret, &writer, &e));
	catalog = tree_builder_new(writer, &keyed);
	for (size_t i = 0; i < count; i++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};

		make_entry(&list[i], &entry);
		entry.root = build_documents(writer, &list[i]);
		ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
		ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
		ASSERT_OK(tree_builder_add(catalog, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(tree_builder_finish(catalog, &snapshot.catalog, &e));
	tree_builder_free(catalog);
	ASSERT_OK(store_writer_flush(writer, &e));
	store_writer_end(writer);
	ASSERT_OK(moment_open(*ret, &snapshot, &moment, &e));
	return moment;
}

static struct moment *make(struct store **ret)
{
	return make_of(collections, COUNT_OF(collections), ret);
}

/* "db.name hash" lines, and a "db hash" line behind those of a database. */
static int keep_collection(void *ctx, const struct dbhash_collection *c, struct error *e UNUSED)
{
	buf_printf(ctx, "%.*s.%.*s %s%s\n", (int)c->db.len, (const char *)c->db.at,
		   (int)c->name.len, (const char *)c->name.at, c->hash, c->capped ? " capped" : "");
	return 0;
}

static int keep_database(void *ctx, struct bytes db, const char *md5, struct error *e UNUSED)
{
	buf_printf(ctx, "%.*s %s\n", (int)db.len, (const char *)db.at, md5);
	return 0;
}

static void hash_of(const char *ids, char ret[MD5_HEX + 1])
{
	OWNED(md5_free) struct md5 *md5 = md5_new();

	for (; *ids != '\0'; ids++) {
		OWNED(buf_release) struct buf doc = {0};

		document(&doc, *ids);
		md5_add(md5, buf_bytes(&doc));
	}
	md5_end(md5, ret);
}

static void expect_one(struct buf *said, struct md5 *database, const struct collection *c)
{
	char hash[MD5_HEX + 1];
	bool capped = c->shape == CAPPED || c->shape == CAPPED_BARE;

	if (c->hashed == NULL && c->shape != BARE)
		return;
	if (c->shape != BARE)
		hash_of(c->hashed, hash);
	buf_printf(said, "%s %s%s\n", c->ns, c->shape == BARE ? "no _id _index" : hash,
		   capped ? " capped" : "");
	md5_add(database, bytes_str(c->shape == BARE ? "no _id _index" : hash));
}

/* system.views stands where its name does, made from the views. */
static void expect_views(struct buf *said, struct md5 *database)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(md5_free) struct md5 *md5 = md5_new();
	OWNED(buf_release) struct buf doc = {0};
	char hash[MD5_HEX + 1];
	struct error e = {0};

	make_entry(&collections[7], &entry);
	ASSERT_OK(view_docs_write(&entry, "", &doc, &e));
	md5_add(md5, buf_bytes(&doc));
	md5_end(md5, hash);
	buf_printf(said, "shop.system.views %s\n", hash);
	md5_add(database, bytes_str(hash));
}

static void expect(const char *db, struct buf *said)
{
	OWNED(md5_free) struct md5 *database = md5_new();
	char hash[MD5_HEX + 1];

	for (size_t i = 0; i < COUNT_OF(collections); i++) {
		const struct collection *c = &collections[i];

		if (strcspn(c->ns, ".") != strlen(db) || strncmp(c->ns, db, strlen(db)) != 0)
			continue;
		if (strcmp(c->ns, "shop.tail") == 0)
			expect_views(said, database);
		expect_one(said, database, c);
	}
	md5_end(database, hash);
	buf_printf(said, "%s %s\n", db, hash);
}

static void each_collection_is_hashed_in_the_order_of_a_mongod(void **state UNUSED)
{
	static const char *const only[] = {NULL, "shop", "shop2", "local", "nobody"};
	struct store *store;
	OWNED(moment_release) struct moment *moment = make(&store);

	for (size_t i = 0; i < COUNT_OF(only); i++) {
		OWNED(buf_release) struct buf said = {0};
		OWNED(buf_release) struct buf expected = {0};
		const struct dbhash_sink sink = {
			.ctx = &said, .collection = keep_collection, .database = keep_database};
		struct error e = {0};

		buf_add_str(&expected, "");
		if (only[i] == NULL || strcmp(only[i], "shop") == 0)
			expect("shop", &expected);
		if (only[i] == NULL || strcmp(only[i], "shop2") == 0)
			expect("shop2", &expected);
		if (only[i] != NULL && strcmp(only[i], "local") == 0)
			expect("local", &expected);
		ASSERT_OK(dbhash_run(moment, only[i], harness_tmpdir(), NULL, &sink, &e));
		assert_string_equal(buf_text(&said), buf_text(&expected));
	}
	moment_release(TAKE(moment));
	store_close(store);
}

static bool is_orders(void *ctx UNUSED, struct bytes db UNUSED, struct bytes name)
{
	return bytes_equal(name, bytes_str("orders"));
}

static bool at_once(void *ctx UNUSED)
{
	return true;
}

static void report(void *ctx, const char *phase UNUSED, uint64_t done, uint64_t total UNUSED)
{
	*(uint64_t *)ctx = done;
}

static void only_what_is_wanted_is_read_and_it_can_be_interrupted(void **state UNUSED)
{
	struct store *store;
	OWNED(moment_release) struct moment *moment = make(&store);
	OWNED(buf_release) struct buf said = {0};
	uint64_t done = 0;
	const struct progress progress = {.report = report, .ctx = &done},
			      stopped = {.report = report, .cancelled = at_once, .ctx = &done};
	const struct dbhash_sink sink = {.ctx = &said,
					 .wanted = is_orders,
					 .collection = keep_collection,
					 .database = keep_database};
	struct error e = {0};
	char hash[MD5_HEX + 1];

	ASSERT_OK(dbhash_run(moment, "shop", harness_tmpdir(), &progress, &sink, &e));
	hash_of("abc", hash);
	assert_true(done > 0);
	assert_non_null(strstr(buf_text(&said), hash));
	assert_null(strstr(buf_text(&said), "shop.log"));
	assert_null(strstr(buf_text(&said), "system.views"));
	ASSERT_ERROR(dbhash_run(moment, "shop", harness_tmpdir(), &stopped, &sink, &e),
		     ERR_CANCELLED);
	moment_release(TAKE(moment));
	store_close(store);
}

/* The document of a time series in system.views is that of the version that the deployment is compatible with. */
static void views_are_those_of_the_feature_compatibility_version(void **state UNUSED)
{
	static const struct {
		const char *version, *as; /* as: whose documents they are */
	} cases[] = {{"5.0", "5.0"}, {"6.0", "6.0"}, {"-", ""}, {"x", ""}, {"", ""}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct collection list[] = {
			{"admin.system.version", VERSION, cases[i].version, NULL},
			{"shop.ts", SERIES, "", NULL},
		};
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(md5_free) struct md5 *md5 = md5_new();
		OWNED(buf_release) struct buf said = {0};
		OWNED(buf_release) struct buf doc = {0};
		const struct dbhash_sink sink = {
			.ctx = &said, .collection = keep_collection, .database = keep_database};
		struct store *store;
		OWNED(moment_release) struct moment *moment = make_of(list, COUNT_OF(list), &store);
		char hash[MD5_HEX + 1];
		struct error e = {0};

		make_entry(&list[1], &entry);
		ASSERT_OK(view_docs_write(&entry, cases[i].as, &doc, &e));
		md5_add(md5, buf_bytes(&doc));
		md5_end(md5, hash);
		ASSERT_OK(dbhash_run(moment, "shop", harness_tmpdir(), NULL, &sink, &e));
		if (strstr(buf_text(&said), hash) == NULL)
			fail_msg("version \"%s\": %s, expected %s", cases[i].version,
				 buf_text(&said), hash);
		moment_release(TAKE(moment));
		store_close(store);
	}
}

/* admin's system.views is in dumps: the views before it by name, which are not taken, leave nothing behind. */
static void views_beside_a_system_views_of_its_own_count_for_nothing(void **state UNUSED)
{
	static const struct collection list[] = {
		{"admin.cv", VIEW, "", NULL},
		{"admin.system.js", PLAIN, "a", "a"},
		{"admin.system.views", PLAIN, "b", "b"},
		{"admin.view", VIEW, "", NULL},
	};
	OWNED(buf_release) struct buf said = {0};
	OWNED(buf_release) struct buf expected = {0};
	OWNED(md5_free) struct md5 *database = md5_new();
	const struct dbhash_sink sink = {
		.ctx = &said, .collection = keep_collection, .database = keep_database};
	struct store *store;
	OWNED(moment_release) struct moment *moment = make_of(list, COUNT_OF(list), &store);
	char hash[MD5_HEX + 1];
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(list); i++)
		expect_one(&expected, database, &list[i]);
	md5_end(database, hash);
	buf_printf(&expected, "admin %s\n", hash);
	ASSERT_OK(dbhash_run(moment, NULL, harness_tmpdir(), NULL, &sink, &e));
	assert_string_equal(buf_text(&said), buf_text(&expected));
	moment_release(TAKE(moment));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_collection_is_hashed_in_the_order_of_a_mongod),
		cmocka_unit_test(only_what_is_wanted_is_read_and_it_can_be_interrupted),
		cmocka_unit_test(views_are_those_of_the_feature_compatibility_version),
		cmocka_unit_test(views_beside_a_system_views_of_its_own_count_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
