/* What ends a prune early: somebody who has enough, and damage in files of the oplog. Nothing is half-done then. */
#include "store/check.h"
#include "store/prune.h"

#include <sys/stat.h>

#include "tests/unit/store/prune_model.h"

static bool is_over_now(void *ctx)
{
	return (*(int *)ctx)-- == 0;
}

/* Wherever it is interrupted, what is there is whole, and the next one ends what it began. */
static void it_can_be_interrupted_anywhere(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct snapshot gone;
	uint64_t now = prune_model_now() + DAY;
	struct prune_result result;
	int left, code = ERR_CANCELLED;
	const struct progress progress = {.cancelled = is_over_now, .ctx = &left};
	struct error e = {0};

	(void)state;
	for (int i = 0; i < 10; i++) {
		char name[20];

		snprintf(name, sizeof(name), "s%d", i);
		snapshot_model_commit(store, name, 100 + (uint64_t)i, i, i == 5 ? &gone : NULL);
	}
	prune_model_forget(store, &gone.id, now);
	for (int asks = 0; code == ERR_CANCELLED; asks++) {
		const struct prune_options options = {
			.now_us = now, .waste_percent = 50, .progress = &progress};

		assert_true(asks < 100);
		left = asks;
		code = prune_run(store, &options, &result, &e);
		prune_model_is_whole(store, 9);
	}
	ASSERT_OK(code);
	assert_true(result.copied_packs > 0);
	snapshot_release(&gone);
	store_close(store);
}

struct oplog_files {
	struct buf seen; /* their names */
	int code;
};

static int mark_one(void *ctx, struct mark *mark UNUSED, const char *name, uint64_t size UNUSED,
		    struct error *e)
{
	struct oplog_files *files = ctx;

	buf_printf(&files->seen, "%s;", name);
	return files->code < 0 ? error_set(e, files->code, "as told") : 0;
}

static void files_of_the_oplog_are_marked_and_damage_there_stops_it(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct oplog_files files = {0};
	struct prune_options options = {.now_us = prune_model_now() + DAY,
					.waste_percent = 50,
					.mark_file = mark_one,
					.ctx = &files};
	struct prune_result result;
	struct error e = {0};
	uint64_t before;

	(void)state;
	for (int i = 0; i < 12; i++) {
		char name[20];

		snprintf(name, sizeof(name), "s%d", i);
		snapshot_model_commit(store, name, 100 + (uint64_t)i, i, NULL);
	}
	ASSERT_OK(store->backend->ops->put(store->backend, "oplog/a/one.segment", bytes_str("x"),
					   &e));
	before = prune_model_stored(dir);
	files.code = ERR_CORRUPT;
	ASSERT_ERROR_TEXT(prune_run(store, &options, &result, &e), ERR_CORRUPT, "as told");
	assert_int_equal(prune_model_stored(dir), before);
	files.code = 0;
	buf_reset(&files.seen);
	ASSERT_OK(prune_run(store, &options, &result, &e));
	/* Once: what was marked is not looked at again, though it lists the files again. */
	assert_string_equal(buf_text(&files.seen), "oplog/a/one.segment;");
	assert_true(result.copied_packs >= 12);
	buf_release(&files.seen);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_can_be_interrupted_anywhere),
		cmocka_unit_test(files_of_the_oplog_are_marked_and_damage_there_stops_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
