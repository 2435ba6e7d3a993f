/* Snapshots as a user has them: listed, found, left out where they are damaged. */
#include "store/snapshot/snapshots.h"

#include "base/file.h"
#include "store/snapshot/manifest.h"
#include "store/store_internal.h"
#include "tests/unit/store/snapshot_model.h"

static size_t count_of(struct store *store, size_t *ret_skipped)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct error e = {0};

	ASSERT_OK(snapshots_read(store, &list, ret_skipped, &e));
	return list.count;
}

static void an_empty_store_has_none(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct snapshot_list list = {0};
	size_t skipped = 7, found;
	struct error e = {0};

	(void)state;
	ASSERT_OK(snapshots_read(store, &list, &skipped, &e));
	assert_int_equal(list.count, 0);
	assert_int_equal(skipped, 0);
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "latest", &found, &e)), 0);
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "id:00", &found, &e)), 0);
	snapshots_release(&list);
	store_close(store);
}

static void they_are_listed_in_order_of_their_time(void **state)
{
	struct store *store = store_model_open(store_model_init());
	static const uint64_t times[] = {500, 100, 900, 300, 300, 0};
	OWNED(snapshots_release) struct snapshot_list list = {0};
	uint64_t before = 1, after = 1;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		ASSERT_OK(snapshots_stamp(store, &before, &e));
		snapshot_model_commit(store, NULL, times[i], (int32_t)i, NULL);
		ASSERT_OK(snapshots_stamp(store, &after, &e));
		assert_true(before != after);
	}
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	assert_int_equal(list.count, COUNT_OF(times));
	for (size_t i = 1; i < list.count; i++)
		assert_true(list.at[i - 1].time <= list.at[i].time);
	assert_string_equal(list.at[2].name, "1970-01-01T000500Z");
	assert_string_equal(list.at[3].name, "1970-01-01T000500Z-2");
	store_close(store);
}

/* Copies of the store that were both written to, and are one again. */
static void several_of_one_name_are_told_apart(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(snapshot_release) struct snapshot other = {0};
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *first = NULL;
	char hex[CHUNK_ID_HEX + 1], file[16 + CHUNK_ID_HEX];
	size_t found = 99;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "first", 100, 1, NULL);
	snapshot_model_commit(store, "second", 300, 3, NULL);
	snapshot_model_make(store, "first", 200, 2, &other);
	ASSERT_OK(snapshot_encode(&other, store->keys, &content, &e));
	chunk_id_hex(&other.id, hex);
	snprintf(file, sizeof(file), "snapshots/%s", hex);
	ASSERT_OK(store->backend->ops->put(store->backend, file, buf_bytes(&content), &e));
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	assert_int_equal(list.count, 3);
	for (size_t i = 0; i < 2; i++) {
		OWNED(free) char *own = snapshots_own_name(&list.at[i], "first");

		assert_string_equal(list.at[i].name, own);
		assert_int_equal(strlen(own), strlen("first") + 9);
		assert_true(snapshots_is_called(&list.at[i], "first"));
		assert_int_equal(ASSERT_OK(snapshots_find(&list, own, &found, &e)), 1);
		assert_int_equal(found, i);
	}
	assert_string_not_equal(list.at[0].name, list.at[1].name);
	assert_string_equal(list.at[2].name, "second");
	/* None is taken for the other, and no third one is made. */
	ASSERT_ERROR_TEXT(snapshots_find(&list, "first", &found, &e), ERR_INVALID,
			  "several snapshots have the name");
	ASSERT_ERROR(snapshot_model_try(store, "first", 400, 4, NULL, NULL, &e), ERR_EXISTS);
	first = xstrdup(list.at[0].name);
	ASSERT_ERROR(snapshot_model_try(store, first, 400, 4, NULL, NULL, &e), ERR_EXISTS);
	store_close(store);
}

/* How often the folder of the packs was listed, through a backend that counts. */
static const struct backend_ops *real_ops;
static unsigned pack_lists;

static int counting_list(struct backend *b, const char *dir,
			 int (*each)(void *ctx, const char *name, uint64_t size, struct error *e),
			 void *ctx, struct error *e)
{
	pack_lists += strcmp(dir, "chunks") == 0;
	return real_ops->list(b, dir, each, ctx, e);
}

/* A folder whose version is what a test says, and how often its names were asked for. */
static uint64_t version;
static unsigned names_lists;

static uint64_t told_version(struct backend *b UNUSED, const char *dir UNUSED)
{
	return version;
}

static int counting_names(struct backend *b, const char *dir,
			  int (*each)(void *ctx, const char *name, uint64_t size, struct error *e),
			  void *ctx, struct error *e)
{
	names_lists++;
	return real_ops->names(b, dir, each, ctx, e);
}

