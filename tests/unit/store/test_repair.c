#include "store/repair.h"

#include <sys/stat.h>

#include "store/check.h"
#include "store/snapshot/commit.h"
#include "tests/unit/store/snapshot_model.h"

#define NOW_US ((uint64_t)1795254067000000)

static void keep(void *ctx, const char *text)
{
	if (ctx != NULL)
		buf_printf(ctx, "%s\n", text);
}

/* The folder of a store with two snapshots, which share some of their documents. */
static const char *make(void)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);

	snapshot_model_commit(store, "one", 100, 1, NULL);
	snapshot_model_commit(store, "two", 200, 2, NULL);
	store_close(store);
	return dir;
}

static void each_file(const char *dir, const char *below, void (*deed)(const char *path))
{
	struct model_files files;

	store_model_files(harness_path(dir, below), &files);
	assert_true(files.count > 0);
	for (size_t i = 0; i < files.count; i++)
		deed(files.path[i]);
	store_model_files_release(&files);
}

static void take_away(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void damage(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	store_model_flip(path, (uint64_t)st.st_size / 2, 0xff);
}

static struct repair_result repair(const char *dir, const char *copy, struct buf *said)
{
	OWNED(store_close) struct store *store = store_model_open(dir);
	OWNED(store_close) struct store *from = copy == NULL ? NULL : store_model_open(copy);
	const struct repair_options options = {
		.now_us = NOW_US, .from = from, .tell = keep, .tell_ctx = said};
	struct repair_result result;
	struct error e = {0};

	ASSERT_OK(repair_run(store, &options, &result, &e));
	return result;
}

static struct check_result check(const char *dir)
{
	const struct check_options options = {.read_data = true};
	OWNED(store_close) struct store *store = store_model_open(dir);
	struct check_result result;
	struct error e = {0};

	ASSERT_OK(check_run(store, &options, keep, NULL, &result, &e));
	return result;
}

static void is_whole(const char *dir)
{
	struct check_result result = check(dir);

	assert_int_equal(result.problems, 0);
	assert_int_equal(result.snapshots, 2);
}

static void what_is_missing_comes_from_the_copy(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0};
	struct repair_result result;

	each_file(dir, "chunks", take_away);
	result = repair(dir, copy, &said);
	assert_true(result.fetched > 0);
	assert_int_equal(result.lost, 0);
	assert_int_equal(result.harmed, 0);
	is_whole(dir);
}

static void
of_damaged_packs_what_is_sound_is_saved_and_the_rest_comes_from_the_copy(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0};
	struct repair_result result;

	each_file(dir, "chunks", damage);
	result = repair(dir, copy, &said);
	assert_int_equal(result.damaged_packs, result.packs);
	assert_true(result.salvaged > 0 && result.fetched > 0);
	assert_int_equal(result.harmed, 0);
	assert_non_null(strstr(buf_text(&said), "is damaged"));
	assert_non_null(strstr(buf_text(&said), "were saved"));
	is_whole(dir);
}

/* Nothing that is lost is passed over, and no snapshot that lacks something looks whole. */
static void what_is_nowhere_is_told(void **state UNUSED)
{
	const char *dir = make();
	OWNED(buf_release) struct buf said = {0};
	struct repair_result result;

	each_file(dir, "chunks", take_away);
	result = repair(dir, NULL, &said);
	assert_int_equal(result.harmed, 2);
	assert_true(result.lost > 0 && result.lost_documents > 0);
	assert_non_null(strstr(buf_text(&said), "snapshot one, namespaces: "));
	assert_non_null(strstr(buf_text(&said), "can't be read"));
	assert_true(check(dir).problems > 0);
	/* A copy that comes later still helps. */
	assert_int_equal(repair(dir, make(), NULL).harmed, 0);
	is_whole(dir);
}

/* A copy is believed no more than the store itself. */
static void a_copy_that_is_damaged_in_the_same_place_gives_nothing(void **state UNUSED)
{
	const char *dir = make(), *copy;
	struct repair_result result;

	each_file(dir, "chunks", damage);
	copy = store_model_copy(dir);
	result = repair(dir, copy, NULL);
	assert_true(result.harmed > 0 && result.salvaged > 0);
	assert_true(check(dir).problems > 0);
}

static void a_damaged_manifest_comes_from_the_copy(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0};

	each_file(dir, "snapshots", damage);
	assert_int_equal(repair(dir, NULL, &said).harmed, 2);
	assert_non_null(strstr(buf_text(&said), "is damaged"));
	each_file(copy, "snapshots", damage);
	assert_int_equal(repair(dir, copy, NULL).harmed, 2);
	each_file(copy, "snapshots", damage); /* sound again */
	assert_int_equal(repair(dir, copy, NULL).fetched, 2);
	is_whole(dir);
}

static bool always(void *ctx UNUSED)
{
	return true;
}

static void it_can_be_interrupted_and_begun_again(void **state UNUSED)
{
	const char *dir = make();
	const struct progress progress = {.cancelled = always};
	const struct repair_options options = {
		.now_us = NOW_US, .tell = keep, .progress = &progress};
	struct store *store = store_model_open(dir);
	struct repair_result result;
	struct error e = {0};

	ASSERT_ERROR(repair_run(store, &options, &result, &e), ERR_CANCELLED);
	store_close(store);
	assert_int_equal(repair(dir, NULL, NULL).harmed, 0);
	is_whole(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_comes_from_the_copy),
		cmocka_unit_test(
			of_damaged_packs_what_is_sound_is_saved_and_the_rest_comes_from_the_copy),
		cmocka_unit_test(what_is_nowhere_is_told),
		cmocka_unit_test(a_copy_that_is_damaged_in_the_same_place_gives_nothing),
		cmocka_unit_test(a_damaged_manifest_comes_from_the_copy),
		cmocka_unit_test(it_can_be_interrupted_and_begun_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
