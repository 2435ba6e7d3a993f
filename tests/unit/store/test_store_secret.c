/* An encrypted store as a whole: made, opened, read, cached and mended with its secret, and not without. */
#include <sys/stat.h>

#include "store/check.h"
#include "store/repair.h"
#include "store/snapshot/snapshots.h"
#include "store/store_stream.h"
#include "tests/unit/store/snapshot_model.h"

static const struct store_secret right = {{(const uint8_t *)"sixteen bytes and more", 22}};
static const struct store_secret wrong = {{(const uint8_t *)"sixteen bytes or fewer", 22}};

static const char *make(void)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	struct store_params params;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	params.leaf_target = 4096;
	ASSERT_OK(store_create(dir, &params, &right, &e));
	return dir;
}

static struct store *open_right(const char *dir)
{
	const struct store_options options = {.secret = &right, .threads = 2};
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_open(dir, &options, &store, &e));
	return store;
}

static bool lies_in(const char *dir, const char *text)
{
	struct model_files files;
	bool found = false;

	store_model_files(dir, &files);
	for (size_t i = 0; i < files.count; i++) {
		OWNED(buf_release) struct buf content = {0};

		store_model_read_file(files.path[i], &content);
		found = found || memmem(content.at, content.len, text, strlen(text)) != NULL;
	}
	store_model_files_release(&files);
	return found;
}

static void a_store_opens_with_its_secret_alone(void **state UNUSED)
{
	const char *dir = make();
	const struct store_options with_wrong = {.secret = &wrong}, with_none = {.threads = 1};
	struct store *store = open_right(dir), *other = NULL;
	static const uint8_t zeros[STORE_SEED_LEN];
	struct error e = {0};

	assert_true(store_params(store)->encrypted);
	assert_non_null(store_keys(store));
	assert_memory_not_equal(store_params(store)->seed, zeros, sizeof(zeros));
	store_close(store);
	ASSERT_ERROR(store_open(dir, &with_wrong, &other, &e), ERR_WRONG_KEY);
	ASSERT_ERROR(store_open(dir, &with_none, &other, &e), ERR_WRONG_KEY);
	ASSERT_ERROR_TEXT(store_open(dir, NULL, &other, &e), ERR_WRONG_KEY, dir);
}

static void what_is_put_in_comes_back_and_lies_nowhere_in_the_clear(void **state UNUSED)
{
	const char *dir = make();
	struct store *store = open_right(dir);
	struct snapshot_list list = {0};
	struct error e = {0};

	snapshot_model_commit(store, "plantedname", 1795254067, 1, NULL);
	store_close(store);
	store = open_right(dir);
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.at[0].name, "plantedname");
	snapshots_release(&list);
	store_close(store);
	assert_false(lies_in(dir, "plantedname"));
	assert_false(lies_in(dir, "orders"));
}

static void ignore_problem(void *ctx UNUSED, const char *text)
{
	print_error("%s\n", text);
}

static void without_its_key_a_store_can_be_checked_and_not_read(void **state UNUSED)
{
	const struct store_options options = {.keyless = true};
	const struct check_options all = {.read_data = true};
	const char *dir = make();
	struct store *store = open_right(dir);
	struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot s = {0};
	struct snapshot_list list = {0};
	struct check_result result;
	struct chunk *chunk = NULL;
	struct error e = {0};
	int fd;

	snapshot_model_commit(store, "one", 1795254067, 1, &s);
	store_close(store);
	ASSERT_OK(store_open(dir, &options, &store, &e));
	assert_null(store_keys(store));
	ASSERT_ERROR(store_get(store, &s.catalog.id, &chunk, &e), ERR_WRONG_KEY);
	ASSERT_ERROR(snapshots_read(store, &list, NULL, &e), ERR_WRONG_KEY);
	ASSERT_ERROR(store_writer_begin(store, &writer, &e), ERR_WRONG_KEY);
	ASSERT_ERROR(store_stream_lock(store, STORE_STREAM_ADD, &fd, &e), ERR_WRONG_KEY);
	ASSERT_OK(check_run(store, &all, ignore_problem, NULL, &result, &e));
	assert_int_equal(result.problems, 0);
	assert_int_equal(result.snapshots, 1);
	assert_int_equal(result.sealed, 1);
	assert_true(result.packs > 0 && result.chunks > 0);
	store_close(store);
}

static void count_problem(void *ctx, const char *text UNUSED)
{
	++*(int *)ctx;
}

