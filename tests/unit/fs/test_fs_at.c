#include "fs/fs_at.h"

#include <pthread.h>

#include "fs/fs_dir.h"
#include "fs/fs_file.h"
#include "fs/fs_keyed.h"
#include "fs/fs_span.h"
#include "oplog/stream_tail.h"
#include "tests/unit/fs/small_store.h"

/* 2026-11-21T09:41:00Z, and what happens from then on. */
#define T 1795254060U

static const struct small_entry entries[] = {{.db = "shop", .coll = "orders", .documents = 3}};

struct world {
	struct small_store s;
	struct fs_log *log;
	struct fs *fs;
};

/* A snapshot at T.1; operations at T.2, T+7.1, T+7.2, T+60.1, the next day; a gap; T+200000. */
static void world_open(struct world *w, bool allow_other)
{
	OWNED(buf_release) struct buf slice = {0};
	char path[] = "/a/store";
	struct fs_options options = {.store = path, .allow_other = allow_other, .umask = 0277};
	struct error e = {0};

	small_store_open(&w->s);
	small_store_exact(&w->s, "base", T, 1, entries, 1);
	small_store_entry(&slice, T, 1, NULL, 0);
	small_store_entry(&slice, T, 2, "shop.orders", 10);
	small_store_entry(&slice, T + 7, 1, "shop.orders", 11);
	small_store_entry(&slice, T + 7, 2, "shop.orders", 12);
	small_store_entry(&slice, T + 60, 1, "shop.orders", 13);
	small_store_entry(&slice, T + 86400, 1, "shop.orders", 14);
	small_store_oplog(&w->s, buf_bytes(&slice));
	buf_reset(&slice);
	small_store_entry(&slice, T + 200000, 1, "shop.orders", 15);
	small_store_oplog(&w->s, buf_bytes(&slice));
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
		assert_int_equal(ASSERT_OK(fs_node_load(w->fs, ret, &e)), 1);
		rc = ASSERT_OK(fs_node_child(w->fs, ret, name, &child, &e));
		fs_node_release(ret);
		*ret = child;
		if (rc == 0)
			return 0;
		path += name.len + 1;
	}
	return 1;
}

/* What is there: "folder", "file", "-> target", or "none". */
static const char *what_is(struct world *w, const char *path)
{
	static struct buf text;
	OWNED(fs_node_release) struct fs_node node;
	struct error e = {0};

	fs_node_init(&node);
	if (walk(w, path, &node) == 0)
		return "none";
	if (fs_node_is_folder(&node))
		return "folder";
	if (fs_node_type(&node) == S_IFREG)
		return "file";
	buf_release(&text);
	buf_add_str(&text, "-> ");
	ASSERT_OK(fs_node_text(w->fs, &node, &text, &e));
	return buf_text(&text);
}

/* The names in a folder, a space after each; a '@' before those of links. Each is found by its name. */
static const char *names_in(struct world *w, const char *path)
{
	static struct buf names;
	OWNED(fs_node_release) struct fs_node dir;
	OWNED(fs_dir_entry_release) struct fs_dir_entry entry;
	struct error e = {0};

	buf_release(&names);
	fs_node_init(&dir);
	fs_dir_entry_init(&entry);
	assert_int_equal(walk(w, path, &dir), 1);
	assert_int_equal(ASSERT_OK(fs_node_load(w->fs, &dir, &e)), 1);
	for (uint64_t at = 0; ASSERT_OK(fs_dir_next(w->fs, &dir, at, &entry, &e)) == 1;
	     at = entry.next) {
		assert_true(entry.next > at);
		if (entry.is_dots)
			continue;

		OWNED(fs_node_release) struct fs_node found;
		uint64_t parent;

		fs_node_init(&found);
		assert_int_equal(
			ASSERT_OK(fs_node_child(w->fs, &dir, buf_bytes(&entry.name), &found, &e)),
			1);
		assert_true(fs_inode_pack(found.inode) == fs_inode_pack(entry.node.inode));
		ASSERT_OK(fs_node_parent(&found, &parent, &e));
		assert_true(parent == fs_inode_pack(dir.inode));
		buf_printf(&names, "%s%s ", fs_node_type(&found) == S_IFLNK ? "@" : "",
			   buf_text(&entry.name));
	}
	return buf_text(&names);
}