static unsigned lists_of_a_stamp(struct store *store, uint64_t *ret_stamp)
{
	struct error e = {0};

	names_lists = 0;
	ASSERT_OK(snapshots_stamp(store, ret_stamp, &e));
	return names_lists;
}

static void a_folder_that_did_not_change_is_not_listed_again_at_once(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct backend_ops ops = *store->backend->ops;
	uint64_t first = 1, second = 2;

	(void)state;
	real_ops = store->backend->ops;
	ops.names = counting_names;
	ops.version = told_version;
	store->backend->ops = &ops;
	version = 5;
	assert_int_equal(lists_of_a_stamp(store, &first), 1);
	assert_int_equal(lists_of_a_stamp(store, &second), 0);
	assert_true(first == second);
	snapshot_model_commit(store, NULL, 100, 1, NULL);
	version = 0; /* not known, as something changed just now */
	assert_int_equal(lists_of_a_stamp(store, &second), 1);
	assert_true(first != second);
	assert_int_equal(lists_of_a_stamp(store, &first), 1);
	version = 6;
	assert_int_equal(lists_of_a_stamp(store, &second), 1);
	assert_int_equal(lists_of_a_stamp(store, &second), 0);
	store->stamp_ms -= 1000; /* where no version ever changes */
	assert_int_equal(lists_of_a_stamp(store, &second), 1);
	store->backend->ops = real_ops;
	store_close(store);
}

static void the_packs_are_listed_once_for_all_that_are_new(void **state)
{
	const char *path = store_model_init();
	struct store *store = store_model_open(path);
	OWNED(free) char *local = xprintf("%s/local", path);
	struct backend_ops ops = *store->backend->ops;
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < 20; i++)
		snapshot_model_commit(store, NULL, 100 + (uint64_t)i, i, NULL);
	store_close(store);
	/* As in a copy that is opened for the first time: nothing is noted. */
	ASSERT_OK(file_remove_tree(local, &e));
	store = store_model_open(path);
	real_ops = store->backend->ops;
	ops.list = counting_list;
	store->backend->ops = &ops;
	pack_lists = 0;
	assert_int_equal(count_of(store, NULL), 20);
	assert_int_equal(pack_lists, 1);
	assert_int_equal(count_of(store, NULL), 20);
	assert_int_equal(pack_lists, 1);
	store->backend->ops = real_ops;
	store_close(store);
}

static void they_are_found_by_name_id_and_latest(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(snapshots_release) struct snapshot_list list = {0};
	size_t found = 99;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "first", 100, 1, NULL);
	snapshot_model_commit(store, "second", 200, 2, NULL);
	for (int32_t i = 0; i < 20; i++)
		snapshot_model_commit(store, NULL, 50, 3 + i, NULL);
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "first", &found, &e)), 1);
	assert_string_equal(list.at[found].name, "first");
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "latest", &found, &e)), 1);
	assert_string_equal(list.at[found].name, "second");
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "latest-snapshot", &found, &e)), 1);
	assert_int_equal(found, list.count - 1);
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "", &found, &e)), 0);
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "fir", &found, &e)), 0);
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "id:", &found, &e)), 0);
	assert_int_equal(ASSERT_OK(snapshots_find(&list, "id:xyz", &found, &e)), 0);
	for (size_t i = 0; i < list.count; i++) {
		char when[3 + CHUNK_ID_HEX + 2] = "id:";

		chunk_id_hex(&list.at[i].id, when + 3);
		assert_int_equal(ASSERT_OK(snapshots_find(&list, when, &found, &e)), 1);
		assert_int_equal(found, i);
		when[3 + CHUNK_ID_HEX] = 'a';
		when[3 + CHUNK_ID_HEX + 1] = '\0';
		assert_int_equal(ASSERT_OK(snapshots_find(&list, when, &found, &e)), 0);
		when[3 + 12] = '\0';
		assert_int_equal(ASSERT_OK(snapshots_find(&list, when, &found, &e)), 1);
		/* 22 ids: two of them begin with the same digit. */
		when[4] = '\0';
		if (snapshots_find(&list, when, &found, &e) == ERR_INVALID)
			return store_close(store);
	}
	fail_msg("no two of 22 ids begin alike");
}

static size_t known_of(struct store *store)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	size_t skipped;
	struct error e = {0};

	ASSERT_OK(snapshots_read_again(store, &list, &skipped, &e));
	return list.count + 100 * skipped;
}

