#include "oplog/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "oplog/journal_format.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/stream_model.h"

#define NUMBER 1795251817000

/* Bytes before the first frame. */
static size_t begin_len(void)
{
	return JOURNAL_HEADER_LEN + (test_store_is_encrypted() ? STORE_SALT_LEN : 0);
}

static struct segment_link link_of(uint32_t n)
{
	OWNED(buf_release) struct buf doc = {0};

	stream_model_entry(&doc, n);
	return (struct segment_link){true, {stream_model_ts(n), 1}, test_store_id(buf_bytes(&doc))};
}

static void append(struct journal_writer *w, uint32_t first, uint32_t end)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	for (uint32_t n = first; n < end; n++)
		stream_model_entry(&docs, n);
	ASSERT_OK(journal_append(w, buf_bytes(&docs), &e));
}

/* A journal of entries 1..20 in three frames, in a new folder; its path is the caller's. */
static char *make(void)
{
	const char *folder = harness_tmpdir();
	struct segment_link prev = link_of(0);
	struct journal_writer *w = NULL;
	struct error e = {0};

	ASSERT_OK(journal_create(folder, NUMBER, &prev, test_store_keys(), &w, &e));
	append(w, 1, 2);
	append(w, 2, 9);
	append(w, 9, 21);
	ASSERT_OK(journal_sync(w, &e));
	assert_int_equal(journal_written(w)->entries, 20);
	journal_close(w);
	return journal_path(folder, NUMBER);
}

/* The entries first.. of the journal are those of the model: their count. */
static uint64_t check_entries(const struct journal *j, uint32_t first)
{
	struct error e = {0};
	uint64_t begin = 0;

	for (uint64_t rank = 0; rank < j->info.entries; rank++) {
		OWNED(buf_release) struct buf got = {0};
		OWNED(buf_release) struct buf expected = {0};
		struct entry_optime at;
		uint64_t found, offset;

		stream_model_entry(&expected, first + (uint32_t)rank);
		ASSERT_OK(journal_entry(j, rank, &got, &at, &offset, &e));
		ASSERT_BYTES(buf_bytes(&got), buf_bytes(&expected));
		assert_true(at.ts == stream_model_ts(first + (uint32_t)rank));
		assert_int_equal(offset, begin);
		begin += got.len;
		ASSERT_OK(journal_find(j, at.ts, &found, &e));
		assert_int_equal(found, rank);
		ASSERT_OK(journal_find(j, at.ts + 1, &found, &e));
		assert_int_equal(found, rank + 1);
	}
	assert_int_equal(begin, j->info.bytes);
	return j->info.entries;
}

static void what_was_appended_is_read(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(journal_release) struct journal *j = NULL;
	struct segment_link prev = link_of(0);
	struct error e = {0};

	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_int_equal(check_entries(j, 1), 20);
	assert_int_equal(j->frame_count, 3);
	assert_int_equal(j->torn + j->damaged, 0);
	assert_int_equal(j->info.number, NUMBER);
	assert_true(j->info.prev.known && j->info.prev.at.ts == prev.at.ts);
	assert_true(chunk_id_equal(&j->info.prev.hash, &prev.hash));
	assert_true(j->info.last.ts == stream_model_ts(20) && j->info.last.term == 1);
	ASSERT_OK(journal_check(j, &e));
}

static void a_journal_without_entries_is_one(void **state UNUSED)
{
	const char *folder = harness_tmpdir();
	OWNED(free) char *path = journal_path(folder, 5);
	OWNED(journal_release) struct journal *j = NULL;
	const struct segment_link none = {0};
	struct journal_writer *w = NULL;
	struct error e = {0};
	uint64_t rank;

	ASSERT_OK(journal_create(folder, 5, &none, test_store_keys(), &w, &e));
	journal_close(w);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_int_equal(j->info.entries, 0);
	assert_false(j->info.prev.known);
	ASSERT_OK(journal_find(j, 7, &rank, &e));
	assert_int_equal(rank, 0);
	ASSERT_OK(journal_check(j, &e));
	ASSERT_ERROR(journal_create(folder, 5, &none, test_store_keys(), &w, &e), ERR_EXISTS);
}