/* Any bit of a pack: seen with the key and without it. */
static void damage_of_a_pack_is_seen_with_and_without_the_key(void **state UNUSED)
{
	const struct check_options all = {.read_data = true};
	struct harness_rng rng = harness_rng_of(1);
	const char *dir = make();
	struct model_files packs;
	struct store *store[2] = {open_right(dir), NULL};
	const struct store_options options = {.keyless = true};
	struct error e = {0};

	snapshot_model_commit(store[0], "one", 1795254067, 1, NULL);
	ASSERT_OK(store_open(dir, &options, &store[1], &e));
	store_model_files(harness_path(dir, "chunks"), &packs);
	for (int i = 0; i < 40; i++) {
		const char *path = packs.path[harness_rng_below(&rng, packs.count)];
		struct stat st;
		size_t at;

		assert_int_equal(stat(path, &st), 0);
		at = harness_rng_below(&rng, (uint64_t)st.st_size);
		store_model_flip(path, at, 1);
		for (size_t k = 0; k < 2; k++) {
			struct check_result result;
			int problems = 0;

			ASSERT_OK(check_run(store[k], &all, count_problem, &problems, &result, &e));
			assert_true(problems > 0);
		}
		store_model_flip(path, at, 1);
	}
	store_model_files_release(&packs);
	store_close(store[0]);
	store_close(store[1]);
}

static void say(void *ctx UNUSED, const char *text UNUSED)
{
}

/* Whatever a pack has lost: its directory, the salt its key is made with. All that is left of the frames is saved. */
static void a_damaged_pack_is_salvaged(void **state UNUSED)
{
	enum { FOOTER, SALT, HEADER, WAYS };

	for (int way = 0; way < WAYS; way++) {
		const struct repair_options options = {.now_us = 1795254067000000, .tell = say};
		const struct check_options all = {.read_data = true};
		const char *dir = make();
		struct store *store = open_right(dir);
		struct repair_result repaired;
		struct check_result result;
		struct model_files packs;
		struct error e = {0};

		snapshot_model_commit(store, "one", 1795254067, 1, NULL);
		store_close(store);
		store_model_files(harness_path(dir, "chunks"), &packs);
		for (size_t i = 0; i < packs.count; i++) {
			struct stat st;

			assert_int_equal(stat(packs.path[i], &st), 0);
			store_model_flip(packs.path[i],
					 way == FOOTER ? (size_t)st.st_size - 10
					 : way == SALT ? PACK_HEADER_LEN + 3
						       : 5,
					 0xff);
		}
		store_model_files_release(&packs);
		store = open_right(dir);
		ASSERT_OK(repair_run(store, &options, &repaired, &e));
		assert_true(repaired.damaged_packs > 0 && repaired.salvaged > 0);
		assert_int_equal(repaired.lost, 0);
		assert_int_equal(repaired.harmed, 0);
		ASSERT_OK(check_run(store, &all, ignore_problem, NULL, &result, &e));
		assert_int_equal(result.problems, 0);
		assert_int_equal(result.snapshots, 1);
		store_close(store);
	}
}

static void a_repair_needs_the_key(void **state UNUSED)
{
	const struct repair_options options = {.now_us = 1795254067000000, .tell = say};
	const struct store_options keyless = {.keyless = true};
	const char *dir = make();
	struct repair_result result;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_open(dir, &keyless, &store, &e));
	ASSERT_ERROR(repair_run(store, &options, &result, &e), ERR_WRONG_KEY);
	store_close(store);
}

static void the_cache_of_an_encrypted_store_is_sealed_with_its_keys(void **state UNUSED)
{
	const char *dir = make();
	struct store *store = open_right(dir), *cache = NULL;
	OWNED(snapshot_release) struct snapshot s = {0};
	struct chunk *chunk = NULL;
	struct error e = {0};

	for (int again = 0; again < 2; again++) {
		ASSERT_OK(store_open_cache(store, &cache, &e));
		assert_memory_equal(store_params(cache)->seed, store_params(store)->seed,
				    STORE_SEED_LEN);
		if (again == 0)
			snapshot_model_commit(cache, "cached", 1795254067, 1, &s);
		ASSERT_OK(store_get(cache, &s.catalog.id, &chunk, &e));
		chunk_release(chunk);
		store_close(cache);
	}
	store_close(store);
	assert_false(lies_in(dir, "cached"));
	assert_false(lies_in(dir, "orders"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_opens_with_its_secret_alone),
		cmocka_unit_test(what_is_put_in_comes_back_and_lies_nowhere_in_the_clear),
		cmocka_unit_test(without_its_key_a_store_can_be_checked_and_not_read),
		cmocka_unit_test(damage_of_a_pack_is_seen_with_and_without_the_key),
		cmocka_unit_test(a_damaged_pack_is_salvaged),
		cmocka_unit_test(a_repair_needs_the_key),
		cmocka_unit_test(the_cache_of_an_encrypted_store_is_sealed_with_its_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
