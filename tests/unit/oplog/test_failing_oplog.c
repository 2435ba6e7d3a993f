/*
 * A disk that fails once, at whatever call, under readers and writers of the oplog and of moments: it is told as that, or the result is the
 * one of a sound disk; the same again is that, too.
 */
#include "tests/harness/fail_calls.h"

#include <spawn.h>

#include "base/file.h"
#include "base/key.h"
#include "oplog/dbhash.h"
#include "oplog/replay.h"
#include "oplog/stream_check.h"
#include "oplog/stream_tail.h"
#include "oplog/timeline.h"
#include "oplog/timeline_visit.h"
#include "store/snapshot/commit.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/history_model.h"

#define ENTRIES 60
#define HALVES 240
#define FAR_ENTRIES 520 /* over those that are replayed at once */

enum ending {
	GOOD = 40, /* as on a sound disk */
	TOLD,	   /* the error of the call */
	WRONG,
	NOT_REACHED,
};

struct job {
	const char *dir;
	const struct history *history;
	int (*deed)(struct store *store, const struct job *job, uint64_t *ret, struct error *e);
	bool writes, dear; /* dear: fewer of its chains are tried */
	uint64_t expected; /* what the deed gives */
};

static void mix(uint64_t *sum, const void *at, size_t len)
{
	const uint8_t *byte = at;

	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ byte[i]) * 1099511628211u;
}

/* ---- readers */

static void problem(void *ctx, const char *text)
{
	if (strstr(text, "Input/output error") != NULL || strstr(text, "can't be read") != NULL)
		return;
	print_message("told as damage: %s\n", text);
	++*(unsigned *)ctx;
}

static int check_stream(struct store *store, const struct job *job UNUSED, uint64_t *ret,
			struct error *e)
{
	static const struct check_options all = {.read_data = true};
	struct stream_check_result result;
	unsigned wrong = 0;

	/* As a check of the whole store does: packs that the index does not have yet are no damage. */
	if (store_refresh(store, e) < 0 ||
	    stream_check_run(store, &all, problem, &wrong, &result, e) < 0)
		return e->code;
	if (wrong > 0)
		return error_set(e, ERR_CORRUPT, "told as damage");
	if (result.problems > 0) {
		e->sys = EIO;
		return e->code = ERR_IO; /* it was told, with its reason */
	}
	mix(ret, &result.entries, sizeof(result.entries));
	mix(ret, &result.segments, sizeof(result.segments));
	return 0;
}

static int collection_hash(void *ctx, const struct dbhash_collection *c, struct error *e UNUSED)
{
	mix(ctx, c->name.at, c->name.len);
	mix(ctx, c->hash, strlen(c->hash));
	return 0;
}

static int database_hash(void *ctx, struct bytes db, const char *md5, struct error *e UNUSED)
{
	mix(ctx, db.at, db.len);
	mix(ctx, md5, strlen(md5));
	return 0;
}

/* All of a moment: its entries, when they changed, their documents. */
static int hash_moment(struct store *store, struct moment *moment, uint64_t *ret, struct error *e)
{
	const struct dbhash_sink sink = {
		.ctx = ret, .collection = collection_hash, .database = database_hash};

	for (uint64_t rank = 0; rank < moment_count(moment); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		uint64_t changed;

		if (moment_entry(moment, rank, &entry, e) < 0 ||
		    moment_resolve(moment, &entry, e) < 0 ||
		    moment_changed(moment, bytes_of(entry.ns, entry.ns_len), &changed, e) < 0)
			return e->code;
		mix(ret, entry.ns, entry.ns_len);
		mix(ret, &entry.root.id, sizeof(entry.root.id));
		mix(ret, &changed, sizeof(changed));
	}
	return dbhash_run(moment, NULL, store->tmp, NULL, &sink, e);
}