static void the_printed_name_is_a_folder_and_others_are_links_to_it(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, false);
	assert_string_equal(what_is(&w, "at/2026-11-21T094107Z/"), "folder");
	assert_string_equal(what_is(&w, "at/2026-11-21T09:41:07Z/"), "-> 2026-11-21T094107Z");
	assert_string_equal(what_is(&w, "at/2026-11-21T10:41:07+01:00/"), "-> 2026-11-21T094107Z");
	assert_string_equal(what_is(&w, "at/@1795254067/"), "-> 2026-11-21T094107Z");
	assert_string_equal(what_is(&w, "at/1795254067.1/"), "folder");
	assert_string_equal(what_is(&w, "at/1795254067,1/"), "-> 1795254067.1");
	assert_string_equal(what_is(&w, "at/1795254067:1/"), "-> 1795254067.1");
	assert_string_equal(what_is(&w, "at/1795254067.1~/"), "-> 1795254067.0");
	assert_string_equal(what_is(&w, "at/1795254067.0/"), "folder");
	assert_string_equal(what_is(&w, "at/2026-11-21T094107Z~/"), "-> 2026-11-21T094106Z");
	assert_string_equal(what_is(&w, "at/latest/"), "-> 1795340460.1");
	assert_string_equal(what_is(&w, "at/base/"), "-> ../snapshots/base");
	assert_string_equal(what_is(&w, "at/latest-snapshot/"), "-> ../snapshots/base");
	world_close(&w);
}

static void what_can_not_be_reached_is_not_there(void **state)
{
	static const char *const absent[] = {
		"at/2026-11-21T094059Z/",  /* before the snapshot */
		"at/1795254060.0/",	   /* the same */
		"at/2026-11-22T094100Z/",  /* not finished: the last operation is of that second */
		"at/1795340460.2/",	   /* behind it */
		"at/2026-11-23T000000Z/",  /* in the gap */
		"at/1795454060.1/",	   /* behind the gap: no snapshot leads there */
		"at/2026-11-21T09:41:07/", /* no zone */
		"at/nonsense/",
		"at/.git/",
		"at/1795254067.1 /",
		"at/+1795254067.1/",
	};
	struct world w;

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		if (strcmp(what_is(&w, absent[i]), "none") != 0)
			fail_msg("%s is there: %s", absent[i], what_is(&w, absent[i]));
	world_close(&w);
}

static void only_links_are_listed(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, false);
	assert_string_equal(names_in(&w, "at/"),
			    "@base @latest @1795254060,1 @1795340460,1 @2026-11-22T09:40:59Z ");
	world_close(&w);
}

static void a_node_id_leads_back_to_its_moment(void **state)
{
	OWNED(fs_node_release) struct fs_node node;
	OWNED(fs_node_release) struct fs_node again;
	OWNED(fs_node_release) struct fs_node up;
	struct error e = {0};
	struct stat found;
	struct world w;
	uint64_t parent;

	(void)state;
	fs_node_init(&node);
	fs_node_init(&again);
	fs_node_init(&up);
	world_open(&w, false);
	assert_int_equal(walk(&w, "at/2026-11-21T094107Z/shop/orders.metadata.json/", &node), 1);
	fs_points_close(w.fs->points);
	assert_int_equal(ASSERT_OK(fs_node_find(w.fs, fs_inode_pack(node.inode), &again, &e)), 1);
	assert_string_equal(again.entry.ns, "shop.orders");
	ASSERT_OK(fs_node_parent(&again, &parent, &e));
	assert_int_equal(ASSERT_OK(fs_node_find(w.fs, parent, &up, &e)), 1);
	ASSERT_OK(fs_node_parent(&up, &parent, &e));
	assert_int_equal(ASSERT_OK(fs_node_find(w.fs, parent, &up, &e)), 1);
	ASSERT_OK(fs_node_stat(w.fs, &up, &found, &e));
	assert_true(found.st_mtim.tv_sec == T + 7 && S_ISDIR(found.st_mode));
	ASSERT_OK(fs_node_parent(&up, &parent, &e));
	assert_true(parent == fs_inode_pack(fs_inode_fixed(FS_FIXED_AT)));
	fs_node_release(&again);
	fs_node_release(&node);
	fs_node_release(&up);
	fs_node_init(&again);
	fs_node_init(&node);
	fs_node_init(&up);
	world_close(&w);
}

