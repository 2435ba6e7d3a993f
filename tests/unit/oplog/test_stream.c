#include "oplog/stream.h"

#include <dirent.h>
#include <unistd.h>

#include "base/key.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_tail.h"
#include "tests/unit/oplog/stream_model.h"

static void a_store_without_oplog_has_an_empty_stream(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
	struct error e = {0};
	struct bytes doc;
	uint32_t second;
	uint8_t byte;
	size_t len = 7;

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_string_equal(stream_name(stream), "");
	assert_int_equal(stream_range_count(stream) + stream_segment_count(stream), 0);
	assert_null(stream_range_at(stream, 5));
	assert_int_equal(stream_bytes(stream), 0);
	ASSERT_OK(stream_read(stream, 0, &byte, 1, &len, &e));
	assert_int_equal(len, 0);
	assert_int_equal(ASSERT_OK(stream_next_second(stream, 0, &second, &e)), 0);
	cursor = stream_cursor_new(stream, NULL);
	assert_int_equal(ASSERT_OK(stream_cursor_next(cursor, &doc, &e)), 0);
	assert_int_equal(ASSERT_OK(stream_cursor_seek(cursor, 0, &e)), 0);
	assert_int_equal(ASSERT_OK(stream_cursor_next(cursor, &doc, &e)), 0);
	store_close(store);
}

static void the_stamp_changes_with_segments_and_journals(void **state UNUSED)
{
	OWNED(journal_close) struct journal_writer *journal = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct store *store = stream_model_store(NULL);
	const struct segment_link none = {0};
	struct error e = {0};
	uint64_t stamps[6];

	ASSERT_OK(stream_stamp(store, &stamps[0], &e));
	ASSERT_OK(stream_model_add_range(store, 0, 5, NULL, &e));
	ASSERT_OK(stream_stamp(store, &stamps[1], &e));
	ASSERT_OK(stream_model_add_range(store, 9, 12, NULL, &e));
	ASSERT_OK(stream_stamp(store, &stamps[2], &e));
	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	ASSERT_OK(stream_stamp(store, &stamps[3], &e));
	stream_model_entry(&docs, 20);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	ASSERT_OK(stream_stamp(store, &stamps[4], &e));
	ASSERT_OK(stream_stamp(store, &stamps[5], &e));
	for (size_t i = 0; i < 4; i++)
		assert_true(stamps[i] != stamps[i + 1]);
	assert_true(stamps[4] == stamps[5]);
	store_close(store);
}

/* Entries 0..199 in two segments with a gap after 149, 170..179 not there, 220..229 in a journal. */
static struct stream *make(struct store *store)
{
	OWNED(journal_close) struct journal_writer *journal = NULL;
	OWNED(buf_release) struct buf docs = {0};
	const struct segment_link none = {0};
	struct stream *stream = NULL;
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 99, 150, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 150, 170, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 180, 200, NULL, &e));
	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	for (uint32_t n = 220; n < 230; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_range_count(stream), 4);
	return stream;
}

/* The number of the entry, by its timestamp. */
static uint32_t number_of(struct bytes doc)
{
	struct entry_optime at;
	struct error e = {0};

	ASSERT_OK(stream_optime(doc, &at, &e));
	for (uint32_t n = 0; n < STREAM_MODEL_COUNT; n++)
		if (stream_model_ts(n) == at.ts)
			return n;
	fail();
	return 0;
}

static uint32_t key_hash_of(uint32_t n)
{
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};
	uint8_t value[4];

	put_le32(value, n);
	ASSERT_OK(key_of_value(BSON_KIND_INT32, bytes_of(value, 4), &key, &e));
	return stream_key_hash(buf_bytes(&key));
}

/* From each place on: what the filter takes of the range, no less; from segments no more. */
static void check_filter(struct stream *stream, const struct stream_filter *filter, int uuid,
			 int only)
{
	struct stream_cursor *cursor = stream_cursor_new(stream, filter);
	struct error e = {0};

	for (uint32_t from = 0; from < 230; from += 3) {
		bool there = from < 170 || (from >= 180 && from < 200) || from >= 220;
		uint32_t end = from < 150 ? 150 : from < 170 ? 170 : from < 200 ? 200 : 230;
		uint32_t n = from < 170 || there ? from : from < 200 ? 180 : 220;
		struct bytes doc;

		assert_int_equal(ASSERT_OK(stream_cursor_seek(cursor, stream_model_ts(from), &e)),
				 there);
		while (ASSERT_OK(stream_cursor_next(cursor, &doc, &e)) == 1) {
			uint32_t got = number_of(doc);

			for (; n < got; n++) /* what was passed need not be there */
				assert_true(n % 7 == 3 || (int)(n % 5 + 1) != uuid ||
					    (only >= 0 && (int)n != only));
			assert_int_equal(n, got);
			if (n < 200)
				assert_true(n % 7 != 3 && (int)(n % 5 + 1) == uuid &&
					    (only < 0 || (int)n == only));
			n++;
		}
		for (; n < end; n++)
			assert_true(n % 7 == 3 || (int)(n % 5 + 1) != uuid ||
				    (only >= 0 && (int)n != only));
	}
	stream_cursor_free(cursor);
}