/* Moments in the middle and (of its base, and lazily) at the end; what can be reached; all bytes of the oplog. */
static int visit(struct store *store, const struct job *job, uint64_t *ret, struct error *e)
{
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(timeline_map_release) struct timeline_map map = {0};
	size_t count = history_count(job->history);

	if (timeline_open(store, &timeline, e) < 0 || timeline_map(timeline, &map, e) < 0)
		return e->code;
	for (size_t i = 1; i <= 2; i++) {
		OWNED(moment_release) struct moment *moment = NULL;
		uint64_t ts = history_ts(job->history, MIN_OF(i * count / 2, count - 2));
		struct timeline_point point;
		char when[40];

		if (ts >= job->history->waits)
			break;
		snprintf(when, sizeof(when), "%u.%u", entry_seconds(ts), entry_increment(ts));
		if (timeline_find(timeline, when, HISTORY_SECOND, &point, e) < 0 ||
		    timeline_moment(timeline, &point, NULL, &moment, e) < 0 ||
		    hash_moment(store, moment, ret, e) < 0)
			return e->code;
	}
	return 0;
}

static int read_stream(struct store *store, const struct job *job UNUSED, uint64_t *ret,
		       struct error *e)
{
	OWNED(stream_close) struct stream *stream = NULL;
	uint64_t offset = 0, last;
	char room[1000];
	size_t got;

	if (stream_open(store, &stream, NULL, e) < 0 ||
	    stream_last_upto(stream, UINT64_MAX, &last, e) < 0)
		return e->code;
	mix(ret, &last, sizeof(last));
	do {
		if (stream_read(stream, offset, room, sizeof(room), &got, e) < 0)
			return e->code;
		mix(ret, room, got);
		offset += got;
	} while (got > 0);
	return 0;
}

/* A moment far from its base: collections are replayed one by one, then all; documents alone before that. */
static int visit_far(struct store *store, const struct job *job UNUSED, uint64_t *ret,
		     struct error *e)
{
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(moment_release) struct moment *moment = NULL;
	OWNED(buf_release) struct buf key = {0};
	struct timeline_point point;
	uint8_t id[4] = {7};

	if (key_of_value(BSON_KIND_INT32, bytes_of(id, sizeof(id)), &key, e) < 0 ||
	    timeline_open(store, &timeline, e) < 0 ||
	    timeline_find(timeline, "latest", HISTORY_SECOND, &point, e) < 0 ||
	    timeline_moment(timeline, &point, NULL, &moment, e) < 0)
		return e->code;
	for (uint64_t rank = 0; rank < moment_count(moment); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(buf_release) struct buf doc = {0};

		if (moment_entry(moment, rank, &entry, e) < 0 ||
		    (entry.type == CATALOG_COLLECTION && entry.root.kind == TREE_KEYED &&
		     moment_document(moment, &entry, buf_bytes(&key), &doc, e) < 0))
			return e->code;
		mix(ret, doc.at, doc.len);
	}
	return hash_moment(store, moment, ret, e);
}

/* ---- writers */

static int next_entry(void *ctx, struct bytes *ret, struct error *e)
{
	return stream_cursor_next(ctx, ret, e);
}

/* From a snapshot to `upto`, with hardly any memory: all is sorted on disk. */
static int replay_to(struct store *store, struct store_writer *writer, const struct snapshot *base,
		     uint64_t upto, struct replay_result *ret, struct error *e)
{
	uint64_t at = timeline_ts(base->optime), needed = timeline_ts(base->needed_from);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
	struct replay_options options = {
		.writer = writer, .base = base, .from = at, .to = upto, .memory = 3000};

	if (stream_open(store, &stream, NULL, e) < 0)
		return e->code;
	cursor = stream_cursor_new(stream, NULL);
	options.source = (struct replay_source){next_entry, cursor};
	if (stream_cursor_seek(cursor, needed != 0 ? needed : at, e) < 0)
		return e->code;
	return replay_run(&options, ret, e);
}

/* From the newest snapshot to the end. */
static int replay_all(struct store *store, const struct job *job UNUSED, uint64_t *ret,
		      struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(replay_result_release) struct replay_result result = {0};

	if (snapshots_read(store, &list, NULL, e) < 0 ||
	    store_writer_begin(store, &writer, e) < 0 ||
	    replay_to(store, writer, &list.at[list.count - 1], UINT64_MAX, &result, e) < 0 ||
	    store_writer_flush(writer, e) < 0)
		return e->code;
	mix(ret, &result.snapshot.catalog.id, sizeof(result.snapshot.catalog.id));
	mix(ret, &result.snapshot.changes.id, sizeof(result.snapshot.changes.id));
	mix(ret, &result.snapshot.documents, sizeof(result.snapshot.documents));
	return 0;
}