/* Documents as of then, and the count: of the second, up to an operation, and before it. */
static void a_moment_shows_what_was_there(void **state)
{
	static const struct {
		const char *path;
		uint64_t count;
	} moments[] = {
		{"at/1795254060.1~/", 0},
		{"at/1795254060.2/shop/orders.bson/", 4},
		{"at/1795254067.1/shop/orders.bson/", 5},
		{"at/1795254067.0/shop/orders.bson/", 4},
		{"at/2026-11-21T094107Z/shop/orders.bson/", 6},
		{"at/2026-11-21T094106Z/shop/orders.bson/", 4},
		{"at/1795340460.1/shop/orders.bson/", 8},
	};
	struct error e = {0};
	struct world w;

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(moments); i++) {
		OWNED(fs_node_release) struct fs_node node;
		OWNED(fs_file_close) struct fs_file *file = NULL;
		struct stat found;
		char bytes[1000];
		size_t len = 0;

		fs_node_init(&node);
		if (walk(&w, moments[i].path, &node) == 0) {
			assert_int_equal(moments[i].count, 0);
			continue;
		}
		ASSERT_OK(fs_node_stat(w.fs, &node, &found, &e));
		assert_int_equal(node.entry.root.count, moments[i].count);
		ASSERT_OK(fs_file_open(w.fs, &node, &file, &e));
		ASSERT_OK(fs_file_read(file, 0, bytes, sizeof(bytes), &len, &e));
		assert_int_equal(len, found.st_size);
		assert_int_equal(len, moments[i].count * 14); /* {_id: int32} */
	}
	world_close(&w);
}

static void the_timeline_leads_to_what_happened(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, false);
	assert_string_equal(names_in(&w, "timeline/"), "2026-11-21 ");
	assert_string_equal(names_in(&w, "timeline/2026-11-21/"), "09 ");
	assert_string_equal(names_in(&w, "timeline/2026-11-21/09/"), "41 42 ");
	assert_string_equal(names_in(&w, "timeline/2026-11-21/09/41/"), "@00Z @07Z ");
	assert_string_equal(names_in(&w, "timeline/2026-11-21/09/42/"), "@00Z ");
	assert_string_equal(what_is(&w, "timeline/2026-11-21/09/41/07Z/"),
			    "-> ../../../../at/2026-11-21T094107Z");
	world_close(&w);
}

static void the_timeline_has_one_name_for_each_time(void **state)
{
	static const char *const absent[] = {
		"timeline/2026-11-20/",
		"timeline/2026-11-22/",
		"timeline/2026-11-31/",
		"timeline/2026-1-21/",
		"timeline/2026-11-211/",
		"timeline/2026-11-2/",
		"timeline/x/",
		"timeline/2026-11-21/9/",
		"timeline/2026-11-21/10/",
		"timeline/2026-11-21/24/",
		"timeline/2026-11-21/33/",
		"timeline/2026-11-21/-9/",
		"timeline/2026-11-21/09/40/",
		"timeline/2026-11-21/09/101/",
		"timeline/2026-11-21/09/41/07/",
		"timeline/2026-11-21/09/41/7Z/",
		"timeline/2026-11-21/09/41/06Z/",
		"timeline/2026-11-21/09/41/67Z/",
		"timeline/2026-11-21/09/41/07z/",
		"timeline/1900-01-01/",
		"timeline/9999-12-31/",
	};
	struct world w;

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		if (strcmp(what_is(&w, absent[i]), "none") != 0)
			fail_msg("%s is there: %s", absent[i], what_is(&w, absent[i]));
	world_close(&w);
}

/* Read all of a file in small pieces; its size is what stat says. */
static void read_whole(struct world *w, const char *path, struct buf *ret)
{
	OWNED(fs_node_release) struct fs_node node;
	OWNED(fs_file_close) struct fs_file *file = NULL;
	struct error e = {0};
	struct stat found;
	size_t got = 0;

	fs_node_init(&node);
	assert_int_equal(walk(w, path, &node), 1);
	ASSERT_OK(fs_node_stat(w->fs, &node, &found, &e));
	ASSERT_OK(fs_file_open(w->fs, &node, &file, &e));
	do {
		ASSERT_OK(fs_file_read(file, ret->len, buf_room(ret, 17), 17, &got, &e));
		ret->len += got;
	} while (got == 17);
	assert_int_equal(ret->len, found.st_size);
}