static void whatever_is_missing_at_the_end_is_a_torn_tail(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(buf_release) struct buf all = {0};
	struct error e = {0};
	uint64_t last = 0;

	assert_int_equal(ASSERT_OK(file_read(path, MIB, &all, &e)), 1);
	for (size_t len = 0; len <= all.len; len++) {
		OWNED(journal_release) struct journal *j = NULL;
		uint64_t entries;

		assert_int_equal(truncate(path, 0), 0);
		{
			OWNED(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);

			ASSERT_OK(file_write(fd, path, bytes_of(all.at, len), &e));
		}
		ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
		entries = check_entries(j, 1);
		assert_true(entries == 0 || entries == 1 || entries == 8 || entries == 20);
		assert_true(entries >= last);
		last = entries;
		assert_int_equal(j->damaged, 0);
		assert_true(
			(j->torn == 0) ==
			(len == 0 || len == begin_len() || len == all.len ||
			 (j->frame_count > 0 &&
			  j->frames[j->frame_count - 1].at +
					  journal_format_payload(&j->frames[j->frame_count - 1]) ==
				  len)));
		ASSERT_OK(journal_check(j, &e));
	}
	assert_int_equal(last, 20);
}

static void zeros_at_the_end_are_a_torn_tail(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(journal_release) struct journal *j = NULL;
	struct error e = {0};
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size + 200000), 0);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_int_equal(check_entries(j, 1), 20);
	assert_int_equal(j->torn, 200000);
	assert_int_equal(j->damaged, 0);
}

/* Damaged in this place: it can't be opened, or says so, or says so when it is read. */
static void check_damage(const char *path)
{
	OWNED(journal_release) struct journal *j = NULL;
	struct error e = {0};
	int code = journal_open(path, test_store_keys(), &j, &e);

	if (code == 0)
		code = journal_check(j, &e);
	assert_int_equal(code, ERR_CORRUPT);
	assert_non_null(strstr(e.text, path));
}

static void every_flipped_bit_is_damage(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		uint8_t was, now;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		for (unsigned bit = (unsigned)(at % 3); bit < 8; bit += 3) {
			now = (uint8_t)(was ^ 1 << bit);
			assert_int_equal(pwrite(fd, &now, 1, at), 1);
			check_damage(path);
		}
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
}

static void frames_in_another_order_or_twice_are_damage(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(buf_release) struct buf all = {0};
	OWNED(journal_release) struct journal *j = NULL;
	struct error e = {0};
	uint64_t begin[4];

	assert_int_equal(ASSERT_OK(file_read(path, MIB, &all, &e)), 1);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	for (int i = 0; i < 3; i++)
		begin[i] = j->frames[i].at - JOURNAL_FRAME_HEADER_LEN;
	begin[3] = all.len;
	for (int a = 0; a < 3; a++) {
		for (int b = 0; b < 3; b++) {
			OWNED(buf_release) struct buf other = {0};
			OWNED(fd_close) int fd = -1;

			if (a == 0 && b == 1)
				continue; /* the right order */
			buf_add(&other, all.at, begin_len());
			buf_add(&other, all.at + begin[a], begin[a + 1] - begin[a]);
			buf_add(&other, all.at + begin[b], begin[b + 1] - begin[b]);
			fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
			ASSERT_OK(file_write(fd, path, buf_bytes(&other), &e));
			check_damage(path);
		}
	}
}

static void what_was_good_before_damage_is_read(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
	OWNED(journal_release) struct journal *j = NULL;
	struct error e = {0};
	uint64_t third;

	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	third = j->frames[2].at - JOURNAL_FRAME_HEADER_LEN;
	journal_release(TAKE(j));
	harness_flip(fd, third + 9);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_int_equal(j->damaged, third);
	assert_int_equal(check_entries(j, 1), 8);
	ASSERT_ERROR(journal_check(j, &e), ERR_CORRUPT);
}