/* A journal with the last entries, sealed; then a slice that overlaps it. */
static int follow(struct store *store, const struct job *job, uint64_t *ret, struct error *e)
{
	OWNED(journal_close) struct journal_writer *journal = NULL;
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	const struct segment_link none = {0};
	size_t count = history_count(job->history);

	if (stream_tail_begin(store, &none, &journal, e) < 0 ||
	    journal_append(journal, history_docs(job->history, count / 2, count), e) < 0 ||
	    journal_sync(journal, e) < 0)
		return e->code;
	journal_close(TAKE(journal));
	if (store_writer_begin(store, &writer, e) < 0 || stream_tail_seal_all(writer, e) < 0 ||
	    stream_model_add(store, history_docs(job->history, count / 2 - 5, count), NULL, e) < 0)
		return e->code;
	return read_stream(store, job, ret, e);
}

/* ---- all calls */

static int told(int code, const struct error *e)
{
	if (code == ERR_IO && e->sys == EIO)
		return TOLD;
	/* Where local/ can't be made a store is one that can only be read, as on read-only media. */
	if (code == ERR_UNSUPPORTED &&
	    (strstr(e->text, "reading only") || strstr(e->text, "be written to")))
		return TOLD;
	print_message("%d %s\n", code, e->text);
	return WRONG;
}

static int run(const struct job *job, const char *dir, uint64_t *ret, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;

	*ret = 1469598103934665603u;
	if (test_store_open(dir, NULL, &store, e) < 0)
		return e->code;
	return job->deed(store, job, ret, e);
}

static bool copy(const char *from, const char *to)
{
	char program[] = "cp", deep[] = "-r";
	char *argv[] = {program, deep, (char *)(uintptr_t)from, (char *)(uintptr_t)to, NULL};
	struct error e = {0};
	pid_t child;
	int status;

	return file_remove_tree(to, &e) >= 0 &&
	       posix_spawnp(&child, "cp", NULL, NULL, argv, environ) == 0 &&
	       waitpid(child, &status, 0) == child && status == 0;
}

/* A copy of the store, in another folder. */
static const char *copy_of(const char *dir)
{
	const char *to = harness_path(harness_tmpdir(), "copy");

	assert_true(copy(dir, to));
	return to;
}

/* Of the store, or (where it is written to) of a copy: nothing that was derived is there yet. */
static int work(void *ctx)
{
	const struct job *job = ctx;
	OWNED(free) char *dir = xprintf("%s%s", job->dir, job->writes ? "-copy" : "");
	OWNED(free) char *local = xprintf("%s/local", dir);
	struct error e = {0};
	uint64_t seen = 0;
	int code, ending;

	if ((job->writes && !copy(job->dir, dir)) || file_remove_tree(local, &e) < 0)
		return WRONG;
	fail_calls_begin();
	code = run(job, dir, &seen, &e);
	fail_calls_end();
	ending = code < 0 ? told(code, &e) : fail_calls_happened() ? GOOD : NOT_REACHED;
	if (code >= 0 && seen != job->expected)
		return print_message("it ended well, with another result\n"), WRONG;
	if (run(job, dir, &seen, &e) < 0 || seen != job->expected)
		return print_message("again: %s\n", e.text), WRONG;
	return ending;
}

static bool is_chosen(const struct job *job, struct harness_rng *rng)
{
	const char *wish = getenv("YESTER_CHAINS");
	bool all = wish != NULL && strcmp(wish, "all") == 0;

	return fail_calls_chosen(rng) && (all || !job->dear || harness_rng_below(rng, 3) == 0);
}

