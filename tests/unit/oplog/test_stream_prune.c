#include "oplog/stream_prune.h"

#include <unistd.h>

#include "oplog/stream_internal.h"
#include "oplog/stream_tail.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/stream_model.h"

struct found {
	unsigned segments, journals, sealed, others;
};

static int count_one(void *ctx, const char *name, struct error *e UNUSED)
{
	struct found *found = ctx;
	enum stream_file_kind kind = stream_file_parse(name).kind;

	found->segments += kind == STREAM_FILE_SEGMENT;
	found->journals += kind == STREAM_FILE_JOURNAL;
	found->sealed += kind == STREAM_FILE_SEALED;
	found->others += kind == STREAM_FILE_OTHER;
	return 0;
}

static void is(struct store *store, uint64_t keep_from, struct found expected)
{
	struct found found = {0};
	struct error e = {0};

	ASSERT_OK(stream_prune_old(store, keep_from, count_one, &found, &e));
	assert_memory_equal(&found, &expected, sizeof(found));
}

/* A journal of entries first..end-1; its number. */
static uint64_t append(struct store *store, uint32_t first, uint32_t end)
{
	OWNED(journal_close) struct journal_writer *journal = NULL;
	OWNED(buf_release) struct buf docs = {0};
	const struct segment_link none = {0};
	struct error e = {0};

	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	for (uint32_t n = first; n < end; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	return journal_written(journal)->number;
}

static void seal(struct store *store, uint64_t number)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_tail_seal(writer, number, &added, &e));
}

static void segments_go_when_all_of_them_is_too_old(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	is(store, UINT64_MAX, (struct found){0});
	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 60, 100, NULL, &e));
	is(store, 0, (struct found){0});
	is(store, stream_model_ts(49), (struct found){0});
	is(store, stream_model_ts(49) + 1, (struct found){.segments = 1});
	is(store, stream_model_ts(99) + 1, (struct found){.segments = 2});
	store_close(store);
}

/* The proof alone that 49 and 50 follow each other goes with them. */
static void a_link_goes_with_what_it_links(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 50, 100, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 49, 51, NULL, &e));
	is(store, stream_model_ts(49), (struct found){0});
	is(store, stream_model_ts(50) + 1, (struct found){.segments = 2});
	store_close(store);
}

static void a_journal_goes_when_segments_have_its_entries(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	uint64_t first = append(store, 0, 30);

	is(store, 0, (struct found){0});
	is(store, UINT64_MAX, (struct found){0}); /* an open one stays, however old */
	seal(store, first);
	(void)append(store, 30, 40);
	is(store, 0, (struct found){.journals = 1, .sealed = 1});
	is(store, stream_model_ts(29) + 1,
	   (struct found){.segments = 1, .journals = 1, .sealed = 1});
	store_close(store);
}

/* A copy that is not complete, or a damaged file: only what is too old anyway may go. */
static void it_stays_while_a_segment_is_missing_unless_it_is_too_old(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *file = NULL;
	struct error e = {0};

	seal(store, append(store, 0, 30));
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	file = stream_file_segment(stream_name(stream), &stream_segment(stream, 0)->id);
	assert_int_equal(unlink(harness_path(dir, file)), 0);
	is(store, 0, (struct found){0});
	is(store, stream_model_ts(29), (struct found){0});
	is(store, stream_model_ts(29) + 1, (struct found){.journals = 1, .sealed = 1});
	store_close(store);
}

static int stop(void *ctx, const char *name UNUSED, struct error *e)
{
	++*(int *)ctx;
	return error_set(e, ERR_CANCELLED, "enough");
}

static void who_is_told_can_end_it_and_damage_does(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *file = NULL;
	int told = 0;
	struct found found = {0};
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 60, 100, NULL, &e));
	ASSERT_ERROR(stream_prune_old(store, UINT64_MAX, stop, &told, &e), ERR_CANCELLED);
	assert_int_equal(told, 1);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	file = stream_file_segment(stream_name(stream), &stream_segment(stream, 0)->id);
	assert_int_equal(truncate(harness_path(dir, file), 100), 0);
	ASSERT_ERROR(stream_prune_old(store, UINT64_MAX, count_one, &found, &e), ERR_CORRUPT);
	assert_int_equal(found.segments, 0);
	store_close(store);
}

static int mark_one(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct store *store = ((void **)ctx)[0];
	struct mark *mark = ((void **)ctx)[1];

	return stream_prune_mark(store, mark, name, size, e);
}

static void the_chunks_of_segments_are_marked(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	struct backend *files = store_stream_files(store);
	const struct condemned none = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *file = NULL;
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
	seal(store, append(store, 90, 120)); /* what is no segment has no chunks */
	for (int damaged = 0; damaged < 2; damaged++) {
		OWNED(mark_free) struct mark *mark = NULL;
		uint64_t chunks = 0;
		void *ctx[2];

		ASSERT_OK(mark_new(store, &none, &mark, &e));
		ctx[0] = store;
		ctx[1] = mark;
		if (damaged == 1) {
			ASSERT_ERROR(files->ops->list(files, "oplog", mark_one, ctx, &e),
				     ERR_CORRUPT);
			break;
		}
		ASSERT_OK(files->ops->list(files, "oplog", mark_one, ctx, &e));
		assert_int_equal(mark_missing(mark), 0);
		for (uint32_t pack = 0; pack < 20; pack++)
			chunks += mark_of_pack(mark, pack).chunks;
		assert_true(chunks >= 4); /* entries and postings of two segments */
		ASSERT_OK(stream_open(store, &stream, NULL, &e));
		file = stream_file_segment(stream_name(stream), &stream_segment(stream, 0)->id);
		assert_int_equal(truncate(harness_path(dir, file), 100), 0);
	}
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_go_when_all_of_them_is_too_old),
		cmocka_unit_test(a_link_goes_with_what_it_links),
		cmocka_unit_test(a_journal_goes_when_segments_have_its_entries),
		cmocka_unit_test(it_stays_while_a_segment_is_missing_unless_it_is_too_old),
		cmocka_unit_test(who_is_told_can_end_it_and_damage_does),
		cmocka_unit_test(the_chunks_of_segments_are_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
