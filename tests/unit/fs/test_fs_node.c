#include "fs/fs_node.h"

#include "fs/fs_dir.h"
#include "fs/fs_file.h"
#include "fs/fs_xattr.h"
#include "tests/unit/fs/small_store.h"

#define LONG_A                                                                                     \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaa"                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaa"                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* In byte order. */
static const struct small_entry entries[] = {
	{.db = "admin", .coll = "system.users", .documents = 1},
	{.db = "admin", .coll = "system.version", .documents = 1},
	{.db = "shop-eu", .coll = "orders", .documents = 4},
	{.db = "shop", .coll = "a/b c", .documents = 2},
	{.db = "shop", .coll = LONG_A "1", .documents = 11},
	{.db = "shop", .coll = LONG_A "2", .documents = 12},
	{.db = "shop", .coll = "empty"},
	{.db = "shop", .coll = "orders", .documents = 3000},
	{.db = "shop", .coll = "orders.metadata", .documents = 5},
	{.db = "shop", .coll = "system.buckets.ts", .documents = 6, .no_metadata = true},
	{.db = "shop", .coll = "ts", .type = CATALOG_TIMESERIES},
	{.db = "shop", .coll = "view", .type = CATALOG_VIEW},
	{.db = "shopx", .coll = "orders", .documents = 1},
};

struct world {
	struct small_store s;
	struct fs_log *log;
	struct fs *fs;
};

static void world_open(struct world *w, bool allow_other)
{
	char path[] = "/a/store";
	struct fs_options options = {.store = path, .allow_other = allow_other, .umask = 0277};
	struct error e = {0};

	small_store_open(&w->s);
	small_store_snapshot(&w->s, "first", 1000, entries, COUNT_OF(entries));
	w->log = fs_log_new(false);
	ASSERT_OK(fs_new(w->s.store, w->log, &options, &w->fs, &e));
}

static void world_close(struct world *w)
{
	fs_free(w->fs);
	fs_log_free(w->log);
	store_close(w->s.store);
}

/* Go down a path of names, each with a '/' after it; 1 found, 0 not. */
static int walk(struct world *w, const char *path, struct fs_node *ret)
{
	struct error e = {0};

	assert_int_equal(ASSERT_OK(fs_node_find(w->fs, 1, ret, &e)), 1);
	while (*path != '\0') {
		struct bytes name = bytes_of(path, strcspn(path, "/"));
		struct fs_node child;
		int rc;

		fs_node_init(&child);
		rc = ASSERT_OK(fs_node_child(w->fs, ret, name, &child, &e));
		fs_node_release(ret);
		*ret = child;
		if (rc == 0)
			return 0;
		path += name.len + 1;
	}
	return 1;
}

static bool exists(struct world *w, const char *path)
{
	OWNED(fs_node_release) struct fs_node node;

	fs_node_init(&node);
	return walk(w, path, &node) == 1;
}

static struct stat stat_of(struct world *w, const char *path)
{
	OWNED(fs_node_release) struct fs_node node;
	struct error e = {0};
	struct stat ret;

	fs_node_init(&node);
	assert_int_equal(walk(w, path, &node), 1);
	ASSERT_OK(fs_node_stat(w->fs, &node, &ret, &e));
	return ret;
}