static void the_oplog_is_there_as_bson_and_as_json(void **state)
{
	OWNED(buf_release) struct buf names = {0};
	OWNED(buf_release) struct buf path = {0};
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};
	struct world w;
	int entries_seen = 0;
	int lines = 0;

	(void)state;
	world_open(&w, false);
	buf_add_str(&names, names_in(&w, "oplog/"));
	buf_printf(&path, "oplog/%.*s/", (int)strcspn(buf_text(&names), " "), buf_text(&names));
	assert_non_null(strstr(buf_text(&path), ".bson/"));
	read_whole(&w, buf_text(&path), &text);
	for (struct bytes rest = buf_bytes(&text); rest.len > 0; entries_seen++) {
		int64_t len = ASSERT_OK(bson_next(rest, rest.len, &e));

		rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	}
	assert_int_equal(entries_seen, 7);
	memcpy(path.at + path.len - strlen("bson/"), "json/", strlen("json/"));
	buf_reset(&text);
	read_whole(&w, buf_text(&path), &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	assert_int_equal(lines, 7);
	assert_non_null(strstr(buf_text(&text), "{\"op\":\"i\",\"ns\":\"shop.orders\","));
	world_close(&w);
}

/* Operations that are not sealed yet are the ones that somebody looks for. */
static void the_oplog_has_the_entries_of_a_journal_as_json(void **state)
{
	const struct segment_link none = {0};
	OWNED(journal_close) struct journal_writer *writer = NULL;
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf path = {0};
	OWNED(buf_release) struct buf entry = {0};
	struct error e = {0};
	const char *name;
	struct world w;
	int lines = 0;

	(void)state;
	world_open(&w, false);
	ASSERT_OK(stream_tail_begin(w.s.store, &none, &writer, &e));
	small_store_entry(&entry, T + 300000, 1, "shop.orders", 77);
	ASSERT_OK(journal_append(writer, buf_bytes(&entry), &e));
	ASSERT_OK(journal_sync(writer, &e));
	fs_refresh(w.fs, 1);
	name = strchr(names_in(&w, "oplog/"), ' ') + 1;
	buf_printf(&path, "oplog/%.*s/", (int)strcspn(name, " "), name);
	read_whole(&w, buf_text(&path), &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	assert_int_equal(lines, 8);
	assert_non_null(strstr(buf_text(&text), "\"o\":{\"_id\":77}"));
	world_close(&w);
}

/* The node's id, and of a node that is in a moment the snapshot that has it. */
static uint64_t id_of(struct world *w, const char *path, struct chunk_id *ret)
{
	OWNED(fs_node_release) struct fs_node node;

	fs_node_init(&node);
	assert_int_equal(walk(w, path, &node), 1);
	if (node.moment != NULL && ret != NULL)
		*ret = moment_snapshot(node.moment)->id;
	return fs_inode_pack(node.inode);
}

/* Whether an error means damage, or that it is gone, is a matter of the moment: documents have ids that do not tell it. */
static void what_is_in_a_forgotten_moment_is_forgotten(void **state)
{
	static const char *const paths[] = {
		"snapshots/base/shop/",
		"snapshots/base/shop/orders.bson/",
		"snapshots/base/shop/orders/1.json/",
		"snapshots/base/shop/orders/1.bson/",
		"at/2026-11-21T094107Z/shop/",
		"at/2026-11-21T094107Z/shop/orders/2.json/",
		"at/2026-11-21T094107Z/shop/orders/2.bson/",
	};
	uint64_t ids[COUNT_OF(paths)];
	struct chunk_id base;
	uint64_t day;
	struct world w;

	(void)state;
	world_open(&w, false);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		ids[i] = id_of(&w, paths[i], i == 0 ? &base : NULL);
		assert_false(fs_is_forgotten(w.fs, ids[i]));
	}
	day = id_of(&w, "timeline/2026-11-21/", NULL);
	assert_false(fs_is_forgotten(w.fs, day));
	small_store_forget(&w.s, &base);
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		assert_true(fs_is_forgotten(w.fs, ids[i]));
	assert_false(fs_is_forgotten(w.fs, day));
	assert_false(fs_is_forgotten(w.fs, 1));
	world_close(&w);
}

