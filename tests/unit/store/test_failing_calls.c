/*
 * A disk that fails once, at whatever call: it is told as that and never as damage, or what was asked for is there all the same; nothing
 * that was there is lost, and the same again does what it does undisturbed.
 */
#include "tests/harness/fail_calls.h"

#include "base/file.h"
#include "base/key.h"
#include "store/check.h"
#include "store/prune.h"
#include "store/repair.h"
#include "store/snapshot/commit.h"
#include "store/snapshot/snapshots.h"
#include "store/tree/tree_build.h"
#include "tests/harness/test_store.h"
#include "tests/unit/store/snapshot_model.h"

#define NOW_US ((uint64_t)4000000000 * 1000000)

enum ending {
	GOOD = 40, /* all is right */
	TOLD,	   /* the error of the call */
	WRONG,
	NOT_REACHED,
};

struct job {
	const char *dir, *copy; /* of the store; of a sound copy, or NULL */
	int (*deed)(struct store *store, const struct job *job, struct error *e);
	uint64_t snapshots; /* that are there afterwards */
	uint64_t before;    /* and before */
	const struct chunk_id *gone;
};

static void complain(void *ctx, const char *text)
{
	if (ctx != NULL)
		print_message("%s: %s\n", (const char *)ctx, text);
}

/* What can't be read is a problem that a check tells, with the reason. */
static void expect_reason(void *ctx, const char *text)
{
	if (strstr(text, "Input/output error") != NULL || strstr(text, "can't be read") != NULL)
		return;
	print_message("told as damage: %s\n", text);
	++*(unsigned *)ctx;
}

/* 1 everything that is listed is whole, 0 not. */
static int is_whole(struct store *store, const char *when, uint64_t *ret_snapshots, struct error *e)
{
	static const struct check_options all = {.read_data = true};
	struct check_result result = {0};

	if (check_run(store, &all, complain, (void *)(uintptr_t)when, &result, e) < 0)
		return e->code;
	*ret_snapshots = result.snapshots;
	return result.problems == 0;
}

static int told(const struct job *job, int code, const struct error *e)
{
	if (code == ERR_IO && e->sys == EIO && e->text[0] != '\0')
		return TOLD;
	/* Where local/ can't be made a store is one that can only be read, as on read-only media. */
	if (code == ERR_UNSUPPORTED &&
	    (strstr(e->text, "reading only") || strstr(e->text, "be written to")))
		return TOLD;
	print_message("%s: %d %s\n", job->dir, code, e->text);
	return WRONG;
}

/* Undisturbed, on what the disturbed one left: as it should be before, and after the deed. */
static int again(const struct job *job, const char *dir, bool done)
{
	OWNED(store_close) struct store *store = NULL;
	uint64_t count = 0;
	struct error e = {0};

	if (test_store_open(dir, NULL, &store, &e) < 0 ||
	    (job->copy == NULL && is_whole(store, "then", &count, &e) != 1)) {
		print_message("what it left: %s\n", e.text);
		return WRONG;
	}
	if (job->copy == NULL && count != job->snapshots && (done || count != job->before)) {
		print_message("then %" PRIu64 " snapshots\n", count);
		return WRONG;
	}
	if (count != job->snapshots && job->deed(store, job, &e) < 0) {
		print_message("again: %s\n", e.text);
		return WRONG;
	}
	if (is_whole(store, "at the end", &count, &e) != 1 || count != job->snapshots) {
		print_message("at the end %" PRIu64 " snapshots: %s\n", count, e.text);
		return WRONG;
	}
	return GOOD;
}

static int work(void *ctx)
{
	const struct job *job = ctx;
	const char *dir = store_model_copy(job->dir);
	struct store *store = NULL;
	struct error e = {0}, ignored;
	int code, ending;

	fail_calls_begin();
	code = test_store_open(dir, NULL, &store, &e);
	if (code >= 0)
		code = job->deed(store, job, &e);
	store_close(store);
	fail_calls_end();
	ending = code < 0 ? told(job, code, &e) : fail_calls_happened() ? GOOD : NOT_REACHED;
	if (ending != WRONG && again(job, dir, code >= 0) == WRONG)
		ending = WRONG;
	if (file_remove_tree(dir, &ignored) < 0)
		return WRONG;
	return ending;
}

static void try_all(struct job *job)
{
	unsigned endings[NOT_REACHED + 1] = {0};
	struct harness_rng rng = harness_rng_of(2218);

	setenv("XDG_CACHE_HOME", harness_tmpdir(), 1);
	assert_int_equal(fail_calls_learn(work, job), NOT_REACHED);
	for (unsigned i = 0; i < fail_calls_count(); i++) {
		int ending;

		if (!fail_calls_chosen(&rng))
			continue;
		ending = fail_calls_run(i, work, job);
		if (ending < GOOD || ending > NOT_REACHED || ending == WRONG)
			fail_msg("with the call of chain %u failing it ended with %d", i, ending);
		endings[ending]++;
	}
	print_message("%u chains: %u told, %u done all the same, %u not reached\n",
		      fail_calls_count(), endings[TOLD], endings[GOOD], endings[NOT_REACHED]);
	assert_true(endings[TOLD] > 0);
}

/* The folder of a store with `count` snapshots, 100 s apart; a pack or two each. */
static const char *make(unsigned count, struct chunk_id *ret_first)
{
	static const char *const names[] = {"one", "two", "three"};
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);

	for (unsigned i = 0; i < count; i++) {
		OWNED(snapshot_release) struct snapshot made = {0};

		snapshot_model_commit(store, names[i], 100 * (i + 1), (int32_t)i + 1, &made);
		if (i == 0 && ret_first != NULL)
			*ret_first = made.id;
	}
	store_close(store);
	return dir;
}