/* A commit among thousands: of the others only the names are looked at. */
static void a_manifest_is_read_once_where_that_is_enough(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir), *other;
	struct model_files files;
	size_t skipped = 0;

	(void)state;
	snapshot_model_commit(store, "one", 1, 1, NULL);
	snapshot_model_commit(store, "two", 2, 2, NULL);
	assert_int_equal(known_of(store), 2);
	store_model_files(harness_path(dir, "snapshots"), &files);
	store_model_flip(files.path[0], 20, 0x20);
	assert_int_equal(known_of(store), 2);
	assert_int_equal(count_of(store, &skipped), 1);
	assert_int_equal(skipped, 1);
	other = store_model_open(dir);
	assert_int_equal(known_of(other), 101);
	store_close(other);
	/* What is forgotten is not there, and what somebody else made is. */
	assert_int_equal(unlink(files.path[0]), 0);
	assert_int_equal(known_of(store), 1);
	other = store_model_open(dir);
	snapshot_model_commit(other, "three", 3, 3, NULL);
	store_close(other);
	assert_int_equal(known_of(store), 2);
	store_close(store);
}

static void a_damaged_manifest_is_skipped_and_counted(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files files;
	struct snapshot_list list = {0};
	size_t skipped = 0;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 1, 1, NULL);
	snapshot_model_commit(store, "two", 2, 2, NULL);
	store_model_files(harness_path(dir, "snapshots"), &files);
	assert_int_equal(files.count, 2);
	for (size_t i = 0; i < files.count; i++) {
		OWNED(buf_release) struct buf content = {0};

		store_model_read_file(files.path[i], &content);
		for (size_t at = 0; at < content.len; at += 7) {
			store_model_flip(files.path[i], at, 0x20);
			assert_int_equal(count_of(store, &skipped), 1);
			assert_int_equal(skipped, 1);
			ASSERT_ERROR(snapshots_read(store, &list, NULL, &e), ERR_CORRUPT);
			store_model_flip(files.path[i], at, 0x20);
		}
		/* Cut off, empty, and far too long. */
		for (size_t len = 0; len < content.len; len += 50) {
			store_model_write_file(files.path[i], bytes_of(content.at, len));
			assert_int_equal(count_of(store, &skipped), 1);
			assert_int_equal(skipped, 1);
		}
		assert_int_equal(truncate(files.path[i], 3 * (off_t)MIB), 0);
		assert_int_equal(count_of(store, &skipped), 1);
		assert_int_equal(skipped, 1);
		store_model_write_file(files.path[i], buf_bytes(&content));
	}
	assert_int_equal(count_of(store, &skipped), 2);
	assert_int_equal(skipped, 0);
	store_model_files_release(&files);
	store_close(store);
}

/* What rsync and people leave in snapshots/. */
static void other_names_in_the_folder_are_ignored(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files files;
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *sub = xprintf("%s/snapshots/sub", dir);
	size_t skipped = 0;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 1, 1, NULL);
	ASSERT_OK(file_make_dirs(sub, &e));
	store_model_files(harness_path(dir, "snapshots"), &files);
	store_model_read_file(files.path[0], &content);
	for (size_t i = 0; i < 4; i++) {
		const char *name = strrchr(files.path[0], '/') + 1;
		OWNED(buf_release) struct buf path = {0};

		if (i == 0)
			buf_printf(&path, "%s/snapshots/.%s.Xa12bC", dir, name);
		else if (i == 1)
			buf_printf(&path, "%s/snapshots/%s~", dir, name);
		else if (i == 2)
			buf_printf(&path, "%s/snapshots/README", dir);
		else
			buf_printf(&path, "%s/snapshots/sub/%s", dir, name);
		store_model_write_file(buf_text(&path), buf_bytes(&content));
	}
	assert_int_equal(count_of(store, &skipped), 1);
	assert_int_equal(skipped, 0);
	store_model_files_release(&files);
	store_close(store);
}

static void a_time_is_printed_in_utc(void **state)
{
	char text[SNAPSHOT_TIME_LEN + 1];

	(void)state;
	snapshot_time_text(0, text);
	assert_string_equal(text, "1970-01-01T000000Z");
	snapshot_time_text(1795254067, text);
	assert_string_equal(text, "2026-11-21T094107Z");
	snapshot_time_text(253402300799, text);
	assert_string_equal(text, "9999-12-31T235959Z");
	snapshot_time_text(UINT64_MAX, text);
	assert_int_equal(strlen(text), SNAPSHOT_TIME_LEN);
	snapshot_time_text(UINT64_MAX / 2, text);
	assert_int_equal(strlen(text), SNAPSHOT_TIME_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_store_has_none),
		cmocka_unit_test(they_are_listed_in_order_of_their_time),
		cmocka_unit_test(a_folder_that_did_not_change_is_not_listed_again_at_once),
		cmocka_unit_test(the_packs_are_listed_once_for_all_that_are_new),
		cmocka_unit_test(they_are_found_by_name_id_and_latest),
		cmocka_unit_test(several_of_one_name_are_told_apart),
		cmocka_unit_test(a_damaged_manifest_is_skipped_and_counted),
		cmocka_unit_test(a_manifest_is_read_once_where_that_is_enough),
		cmocka_unit_test(other_names_in_the_folder_are_ignored),
		cmocka_unit_test(a_time_is_printed_in_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