static void try_all(struct job *job)
{
	unsigned endings[NOT_REACHED + 1] = {0};
	struct harness_rng rng = harness_rng_of(2219);
	struct job alone = *job;
	struct error e = {0};

	setenv("XDG_CACHE_HOME", harness_tmpdir(), 1);
	if (job->expected == 0)
		ASSERT_OK(run(&alone, job->dir, &job->expected, &e));
	assert_int_equal(fail_calls_learn(work, job), NOT_REACHED);
	for (unsigned i = 0; i < fail_calls_count(); i++) {
		int ending;

		if (!is_chosen(job, &rng))
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

/* A store with the base of a history, and its entries in slices: all, or their first half. */
static const char *store_of(const struct history *history, bool whole)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	size_t count = history_count(history);
	struct error e = {0};

	history_commit_base(store, history);
	ASSERT_OK(stream_model_add(store, history_docs(history, 0, count / 2), NULL, &e));
	if (whole)
		ASSERT_OK(stream_model_add(store, history_docs(history, count / 2 - 1, count), NULL,
					   &e));
	store_close(store);
	return dir;
}

static const char *make(struct history *ret, bool whole)
{
	struct harness_rng rng = harness_rng_of(2220);

	history_make(&rng, ENTRIES, ret);
	return store_of(ret, whole);
}

/* A long one in which no transaction stays open, with a snapshot in its midst that has documents. */
static const char *make_long(unsigned entries, bool has_half, struct history *ret)
{
	struct harness_rng rng = harness_rng_of(2221);
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(replay_result_release) struct replay_result result = {0};
	OWNED(store_close) struct store *store = NULL;
	struct error e = {0};
	const char *dir;

	do {
		history_release(ret);
		history_make(&rng, entries, ret);
	} while (ret->waits != UINT64_MAX);
	dir = store_of(ret, true);
	if (!has_half)
		return dir;
	ASSERT_OK(test_store_open(dir, NULL, &store, &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	ASSERT_OK(replay_to(store, writer, &list.at[0], history_ts(ret, history_count(ret) / 2),
			    &result, &e));
	result.snapshot.name = xstrdup("half");
	result.snapshot.source = xstrdup("test");
	result.snapshot.tool = xstrdup("test");
	ASSERT_OK(commit_snapshot(writer, &result.snapshot, &e));
	return dir;
}

static void a_check_of_the_oplog_tells_a_failing_disk_from_damage(void **state UNUSED)
{
	OWNED(history_release) struct history history = {0};
	struct job job = {.dir = make(&history, true), .history = &history, .deed = check_stream};

	try_all(&job);
}

static void a_moment_is_right_or_not_there(void **state UNUSED)
{
	OWNED(history_release) struct history history = {0};
	struct job job = {.dir = make(&history, true), .history = &history, .deed = visit};

	try_all(&job);
}

static void the_oplog_is_read_as_it_is_or_not_at_all(void **state UNUSED)
{
	OWNED(history_release) struct history history = {0};
	struct job job = {.dir = make(&history, true), .history = &history, .deed = read_stream};

	try_all(&job);
}

static void what_a_tail_stores_is_all_there_in_the_end(void **state UNUSED)
{
	OWNED(history_release) struct history history = {0};
	struct job job = {
		.dir = make(&history, false), .history = &history, .deed = follow, .writes = true};
	const char *whole;
	OWNED(history_release) struct history same = {0};
	struct job read = {.deed = read_stream};
	struct error e = {0};

	whole = make(&same, true);
	ASSERT_OK(run(&read, whole, &job.expected, &e));
	try_all(&job);
}

static void a_moment_that_is_replayed_as_it_is_asked_for_is_right_or_not_there(void **state UNUSED)
{
	OWNED(history_release) struct history history = {0};
	struct job job = {.dir = make_long(FAR_ENTRIES, false, &history),
			  .history = &history,
			  .deed = visit_far,
			  .dear = true};

	try_all(&job);
}

static void a_replay_that_sorts_on_disk_is_right_or_not_there(void **state UNUSED)
{
	OWNED(history_release) struct history history = {0};
	struct job job = {.dir = make_long(HALVES, true, &history),
			  .history = &history,
			  .deed = replay_all,
			  .writes = true,
			  .dear = true};
	struct job once = {.dir = copy_of(job.dir), .deed = replay_all};
	struct error e = {0};

	ASSERT_OK(run(&once, once.dir, &job.expected, &e));
	try_all(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_of_the_oplog_tells_a_failing_disk_from_damage),
		cmocka_unit_test(the_oplog_is_read_as_it_is_or_not_at_all),
		cmocka_unit_test(a_moment_is_right_or_not_there),
		cmocka_unit_test(what_a_tail_stores_is_all_there_in_the_end),
		cmocka_unit_test(a_replay_that_sorts_on_disk_is_right_or_not_there),
		cmocka_unit_test(
			a_moment_that_is_replayed_as_it_is_asked_for_is_right_or_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