/* Documents of other threads, so large that each takes the place of all that are kept. */
static void *add_large_ones(void *ctx)
{
	OWNED(buf_release) struct buf doc = {0};
	struct world *w = ctx;

	memset(buf_room(&doc, FS_KEYED_MAX_BYTES), 0, FS_KEYED_MAX_BYTES);
	doc.len = FS_KEYED_MAX_BYTES;
	for (int i = 0; i < 150; i++) {
		struct fs_inode inode = {.kind = FS_KIND_KEY_JSON};

		fs_keyed_add(w->fs->keyed, (struct fs_inode){.kind = FS_KIND_DOCS},
			     bytes_of(&i, sizeof(i)), buf_bytes(&doc), &inode);
	}
	return NULL;
}

static void a_document_is_found_while_others_take_its_place(void **state)
{
	OWNED(fs_node_release) struct fs_node docs;
	struct error e = {0};
	pthread_t thread;
	struct world w;
	int missing = 0;

	(void)state;
	world_open(&w, false);
	fs_node_init(&docs);
	assert_int_equal(walk(&w, "at/2026-11-21T094107Z/shop/orders/", &docs), 1);
	assert_false(docs.loaded);
	assert_int_equal(pthread_create(&thread, NULL, add_large_ones, &w), 0);
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		OWNED(fs_node_release) struct fs_node found;

		fs_node_init(&found);
		missing +=
			ASSERT_OK(fs_node_child(w.fs, &docs, bytes_str("2.json"), &found, &e)) == 0;
	}
	assert_int_equal(missing, 0);
	fs_node_release(&docs);
	fs_node_init(&docs);
	world_close(&w);
}

static void others_do_not_see_the_oplog(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, true);
	assert_string_equal(what_is(&w, "oplog/"), "none");
	assert_null(strstr(names_in(&w, ""), "oplog"));
	world_close(&w);
}

static void ranges_and_gaps_are_told_to_programs(void **state)
{
	OWNED(buf_release) struct buf ranges = {0};
	OWNED(buf_release) struct buf gaps = {0};
	struct world w;

	(void)state;
	world_open(&w, false);
	read_whole(&w, ".yester/ranges.json/", &ranges);
	assert_non_null(strstr(buf_text(&ranges),
			       "{\"from\":\"2026-11-21T09:41:00Z\",\"to\":\"2026-11-22T09:41:00Z\","
			       "\"first\":\"1795254060.1\",\"last\":\"1795340460.1\","
			       "\"lastSecond\":\"2026-11-22T09:40:59Z\",\"base\":\"base\""));
	read_whole(&w, ".yester/gaps.json/", &gaps);
	assert_non_null(strstr(buf_text(&gaps), "\"why\":\""));
	buf_reset(&gaps);
	read_whole(&w, ".yester/progress.json/", &gaps);
	assert_string_equal(buf_text(&gaps), "[]\n");
	buf_reset(&gaps);
	read_whole(&w, ".yester/status.json/", &gaps);
	assert_non_null(strstr(buf_text(&gaps), "\"lastOperation\":\"1795454060.1\""));
	assert_non_null(strstr(buf_text(&gaps), "\"oplogEntries\":7,"));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_printed_name_is_a_folder_and_others_are_links_to_it),
		cmocka_unit_test(what_can_not_be_reached_is_not_there),
		cmocka_unit_test(only_links_are_listed),
		cmocka_unit_test(a_node_id_leads_back_to_its_moment),
		cmocka_unit_test(a_moment_shows_what_was_there),
		cmocka_unit_test(the_timeline_leads_to_what_happened),
		cmocka_unit_test(the_timeline_has_one_name_for_each_time),
		cmocka_unit_test(the_oplog_is_there_as_bson_and_as_json),
		cmocka_unit_test(the_oplog_has_the_entries_of_a_journal_as_json),
		cmocka_unit_test(what_is_in_a_forgotten_moment_is_forgotten),
		cmocka_unit_test(a_document_is_found_while_others_take_its_place),
		cmocka_unit_test(others_do_not_see_the_oplog),
		cmocka_unit_test(ranges_and_gaps_are_told_to_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
