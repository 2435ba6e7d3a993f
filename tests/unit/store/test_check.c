/* A check from the outside: what it counts, what it says of files that make no sense, and that it can be stopped. Damage is found in
 * tests of what is damaged. */
#include "store/check.h"

#include "base/file.h"
#include "store/snapshot/commit.h"
#include "tests/unit/store/snapshot_model.h"

static void keep(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

static struct store *make(const char **ret_dir)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);

	snapshot_model_commit(store, "one", 100, 1, NULL);
	snapshot_model_commit(store, "two", 200, 2, NULL);
	*ret_dir = dir;
	return store;
}

struct watch {
	uint64_t reports, done, total;
	int left; /* until it is enough; -1: never */
};

static void note(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	struct watch *watch = ctx;

	assert_string_equal(phase, "reading packs");
	assert_true(done >= watch->done && done <= total);
	watch->done = done;
	watch->total = total;
	watch->reports++;
}

static bool is_enough(void *ctx)
{
	struct watch *watch = ctx;

	return watch->left >= 0 && watch->left-- == 0;
}

static int run(struct store *store, struct check_options options, struct watch *watch,
	       struct check_result *ret, struct buf *said, struct error *e)
{
	const struct progress progress = {.report = note, .cancelled = is_enough, .ctx = watch};

	options.progress = &progress;
	return check_run(store, &options, keep, said, ret, e);
}

static void it_tells_how_far_it_is_and_can_be_stopped_anywhere(void **state UNUSED)
{
	const char *dir;
	struct store *store = make(&dir);
	const struct check_options all = {.read_data = true};
	OWNED(buf_release) struct buf said = {0};
	struct watch watch = {.left = -1};
	struct check_result result;
	struct error e = {0};
	int code = ERR_CANCELLED, stopped = 0;

	ASSERT_OK(run(store, all, &watch, &result, &said, &e));
	assert_true(watch.reports > 3);
	assert_int_equal(watch.done, watch.total);
	assert_int_equal(result.read_bytes, watch.total);
	assert_int_equal(result.snapshots, 2);
	for (int asks = 0; code == ERR_CANCELLED; asks++, stopped++) {
		result = (struct check_result){.snapshots = 77};
		watch = (struct watch){.left = asks};
		code = run(store, all, &watch, &result, &said, &e);
		if (code == ERR_CANCELLED)
			assert_int_equal(result.snapshots, 77);
	}
	ASSERT_OK(code);
	assert_true(stopped > 3);
	assert_int_equal(said.len, 0);
	store_close(store);
}

/* Its parts are all of it, and each byte is in one of them. */
static void parts_are_read_on_different_days(void **state UNUSED)
{
	const char *dir;
	struct store *store = make(&dir);
	OWNED(buf_release) struct buf said = {0};
	uint64_t read = 0, all;
	struct check_result result;
	struct watch watch = {.left = -1};
	struct error e = {0};

	ASSERT_OK(
		run(store, (struct check_options){.read_data = true}, &watch, &result, &said, &e));
	all = result.read_bytes;
	for (uint64_t part = 0; part < 3; part++) {
		watch = (struct watch){.left = -1};
		ASSERT_OK(run(store,
			      (struct check_options){.read_data = true,
						     .parts = 3,
						     .part_begin = part,
						     .part_end = part + 1},
			      &watch, &result, &said, &e));
		read += result.read_bytes;
	}
	assert_int_equal(read, all);
	store_close(store);
}

static void other_files_are_left_alone(void **state UNUSED)
{
	static const char *const names[] = {"chunks/readme", "snapshots/readme"};
	const char *dir;
	struct store *store = make(&dir);
	OWNED(buf_release) struct buf said = {0};
	struct check_result before, after;
	struct watch watch = {.left = -1};
	struct error e = {0};

	ASSERT_OK(
		run(store, (struct check_options){.read_data = true}, &watch, &before, &said, &e));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ASSERT_OK(file_put(harness_path(dir, names[i]), store->tmp, bytes_str("x"), &e));
	watch = (struct watch){.left = -1};
	ASSERT_OK(run(store, (struct check_options){.read_data = true}, &watch, &after, &said, &e));
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(said.len, 0);
	store_close(store);
}

/* A snapshot that says of itself what its catalog does not. */
static void wrong_sums_of_a_snapshot_are_a_problem(void **state UNUSED)
{
	for (int how = 0; how < 3; how++) {
		const char *dir;
		struct store *store = make(&dir);
		OWNED(store_writer_end) struct store_writer *writer = NULL;
		OWNED(snapshot_release) struct snapshot odd = {0};
		OWNED(buf_release) struct buf said = {0};
		struct watch watch = {.left = -1};
		struct check_result result;
		struct error e = {0};

		snapshot_model_make(store, "odd", 300, 1, &odd);
		odd.documents += how == 0;
		odd.collections += how == 1;
		odd.bytes += how == 2;
		ASSERT_OK(store_writer_begin(store, &writer, &e));
		ASSERT_OK(commit_snapshot(writer, &odd, &e));
		store_writer_end(TAKE(writer));
		ASSERT_OK(run(store, (struct check_options){.read_data = false}, &watch, &result,
			      &said, &e));
		assert_int_equal(result.problems, 1);
		assert_int_equal(result.snapshots, 3);
		assert_non_null(strstr(buf_text(&said), "snapshot odd: "));
		assert_non_null(strstr(buf_text(&said), "are expected, its catalog has 3005 in 2"));
		store_close(store);
	}
}

/* Without the key a sealed manifest is known by its hash only. */
static void without_the_key_snapshots_are_counted_as_sealed(void **state UNUSED)
{
	static const uint8_t master[STORE_MASTER_LEN] = "of a test";
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master);
	const char *dir = harness_path(harness_tmpdir(), "sealed");
	const struct store_params params = {.leaf_target = 4096, .encrypted = true};
	const struct store_options keyless = {.keyless = true};
	OWNED(buf_release) struct buf said = {0};
	struct watch watch = {.left = -1};
	struct store *store = NULL;
	struct check_result result;
	struct model_files files;
	struct error e = {0};

	ASSERT_OK(store_init_cache(dir, &params, &e));
	ASSERT_OK(store_open_with(dir, NULL, keys, &store, &e));
	snapshot_model_commit(store, "one", 100, 1, NULL);
	store_close(store);
	ASSERT_OK(store_open_with(dir, &keyless, NULL, &store, &e));
	ASSERT_OK(
		run(store, (struct check_options){.read_data = true}, &watch, &result, &said, &e));
	assert_int_equal(result.snapshots, 1);
	assert_int_equal(result.sealed, 1);
	assert_int_equal(said.len, 0);
	/* Damage is seen all the same. */
	store_model_files(harness_path(dir, "snapshots"), &files);
	assert_int_equal(files.count, 1);
	store_model_flip(files.path[0], 60, 1);
	store_model_files_release(&files);
	watch = (struct watch){.left = -1};
	ASSERT_OK(
		run(store, (struct check_options){.read_data = true}, &watch, &result, &said, &e));
	assert_true(result.problems > 0);
	assert_non_null(strstr(buf_text(&said), "snapshots/"));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_how_far_it_is_and_can_be_stopped_anywhere),
		cmocka_unit_test(parts_are_read_on_different_days),
		cmocka_unit_test(other_files_are_left_alone),
		cmocka_unit_test(wrong_sums_of_a_snapshot_are_a_problem),
		cmocka_unit_test(without_the_key_snapshots_are_counted_as_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
