#include "oplog/stream_keep.h"

#include <unistd.h>

#include "oplog/stream_internal.h"
#include "oplog/stream_prune.h"
#include "oplog/stream_tail.h"
#include "store/condemned.h"
#include "store/prune.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/stream_model.h"

#define NOW_US ((uint64_t)1795254067000000)

struct names {
	char *at[16];
	size_t count;
};

static int add_name(void *ctx, const char *name, struct error *e UNUSED)
{
	struct names *names = ctx;

	assert_true(names->count < COUNT_OF(names->at));
	names->at[names->count++] = xstrdup(name);
	return 0;
}

/* A retention lets go all that is older than entry `n`. Returns how many files. */
static size_t let_go(struct store *store, uint32_t n)
{
	struct names names = {0};
	struct prune_forget what = {.now_us = NOW_US};
	struct error e = {0};

	ASSERT_OK(stream_prune_old(store, stream_model_ts(n), add_name, &names, &e));
	what.files = (const char *const *)names.at;
	what.file_count = names.count;
	ASSERT_OK(prune_forget(store, &what, &e));
	for (size_t i = 0; i < names.count; i++)
		free(names.at[i]);
	return names.count;
}

static uint64_t prune(struct store *store)
{
	const struct prune_options options = {.now_us = NOW_US + 1,
					      .mark_file = stream_prune_mark,
					      .keeps_file = stream_prune_keeps,
					      .ctx = store};
	struct prune_result result;
	struct error e = {0};

	ASSERT_OK(prune_run(store, &options, &result, &e));
	return result.deleted_files;
}

static void has_ranges(struct store *store, size_t count, uint64_t entries)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};
	uint64_t found = 0;

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	for (size_t i = 0; i < stream_range_count(stream); i++)
		found += stream_range(stream, i)->entries;
	assert_int_equal(stream_range_count(stream), count);
	assert_int_equal(found, entries);
}

/* Two segments, what links them, and one behind a gap: the first three are brought again. */
static void what_is_brought_again_stays(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 50, 100, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 49, 51, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 120, 150, NULL, &e));
	assert_int_equal(let_go(store, 200), 4);
	ASSERT_OK(stream_model_add_range(store, 10, 100, &added, &e));
	assert_int_equal(added.duplicates, 90);
	assert_int_equal(prune(store), 1);
	has_ranges(store, 1, 100);
	store_close(store);
}

static void what_is_new_only_keeps_nothing(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	assert_int_equal(let_go(store, 200), 1);
	ASSERT_OK(stream_model_add_range(store, 50, 100, NULL, &e));
	assert_int_equal(prune(store), 1);
	has_ranges(store, 1, 50);
	store_close(store);
}

/* Its segment is missing: what was brought is in the journal only. */
static void a_journal_with_the_entries_stays_too(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	OWNED(journal_close) struct journal_writer *journal = NULL;
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf docs = {0};
	OWNED(free) char *file = NULL;
	const struct segment_link none = {0};
	struct stream_added added;
	struct error e = {0};

	for (uint32_t n = 0; n < 30; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_tail_seal(writer, journal_written(journal)->number, &added, &e));
	store_writer_end(TAKE(writer));
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	file = stream_file_segment(stream_name(stream), &stream_segment(stream, 0)->id);
	assert_int_equal(unlink(harness_path(dir, file)), 0);
	assert_int_equal(let_go(store, 200), 2);
	ASSERT_OK(stream_model_add_range(store, 5, 30, NULL, &e));
	assert_int_equal(prune(store), 0);
	has_ranges(store, 1, 30);
	store_close(store);
}

/* Between the look at the stream and the end a prune takes it: then nobody may be told that it is there. */
static void what_went_meanwhile_is_told(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	let_go(store, 200);
	for (uint32_t n = 0; n < 80; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_add_begin(writer, &add, &e));
	ASSERT_OK(stream_model_push(add, buf_bytes(&docs), &e));
	assert_int_equal(prune(store), 1);
	ASSERT_ERROR_TEXT(stream_add_finish(add, &added, &e), ERR_BUSY, "meanwhile");
	stream_add_free(TAKE(add));
	ASSERT_OK(stream_model_add_range(store, 0, 80, &added, &e));
	assert_int_equal(added.entries, 80);
	store_close(store);
}

static void bring(struct store *store)
{
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
}

struct meanwhile {
	struct store *store;
	bool done;
};

