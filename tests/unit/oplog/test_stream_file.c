#include "tests/harness/test_store.h"

#include <fcntl.h>

#include "base/file.h"
#include "oplog/stream_check.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_repair.h"
#include "oplog/stream_tail.h"
#include "tests/unit/oplog/stream_model.h"

#define IDS 3

static void make(struct buf *ids, struct buf *file)
{
	for (uint8_t i = 0; i < IDS; i++) {
		struct chunk_id id = chunk_id_of(bytes_of(&i, 1));

		buf_add(ids, &id, sizeof(id));
	}
	stream_file_encode_sealed(buf_bytes(ids), file);
}

static void what_says_that_a_journal_is_sealed_is_read_as_it_was_written(void **state UNUSED)
{
	OWNED(buf_release) struct buf ids = {0};
	OWNED(buf_release) struct buf file = {0};
	OWNED(buf_release) struct buf none = {0};
	OWNED(buf_release) struct buf read = {0};
	struct error e = {0};

	make(&ids, &file);
	ASSERT_OK(stream_file_decode_sealed(buf_bytes(&file), &read, &e));
	assert_true(bytes_equal(buf_bytes(&read), buf_bytes(&ids)));
	buf_reset(&read);
	stream_file_encode_sealed(bytes_of("", 0), &none);
	ASSERT_OK(stream_file_decode_sealed(buf_bytes(&none), &read, &e));
	assert_int_equal(read.len, 0);
}

static void each_flipped_bit_of_it_is_found(void **state UNUSED)
{
	OWNED(buf_release) struct buf ids = {0};
	OWNED(buf_release) struct buf file = {0};
	OWNED(buf_release) struct buf read = {0};

	make(&ids, &file);
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		struct error e = {0};

		file.at[bit / 8] = (uint8_t)(file.at[bit / 8] ^ 1u << bit % 8);
		/* Not as a newer program's either, of which a repair would know nothing. */
		ASSERT_ERROR(stream_file_decode_sealed(buf_bytes(&file), &read, &e), ERR_CORRUPT);
		file.at[bit / 8] = (uint8_t)(file.at[bit / 8] ^ 1u << bit % 8);
	}
	assert_int_equal(read.len, 0);
}

/* All lengths but those of whole lines of an older file, which begins with a line of its own. */
static void one_that_is_cut_short_is_damaged(void **state UNUSED)
{
	OWNED(buf_release) struct buf ids = {0};
	OWNED(buf_release) struct buf file = {0};
	OWNED(buf_release) struct buf read = {0};

	make(&ids, &file);
	for (size_t len = 1; len < file.len; len++) {
		struct error e = {0};

		ASSERT_ERROR(stream_file_decode_sealed(bytes_of(file.at, len), &read, &e),
			     ERR_CORRUPT);
	}
}

static void an_older_one_has_no_checksum(void **state UNUSED)
{
	OWNED(buf_release) struct buf ids = {0};
	OWNED(buf_release) struct buf file = {0};
	OWNED(buf_release) struct buf read = {0};
	const size_t head = strlen("YSLD 1 0123456789abcdef\n");
	struct error e = {0};

	make(&ids, &file);
	ASSERT_OK(stream_file_decode_sealed(bytes_of(file.at + head, file.len - head), &read, &e));
	assert_true(bytes_equal(buf_bytes(&read), buf_bytes(&ids)));
	file.at[head + 5] = 'x';
	ASSERT_ERROR(
		stream_file_decode_sealed(bytes_of(file.at + head, file.len - head), &read, &e),
		ERR_CORRUPT);
}

static void a_newer_one_is_told(void **state UNUSED)
{
	static const char newer[] = "YSLD 2 of which nobody here knows what it is\n";
	OWNED(buf_release) struct buf read = {0};
	struct error e = {0};

	ASSERT_ERROR(stream_file_decode_sealed(bytes_str(newer), &read, &e), ERR_UNSUPPORTED);
}

/* ---- in a store */

/* A store with a journal of entries `from`..9 beside the segments of 0..4; sealed, when asked for. */
struct sealed {
	struct store *store;
	uint64_t number;
	char *file; /* "oplog/…sealed" */
};

static void seal(struct sealed *s)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(s->store, &writer, &e));
	ASSERT_OK(stream_tail_seal(writer, s->number, &added, &e));
}

