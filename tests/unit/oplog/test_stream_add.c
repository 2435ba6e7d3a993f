#include "oplog/stream_add.h"

#include <unistd.h>

#include "base/bson_build.h"
#include "oplog/stream_internal.h"
#include "tests/unit/oplog/stream_model.h"

#define COUNT STREAM_MODEL_COUNT

/* Is there a gap beside the range that entry `n` lies in? */
static bool has_gap(const struct stream_model *model, uint32_t n)
{
	uint32_t first = n, last = n;

	while (first > 0 && model->has[first - 1] && model->joined[first - 1])
		first--;
	while (last + 1 < COUNT && model->has[last + 1] && model->joined[last])
		last++;
	for (uint32_t i = 0; i < COUNT; i++)
		if (model->has[i] && (i < first || i > last))
			return true;
	return false;
}

static void slices_in_any_order_with_any_overlap_make_the_ranges_they_prove(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(1);
	struct error e = {0};

	for (int round = 0; round < 12; round++) {
		struct store *store = stream_model_store(NULL);
		struct stream_model model = {0};

		for (int i = 0; i < 14; i++) {
			OWNED(store_writer_end) struct store_writer *writer = NULL;
			OWNED(stream_add_free) struct stream_add *add = NULL;
			uint64_t slices = 1 + harness_rng_below(&rng, 3), fresh = 0, all = 0;
			uint32_t firsts[3];
			struct stream_added added;
			bool gap = false;

			ASSERT_OK(store_writer_begin(store, &writer, &e));
			ASSERT_OK(stream_add_begin(writer, &add, &e));
			for (uint64_t s = 0; s < slices; s++) {
				OWNED(buf_release) struct buf docs = {0};
				uint64_t limit = round % 3 == 0 ? 4 : 40;
				uint32_t first = (uint32_t)harness_rng_below(&rng, COUNT);
				uint32_t end = first + 1 + (uint32_t)harness_rng_below(&rng, limit);

				end = MIN_OF(end, (uint32_t)COUNT);
				for (uint32_t n = first; n < end; n++)
					stream_model_entry(&docs, n);
				ASSERT_OK(stream_model_push(add, buf_bytes(&docs), &e));
				fresh += stream_model_learn(&model, first, end);
				all += end - first;
				firsts[s] = first;
			}
			ASSERT_OK(stream_add_finish(add, &added, &e));
			assert_int_equal(added.entries, fresh);
			assert_int_equal(added.duplicates, all - fresh);
			for (uint64_t s = 0; s < slices; s++)
				gap |= has_gap(&model, firsts[s]);
			assert_int_equal(added.has_gap, gap);
			stream_model_check(store, &model);
		}
		store_close(store);
	}
}

/* The files below the store's oplog/. */
static uint64_t stamp(struct store *store)
{
	struct error e = {0};
	uint64_t ret;

	ASSERT_OK(stream_stamp(store, &ret, &e));
	return ret;
}

static void a_slice_that_lacks_or_changes_or_adds_an_entry_is_refused(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct stream_model model = {0};
	struct error e = {0};
	uint64_t before;

	ASSERT_OK(stream_model_add_range(store, 20, 60, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 59, 90, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 120, 150, NULL, &e));
	stream_model_learn(&model, 20, 90);
	stream_model_learn(&model, 120, 150);
	before = stamp(store);
	for (uint32_t odd = 20; odd < 150; odd++) {
		for (int how = 0; how < 4; how++) {
			OWNED(buf_release) struct buf docs = {0};

			if (!model.has[odd] || (how == 3 && !model.has[odd + 1]))
				continue;
			for (uint32_t n = odd - 3; n < odd + 4; n++) {
				if (n != odd)
					stream_model_entry(&docs, n);
				else if (how == 1) /* another document of this time */
					stream_model_insert(&docs, stream_model_ts(n), "a.b", NULL,
							    -1);
				else if (how == 2) { /* another term: a field that differs */
					stream_model_entry(&docs, n);
					for (size_t i = docs.len - 1; i > 0; i--)
						if (memcmp(docs.at + i, "t\0\1", 3) == 0) {
							docs.at[i + 2] = 2;
							break;
						}
				} else if (how == 3) { /* one more */
					stream_model_entry(&docs, n);
					stream_model_insert(&docs, stream_model_ts(n) + 1, "a.b",
							    NULL, -1);
				}
			}
			ASSERT_ERROR(stream_model_add(store, buf_bytes(&docs), NULL, &e),
				     ERR_EXISTS);
		}
	}
	assert_true(stamp(store) == before);
	stream_model_check(store, &model);
	store_close(store);
}

