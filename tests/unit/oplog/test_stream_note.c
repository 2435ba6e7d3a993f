#include "oplog/stream_note.h"

#include "oplog/stream_internal.h"
#include "store/crypt/store_keys.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/stream_model.h"

#define UNIVERSE 64 /* timestamps of the model */

static struct stream_notes two_spans(void)
{
	struct stream_notes notes = {.before = 90};

	stream_notes_add(&notes, 50, 80);
	stream_notes_add(&notes, 10, 20);
	return notes;
}

/* Which of the times between a timestamp and the next one are in a span. */
static void check_spans(const struct stream_notes *notes, const bool model[UNIVERSE])
{
	bool found[UNIVERSE] = {false};
	uint64_t end = 0;

	for (size_t i = 0; i < stream_notes_count(notes); i++) {
		const struct stream_note_span *span = stream_notes_span(notes, i);

		assert_true((i == 0 || span->first > end) && span->last > span->first);
		for (uint64_t ts = span->first; ts < span->last; ts++)
			found[ts] = true;
		end = span->last;
	}
	assert_memory_equal(found, model, sizeof(found));
}

static void spans_that_meet_become_one(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(41);

	for (unsigned round = 0; round < 300; round++) {
		OWNED(stream_notes_release) struct stream_notes notes = {0};
		bool model[UNIVERSE] = {false};

		for (unsigned i = 0; i < 12; i++) {
			uint64_t first = 1 + harness_rng_below(&rng, 40);
			uint64_t last = first + harness_rng_below(&rng, 12);

			stream_notes_add(&notes, first, last);
			for (uint64_t ts = first; ts < last; ts++)
				model[ts] = true;
			check_spans(&notes, model);
		}
	}
}

static void a_note_covers_what_says_less(void **state UNUSED)
{
	OWNED(stream_notes_release) struct stream_notes notes = two_spans();
	OWNED(stream_notes_release) struct stream_notes less = {.before = 90};

	assert_true(stream_notes_cover(&notes, &less));
	stream_notes_add(&less, 12, 20);
	stream_notes_add(&less, 50, 60);
	assert_true(stream_notes_cover(&notes, &less) && !stream_notes_cover(&less, &notes));
	less.before = 91;
	assert_false(stream_notes_cover(&notes, &less));
	less.before = 90;
	stream_notes_add(&less, 20, 21);
	assert_false(stream_notes_cover(&notes, &less));
}

/* As a file and back; each flipped bit and each cut is damage. */
static void check_file(struct store *store)
{
	OWNED(stream_notes_release) struct stream_notes notes = two_spans();
	OWNED(stream_notes_release) struct stream_notes read = {0};
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *name = stream_note_make(store, "rs-0", &notes, "forget", &content);
	struct error e = {0};
	struct chunk_id id;

	assert_true(stream_note_parse_name(name, &id));
	assert_int_equal(stream_file_parse(name).kind, STREAM_FILE_OTHER);
	ASSERT_OK(stream_note_decode(&id, buf_bytes(&content), store_keys(store), &read, &e));
	assert_true(stream_notes_cover(&notes, &read) && stream_notes_cover(&read, &notes));
	for (size_t bit = 0; bit < 8 * content.len; bit++) {
		struct stream_notes none = {0};
		struct chunk_id other;

		content.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ASSERT_ERROR(
			stream_note_decode(&id, buf_bytes(&content), store_keys(store), &none, &e),
			ERR_CORRUPT);
		/* With a hash that fits nothing else breaks either. */
		other = chunk_id_of(buf_bytes(&content));
		(void)!stream_note_decode(&other, buf_bytes(&content), store_keys(store), &none,
					  &e);
		stream_notes_release(&none);
		content.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < content.len; len++) {
		struct stream_notes none = {0};
		struct chunk_id other = chunk_id_of(bytes_of(content.at, len));

		ASSERT_ERROR(stream_note_decode(&other, bytes_of(content.at, len),
						store_keys(store), &none, &e),
			     ERR_CORRUPT);
	}
}

static void a_note_is_read_as_it_was_written(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);

	check_file(store);
	store_close(store);
}

static void only_names_of_the_form_are_notes(void **state UNUSED)
{
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	static const char *const wrong[] = {
		"oplog/" HEX ".letgo",	   "oplog/a/" HEX ".letgo.xYz12", "oplog/a/." HEX ".letgo",
		"oplog/a/" HEX ".segment", "chunks/a/" HEX ".letgo",	  "oplog/A/" HEX ".letgo",
		"oplog/a/b/" HEX ".letgo", "oplog//" HEX ".letgo",	  HEX ".letgo",
		"oplog/a/0" HEX ".letgo",
	};
	struct chunk_id id;

	assert_true(stream_note_parse_name("oplog/a-1/" HEX ".letgo", &id));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(stream_note_parse_name(wrong[i], &id));
}

static void put(struct store *store, const struct stream_notes *notes)
{
	struct backend *files = store_stream_files(store);
	OWNED(free) char *stream = stream_model_name(store);
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *name = stream_note_make(store, stream, notes, "test", &content);
	struct error e = {0};

	ASSERT_OK(files->ops->put(files, name, buf_bytes(&content), &e));
}

static int count_one(void *ctx, const char *name UNUSED, struct error *e UNUSED)
{
	++*(unsigned *)ctx;
	return 0;
}

static void what_any_note_says_holds_and_one_that_says_no_more_is_spare(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_notes_release) struct stream_notes a = two_spans();
	OWNED(stream_notes_release) struct stream_notes b = {.before = 95};
	OWNED(stream_notes_release) struct stream_notes all = {0};
	OWNED(stream_notes_release) struct stream_notes more = {0};
	unsigned spare = 0;
	uint64_t stamp[2];
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 1, 5, NULL, &e));
	ASSERT_OK(stream_stamp(store, &stamp[0], &e));
	put(store, &a);
	stream_notes_add(&b, 20, 30);
	put(store, &b);
	ASSERT_OK(stream_stamp(store, &stamp[1], &e));
	assert_true(stamp[0] != stamp[1]);
	ASSERT_OK(stream_notes_read(store, &all, &e));
	assert_int_equal(all.before, 95);
	assert_int_equal(stream_notes_count(&all), 2);
	assert_int_equal(stream_notes_span(&all, 0)->last, 30);
	ASSERT_OK(stream_notes_spare(store, count_one, &spare, &e));
	assert_int_equal(spare, 0);
	put(store, &all);
	put(store, &all); /* of another microsecond */
	ASSERT_OK(stream_notes_spare(store, count_one, &spare, &e));
	assert_int_equal(spare, 3);
	ASSERT_OK(stream_notes_read(store, &more, &e));
	assert_true(stream_notes_cover(&all, &more));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_that_meet_become_one),
		cmocka_unit_test(a_note_covers_what_says_less),
		cmocka_unit_test(a_note_is_read_as_it_was_written),
		cmocka_unit_test(only_names_of_the_form_are_notes),
		cmocka_unit_test(what_any_note_says_holds_and_one_that_says_no_more_is_spare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