static void damaged_entries_at_either_end_leave_what_is_before(void **state UNUSED)
{
	struct error e = {0};

	for (size_t frame = 0; frame < 3; frame++) {
		OWNED(free) char *path = make();
		OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
		OWNED(journal_release) struct journal *j = NULL;
		static const uint64_t before[] = {0, 20,
						  8}; /* in the middle: found by a check only */

		ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
		harness_flip(fd, j->frames[frame].at + 20);
		journal_release(TAKE(j));
		ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
		assert_int_equal(j->info.entries, before[frame]);
		assert_int_equal(j->damaged != 0, frame != 1);
		ASSERT_ERROR(journal_check(j, &e), ERR_CORRUPT);
	}
}

static void entries_that_do_not_ascend_are_not_appended(void **state UNUSED)
{
	const char *folder = harness_tmpdir();
	OWNED(journal_close) struct journal_writer *w = NULL;
	OWNED(journal_release) struct journal *j = NULL;
	OWNED(free) char *path = journal_path(folder, 1);
	OWNED(buf_release) struct buf docs = {0};
	struct segment_link prev = link_of(4);
	struct error e = {0};

	ASSERT_OK(journal_create(folder, 1, &prev, test_store_keys(), &w, &e));
	stream_model_entry(&docs, 4);
	ASSERT_ERROR(journal_append(w, buf_bytes(&docs), &e), ERR_CORRUPT);
	append(w, 5, 7);
	buf_reset(&docs);
	stream_model_entry(&docs, 7);
	stream_model_entry(&docs, 6);
	ASSERT_ERROR(journal_append(w, buf_bytes(&docs), &e), ERR_CORRUPT);
	buf_reset(&docs);
	stream_model_entry(&docs, 7);
	docs.len--;
	ASSERT_ERROR(journal_append(w, buf_bytes(&docs), &e), ERR_CORRUPT);
	append(w, 7, 9);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_int_equal(check_entries(j, 5), 4);
}