static void a_refused_slice_has_a_hint_and_names_its_offset(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(free) char *offset = NULL;
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 10, NULL, &e));
	stream_model_entry(&docs, 4);
	offset = xprintf("slice: offset %zu: ", docs.len);
	stream_model_entry(&docs, 6);
	assert_int_equal(stream_model_add(store, buf_bytes(&docs), NULL, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, offset));
	assert_non_null(strstr(e.text, "1700000001.30")); /* entry 5 */
	assert_non_null(strstr(e.hint, "another replica set"));
	store_close(store);
}

static void what_is_no_oplog_is_refused(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};
	uint64_t before = stamp(store);

	for (int how = 0; how < 5; how++) {
		OWNED(buf_release) struct buf docs = {0};
		size_t doc;

		stream_model_entry(&docs, 1);
		if (how == 0)
			stream_model_entry(&docs, 1); /* twice the same */
		if (how == 1)
			stream_model_entry(&docs, 0); /* backwards */
		if (how == 2)
			harness_doc_of_int32(&docs, 7); /* no entry */
		if (how == 3)
			stream_model_insert(&docs, 0, "a.b", NULL, 1); /* time zero */
		if (how == 4) {					       /* no operation */
			doc = bson_build_begin(&docs);
			bson_build_timestamp(&docs, "ts", 1800000000, 1);
			bson_build_int64(&docs, "v", 2);
			bson_build_end(&docs, doc);
		}
		ASSERT_ERROR(stream_model_add(store, buf_bytes(&docs), NULL, &e), ERR_CORRUPT);
	}
	assert_true(stamp(store) == before);
	store_close(store);
}

static void operations_of_later_versions_are_stored(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	struct store *store = stream_model_store(NULL);
	struct stream_added added;
	struct error e = {0};
	size_t doc = bson_build_begin(&docs);

	bson_build_string(&docs, "op", bytes_str("zz"));
	bson_build_string(&docs, "ns", bytes_str("a.b"));
	bson_build_timestamp(&docs, "ts", 1700000000, 1);
	bson_build_int64(&docs, "v", 3);
	bson_build_end(&docs, doc);
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), &added, &e));
	assert_int_equal(added.entries, 1);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_range_count(stream), 1);
	assert_true(stream_range(stream, 0)->first.term == -1);
	store_close(store);
}

static void an_empty_slice_and_no_slice_change_nothing(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = NULL;
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(stream_model_add(store, bytes_of(NULL, 0), &added, &e));
	assert_int_equal(added.entries + added.duplicates + added.segments, 0);
	assert_false(added.has_gap);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_string_equal(stream_name(stream), "");
	store_close(store);
}

static void what_is_not_finished_is_not_there(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct store_writer *writer = NULL;
	struct stream_add *add = NULL;
	struct error e = {0};

	for (uint32_t n = 0; n < 100; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_add_begin(writer, &add, &e));
	ASSERT_OK(stream_model_push(add, buf_bytes(&docs), &e));
	stream_add_free(add);
	store_writer_end(writer);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_segment_count(stream), 0);
	store_close(store);
}

static void one_adds_at_a_time(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct store_writer *writer = NULL;
	struct stream_add *one = NULL, *two = NULL;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_add_begin(writer, &one, &e));
	ASSERT_ERROR(stream_add_begin(writer, &two, &e), ERR_BUSY);
	stream_add_free(one);
	ASSERT_OK(stream_add_begin(writer, &two, &e));
	stream_add_free(two);
	store_writer_end(writer);
	store_close(store);
}

