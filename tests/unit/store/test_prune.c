#include "store/prune.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/check.h"
#include "store/snapshot/commit.h"
#include "tests/unit/store/prune_model.h"

#define GRACE (20 * DAY)

static struct prune_result prune(struct store *store, uint64_t now_us, uint64_t grace_us)
{
	struct prune_options options = {
		.now_us = now_us, .grace_us = grace_us, .waste_percent = PRUNE_WASTE_PERCENT};
	struct prune_result result;
	struct error e = {0};

	ASSERT_OK(prune_run(store, &options, &result, &e));
	return result;
}

static void what_is_forgotten_goes_after_two_graces(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct snapshot one, two;
	uint64_t now = prune_model_now(), both, alone;
	struct prune_result result;

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, &one);
	alone = prune_model_stored(dir);
	snapshot_model_commit(store, "two", 200, 2, &two);
	both = prune_model_stored(dir);
	prune_model_forget(store, &two.id, now);
	/* It is not old enough to be surely no writer's that has yet to commit. */
	assert_int_equal(prune(store, now + DAY, 7 * DAY).new_packs, 0);
	result = prune(store, now + 8 * DAY, 7 * DAY);
	assert_true(result.new_packs > 0);
	assert_int_equal(result.condemned_packs, result.new_packs);
	assert_int_equal(result.condemned_bytes, result.new_bytes);
	result = prune(store, now + 14 * DAY, 7 * DAY);
	assert_int_equal(result.deleted_packs, 0);
	assert_int_equal(result.new_packs, 0);
	assert_true(result.condemned_packs > 0);
	assert_true(prune_model_stored(dir) >= both);
	assert_true(prune(store, now + 16 * DAY, 7 * DAY).deleted_packs > 0);
	assert_true(prune_model_stored(dir) < both);
	prune_model_is_whole(store, 1);
	prune(store, now + 30 * DAY, 7 * DAY);
	prune(store, now + 60 * DAY, 7 * DAY);
	assert_true(prune_model_stored(dir) <= alone + alone / 10);
	prune_model_is_whole(store, 1);
	snapshot_release(&one);
	snapshot_release(&two);
	store_close(store);
}

static void a_writer_that_commits_late_relies_on_nothing_condemned(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot late;
	struct snapshot old;
	uint64_t now = prune_model_now();
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "old", 100, 1, &old);
	/* All its chunks are those of the old one. */
	snapshot_model_make(store, "late", 200, 1, &late);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	prune_model_forget(store, &old.id, now);
	assert_true(prune(store, now + 8 * DAY, 7 * DAY).new_packs > 0);
	ASSERT_OK(commit_snapshot(writer, &late, &e));
	assert_true(prune(store, now + 16 * DAY, 7 * DAY).deleted_packs > 0);
	prune_model_is_whole(store, 1);
	snapshot_release(&old);
	store_writer_end(TAKE(writer));
	store_close(store);
}

static void a_commit_while_it_marks_is_seen(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot late;
	struct snapshot old;
	uint64_t now = prune_model_now();
	struct error e = {0};

	(void)state;
	/* Without the list, which is written after: nobody looks at it then, and the marks have to. */
	snapshot_model_commit(store, "old", 100, 1, &old);
	snapshot_model_make(store, "late", 200, 1, &late);
	prune_model_forget(store, &old.id, now);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(commit_snapshot(writer, &late, &e));
	assert_int_equal(prune(store, now + 8 * DAY, 7 * DAY).new_packs, 0);
	assert_int_equal(prune(store, now + 16 * DAY, 7 * DAY).deleted_packs, 0);
	prune_model_is_whole(store, 1);
	snapshot_release(&old);
	store_writer_end(TAKE(writer));
	store_close(store);
}

