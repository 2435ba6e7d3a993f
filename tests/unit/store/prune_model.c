#include "tests/unit/store/prune_model.h"

#include <sys/stat.h>
#include <time.h>

#include "store/check.h"
#include "store/prune.h"

uint64_t prune_model_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000;
}

void prune_model_forget(struct store *store, const struct chunk_id *id, uint64_t now_us)
{
	struct prune_forget what = {.snapshots = id, .snapshot_count = 1, .now_us = now_us};
	struct error e = {0};

	ASSERT_OK(prune_forget(store, &what, &e));
}

static void print_problem(void *ctx UNUSED, const char *text)
{
	print_error("%s\n", text);
}

void prune_model_is_whole(struct store *store, uint64_t count)
{
	const struct check_options options = {.read_data = true};
	struct check_result result;
	struct error e = {0};

	ASSERT_OK(check_run(store, &options, print_problem, NULL, &result, &e));
	assert_int_equal(result.problems, 0);
	assert_int_equal(result.snapshots, count);
}

uint64_t prune_model_stored(const char *dir)
{
	struct model_files files;
	uint64_t sum = 0;

	store_model_files(harness_path(dir, "chunks"), &files);
	for (size_t i = 0; i < files.count; i++) {
		struct stat st;

		assert_int_equal(stat(files.path[i], &st), 0);
		sum += (uint64_t)st.st_size;
	}
	store_model_files_release(&files);
	return sum;
}