static void a_long_slice_is_cut_into_segments_that_are_one_range(void **state UNUSED)
{
	enum { MANY = SEGMENT_MAX_ENTRIES + 1000 };
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct stream_added added;
	struct error e = {0};
	struct bytes doc;
	uint64_t count = 0;

	for (uint32_t n = 0; n < MANY; n++)
		stream_model_insert(&docs, stream_model_ts(n), "a.b", NULL, (int32_t)n);
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), &added, &e));
	assert_int_equal(added.segments, 2);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_segment_count(stream), 2);
	assert_int_equal(stream_range_count(stream), 1);
	assert_int_equal(stream_range(stream, 0)->entries, MANY);
	cursor = stream_cursor_new(stream, NULL);
	while (ASSERT_OK(stream_cursor_next(cursor, &doc, &e)) == 1)
		count++;
	assert_int_equal(count, MANY);
	/* The same again: nothing new. */
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), &added, &e));
	assert_int_equal(added.entries, 0);
	assert_int_equal(added.duplicates, MANY);
	assert_int_equal(added.segments, 0);
	stream_cursor_free(TAKE(cursor));
	store_close(store);
}

/* The only segment file that begins with entry `n` goes. */
static void lose_segment(struct store *store, uint32_t n)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	for (size_t i = 0; i < stream_segment_count(stream); i++) {
		const struct segment *segment = stream_segment(stream, i);
		OWNED(free) char *file = stream_file_segment(stream_name(stream), &segment->id);

		if (segment->first.ts == stream_model_ts(n)) {
			assert_int_equal(unlink(harness_path(store_path(store), file)), 0);
			return;
		}
	}
	fail_msg("no segment begins with entry %u", n);
}

/* Entry `n` as it is, or (odd) another one of its time, or (between) one right behind it. */
enum form {
	AS_IT_IS,
	ODD,
	BETWEEN,
};

static void add_piece(struct buf *docs, uint32_t n, enum form how)
{
	if (how == AS_IT_IS)
		stream_model_entry(docs, n);
	else
		stream_model_insert(docs, stream_model_ts(n) + (how == BETWEEN), "a.b", NULL, -1);
}

/* What a segment says of the entries beside it still counts when those are lost. */
static void the_neighbours_of_a_lost_segment_are_still_known(void **state UNUSED)
{
	static const struct {
		bool later; /* the lost one comes behind: entries 20 to 39; else before: 0 to 19 */
		uint32_t first, second;
		enum form how;
		const char *part; /* of the error; NULL: it is taken */
	} cases[] = {
		{true, 19, 20, AS_IT_IS, NULL},
		{true, 19, 20, ODD, "differs from the one that the store has"},
		{true, 19, 19, BETWEEN, "is none of those that the store has of that time"},
		{true, 19, 21, AS_IT_IS, "1700000006.30, which the store has, is not there"},
		{false, 19, 20, AS_IT_IS, NULL},
		{false, 18, 19, ODD, "differs from the one that the store has"},
		{false, 18, 19, BETWEEN, "is none of those that the store has of that time"},
		{false, 18, 20, AS_IT_IS, "1700000006.20, which the store has, is not there"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store *store = stream_model_store(NULL);
		OWNED(buf_release) struct buf docs = {0};
		struct error e = {0};
		int code;

		/* The segment that comes second knows where it joins the first one. */
		if (cases[i].later) {
			ASSERT_OK(stream_model_add_range(store, 20, 40, NULL, &e));
			ASSERT_OK(stream_model_add_range(store, 0, 21, NULL, &e));
		} else {
			ASSERT_OK(stream_model_add_range(store, 0, 20, NULL, &e));
			ASSERT_OK(stream_model_add_range(store, 19, 40, NULL, &e));
		}
		lose_segment(store, cases[i].later ? 20 : 0);
		stream_model_entry(&docs, cases[i].first);
		add_piece(&docs, cases[i].second, cases[i].how);
		if (!cases[i].later && cases[i].how != AS_IT_IS)
			stream_model_entry(&docs, 20);
		code = stream_model_add(store, buf_bytes(&docs), NULL, &e);
		if (cases[i].part == NULL)
			ASSERT_OK(code);
		else
			ASSERT_ERROR_TEXT(code, ERR_EXISTS, cases[i].part);
		store_close(store);
	}
}

static void a_slice_does_not_skip_what_was_between_two_segments(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 20, 40, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 0, 21, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 60, 80, NULL, &e));
	lose_segment(store, 20);
	/* Both are the store's, but not one after the other. */
	stream_model_entry(&docs, 19);
	stream_model_entry(&docs, 60);
	ASSERT_ERROR_TEXT(stream_model_add(store, buf_bytes(&docs), NULL, &e), ERR_EXISTS,
			  "1700000006.30, which the store has, is not there");
	store_close(store);
}

