/* The bytes of journals that a program which makes mistakes, or a newer one, has written: all their checksums are right. */
#include "oplog/journal_format.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/crc64.h"
#include "base/file.h"
#include "tests/unit/oplog/stream_model.h"

#define NUMBER 1795251817000

/* A journal file of this frame. */
static char *write_frame(const struct journal_frame *frame, struct bytes payload)
{
	const struct journal_info info = {.number = NUMBER};
	struct journal_frame written = *frame;
	struct chunk_id hash = chunk_id_of(payload);
	OWNED(buf_release) struct buf file = {0};
	char *path = journal_path(harness_tmpdir(), NUMBER);
	OWNED(fd_close) int fd = -1;
	uint64_t chain;
	struct error e = {0};

	chain = journal_format_header(&info, false, buf_room(&file, JOURNAL_HEADER_LEN));
	file.len += JOURNAL_HEADER_LEN;
	memcpy(written.hash, hash.at, sizeof(written.hash));
	journal_format_frame(&written, chain, buf_room(&file, JOURNAL_FRAME_HEADER_LEN));
	file.len += JOURNAL_FRAME_HEADER_LEN;
	buf_add_bytes(&file, payload);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ASSERT_OK(file_write(fd, path, buf_bytes(&file), &e));
	return path;
}

/* Entries 1, 2, 3, or `order`; the frame says what `frame` does. */
static char *write_entries(const char *order, struct journal_frame frame)
{
	OWNED(buf_release) struct buf docs = {0};

	for (; *order != '\0'; order++)
		stream_model_entry(&docs, (uint32_t)(*order - '0'));
	if (frame.len == 0)
		frame.len = (uint32_t)docs.len;
	return write_frame(&frame, buf_bytes(&docs));
}