static void nothing_goes_while_something_is_missing(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct prune_options options = {.now_us = prune_model_now() + 100 * DAY,
					.waste_percent = 50};
	struct prune_result result;
	struct model_files files;
	struct snapshot one;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, NULL);
	store_model_files(harness_path(dir, "chunks"), &files);
	assert_int_equal(unlink(files.path[0]), 0);
	store_model_files_release(&files);
	snapshot_model_commit(store, "two", 200, 2, &one);
	prune_model_forget(store, &one.id, options.now_us);
	store_model_files(harness_path(dir, "chunks"), &files);
	ASSERT_ERROR(prune_run(store, &options, &result, &e), ERR_CORRUPT);
	for (size_t i = 0; i < files.count; i++)
		assert_int_equal(access(files.path[i], F_OK), 0);
	store_model_files_release(&files);
	snapshot_release(&one);
	store_close(store);
}

/* ---- a prune that dies between its copies and its list */

static struct backend_ops refusing_ops;
static const struct backend_ops *dir_ops;

static int refuse_lists(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	if (strncmp(name, "prune/", 6) == 0)
		return error_set(e, ERR_IO, "%s: the power is gone", name);
	return dir_ops->put(b, name, content, e);
}

static void
copies_that_a_dead_prune_left_are_not_taken_away_when_the_next_makes_the_same(void **state UNUSED)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct prune_options options = {.now_us = prune_model_now() + 100 * DAY,
					.waste_percent = 1};
	struct prune_result result;
	struct snapshot one;
	struct error e = {0};

	snapshot_model_commit(store, "one", 100, 1, &one);
	snapshot_model_commit(store, "two", 200, 2, NULL);
	/* Some of what was of both is in the first one's packs only. */
	prune_model_forget(store, &one.id, options.now_us);
	dir_ops = store->backend->ops;
	refusing_ops = *dir_ops;
	refusing_ops.put = refuse_lists;
	store->backend->ops = &refusing_ops;
	ASSERT_ERROR_TEXT(prune_run(store, &options, &result, &e), ERR_IO, "the power is gone");
	store->backend->ops = dir_ops;
	store_close(store);
	store = store_model_open(dir);
	ASSERT_OK(prune_run(store, &options, &result, &e));
	assert_true(result.copied_packs > 0);
	assert_true(result.deleted_packs > 0);
	prune_model_is_whole(store, 1);
	store_close(store);
	snapshot_release(&one);
}

/* What the random test knows. */
struct world {
	struct store *store;
	struct harness_rng rng;
	uint64_t now;
	struct snapshot there[40], pending[4];
	struct store_writer *writers[4]; /* of those that are pending */
	uint64_t since[4];
	size_t count, pending_count;
	int serial;
};

/* A writer that is slower than the grace was promised nothing but an error. */
static void commit_pending(struct world *w, size_t i)
{
	struct error e = {0};
	int code = commit_snapshot(w->writers[i], &w->pending[i], &e);

	store_writer_end(w->writers[i]);
	if (code == 0) {
		w->there[w->count++] = w->pending[i];
		return;
	}
	assert_int_equal(code, ERR_CORRUPT);
	assert_true(w->now - w->since[i] >= GRACE);
	snapshot_release(&w->pending[i]);
}

static void step(struct world *w)
{
	char name[20];
	size_t i;
	struct error e = {0};

	w->now += harness_rng_below(&w->rng, 3 * DAY);
	snprintf(name, sizeof(name), "s%d", ++w->serial);
	switch (harness_rng_below(&w->rng, 6)) {
	case 0: /* the contents come again and again */
	case 1:
		if (w->count < COUNT_OF(w->there))
			snapshot_model_commit(w->store, name, (uint64_t)w->serial,
					      (int32_t)harness_rng_below(&w->rng, 8),
					      &w->there[w->count++]);
		break;
	case 2:
		if (w->pending_count == COUNT_OF(w->pending))
			break;
		i = w->pending_count++;
		w->since[i] = w->now;
		ASSERT_OK(store_writer_begin(w->store, &w->writers[i], &e));
		snapshot_model_make(w->store, name, (uint64_t)w->serial,
				    (int32_t)harness_rng_below(&w->rng, 8), &w->pending[i]);
		break;
	case 3:
		if (w->pending_count > 0 && w->count < COUNT_OF(w->there))
			commit_pending(w, --w->pending_count);
		break;
	case 4:
		if (w->count == 0)
			break;
		i = harness_rng_below(&w->rng, w->count);
		prune_model_forget(w->store, &w->there[i].id, w->now);
		snapshot_release(&w->there[i]);
		w->there[i] = w->there[--w->count];
		break;
	default:
		prune(w->store, w->now, GRACE);
	}
}