static void the_last_entry_that_came_is_told(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_add_begin(writer, &add, &e));
	assert_int_equal(stream_add_last(add).ts, 0);
	for (uint32_t n = 3; n < 9; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(stream_model_push(add, buf_bytes(&docs), &e));
	assert_int_equal(stream_add_last(add).ts, stream_model_ts(8));
	assert_int_equal(stream_add_last(add).term, 1);
	stream_add_free(TAKE(add));
	store_writer_end(writer);
	store_close(store);
}

/* An entry of a term: an insert, or the first one of a replica set. */
static void add_of_term(struct buf *docs, uint64_t ts, int64_t term, bool first)
{
	size_t doc = bson_build_begin(docs), o;

	bson_build_string(docs, "op", bytes_str("n"));
	bson_build_string(docs, "ns", bytes_str(""));
	bson_build_timestamp(docs, "ts", entry_seconds(ts), entry_increment(ts));
	bson_build_int64(docs, "t", term);
	bson_build_int64(docs, "v", 2);
	o = bson_build_open(docs, "o");
	bson_build_string(docs, "msg", bytes_str(first ? "initiating set" : "new primary"));
	bson_build_end(docs, o);
	bson_build_end(docs, doc);
}

/* Two slices with a gap between them can be of two replica sets; where that shows the second one is refused. */
static void another_replica_set_is_seen_across_a_gap(void **state UNUSED)
{
	static const struct {
		int64_t early_term, late_term;
		bool early_first, late_first;
		bool late_is_stored; /* and the early one comes */
		bool refused;
	} cases[] = {
		{1, 1, false, false, false, false}, {1, 1, true, false, false, false},
		{1, 1, true, false, true, false},   {1, 1, false, true, false, true},
		{1, 1, false, true, true, true},    {1, 1, true, true, false, true},
		{1, 1, true, true, true, true},	    {1, 2, false, false, false, false},
		{1, 2, false, false, true, false},  {2, 1, false, false, false, true},
		{2, 1, false, false, true, true},   {2, -1, false, false, false, false},
		{-1, 1, false, false, true, false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store *store = stream_model_store(NULL);
		OWNED(buf_release) struct buf early = {0};
		OWNED(buf_release) struct buf late = {0};
		struct error e = {0};
		uint64_t before;
		int added;

		add_of_term(&early, entry_ts(1000, 1), cases[i].early_term, cases[i].early_first);
		add_of_term(&early, entry_ts(1000, 2), cases[i].early_term, false);
		add_of_term(&late, entry_ts(2000, 1), cases[i].late_term, cases[i].late_first);
		add_of_term(&late, entry_ts(2000, 2), cases[i].late_term, false);
		ASSERT_OK(stream_model_add(
			store, buf_bytes(cases[i].late_is_stored ? &late : &early), NULL, &e));
		before = stamp(store);
		added = stream_model_add(store, buf_bytes(cases[i].late_is_stored ? &early : &late),
					 NULL, &e);
		assert_int_equal(added, cases[i].refused ? ERR_EXISTS : 0);
		assert_true(!cases[i].refused || (stamp(store) == before && e.hint[0] != '\0'));
		store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_in_any_order_with_any_overlap_make_the_ranges_they_prove),
		cmocka_unit_test(a_slice_that_lacks_or_changes_or_adds_an_entry_is_refused),
		cmocka_unit_test(a_refused_slice_has_a_hint_and_names_its_offset),
		cmocka_unit_test(what_is_no_oplog_is_refused),
		cmocka_unit_test(operations_of_later_versions_are_stored),
		cmocka_unit_test(an_empty_slice_and_no_slice_change_nothing),
		cmocka_unit_test(what_is_not_finished_is_not_there),
		cmocka_unit_test(one_adds_at_a_time),
		cmocka_unit_test(a_long_slice_is_cut_into_segments_that_are_one_range),
		cmocka_unit_test(the_neighbours_of_a_lost_segment_are_still_known),
		cmocka_unit_test(a_slice_does_not_skip_what_was_between_two_segments),
		cmocka_unit_test(the_last_entry_that_came_is_told),
		cmocka_unit_test(another_replica_set_is_seen_across_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