static void names_lead_to_nodes(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, false);
	assert_true(exists(&w, "README.txt/"));
	assert_true(exists(&w, "latest/"));
	assert_true(exists(&w, "snapshots/first/prelude.json/"));
	assert_true(exists(&w, "snapshots/first/shop/orders.bson/"));
	assert_true(exists(&w, "snapshots/first/shop/a%2Fb+c.metadata.json/"));
	assert_true(exists(&w, "snapshots/first/shop-eu/orders.bson/"));
	assert_true(exists(&w, "snapshots/first/shopx/orders.bson/"));
	assert_true(exists(&w, "snapshots/first/admin/system.users.bson/"));
	assert_true(exists(&w, "snapshots/first/shop/view.metadata.json/"));
	assert_true(exists(&w, "snapshots/first/shop/system.buckets.ts.bson/"));
	assert_true(exists(&w, "snapshots/first/shop/system.buckets.ts.json/"));
	assert_true(exists(&w, "snapshots/first/shop/orders%2Emetadata.json/"));
	assert_true(exists(&w, "snapshots/first/shop/orders/2999.json/"));
	assert_true(exists(&w, "snapshots/first/shop/orders/0.bson/"));
	assert_true(exists(&w, "snapshots/first/shop/empty/"));
	assert_true(exists(&w, ".yester/status.json/"));
	assert_true(exists(&w, ".yester/snapshots.json/"));
	world_close(&w);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const paths[] = {
		"readme.txt/",
		"snapshots/second/",
		"snapshots/first/sho/",
		"snapshots/first/shop./",
		"snapshots/first/zzz/",
		"snapshots/first/a.db/",
		"snapshots/first/shop/order.bson/",
		"snapshots/first/shop/view.bson/",
		"snapshots/first/shop/view.json/",
		"snapshots/first/shop/view/",
		"snapshots/first/shop/ts.json/",
		"snapshots/first/shop/ts/",
		"snapshots/first/shop/orders/3000.json/",
		"snapshots/first/shop/orders/1/",
		"snapshots/first/shop/orders/1.txt/",
		"snapshots/first/shop/orders/1.0.json/",
		"snapshots/first/shop/orders/01.json/",
		"snapshots/first/shop/orders/%rank,1.json/",
		"snapshots/first/shop/orders/%str,1.json/",
		"snapshots/first/shop/orders/.json/",
		"snapshots/first/shop/empty/0.json/",
		".yester/status/",
		"snapshots/first/shop/ts.bson/",
		"snapshots/first/shop/system.buckets.ts.metadata.json/",
		"snapshots/first/shop/%6frders.bson/",
		"snapshots/first/prelude.json/x/",
	};
	struct world w;

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		assert_false(exists(&w, paths[i]));
	world_close(&w);
}

static void long_names_find_their_own_collection(void **state)
{
	OWNED(buf_release) struct buf path = {0};
	struct world w;

	(void)state;
	world_open(&w, false);
	for (int i = 1; i <= 2; i++) {
		const char *coll = i == 1 ? LONG_A "1" : LONG_A "2";

		buf_reset(&path);
		buf_add_str(&path, "snapshots/first/shop/");
		fs_name_file(bytes_str(coll), FS_FORM_BSON, &path);
		buf_add_str(&path, "/");
		assert_int_equal(stat_of(&w, buf_text(&path)).st_size, (10 + i) * 14);
	}
	world_close(&w);
}

/* Everything below `node`: listed names are found again, as the same node, and lead up again. */
static int check_below(struct world *w, const struct fs_node *node)
{
	OWNED(fs_dir_entry_release) struct fs_dir_entry entry;
	struct error e = {0};
	uint64_t at = 0;
	int count = 0;

	fs_dir_entry_init(&entry);
	while (ASSERT_OK(fs_dir_next(w->fs, node, at, &entry, &e)) == 1) {
		OWNED(fs_node_release) struct fs_node found;
		uint64_t parent = 0;

		assert_true(entry.next > at);
		fs_node_init(&found);
		assert_int_equal(entry.is_dots, at < 2);
		if (entry.is_dots)
			assert_string_equal(buf_text(&entry.name), at == 0 ? "." : "..");
		at = entry.next;
		if (entry.is_dots)
			continue;
		assert_int_equal(
			ASSERT_OK(fs_node_child(w->fs, node, buf_bytes(&entry.name), &found, &e)),
			1);
		assert_true(fs_inode_pack(found.inode) == fs_inode_pack(entry.node.inode));
		ASSERT_OK(fs_node_parent(&found, &parent, &e));
		assert_true(parent == fs_inode_pack(node->inode));
		fs_node_release(&found);
		fs_node_init(&found);
		assert_int_equal(
			ASSERT_OK(fs_node_find(w->fs, fs_inode_pack(entry.node.inode), &found, &e)),
			1);
		count += 1 + (fs_node_is_folder(&found) ? check_below(w, &found) : 0);
	}
	return count;
}

static void all_that_is_listed_is_found(void **state)
{
	OWNED(fs_node_release) struct fs_node root;
	int documents = 0;
	struct world w;

	(void)state;
	world_open(&w, false);
	fs_node_init(&root);
	assert_int_equal(walk(&w, "", &root), 1);
	for (size_t i = 0; i < COUNT_OF(entries); i++)
		documents += entries[i].documents;
	/* 12 fixed, two links in at/, the snapshot, prelude.json, 4 databases, .metadata.json of all but one, the other
	 * forms of all but two. */
	assert_int_equal(check_below(&w, &root),
			 12 + 2 + 1 + 1 + 4 + 4 * (int)COUNT_OF(entries) - 1 - 2 * 3 + documents);
	world_close(&w);
}