static void random_histories_stay_whole(void **state)
{
	struct world w = {.rng = harness_rng_of(41), .now = prune_model_now() + 100 * DAY};
	const char *dir = store_model_init();
	uint64_t most = 0;

	(void)state;
	harness_seed();
	w.store = store_model_open(dir);
	for (int i = 0; i < 150; i++) {
		step(&w);
		most = MAX_OF(most, prune_model_stored(dir));
		if (i % 10 == 0)
			prune_model_is_whole(w.store, w.count);
	}
	prune_model_is_whole(w.store, w.count);
	while (w.pending_count > 0) {
		store_writer_end(w.writers[--w.pending_count]);
		snapshot_release(&w.pending[w.pending_count]);
	}
	while (w.count > 0) {
		prune_model_forget(w.store, &w.there[w.count - 1].id, w.now);
		snapshot_release(&w.there[--w.count]);
	}
	for (int i = 0; i < 3; i++)
		prune(w.store, w.now += 30 * DAY, GRACE);
	assert_int_equal(prune_model_stored(dir), 0);
	store_close(w.store);
}

static void a_dry_run_changes_nothing(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct prune_options options = {
		.now_us = prune_model_now() + 100 * DAY, .waste_percent = 50, .dry_run = true};
	struct model_files before, after;
	struct prune_result result;
	struct snapshot one;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, &one);
	prune_model_forget(store, &one.id, options.now_us);
	store_model_files(dir, &before);
	ASSERT_OK(prune_run(store, &options, &result, &e));
	assert_true(result.new_packs > 0);
	store_model_files(dir, &after);
	assert_int_equal(before.count, after.count);
	store_model_files_release(&before);
	store_model_files_release(&after);
	snapshot_release(&one);
	store_close(store);
}

static void without_a_grace_all_goes_at_once_unless_a_writer_works(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct snapshot one, two, late;
	uint64_t now = prune_model_now() + DAY, alone;
	struct prune_result result;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, &one);
	alone = prune_model_stored(dir);
	snapshot_model_commit(store, "two", 200, 2, &two);
	/* A writer that has not committed yet relies on what goes. */
	snapshot_model_make(store, "late", 300, 2, &late);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	prune_model_forget(store, &two.id, now);
	result = prune(store, now, 0);
	assert_true(result.new_packs > 0);
	assert_int_equal(result.deleted_packs, 0);
	ASSERT_OK(commit_snapshot(writer, &late, &e));
	store_writer_end(TAKE(writer));
	prune_model_is_whole(store, 2);
	prune_model_forget(store, &late.id, now);
	result = prune(store, now, 0);
	assert_true(result.deleted_packs > 0);
	assert_int_equal(result.condemned_packs, 0);
	assert_true(prune_model_stored(dir) <= alone + alone / 10);
	prune_model_is_whole(store, 1);
	snapshot_release(&one);
	snapshot_release(&two);
	snapshot_release(&late);
	store_close(store);
}

/* As a tail leaves them: each file costs a reader and a copy some time. */
static void many_small_packs_become_few(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct prune_result result;
	struct model_files files;
	char name[20];

	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		snapshot_model_commit(store, name, 100 + (uint64_t)i, i, NULL);
	}
	result = prune(store, prune_model_now() + DAY, 0);
	assert_true(result.copied_packs >= 12);
	assert_int_equal(result.deleted_packs, result.copied_packs);
	store_model_files(harness_path(dir, "chunks"), &files);
	assert_int_equal(files.count, 2); /* leaves, nodes */
	store_model_files_release(&files);
	prune_model_is_whole(store, 12);
	/* And so it stays. */
	assert_int_equal(prune(store, prune_model_now() + 2 * DAY, 0).copied_packs, 0);
	store_close(store);
}