/* ---- reading */

static int read_it(struct store *store, const struct job *job UNUSED, struct error *e)
{
	static const struct check_options all = {.read_data = true};
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct check_result result;
	unsigned wrong = 0;
	size_t skipped = 0;

	if (snapshots_read(store, &list, &skipped, e) < 0 ||
	    check_run(store, &all, expect_reason, &wrong, &result, e) < 0)
		return e->code;
	if (wrong > 0 || (result.problems == 0 && result.snapshots + skipped != 2))
		return error_set(e, ERR_CORRUPT, "it was told as damage, or not at all");
	return 0;
}

static void a_check_tells_a_failing_disk_from_damage(void **state UNUSED)
{
	struct job job = {.dir = make(2, NULL), .deed = read_it, .snapshots = 2, .before = 2};

	try_all(&job);
}

/* What lies under a cache is read through it: that the cache can't tell what it has is not that nobody has it. */
static int read_through_a_cache(struct store *store, const struct job *job UNUSED, struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(store_close) struct store *cache = NULL;
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct chunk_facts facts;
	int found;

	if (snapshots_read(store, &list, NULL, e) < 0 || store_open_cache(store, &cache, e) < 0)
		return e->code;
	found = store_facts(cache, &list.at[0].catalog.id, &facts, e);
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "the store has these facts");
	if (found < 0 || store_get(cache, &list.at[0].catalog.id, &chunk, e) < 0)
		return e->code;
	return 0;
}

static void a_failing_cache_is_no_damage_of_what_lies_under_it(void **state UNUSED)
{
	struct job job = {
		.dir = make(1, NULL), .deed = read_through_a_cache, .snapshots = 1, .before = 1};

	try_all(&job);
}

/* ---- writing */

static int build(struct store_writer *writer, struct snapshot *ret, struct error *e)
{
	const struct tree_build_options options = {.kind = TREE_KEYED};
	OWNED(tree_builder_free) struct tree_builder *builder = tree_builder_new(writer, &options);
	OWNED(buf_release) struct buf doc = {0}, key = {0};

	for (int32_t i = 0; i < 3000; i++) {
		size_t at;

		buf_reset(&doc);
		buf_reset(&key);
		at = harness_doc_open(&doc);
		harness_doc_int32(&doc, "_id", i);
		harness_doc_int64(&doc, "n", (int64_t)i * 77777);
		harness_doc_close(&doc, at);
		if (key_of_document(buf_bytes(&doc), &key, e) < 0 ||
		    tree_builder_add(builder, buf_bytes(&key), buf_bytes(&doc), e) < 0)
			return e->code;
	}
	return tree_builder_finish(builder, &ret->oplog, e);
}

static int commit(struct store *store, const struct job *job UNUSED, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release)
	struct snapshot made = {.time = 900, .source = xstrdup("dump"), .tool = xstrdup("test")};

	if (store_writer_begin(store, &writer, e) < 0 || build(writer, &made, e) < 0)
		return e->code;
	return commit_snapshot(writer, &made, e);
}

static void a_commit_is_whole_or_not_there(void **state UNUSED)
{
	struct job job = {.dir = make(1, NULL), .deed = commit, .snapshots = 2, .before = 1};

	try_all(&job);
}

/* ---- taking away */

static int forget_and_prune(struct store *store, const struct job *job, struct error *e)
{
	const struct prune_forget what = {
		.snapshots = job->gone, .snapshot_count = 1, .now_us = NOW_US};
	const struct prune_options options = {.now_us = NOW_US, .waste_percent = 1};
	struct prune_result result;

	if (prune_forget(store, &what, e) < 0)
		return e->code;
	return prune_run(store, &options, &result, e);
}

static void a_prune_takes_nothing_that_is_needed(void **state UNUSED)
{
	struct chunk_id first;
	struct job job = {
		.dir = make(3, &first), .deed = forget_and_prune, .snapshots = 2, .before = 3};

	job.gone = &first;
	try_all(&job);
}

/* ---- mending */

static int repair(struct store *store, const struct job *job, struct error *e)
{
	OWNED(store_close) struct store *from = NULL;
	struct repair_options options = {.now_us = NOW_US, .tell = complain};
	struct repair_result result;

	if (test_store_open(job->copy, NULL, &from, e) < 0)
		return e->code;
	options.from = from;
	return repair_run(store, &options, &result, e);
}

static void a_repair_mends_or_says_why_not(void **state UNUSED)
{
	struct job job = {.dir = make(2, NULL), .deed = repair, .snapshots = 2};
	struct model_files files;

	job.copy = store_model_copy(job.dir);
	store_model_files(harness_path(job.dir, "chunks"), &files);
	assert_true(files.count >= 2);
	assert_int_equal(unlink(files.path[0]), 0);
	store_model_flip(files.path[1], 100, 0xff);
	store_model_files_release(&files);
	try_all(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_tells_a_failing_disk_from_damage),
		cmocka_unit_test(a_failing_cache_is_no_damage_of_what_lies_under_it),
		cmocka_unit_test(a_commit_is_whole_or_not_there),
		cmocka_unit_test(a_prune_takes_nothing_that_is_needed),
		cmocka_unit_test(a_repair_mends_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