/* What was written in part is a torn tail, and nothing is appended behind it. */
static void behind_a_write_that_failed_nothing_is_appended(void **state UNUSED)
{
	const char *folder = harness_tmpdir();
	OWNED(journal_close) struct journal_writer *w = NULL;
	OWNED(journal_release) struct journal *j = NULL;
	OWNED(free) char *path = journal_path(folder, 1);
	OWNED(buf_release) struct buf docs = {0};
	const struct segment_link none = {0};
	struct rlimit before, little = {.rlim_cur = 4096};
	struct error e = {0};

	ASSERT_OK(journal_create(folder, 1, &none, test_store_keys(), &w, &e));
	append(w, 0, 3);
	for (uint32_t n = 3; n < 200; n++)
		stream_model_entry(&docs, n);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	ASSERT_ERROR(journal_append(w, buf_bytes(&docs), &e), ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	ASSERT_ERROR_TEXT(journal_append(w, buf_bytes(&docs), &e), ERR_IO, "writing failed before");
	assert_int_equal(journal_written(w)->entries, 3);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_int_equal(check_entries(j, 0), 3);
	assert_true(j->torn > 0 && j->damaged == 0);
}

/* As somebody does who copies an older state of the store over it: nothing is told as kept that goes nowhere. */
static void a_file_that_is_another_one_is_told(void **state UNUSED)
{
	const char *folder = harness_tmpdir();
	OWNED(buf_release) struct buf docs = {0};
	const struct segment_link none = {0};
	struct error e = {0};

	stream_model_entry(&docs, 3);
	for (uint64_t how = 0; how < 3; how++) {
		OWNED(journal_close) struct journal_writer *w = NULL;
		OWNED(free) char *path = journal_path(folder, how + 1);
		OWNED(free) char *other = xprintf("%s.other", path);

		ASSERT_OK(journal_create(folder, how + 1, &none, test_store_keys(), &w, &e));
		append(w, 0, 3);
		ASSERT_OK(journal_sync(w, &e));
		if (how == 0) {
			assert_int_equal(unlink(path), 0);
		} else if (how == 1) {
			assert_int_equal(truncate(path, JOURNAL_HEADER_LEN), 0);
		} else {
			assert_int_equal(close(open(other, O_CREAT | O_WRONLY, 0600)), 0);
			assert_int_equal(rename(other, path), 0);
		}
		ASSERT_ERROR_TEXT(journal_sync(w, &e), ERR_IO, "in its place");
		ASSERT_ERROR_TEXT(journal_append(w, buf_bytes(&docs), &e), ERR_IO, "in its place");
		assert_int_equal(journal_written(w)->entries, 3);
	}
}

static void much_at_once_is_several_frames(void **state UNUSED)
{
	const char *folder = harness_tmpdir();
	OWNED(journal_close) struct journal_writer *w = NULL;
	OWNED(journal_release) struct journal *j = NULL;
	OWNED(free) char *path = journal_path(folder, 1);
	const struct segment_link none = {0};
	struct error e = {0};
	uint64_t rank;

	ASSERT_OK(journal_create(folder, 1, &none, test_store_keys(), &w, &e));
	append(w, 0, 20000);
	ASSERT_OK(journal_open(path, test_store_keys(), &j, &e));
	assert_true(j->frame_count > 2);
	assert_int_equal(j->info.entries, 20000);
	for (uint32_t n = 0; n < 20000; n += 1777) {
		OWNED(buf_release) struct buf got = {0};
		OWNED(buf_release) struct buf expected = {0};

		ASSERT_OK(journal_find(j, stream_model_ts(n), &rank, &e));
		assert_int_equal(rank, n);
		ASSERT_OK(journal_entry(j, rank, &got, NULL, NULL, &e));
		stream_model_entry(&expected, n);
		ASSERT_BYTES(buf_bytes(&got), buf_bytes(&expected));
	}
	for (size_t i = 0; i < j->frame_count; i++) {
		const struct journal_frame *frame = &j->frames[i];

		assert_int_equal(journal_frame_of_rank(j, frame->rank), i);
		assert_int_equal(journal_frame_of_rank(j, frame->rank + frame->count - 1), i);
		assert_int_equal(journal_frame_of_byte(j, frame->begin), i);
		assert_int_equal(journal_frame_of_byte(j, frame->begin + frame->len - 1), i);
	}
	ASSERT_OK(journal_check(j, &e));
}

static struct store_keys *keys_of(uint8_t byte)
{
	uint8_t master[STORE_MASTER_LEN];

	memset(master, byte, sizeof(master));
	return store_keys_new(master);
}

/* Without the key nothing is read of it, and what is damaged or torn is seen all the same. */
static void a_sealed_journal_shows_damage_without_its_key_and_nothing_else(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	OWNED(store_keys_free) struct store_keys *others = keys_of(2);
	OWNED(journal_release) struct journal *j = NULL;
	OWNED(buf_release) struct buf all = {0};
	OWNED(buf_release) struct buf docs = {0};
	const char *folder = harness_tmpdir();
	OWNED(free) char *path = journal_path(folder, 1);
	const struct segment_link none = {0};
	struct journal_writer *w = NULL;
	struct error e = {0};
	OWNED(fd_close) int fd = -1;

	ASSERT_OK(journal_create(folder, 1, &none, keys, &w, &e));
	append(w, 0, 10);
	append(w, 10, 20);
	journal_close(w);
	assert_int_equal(ASSERT_OK(file_read(path, MIB, &all, &e)), 1);
	assert_null(memmem(all.at, all.len, "op", 3));
	ASSERT_OK(journal_open(path, NULL, &j, &e));
	assert_int_equal(j->info.entries, 20);
	assert_true(j->info.first.ts == stream_model_ts(0) &&
		    j->info.last.ts == stream_model_ts(19));
	ASSERT_OK(journal_check(j, &e));
	ASSERT_ERROR(journal_read_frame(j, 0, &docs, &e), ERR_WRONG_KEY);
	journal_release(TAKE(j));
	/* Another store's key: nothing is taken for an entry. */
	ASSERT_OK(journal_open(path, others, &j, &e));
	assert_int_equal(j->info.entries, 0);
	assert_true(j->damaged != 0);
	journal_release(TAKE(j));
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (size_t at = 0; at < all.len; at += 7) {
		uint8_t now = all.at[at] ^ 4;
		int code;

		assert_int_equal(pwrite(fd, &now, 1, (off_t)at), 1);
		code = journal_open(path, NULL, &j, &e);
		if (code == 0)
			code = journal_check(j, &e);
		assert_int_equal(code, ERR_CORRUPT);
		journal_release(TAKE(j));
		assert_int_equal(pwrite(fd, &all.at[at], 1, (off_t)at), 1);
	}
	assert_int_equal(truncate(path, (off_t)all.len - 3), 0);
	ASSERT_OK(journal_open(path, NULL, &j, &e));
	assert_int_equal(j->info.entries, 10);
	assert_true(j->torn > 0 && j->damaged == 0);
}

static void a_plain_journal_in_an_encrypted_store_is_refused(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	OWNED(journal_release) struct journal *j = NULL;
	const char *folder = harness_tmpdir();
	OWNED(free) char *path = journal_path(folder, 1);
	const struct segment_link none = {0};
	struct journal_writer *w = NULL;
	struct error e = {0};

	ASSERT_OK(journal_create(folder, 1, &none, NULL, &w, &e));
	append(w, 0, 3);
	journal_close(w);
	ASSERT_ERROR_TEXT(journal_open(path, keys, &j, &e), ERR_CORRUPT, "not encrypted");
}

static void other_names_are_no_journals(void **state UNUSED)
{
	static const char *const names[] = {
		"",
		"1.journal",
		"0000000000000000000x.journal",
		"00000000000000000001.journal~",
		"00000000000000000001.segment",
		".00000000000000000001.journal",
		"99999999999999999999.journal", /* over 64 bits */
		"000000000000000000001.journal",
	};
	uint64_t number;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_false(journal_parse_name(names[i], &number));
	assert_true(journal_parse_name("18446744073709551615.journal", &number));
	assert_true(number == UINT64_MAX);
	assert_true(journal_parse_name("00000000000000000007.journal", &number));
	assert_int_equal(number, 7);
}

static void a_journal_of_another_number_is_refused(void **state UNUSED)
{
	OWNED(free) char *path = make();
	OWNED(journal_release) struct journal *j = NULL;
	const char *folder = harness_tmpdir();
	OWNED(free) char *other = journal_path(folder, NUMBER + 1);
	struct error e = {0};

	assert_int_equal(rename(path, other), 0);
	ASSERT_ERROR(journal_open(other, test_store_keys(), &j, &e), ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_appended_is_read),
		cmocka_unit_test(a_journal_without_entries_is_one),
		cmocka_unit_test(whatever_is_missing_at_the_end_is_a_torn_tail),
		cmocka_unit_test(zeros_at_the_end_are_a_torn_tail),
		cmocka_unit_test(every_flipped_bit_is_damage),
		cmocka_unit_test(frames_in_another_order_or_twice_are_damage),
		cmocka_unit_test(what_was_good_before_damage_is_read),
		cmocka_unit_test(damaged_entries_at_either_end_leave_what_is_before),
		cmocka_unit_test(entries_that_do_not_ascend_are_not_appended),
		cmocka_unit_test(behind_a_write_that_failed_nothing_is_appended),
		cmocka_unit_test(a_file_that_is_another_one_is_told),
		cmocka_unit_test(much_at_once_is_several_frames),
		cmocka_unit_test(a_sealed_journal_shows_damage_without_its_key_and_nothing_else),
		cmocka_unit_test(a_plain_journal_in_an_encrypted_store_is_refused),
		cmocka_unit_test(other_names_are_no_journals),
		cmocka_unit_test(a_journal_of_another_number_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