static void what_is_damaged_is_not_copied(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	const struct prune_options options = {.now_us = prune_model_now() + DAY,
					      .waste_percent = 50};
	struct prune_result result;
	struct model_files files;
	struct error e = {0};
	char name[20];

	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		snapshot_model_commit(store, name, 100 + (uint64_t)i, i, NULL);
	}
	store_model_files(harness_path(dir, "chunks"), &files);
	/* The first byte of each first frame's content; those of nodes are met while marking. */
	for (size_t i = 0; i < files.count; i++)
		store_model_flip(files.path[i], 90, 0xff);
	ASSERT_ERROR(prune_run(store, &options, &result, &e), ERR_CORRUPT);
	for (size_t i = 0; i < files.count; i++)
		store_model_flip(files.path[i], 90, 0xff);
	store_model_files_release(&files);
	prune_model_is_whole(store, 12);
	assert_true(prune(store, options.now_us, 0).copied_packs >= 12);
	prune_model_is_whole(store, 12);
	store_close(store);
}

static void a_file_of_the_oplog_goes_after_its_grace(void **state)
{
	struct store *store = store_model_open(store_model_init());
	const char *const files[] = {"oplog/a/one.segment", "oplog/a/two.journal"};
	uint64_t now = prune_model_now(), size;
	struct prune_forget what = {.files = files, .file_count = 2, .now_us = now};
	struct prune_result result;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		ASSERT_OK(store->backend->ops->put(store->backend, files[i], bytes_str("x"), &e));
	ASSERT_OK(prune_forget(store, &what, &e));
	what.now_us += 5 * DAY; /* for the second time: the first one counts */
	ASSERT_OK(prune_forget(store, &what, &e));
	result = prune(store, now + 6 * DAY, 7 * DAY);
	assert_int_equal(result.waiting_files, 2);
	assert_int_equal(result.deleted_files, 0);
	assert_true(result.next_us == now + 7 * DAY);
	result = prune(store, now + 8 * DAY, 7 * DAY);
	assert_int_equal(result.deleted_files, 2);
	assert_int_equal(ASSERT_OK(store->backend->ops->size(store->backend, files[0], &size, &e)),
			 0);
	assert_int_equal(prune(store, now + 9 * DAY, 7 * DAY).waiting_files, 0);
	store_close(store);
}

static bool second_time(void *ctx)
{
	return ++*(int *)ctx > 1;
}

static void report_nothing(void *ctx UNUSED, const char *phase UNUSED, uint64_t done UNUSED,
			   uint64_t total UNUSED)
{
}

static void it_can_be_interrupted_and_one_runs_at_a_time(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	int asked = 0;
	const struct progress progress = {
		.cancelled = second_time, .report = report_nothing, .ctx = &asked};
	struct prune_options options = {
		.now_us = prune_model_now() + DAY, .waste_percent = 50, .progress = &progress};
	struct prune_result result;
	OWNED(fd_close) int fd = open(harness_path(dir, "config"), O_RDWR | O_CLOEXEC);
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, NULL);
	snapshot_model_commit(store, "two", 200, 2, NULL);
	ASSERT_ERROR(prune_run(store, &options, &result, &e), ERR_CANCELLED);
	options.progress = NULL;
	assert_int_equal(file_lock(fd, "config", STORE_LOCK_PRUNE, FILE_LOCK_EXCLUSIVE, true, &e),
			 1);
	ASSERT_ERROR(prune_run(store, &options, &result, &e), ERR_BUSY);
	file_unlock(fd, STORE_LOCK_PRUNE);
	ASSERT_OK(prune_run(store, &options, &result, &e));
	prune_model_is_whole(store, 2);
	store_close(store);
}