/* The first file that a prune marks: it has read the list, and somebody brings the entries. */
static int bring_and_mark(void *ctx, struct mark *mark, const char *name, uint64_t size,
			  struct error *e)
{
	struct meanwhile *m = ctx;

	if (!m->done)
		bring(m->store);
	m->done = true;
	return stream_prune_mark(m->store, mark, name, size, e);
}

static void a_prune_that_has_begun_sees_it(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir), *other = NULL;
	struct prune_options options = {.now_us = NOW_US + 1, .mark_file = bring_and_mark};
	struct meanwhile m = {0};
	struct prune_result result;
	const struct store_options opened = {0};
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	let_go(store, 200);
	ASSERT_OK(store_open_with(dir, &opened, test_store_keys(), &other, &e));
	m.store = other;
	options.ctx = &m;
	ASSERT_OK(prune_run(store, &options, &result, &e));
	assert_true(m.done);
	assert_int_equal(result.deleted_files, 0);
	has_ranges(store, 1, 50);
	store_close(other);
	store_close(store);
}

/* A damaged file on the list is nobody's, and no error of those who bring others. */
static void what_is_damaged_on_the_list_is_passed_over(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	OWNED(condemned_release) struct condemned list = {0};
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	condemned_add_file(&list, "oplog/x/00000000000000000007.journal", NOW_US);
	condemned_add_file(&list, "oplog/x/00000000000000000007.sealed", NOW_US);
	condemned_add_file(&list, "oplog/x/README", NOW_US);
	ASSERT_OK(condemned_write(store, &list, &e));
	ASSERT_OK(stream_model_add_range(store, 0, 60, NULL, &e));
	condemned_release(&list);
	ASSERT_OK(condemned_read(store, &list, &e));
	assert_int_equal(list.file_count, 3);
	store_close(store);
}

/* A store with a journal of 50 entries that was sealed: its number. */
static uint64_t seal_a_journal(struct store *store)
{
	OWNED(buf_release) struct buf docs = {0};
	struct journal_writer *journal = NULL;
	struct store_writer *writer = NULL;
	const struct segment_link none = {0};
	struct error e = {0};
	uint64_t number;

	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	for (uint32_t n = 0; n < 50; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	number = journal_written(journal)->number;
	journal_close(journal);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(stream_tail_seal_all(writer, &e)), 1);
	store_writer_end(writer);
	return number;
}

/* What a journal became was there when it was let go; a grace later it is lost, and the journal is the last that has it. */
static void a_journal_stays_when_its_segment_was_lost_since(void **state UNUSED)
{
	for (int lost = 0; lost < 3; lost++) {
		const char *dir;
		struct store *store = stream_model_store(&dir);
		OWNED(free) char *name = stream_model_name(store);
		OWNED(free) char *sealed = stream_file_sealed(name, seal_a_journal(store));
		OWNED(free) char *segment = NULL;
		struct stream *stream = NULL;
		struct error e = {0};

		assert_int_equal(let_go(store, 0), 2);
		ASSERT_OK(stream_open(store, &stream, NULL, &e));
		segment = stream_file_segment(name, &stream_segment(stream, 0)->id);
		stream_close(stream);
		if (lost > 0)
			assert_int_equal(unlink(harness_path(dir, segment)), 0);
		if (lost > 1)
			assert_int_equal(unlink(harness_path(dir, sealed)), 0);
		assert_int_equal(prune(store), lost == 0 ? 2 : 0);
		has_ranges(store, 1, 50);
		/* It is on no list any more. */
		assert_int_equal(prune(store), 0);
		has_ranges(store, 1, 50);
		store_close(store);
	}
}

/* The retention let both go: the segment went first. */
static void a_journal_whose_segment_was_let_go_too_goes(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);

	seal_a_journal(store);
	assert_int_equal(let_go(store, 100), 3);
	assert_int_equal(prune(store), 3);
	has_ranges(store, 0, 0);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_brought_again_stays),
		cmocka_unit_test(a_journal_stays_when_its_segment_was_lost_since),
		cmocka_unit_test(a_journal_whose_segment_was_let_go_too_goes),
		cmocka_unit_test(what_is_new_only_keeps_nothing),
		cmocka_unit_test(a_journal_with_the_entries_stays_too),
		cmocka_unit_test(what_went_meanwhile_is_told),
		cmocka_unit_test(a_prune_that_has_begun_sees_it),
		cmocka_unit_test(what_is_damaged_on_the_list_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