static void a_filter_takes_what_is_about_its_collections(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = make(store);
	uint8_t uuid[1][16];

	for (int number = 0; number < 7; number++) {
		struct stream_filter filter = {.uuids = (const uint8_t(*)[16])uuid,
					       .uuid_count = 1};

		stream_model_uuid((uint8_t)number, uuid[0]);
		check_filter(stream, &filter, number, -1);
		filter.has_key = true;
		for (uint32_t n = 0; n < 230; n += 17) {
			filter.key_hash = key_hash_of(n);
			check_filter(stream, &filter, number, (int)n);
		}
	}
	store_close(store);
}

static void the_next_second_is_one_with_an_operation(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = make(store);
	struct error e = {0};
	uint32_t first = entry_seconds(stream_model_ts(0));

	for (uint32_t from = first - 2; from < first + 82; from++) {
		uint32_t second = 0, n = 0;
		int found = ASSERT_OK(stream_next_second(stream, from, &second, &e));

		for (; n < 230; n++) {
			bool there = n < 170 || (n >= 180 && n < 200) || n >= 220;

			if (there && n % 7 != 3 && entry_seconds(stream_model_ts(n)) >= from)
				break;
		}
		assert_int_equal(found, n < 230);
		if (found == 1)
			assert_int_equal(second, entry_seconds(stream_model_ts(n)));
	}
	store_close(store);
}

static void a_noop_alone_in_its_second_is_passed(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};
	uint32_t second;

	/* Entry 45 is a noop, the first of its second; a slice of it alone. */
	ASSERT_OK(stream_model_add_range(store, 45, 46, NULL, &e));
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(ASSERT_OK(stream_next_second(stream, 0, &second, &e)), 0);
	stream_close(TAKE(stream));
	ASSERT_OK(stream_model_add_range(store, 60, 61, NULL, &e));
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(ASSERT_OK(stream_next_second(stream, 0, &second, &e)), 1);
	assert_int_equal(second, entry_seconds(stream_model_ts(60)));
	store_close(store);
}

/* Remove all files of chunks/ that are below `dir`. */
static void remove_packs(const char *dir)
{
	const char *chunks = harness_path(dir, "chunks");
	DIR *folder = opendir(chunks);
	struct dirent *sub, *file;

	assert_non_null(folder);
	while ((sub = readdir(folder)) != NULL) {
		DIR *packs;

		if (sub->d_name[0] == '.')
			continue;
		packs = opendir(harness_path(chunks, sub->d_name));
		assert_non_null(packs);
		while ((file = readdir(packs)) != NULL)
			if (file->d_name[0] != '.')
				assert_int_equal(
					unlink(harness_path(harness_path(chunks, sub->d_name),
							    file->d_name)),
					0);
		closedir(packs);
	}
	closedir(folder);
}

static void a_segment_without_its_chunks_is_left_out_and_nothing_is_added(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};
	size_t skipped;

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	remove_packs(dir);
	ASSERT_OK(store_refresh(store, &e));
	ASSERT_OK(stream_open(store, &stream, &skipped, &e));
	assert_int_equal(skipped, 1);
	assert_int_equal(stream_range_count(stream), 0);
	ASSERT_ERROR_TEXT(stream_model_add_range(store, 0, 50, NULL, &e), ERR_CORRUPT,
			  "can't be used");
	store_close(store);
}

static void two_streams_are_refused(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct backend *files = store_stream_files(store);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *file = NULL;
	struct error e = {0};
	struct chunk_id id = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 5, NULL, &e));
	file = stream_file_segment("other", &id);
	ASSERT_OK(files->ops->put(files, file, bytes_str("x"), &e));
	ASSERT_ERROR(stream_open(store, &stream, NULL, &e), ERR_UNSUPPORTED);
	store_close(store);
}

static void other_files_are_ignored(void **state UNUSED)
{
	static const char *const names[] = {
		"oplog/a",
		"oplog/a/b.segment",
		"oplog/x/y/z.segment",
		"oplog/A/00.sealed",
		"oplog/a/00000000000000000001.journal.x7f",
		"oplog/a.b/00000000000000000001.journal",
		"chunks/a/00000000000000000001.journal",
		"oplog/a/"
		"00000000000000000000000000000000000000000000000000000000000000000.segment",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(stream_file_parse(names[i]).kind, STREAM_FILE_OTHER);
	assert_int_equal(stream_file_parse("oplog/a/00000000000000000012.sealed").number, 12);
	assert_int_equal(stream_file_parse("oplog/a/00000000000000000012.journal").kind,
			 STREAM_FILE_JOURNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_without_oplog_has_an_empty_stream),
		cmocka_unit_test(the_stamp_changes_with_segments_and_journals),
		cmocka_unit_test(a_filter_takes_what_is_about_its_collections),
		cmocka_unit_test(the_next_second_is_one_with_an_operation),
		cmocka_unit_test(a_noop_alone_in_its_second_is_passed),
		cmocka_unit_test(a_segment_without_its_chunks_is_left_out_and_nothing_is_added),
		cmocka_unit_test(two_streams_are_refused),
		cmocka_unit_test(other_files_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