static void a_frame_that_says_something_else_than_its_entries_is_damage(void **state UNUSED)
{
	const uint64_t t1 = stream_model_ts(1), t2 = stream_model_ts(2), t3 = stream_model_ts(3);
	const struct {
		const char *order;
		struct journal_frame frame;
		const char *part; /* NULL: it is sound */
	} cases[] = {
		{"123", {.count = 3, .first_ts = t1, .last_ts = t3}, NULL},
		{"123", {.count = 4, .first_ts = t1, .last_ts = t3}, "fewer entries"},
		{"123", {.count = 2, .first_ts = t1, .last_ts = t2}, "has other entries"},
		{"12", {.count = 2, .first_ts = t1, .last_ts = t3}, "has other entries"},
		{"23", {.count = 2, .first_ts = t1, .last_ts = t3}, "entries out of order"},
		{"1213", {.count = 4, .first_ts = t1, .last_ts = t3}, "entries out of order"},
		{"1223", {.count = 4, .first_ts = t1, .last_ts = t3}, "entries out of order"},
		{"1", {.count = 2, .first_ts = t1, .last_ts = t1}, "a frame of 2 entries"},
		{"12", {.count = 1, .first_ts = t1, .last_ts = t2}, "a frame of 1 entries"},
		{"12", {.count = 2, .first_ts = t2, .last_ts = t1}, "a frame of 2 entries"},
		{"12", {.count = 2, .first_ts = 0, .last_ts = t2}, "a frame of 2 entries"},
		{"12", {.count = 0, .first_ts = t1, .last_ts = t2}, "a frame of 0 entries"},
		{"12", {.count = 999, .first_ts = t1, .last_ts = t2}, "a frame of 999 entries"},
		{"12",
		 {.count = 2, .len = JOURNAL_FRAME_MAX + 1, .first_ts = t1, .last_ts = t2},
		 "a frame of 2 entries"},
		{"12",
		 {.count = 2, .sealed = true, .first_ts = t1, .last_ts = t2},
		 "not sealed as"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(free) char *path = write_entries(cases[i].order, cases[i].frame);
		OWNED(journal_release) struct journal *j = NULL;
		struct error e = {0};

		ASSERT_OK(journal_open(path, NULL, &j, &e));
		if (cases[i].part == NULL)
			ASSERT_OK(journal_check(j, &e));
		else
			ASSERT_ERROR_TEXT(journal_check(j, &e), ERR_CORRUPT, cases[i].part);
	}
}

static void what_is_no_entry_in_a_frame_is_damage(void **state UNUSED)
{
	const uint64_t t1 = stream_model_ts(1), t3 = stream_model_ts(3);
	const struct journal_frame frame = {.count = 3, .first_ts = t1, .last_ts = t3};

	for (int how = 0; how < 2; how++) {
		OWNED(buf_release) struct buf docs = {0};
		OWNED(free) char *path = NULL;
		OWNED(journal_release) struct journal *j = NULL;
		struct journal_frame said = frame;
		struct error e = {0};
		uint64_t rank;

		stream_model_entry(&docs, 1);
		if (how == 0)
			harness_doc_of_int32(&docs, 7);
		else
			buf_add(&docs, "\3\0\0\0", 4);
		stream_model_entry(&docs, 3);
		said.len = (uint32_t)docs.len;
		path = write_frame(&said, buf_bytes(&docs));
		ASSERT_OK(journal_open(path, NULL, &j, &e));
		/* Its last entry is not reached: nothing of it is taken for good. */
		assert_int_equal(j->info.entries, 0);
		ASSERT_ERROR_TEXT(journal_check(j, &e), ERR_CORRUPT, path);
		ASSERT_OK(journal_find(j, t3, &rank, &e));
		assert_int_equal(rank, 0);
	}
}

/* Later programs may write other forms: this one says so, and not that they are damaged. */
static void journals_of_a_newer_program_are_told_as_that(void **state UNUSED)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *part;
	} cases[] = {
		{4, 9, "journal version 9, this program knows"},
		{5, 7, "journal with cipher 7, this program knows"},
		{JOURNAL_HEADER_LEN + 12, 5, "a frame of form 5, this program knows"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(free)
		char *path =
			write_entries("12", (struct journal_frame){.count = 2,
								   .first_ts = stream_model_ts(1),
								   .last_ts = stream_model_ts(2)});
		OWNED(journal_release) struct journal *j = NULL;
		OWNED(buf_release) struct buf all = {0};
		OWNED(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
		struct error e = {0};
		uint64_t sum;
		int code;

		assert_int_equal(ASSERT_OK(file_read(path, MIB, &all, &e)), 1);
		all.at[cases[i].at] = cases[i].value;
		sum = crc64_update(0, bytes_of(all.at, JOURNAL_HEADER_LEN - 8));
		put_le64(all.at + JOURNAL_HEADER_LEN - 8, sum);
		sum = crc64_update(
			sum, bytes_of(all.at + JOURNAL_HEADER_LEN, JOURNAL_FRAME_HEADER_LEN - 8));
		put_le64(all.at + JOURNAL_HEADER_LEN + JOURNAL_FRAME_HEADER_LEN - 8, sum);
		ASSERT_OK(file_write(fd, path, buf_bytes(&all), &e));
		code = journal_open(path, NULL, &j, &e);
		if (code == 0)
			code = journal_check(j, &e);
		ASSERT_ERROR_TEXT(code, ERR_UNSUPPORTED, cases[i].part);
	}
}

/* A sealed one that ends within its salt has no entries yet. */
static void a_sealed_journal_that_just_began_is_empty(void **state UNUSED)
{
	static const uint8_t master[STORE_MASTER_LEN] = "of a test";
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master);
	OWNED(free) char *path = NULL;
	OWNED(journal_release) struct journal *j = NULL;
	const char *folder = harness_tmpdir();
	const struct segment_link none = {0};
	struct journal_writer *w = NULL;
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	stream_model_entry(&docs, 0);
	ASSERT_OK(journal_create(folder, 1, &none, keys, &w, &e));
	ASSERT_OK(journal_append(w, buf_bytes(&docs), &e));
	journal_close(w);
	path = journal_path(folder, 1);
	assert_int_equal(truncate(path, JOURNAL_HEADER_LEN + STORE_SALT_LEN - 1), 0);
	ASSERT_OK(journal_open(path, keys, &j, &e));
	assert_int_equal(j->info.entries, 0);
	assert_int_equal(j->damaged, 0);
	ASSERT_OK(journal_check(j, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_that_says_something_else_than_its_entries_is_damage),
		cmocka_unit_test(what_is_no_entry_in_a_frame_is_damage),
		cmocka_unit_test(journals_of_a_newer_program_are_told_as_that),
		cmocka_unit_test(a_sealed_journal_that_just_began_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