static void a_damaged_list_begins_a_new_grace(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files files;
	struct snapshot one;
	uint64_t now = prune_model_now();

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, &one);
	prune_model_forget(store, &one.id, now);
	assert_true(prune(store, now + 8 * DAY, 7 * DAY).new_packs > 0);
	store_model_files(harness_path(dir, "prune"), &files);
	assert_int_equal(files.count, 1);
	store_model_flip(files.path[0], 60, 1);
	store_model_files_release(&files);
	assert_int_equal(prune(store, now + 16 * DAY, 7 * DAY).deleted_packs, 0);
	assert_true(prune(store, now + 24 * DAY, 7 * DAY).deleted_packs > 0);
	snapshot_release(&one);
	store_close(store);
}

/* It was condemned by a clock that was years ahead: the grace is counted from the first prune that knows better. */
static void a_clock_that_was_ahead_keeps_nothing_for_ever(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init());
	uint64_t now = prune_model_now(), size;
	const char *const file = "oplog/a/one.segment";
	const struct prune_forget what = {
		.files = &file, .file_count = 1, .now_us = now + 30000 * DAY};
	struct error e = {0};

	ASSERT_OK(store->backend->ops->put(store->backend, file, bytes_str("x"), &e));
	ASSERT_OK(prune_forget(store, &what, &e));
	assert_true(prune(store, now, 7 * DAY).next_us == now + 7 * DAY);
	assert_int_equal(prune(store, now + 6 * DAY, 7 * DAY).deleted_files, 0);
	assert_int_equal(prune(store, now + 7 * DAY, 7 * DAY).deleted_files, 1);
	assert_int_equal(ASSERT_OK(store->backend->ops->size(store->backend, file, &size, &e)), 0);
	store_close(store);
}

/* What is condemned before a machine knows the time would go as soon as it does. */
static void with_a_clock_of_1970_nothing_is_condemned(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init());
	const char *const file = "oplog/a/one.segment";
	const struct prune_options options = {.now_us = 100 * DAY, .grace_us = 7 * DAY};
	struct prune_forget what = {.files = &file, .file_count = 1, .now_us = 100 * DAY};
	struct prune_result result;
	struct error e = {0};

	ASSERT_OK(store->backend->ops->put(store->backend, file, bytes_str("x"), &e));
	ASSERT_ERROR_TEXT(prune_forget(store, &what, &e), ERR_REFUSED, "clock");
	ASSERT_ERROR_TEXT(prune_run(store, &options, &result, &e), ERR_REFUSED, "clock");
	assert_int_equal(prune(store, prune_model_now(), 0).deleted_files, 0);
	what.file_count = 0; /* names may go */
	ASSERT_OK(prune_forget(store, &what, &e));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_forgotten_goes_after_two_graces),
		cmocka_unit_test(a_writer_that_commits_late_relies_on_nothing_condemned),
		cmocka_unit_test(a_commit_while_it_marks_is_seen),
		cmocka_unit_test(nothing_goes_while_something_is_missing),
		cmocka_unit_test(
			copies_that_a_dead_prune_left_are_not_taken_away_when_the_next_makes_the_same),
		cmocka_unit_test(random_histories_stay_whole),
		cmocka_unit_test(a_dry_run_changes_nothing),
		cmocka_unit_test(many_small_packs_become_few),
		cmocka_unit_test(what_is_damaged_is_not_copied),
		cmocka_unit_test(a_file_of_the_oplog_goes_after_its_grace),
		cmocka_unit_test(it_can_be_interrupted_and_one_runs_at_a_time),
		cmocka_unit_test(without_a_grace_all_goes_at_once_unless_a_writer_works),
		cmocka_unit_test(a_damaged_list_begins_a_new_grace),
		cmocka_unit_test(a_clock_that_was_ahead_keeps_nothing_for_ever),
		cmocka_unit_test(with_a_clock_of_1970_nothing_is_condemned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
