#include "oplog/segment_builder.h"

#include "store/tree/tree_cursor.h"
#include "tests/unit/oplog/stream_model.h"

/* Entries first..end-1 of the model go in; returns the bytes. */
static uint64_t fill(struct segment_builder *builder, uint32_t first, uint32_t end)
{
	struct error e = {0};
	uint64_t bytes = 0;

	for (uint32_t n = first; n < end; n++) {
		OWNED(buf_release) struct buf doc = {0};
		struct entry entry;

		stream_model_entry(&doc, n);
		ASSERT_OK(entry_parse(buf_bytes(&doc), &entry, &e));
		ASSERT_OK(segment_builder_add(builder, buf_bytes(&doc), &entry.at,
					      n % 9 == 0 ? NULL : &entry, &e));
		bytes += doc.len;
	}
	return bytes;
}

static void check_segment(struct store *store, const struct segment *s, uint32_t first,
			  uint32_t end, uint64_t bytes)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, &s->root);
	struct error e = {0};
	struct bytes got;

	assert_int_equal(s->entries, end - first);
	assert_int_equal(s->bytes, bytes);
	assert_int_equal(s->root.count, s->entries);
	assert_int_equal(s->root.bytes, s->bytes);
	assert_true(s->first.ts == stream_model_ts(first));
	assert_true(s->postings.count > 0);
	for (uint32_t n = first; n < end; n++) {
		OWNED(buf_release) struct buf doc = {0};

		stream_model_entry(&doc, n);
		assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &got, &e)), 1);
		ASSERT_BYTES(got, buf_bytes(&doc));
	}
	assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &got, &e)), 0);
}

static void segments_of_any_size_hold_what_went_in(void **state UNUSED)
{
	/* From a few to enough for a shared prefix, then again, which use it. */
	static const uint32_t ends[] = {0, 1, 20, 20000, 20003, 30000};
	OWNED(store_close) struct store *store = stream_model_store(NULL);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(segment_builder_free) struct segment_builder *builder = NULL;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	builder = segment_builder_new(writer, NULL);
	for (size_t i = 0; i + 1 < COUNT_OF(ends); i++) {
		struct segment segment;
		uint64_t bytes = fill(builder, ends[i], ends[i + 1]);

		assert_int_equal(segment_builder_entries(builder), ends[i + 1] - ends[i]);
		ASSERT_OK(segment_builder_finish(builder, &segment, &e));
		assert_int_equal(segment_builder_entries(builder), 0);
		ASSERT_OK(store_writer_flush(writer, &e));
		check_segment(store, &segment, ends[i], ends[i + 1], bytes);
	}
}

static uint64_t stored_bytes(struct store_writer *writer)
{
	struct store_writer_counts counts;

	store_writer_counts(writer, &counts);
	return counts.stored_bytes;
}

static void a_small_segment_like_an_earlier_one_is_stored_with_its_prefix(void **state UNUSED)
{
	OWNED(store_close) struct store *store = stream_model_store(NULL);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct tree_root like = {0};
	uint64_t alone = 0, before;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (int i = 0; i < 3; i++) {
		uint32_t first = i == 1 ? 50000 : i == 2 ? 60000 : 0, count = i == 0 ? 20000 : 300;
		OWNED(segment_builder_free)
		struct segment_builder *builder =
			segment_builder_new(writer, i == 2 ? &like : NULL);
		struct segment segment;
		uint64_t bytes;

		before = stored_bytes(writer);
		bytes = fill(builder, first, first + count);
		ASSERT_OK(segment_builder_finish(builder, &segment, &e));
		ASSERT_OK(store_writer_flush(writer, &e));
		check_segment(store, &segment, first, first + count, bytes);
		if (i == 0)
			like = segment.root;
		else if (i == 1)
			alone = stored_bytes(writer) - before;
		else
			assert_true(stored_bytes(writer) - before < alone);
	}
}

static void a_segment_is_full_by_entries_or_bytes(void **state UNUSED)
{
	OWNED(store_close) struct store *store = stream_model_store(NULL);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(segment_builder_free) struct segment_builder *builder = NULL;
	struct error e = {0};
	uint64_t bytes;

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	builder = segment_builder_new(writer, NULL);
	/* One entry always fits. */
	assert_false(segment_builder_is_full(builder, SEGMENT_MAX_BYTES + 1));
	bytes = fill(builder, 0, 10);
	assert_false(segment_builder_is_full(builder, SEGMENT_MAX_BYTES - bytes));
	assert_true(segment_builder_is_full(builder, SEGMENT_MAX_BYTES - bytes + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_of_any_size_hold_what_went_in),
		cmocka_unit_test(a_small_segment_like_an_earlier_one_is_stored_with_its_prefix),
		cmocka_unit_test(a_segment_is_full_by_entries_or_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