static void show_decides_what_is_listed(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, false);
	for (unsigned show = 1; show <= FS_OPTIONS_SHOW_ALL; show++) {
		OWNED(fs_node_release) struct fs_node db;
		OWNED(fs_dir_entry_release) struct fs_dir_entry entry;
		struct error e = {0};
		unsigned seen = 0;

		w.fs->show = show;
		fs_node_init(&db);
		fs_dir_entry_init(&entry);
		assert_int_equal(walk(&w, "snapshots/first/shopx/", &db), 1);
		while (ASSERT_OK(fs_dir_next(w.fs, &db, entry.next, &entry, &e)) == 1)
			if (!entry.is_dots)
				seen |= 1U << (entry.node.inode.kind - FS_KIND_BSON);
		assert_int_equal(seen, ((show & FS_OPTIONS_SHOW_BSON) != 0 ? 3U : 0U) |
					       (show & FS_OPTIONS_SHOW_JSON) << 1 |
					       (show & FS_OPTIONS_SHOW_DOCS) << 1);
		assert_true(exists(&w, "snapshots/first/shopx/orders.json/"));
		assert_true(exists(&w, "snapshots/first/shopx/orders.bson/"));
		assert_true(exists(&w, "snapshots/first/shopx/orders/0.json/"));
	}
	world_close(&w);
}

static void attributes_are_exact(void **state)
{
	struct world w;
	struct stat orders;

	(void)state;
	world_open(&w, false);
	orders = stat_of(&w, "snapshots/first/shop/orders.bson/");
	assert_int_equal(orders.st_size, 3000 * 14);
	assert_int_equal(orders.st_mode, S_IFREG | 0400);
	assert_int_equal(orders.st_mtim.tv_sec, 1000);
	assert_int_equal(orders.st_blocks, (3000 * 14 + 511) / 512);
	assert_int_equal(stat_of(&w, "snapshots/first/shop/empty.bson/").st_size, 0);
	assert_int_equal(stat_of(&w, "snapshots/first/").st_mode, S_IFDIR | 0500);
	assert_int_equal(stat_of(&w, "latest/").st_mode, S_IFLNK | 0777);
	assert_int_equal(stat_of(&w, "latest/").st_size, strlen("snapshots/first"));
	/* {"_id":0} to {"_id":2999}, each with a newline */
	assert_int_equal(stat_of(&w, "snapshots/first/shop/orders.json/").st_size,
			 3000 * 9 + 10 + 90 * 2 + 900 * 3 + 2000 * 4);
	assert_int_equal(stat_of(&w, "snapshots/first/shop/orders/7.json/").st_size,
			 strlen("{\n  \"_id\": 7\n}\n"));
	assert_int_equal(stat_of(&w, "snapshots/first/shop/orders/7.bson/").st_size, 14);
	assert_int_equal(stat_of(&w, "snapshots/first/shop/orders/7.json/").st_mtim.tv_sec, 1000);
	assert_int_equal(stat_of(&w, "snapshots/first/shop/orders/7.json/").st_mode,
			 S_IFREG | 0400);
	assert_int_equal(stat_of(&w, "snapshots/first/shop/orders/").st_mode, S_IFDIR | 0500);
	world_close(&w);
}

static void files_read_as_long_as_they_say(void **state)
{
	static const char *const paths[] = {
		"README.txt/",
		"snapshots/first/prelude.json/",
		"snapshots/first/shop/orders.bson/",
		"snapshots/first/shop/orders.metadata.json/",
		"snapshots/first/shop/empty.bson/",
		"snapshots/first/shop/orders.json/",
		"snapshots/first/shop/empty.json/",
		"snapshots/first/shop/orders/2999.json/",
		"snapshots/first/shop/orders/2999.bson/",
		".yester/status.json/",
		".yester/snapshots.json/",
	};
	static uint8_t content[100000];
	struct world w;
	struct error e = {0};

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		OWNED(fs_node_release) struct fs_node node;
		OWNED(fs_file_close) struct fs_file *file = NULL;
		size_t size = (size_t)stat_of(&w, paths[i]).st_size;
		size_t len = 0;
		uint8_t last[10];

		fs_node_init(&node);
		assert_int_equal(walk(&w, paths[i], &node), 1);
		ASSERT_OK(fs_file_open(w.fs, &node, &file, &e));
		ASSERT_OK(fs_file_read(file, 0, content, sizeof(content), &len, &e));
		assert_int_equal(len, size);
		ASSERT_OK(fs_file_read(file, size, last, sizeof(last), &len, &e));
		assert_int_equal(len, 0);
		if (size < 5)
			continue;
		ASSERT_OK(fs_file_read(file, size - 5, last, sizeof(last), &len, &e));
		assert_int_equal(len, 5);
		assert_memory_equal(last, content + size - 5, 5);
	}
	world_close(&w);
}