static struct sealed sealed_new(void)
{
	struct sealed s = {.store = stream_model_store(NULL)};
	OWNED(journal_close) struct journal_writer *journal = NULL;
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf docs = {0};
	const struct segment_link none = {0};
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(s.store, 0, 5, NULL, &e));
	ASSERT_OK(stream_tail_begin(s.store, &none, &journal, &e));
	for (uint32_t n = 3; n < 10; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	s.number = journal_written(journal)->number;
	journal_close(TAKE(journal));
	seal(&s);
	ASSERT_OK(stream_open(s.store, &stream, NULL, &e));
	s.file = stream_file_sealed(stream_name(stream), s.number);
	return s;
}

static void sealed_free(struct sealed *s)
{
	store_close(s->store);
	free(s->file);
}

static uint64_t entries_of(struct store *store)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};
	uint64_t entries = 0;

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	for (size_t i = 0; i < stream_range_count(stream); i++)
		entries += stream_range(stream, i)->entries;
	return entries;
}

/* A journal that is read although it need not be gives the same entries: how many are open tells. */
static size_t journals_read(struct store *store)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	return stream->journal_count;
}

static void write_over(struct sealed *s, const char *text)
{
	OWNED(free) char *path = xprintf("%s/%s", store_path(s->store), s->file);
	OWNED(fd_close) int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void keep(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

static void a_damaged_one_is_a_problem_and_its_journal_is_read(void **state UNUSED)
{
	const struct check_options options = {0};
	static const struct {
		const char *text;
		uint64_t problems;
	} cases[] = {{"YSLD 1 0000000000000001\n", 1},
		     {"YSLD 2 0000000000000000\n", 1},
		     {"x", 1},
		     {"", 0}}; /* an older program's, or a copy in place that has begun */
	struct sealed s = sealed_new();

	assert_int_equal(journals_read(s.store), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf said = {0};
		struct stream_check_result result;
		struct error e = {0};

		write_over(&s, cases[i].text);
		ASSERT_OK(stream_check_run(s.store, &options, keep, &said, &result, &e));
		assert_int_equal(result.problems, cases[i].problems);
		assert_true(result.problems == 0 || strstr(buf_text(&said), s.file) != NULL);
		assert_int_equal(journals_read(s.store), 1);
		assert_int_equal(entries_of(s.store), 10);
	}
	sealed_free(&s);
}

/* Those of before it, too: a copy that has the file and not all of them still reads the journal. */
static void it_names_all_segments_that_have_entries_of_the_journal(void **state UNUSED)
{
	struct sealed s = sealed_new();
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};

	ASSERT_OK(stream_open(s.store, &stream, NULL, &e));
	assert_int_equal(stream_segment_count(stream), 2);
	for (size_t i = 0; i < 2; i++) {
		OWNED(free)
		char *file =
			stream_file_segment(stream_name(stream), &stream_segment(stream, i)->id);
		OWNED(free) char *path = xprintf("%s/%s", store_path(s.store), file);
		OWNED(free) char *away = xprintf("%s.away", path);

		assert_int_equal(rename(path, away), 0);
		assert_int_equal(journals_read(s.store), 1);
		assert_int_equal(entries_of(s.store), i == 0 ? 7 : 10);
		assert_int_equal(rename(away, path), 0);
		assert_int_equal(journals_read(s.store), 0);
	}
	sealed_free(&s);
}

static void a_repair_takes_a_damaged_one_away_and_the_journal_is_sealed_again(void **state UNUSED)
{
	struct sealed s = sealed_new();
	OWNED(buf_release) struct buf said = {0};
	const struct repair_options options = {
		.roots_of = stream_repair_roots, .ctx = s.store, .tell = keep, .tell_ctx = &said};
	struct repair_result result;
	struct error e = {0};

	write_over(&s, "YSLD 1 0000000000000001\n");
	ASSERT_OK(repair_run(s.store, &options, &result, &e));
	assert_int_equal(result.harmed, 0);
	assert_non_null(strstr(buf_text(&said), s.file));
	assert_int_equal(journals_read(s.store), 1);
	seal(&s);
	assert_int_equal(journals_read(s.store), 0);
	assert_int_equal(entries_of(s.store), 10);
	sealed_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_says_that_a_journal_is_sealed_is_read_as_it_was_written),
		cmocka_unit_test(each_flipped_bit_of_it_is_found),
		cmocka_unit_test(one_that_is_cut_short_is_damaged),
		cmocka_unit_test(an_older_one_has_no_checksum),
		cmocka_unit_test(a_newer_one_is_told),
		cmocka_unit_test(a_damaged_one_is_a_problem_and_its_journal_is_read),
		cmocka_unit_test(it_names_all_segments_that_have_entries_of_the_journal),
		cmocka_unit_test(a_repair_takes_a_damaged_one_away_and_the_journal_is_sealed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