static void users_are_hidden_from_others(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, true);
	assert_false(exists(&w, "snapshots/first/admin/system.users.bson/"));
	assert_false(exists(&w, "snapshots/first/admin/system.users.json/"));
	assert_false(exists(&w, "snapshots/first/admin/system.users/"));
	assert_true(exists(&w, "snapshots/first/admin/system.version.bson/"));
	w.fs->hide_credentials = false; /* -o credentials */
	w.fs->uid = 12345;
	w.fs->umask = 0;
	assert_int_equal(stat_of(&w, "snapshots/first/admin/system.users.bson/").st_mode,
			 S_IFREG | 0400);
	assert_int_equal(stat_of(&w, "snapshots/first/admin/system.users.bson/").st_uid, getuid());
	assert_int_equal(stat_of(&w, "snapshots/first/admin/system.users.json/").st_mode,
			 S_IFREG | 0400);
	assert_int_equal(stat_of(&w, "snapshots/first/admin/system.users/").st_mode,
			 S_IFDIR | 0500);
	assert_int_equal(stat_of(&w, "snapshots/first/admin/system.users/0.json/").st_mode,
			 S_IFREG | 0400);
	assert_int_equal(stat_of(&w, "snapshots/first/admin/system.version.bson/").st_uid, 12345);
	world_close(&w);
}

static void ids_of_nothing_are_refused(void **state)
{
	static const uint64_t ids[] = {0, FS_FIXED_LAST + 1, 0xffffffffffffffffU,
				       0x8000000000000000U, 0x1000000000000U};
	struct world w;
	struct error e = {0};

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		OWNED(fs_node_release) struct fs_node node;

		fs_node_init(&node);
		assert_int_equal(ASSERT_OK(fs_node_find(w.fs, ids[i], &node, &e)), 0);
	}
	world_close(&w);
}

static void extended_attributes_tell_facts(void **state)
{
	OWNED(fs_node_release) struct fs_node node;
	OWNED(buf_release) struct buf value = {0};
	struct world w;

	(void)state;
	world_open(&w, false);
	fs_node_init(&node);
	assert_int_equal(walk(&w, "snapshots/first/shop/orders.bson/", &node), 1);
	assert_int_equal(fs_xattr_get(w.fs, &node, "user.yester.count", &value), 1);
	assert_string_equal(buf_text(&value), "3000");
	buf_reset(&value);
	assert_int_equal(fs_xattr_get(w.fs, &node, "user.yester.moment", &value), 1);
	assert_string_equal(buf_text(&value), "1970-01-01T001640Z");
	assert_int_equal(fs_xattr_get(w.fs, &node, "user.yester.uuid", &value), 0);
	assert_int_equal(fs_xattr_get(w.fs, &node, "user.yester.nothing", &value), 0);
	buf_reset(&value);
	fs_xattr_list(&node, &value);
	ASSERT_BYTES(buf_bytes(&value),
		     bytes_of("user.yester.count\0user.yester.bytes\0user.yester.root\0"
			      "user.yester.moment",
			      18 + 18 + 17 + 19));
	fs_node_release(&node);
	fs_node_init(&node);
	buf_reset(&value);
	assert_int_equal(walk(&w, "snapshots/first/shop/orders/12.json/", &node), 1);
	assert_int_equal(fs_xattr_get(w.fs, &node, "user.yester.rank", &value), 1);
	assert_string_equal(buf_text(&value), "12");
	buf_reset(&value);
	/* Who copies a document takes what is listed, which is nothing. */
	fs_xattr_list(&node, &value);
	assert_int_equal(value.len, 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_to_nodes),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(long_names_find_their_own_collection),
		cmocka_unit_test(all_that_is_listed_is_found),
		cmocka_unit_test(show_decides_what_is_listed),
		cmocka_unit_test(attributes_are_exact),
		cmocka_unit_test(files_read_as_long_as_they_say),
		cmocka_unit_test(users_are_hidden_from_others),
		cmocka_unit_test(ids_of_nothing_are_refused),
		cmocka_unit_test(extended_attributes_tell_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
