#include "oplog/stream_check.h"
#include "tests/harness/test_store.h"

#include <fcntl.h>

#include "base/bytes.h"
#include "base/crc64.h"
#include "base/file.h"
#include "oplog/journal_format.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_prune.h"
#include "oplog/stream_repair.h"
#include "oplog/stream_tail.h"
#include "tests/unit/oplog/stream_model.h"

static void keep(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

/* Check; what it said is appended. */
static struct stream_check_result check(struct store *store, bool read_data, struct buf *said)
{
	const struct check_options options = {.read_data = read_data};
	struct stream_check_result result;
	struct error e = {0};

	ASSERT_OK(stream_check_run(store, &options, keep, said, &result, &e));
	return result;
}

static void a_sound_stream_has_no_problems(void **state UNUSED)
{
	OWNED(buf_release) struct buf said = {0};
	OWNED(buf_release) struct buf docs = {0};
	OWNED(journal_close) struct journal_writer *journal = NULL;
	struct store_writer *writer = NULL;
	struct store *store = stream_model_store(NULL);
	const struct segment_link none = {0};
	struct stream_check_result result;
	struct error e = {0};

	assert_int_equal(check(store, true, &said).problems, 0);
	ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 150, 200, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 100, 150, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 99, 101, NULL, &e)); /* a link */
	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	stream_model_entry(&docs, 220);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	for (int read_data = 0; read_data < 2; read_data++) {
		result = check(store, read_data == 1, &said);
		assert_int_equal(result.problems, 0);
		assert_int_equal(result.segments, 4);
		assert_int_equal(result.entries, 201);
	}
	/* The journal stays beside the segment that it becomes. */
	journal_close(TAKE(journal));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(stream_tail_seal_all(writer, &e)), 1);
	store_writer_end(TAKE(writer));
	result = check(store, true, &said);
	assert_int_equal(result.segments, 5);
	assert_int_equal(result.entries, 201);
	assert_int_equal(said.len, 0);
	store_close(store);
}

/* The path of the first segment. */
static const char *segment_path(struct store *store)
{
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *file = NULL;
	struct error e = {0};

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	file = stream_file_segment(stream_name(stream), &stream_segment(stream, 0)->id);
	return harness_path(store_path(store), file);
}

static void a_damaged_file_is_named(void **state UNUSED)
{
	OWNED(buf_release) struct buf said = {0};
	struct store *store = stream_model_store(NULL);
	struct error e = {0};
	const char *path;

	ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
	path = segment_path(store);
	{
		OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);

		harness_flip(fd, 60);
	}
	assert_int_equal(check(store, false, &said).problems, 1);
	assert_non_null(strstr(buf_text(&said), strrchr(path, '/') + 1));
	store_close(store);
}

/* Write a segment as a program that makes mistakes would. */
static void put_changed(struct store *store, void (*change)(struct segment *segment))
{
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *file = NULL;
	struct backend *files = store_stream_files(store);
	struct error e = {0};
	struct segment segment;

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	segment = *stream_segment(stream, 0);
	assert_int_equal(unlink(segment_path(store)), 0);
	change(&segment);
	ASSERT_OK(segment_encode(&segment, store_keys(store), &content, &e));
	file = stream_file_segment(stream_name(stream), &segment.id);
	ASSERT_OK(files->ops->put(files, file, buf_bytes(&content), &e));
}

static void change_last(struct segment *segment)
{
	segment->last.ts++;
}

static void change_hash(struct segment *segment)
{
	segment->first_hash.at[3] ^= 1;
}

static void change_root(struct segment *segment)
{
	segment->root.id.at[3] ^= 1;
}

static void a_segment_that_does_not_fit_its_tree_is_a_problem(void **state UNUSED)
{
	void (*const changes[])(struct segment *) = {change_last, change_hash, change_root};

	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		OWNED(buf_release) struct buf said = {0};
		struct store *store = stream_model_store(NULL);
		struct error e = {0};

		ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
		put_changed(store, changes[i]);
		assert_int_equal(check(store, true, &said).problems, 1);
		/* That chunks are missing is seen without reading them. */
		assert_int_equal(check(store, false, &said).problems, changes[i] == change_root);
		store_close(store);
	}
}

/* A store with a journal of so many entries that nobody writes any more; *ret_fd: that file, open. */
static struct store *store_of_journal(uint32_t entries, int flags, int *ret_fd)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(free) char *name = NULL;
	OWNED(free) char *folder = NULL;
	OWNED(free) char *path = NULL;
	struct store *store = stream_model_store(NULL);
	struct journal_writer *journal = NULL;
	const struct segment_link none = {0};
	struct error e = {0};

	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	for (uint32_t n = 0; n < entries; n++) {
		buf_reset(&docs);
		stream_model_entry(&docs, n);
		ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	}
	name = stream_model_name(store);
	folder = xprintf("%s/oplog/%s", store_path(store), name);
	path = journal_path(folder, journal_written(journal)->number);
	journal_close(journal);
	*ret_fd = open(path, flags | O_CLOEXEC);
	return store;
}

static void a_damaged_journal_is_a_problem(void **state UNUSED)
{
	for (int where = 0; where < 3; where++) {
		OWNED(buf_release) struct buf said = {0};
		OWNED(fd_close) int fd = -1;
		struct store *store = store_of_journal(3, O_RDWR, &fd);
		/* Of a sealed one a salt is behind its header, and a tag behind each payload. */
		const off_t offset[] = {9, 100, test_store_is_encrypted() ? 382 : 350};
		uint8_t byte = 0;

		/* Its header, that of the first frame, entries in the midst: each byte may be any where it is sealed. */
		assert_int_equal(pread(fd, &byte, 1, offset[where]), 1);
		byte ^= 0xff;
		assert_int_equal(pwrite(fd, &byte, 1, offset[where]), 1);
		assert_int_equal(check(store, true, &said).problems, 1);
		assert_non_null(strstr(buf_text(&said), ".journal"));
		assert_int_equal(check(store, false, &said).problems, where < 2);
		store_close(store);
	}
}

/* What a crash leaves at the end is the begin of a frame, or zeros; anything else somebody else wrote. */
static void stray_bytes_behind_a_journal_are_a_problem(void **state UNUSED)
{
	static const struct {
		struct bytes bytes;
		bool is_stray;
	} rests[] = {
		{{(const uint8_t *)"", 0}, false},
		{{(const uint8_t *)"YJF", 3}, false},
		{{(const uint8_t *)"\0\0FR", 4}, false},
		{{(const uint8_t *)"\0\0\0\0\0", 5}, false},
		{{(const uint8_t *)"x", 1}, true},
		{{(const uint8_t *)"YJNL", 4}, true},
		{{(const uint8_t *)"\0\0\0\n", 4}, true},
	};

	for (size_t i = 0; i < COUNT_OF(rests); i++) {
		OWNED(buf_release) struct buf said = {0};
		OWNED(fd_close) int fd = -1;
		struct store *store = store_of_journal(1, O_WRONLY | O_APPEND, &fd);

		assert_int_equal(write(fd, rests[i].bytes.at, rests[i].bytes.len),
				 rests[i].bytes.len);
		assert_int_equal(check(store, false, &said).problems, rests[i].is_stray);
		if (rests[i].is_stray)
			assert_non_null(strstr(buf_text(&said), "no begin of a frame"));
		/* Those of a damaged journal do not count. */
		assert_int_equal(check(store, true, &said).entries, rests[i].is_stray ? 0 : 1);
		store_close(store);
	}
}

static int let_nothing_go(void *ctx UNUSED, const char *name, struct error *e UNUSED)
{
	fail_msg("%s would go", name);
	return 0;
}

static const char *stream_file_segment_in(const char *stream, const char *hex)
{
	static char file[128];

	snprintf(file, sizeof(file), "oplog/%s/%s.segment", stream, hex);
	return file;
}

/* Two that changed places: where a segment is lost, too, nobody would look at the journal that has its entries. */
static void a_sealed_file_of_another_journal_is_a_problem(void **state UNUSED)
{
	OWNED(buf_release) struct buf said = {0};
	struct store *store = stream_model_store(NULL);
	OWNED(free) char *name = stream_model_name(store);
	struct store_writer *writer = NULL;
	const struct segment_link none = {0};
	const char *sealed[2], *aside, *segment;
	char hex[CHUNK_ID_HEX + 1];
	struct stream *stream = NULL;
	const struct repair_options options = {
		.roots_of = stream_repair_roots, .ctx = store, .tell = keep, .tell_ctx = &said};
	struct repair_result result;
	struct error e = {0};

	for (uint32_t n = 0; n < 2; n++) {
		OWNED(buf_release) struct buf docs = {0};
		OWNED(journal_close) struct journal_writer *journal = NULL;
		OWNED(free) char *file = NULL;

		ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
		stream_model_entry(&docs, n * 10);
		ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
		file = stream_file_sealed(name, journal_written(journal)->number);
		sealed[n] = harness_path(store_path(store), file);
	}
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(stream_tail_seal_all(writer, &e)), 2);
	store_writer_end(TAKE(writer));
	assert_int_equal(check(store, true, &said).problems, 0);
	aside = harness_path(store_path(store), "aside");
	assert_int_equal(rename(sealed[0], aside), 0);
	assert_int_equal(rename(sealed[1], sealed[0]), 0);
	assert_int_equal(rename(aside, sealed[1]), 0);
	assert_int_equal(check(store, false, &said).problems, 2);
	assert_non_null(strstr(buf_text(&said), "nothing of its journal"));
	/* Who reads does not go by them either: the lost segment's journal is there. */
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_segment_count(stream), 2);
	chunk_id_hex(&stream_segment(stream, 0)->id, hex);
	segment = harness_path(store_path(store), stream_file_segment_in(name, hex));
	stream_close(TAKE(stream));
	assert_int_equal(rename(segment, aside), 0);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_segment_count(stream), 2);
	assert_false(stream_is_sealed(stream, 0));
	stream_close(TAKE(stream));
	/* No prune takes a journal for sealed by it, and a repair makes room for right ones, also when a segment comes from a copy only then. */
	ASSERT_OK(stream_prune_old(store, 0, let_nothing_go, NULL, &e));
	ASSERT_OK(repair_run(store, &options, &result, &e));
	assert_int_equal(result.harmed, 0);
	assert_int_equal(rename(aside, segment), 0);
	ASSERT_OK(stream_repair_overlaps(store, &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(stream_tail_seal_all(writer, &e)), 2);
	store_writer_end(TAKE(writer));
	buf_reset(&said);
	assert_int_equal(check(store, true, &said).problems, 0);
	store_close(store);
}

/* A copy of the store took over and sealed what it had of a journal; then the whole of that one came over it. */
static void a_sealed_file_of_a_shorter_journal_is_a_problem(void **state UNUSED)
{
	OWNED(buf_release) struct buf said = {0};
	OWNED(buf_release) struct buf docs = {0};
	struct store *store = stream_model_store(NULL);
	struct journal_writer *journal = NULL;
	struct store_writer *writer = NULL;
	struct stream *stream = NULL;
	const struct segment_link none = {0};
	const struct repair_options options = {
		.roots_of = stream_repair_roots, .ctx = store, .tell = keep, .tell_ctx = &said};
	struct repair_result result;
	struct error e = {0};

	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	stream_model_entry(&docs, 0);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(stream_tail_seal_all(writer, &e)), 1);
	store_writer_end(TAKE(writer));
	assert_int_equal(check(store, true, &said).problems, 0);
	buf_reset(&docs);
	stream_model_entry(&docs, 10);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	journal_close(journal);
	assert_int_equal(check(store, false, &said).problems, 1);
	assert_non_null(strstr(buf_text(&said), "holds more than it says"));
	ASSERT_OK(stream_prune_old(store, 0, let_nothing_go, NULL, &e));
	ASSERT_OK(repair_run(store, &options, &result, &e));
	assert_int_equal(result.harmed, 0);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(stream_tail_seal_all(writer, &e)), 1);
	store_writer_end(TAKE(writer));
	assert_int_equal(check(store, true, &said).problems, 0);
	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	assert_int_equal(stream_range_count(stream), 1);
	assert_int_equal(stream_range(stream, 0)->entries, 2);
	stream_close(TAKE(stream));
	store_close(store);
}

static void a_journal_of_a_newer_program_is_no_damage(void **state UNUSED)
{
	OWNED(buf_release) struct buf said = {0};
	OWNED(buf_release) struct buf docs = {0};
	OWNED(free) char *name = NULL;
	OWNED(free) char *folder = NULL;
	OWNED(free) char *path = NULL;
	OWNED(fd_close) int fd = -1;
	struct store *store = stream_model_store(NULL);
	struct journal_writer *journal = NULL;
	const struct check_options options = {.read_data = true};
	const struct segment_link none = {0};
	struct stream_check_result result;
	uint8_t header[JOURNAL_HEADER_LEN];
	struct error e = {0};

	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	stream_model_entry(&docs, 1);
	ASSERT_OK(journal_append(journal, buf_bytes(&docs), &e));
	name = stream_model_name(store);
	folder = xprintf("%s/oplog/%s", store_path(store), name);
	path = journal_path(folder, journal_written(journal)->number);
	journal_close(journal);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, header, sizeof(header), 0), sizeof(header));
	header[4]++;
	put_le64(header + sizeof(header) - 8,
		 crc64_update(0, bytes_of(header, sizeof(header) - 8)));
	assert_int_equal(pwrite(fd, header, sizeof(header), 0), sizeof(header));
	ASSERT_ERROR_TEXT(stream_check_run(store, &options, keep, &said, &result, &e),
			  ERR_UNSUPPORTED, ".journal: journal version 2, this program knows 1");
	assert_int_equal(said.len, 0);
	store_close(store);
}

struct watch {
	uint64_t reports, stop_at;
};

static void count_report(void *ctx, const char *phase, uint64_t done UNUSED, uint64_t total UNUSED)
{
	struct watch *watch = ctx;

	assert_string_equal(phase, "reading the oplog");
	watch->reports++;
}

static bool is_enough(void *ctx)
{
	const struct watch *watch = ctx;

	return watch->stop_at != 0 && watch->reports >= watch->stop_at;
}

static void a_check_tells_how_far_it_is_and_can_be_interrupted(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct watch watch = {0};
	const struct progress progress = {
		.report = count_report, .cancelled = is_enough, .ctx = &watch};
	const struct check_options options = {.read_data = true, .progress = &progress};
	OWNED(buf_release) struct buf said = {0};
	OWNED(buf_release) struct buf docs = {0};
	struct stream_check_result result = {.entries = 77};
	struct error e = {0};

	for (uint32_t n = 0; n < 9000; n++)
		stream_model_insert(&docs, stream_model_ts(n), "a.b", NULL, (int32_t)n);
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
	ASSERT_OK(stream_check_run(store, &options, keep, &said, &result, &e));
	assert_int_equal(result.entries, 9000);
	assert_int_equal(watch.reports, 9); /* eight within the segment, one behind it */
	/* In the midst of a segment, and between files. */
	for (uint64_t at = 1; at <= 9; at++) {
		watch = (struct watch){.stop_at = at};
		result.entries = 77;
		if (at == 9) {
			ASSERT_OK(stream_check_run(store, &options, keep, &said, &result, &e));
			continue;
		}
		ASSERT_ERROR(stream_check_run(store, &options, keep, &said, &result, &e),
			     ERR_CANCELLED);
		assert_int_equal(result.entries, 77);
	}
	assert_int_equal(said.len, 0);
	store_close(store);
}

/* Without its key nothing is read of a segment: that its bytes are what its name says is seen all the same. */
static void a_sealed_segment_is_counted_without_the_key(void **state UNUSED)
{
	static const uint8_t master[STORE_MASTER_LEN] = "of a test";
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master);
	const char *dir = harness_path(harness_tmpdir(), "sealed");
	OWNED(buf_release) struct buf said = {0};
	const struct store_options keyless = {.keyless = true};
	struct store_params params = {.leaf_target = 4096, .encrypted = true};
	struct store *store = NULL;
	struct stream_check_result result;
	const char *path;
	struct error e = {0};

	ASSERT_OK(store_init_cache(dir, &params, &e));
	ASSERT_OK(store_open_with(dir, NULL, keys, &store, &e));
	ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
	path = segment_path(store);
	store_close(store);
	ASSERT_OK(store_open_with(dir, &keyless, NULL, &store, &e));
	result = check(store, true, &said);
	assert_int_equal(result.problems, 0);
	assert_int_equal(result.segments, 1);
	assert_int_equal(result.sealed, 1);
	{
		OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);

		harness_flip(fd, 60);
	}
	assert_int_equal(check(store, false, &said).problems, 1);
	assert_non_null(strstr(buf_text(&said), strrchr(path, '/') + 1));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_stream_has_no_problems),
		cmocka_unit_test(a_damaged_file_is_named),
		cmocka_unit_test(a_segment_that_does_not_fit_its_tree_is_a_problem),
		cmocka_unit_test(a_damaged_journal_is_a_problem),
		cmocka_unit_test(stray_bytes_behind_a_journal_are_a_problem),
		cmocka_unit_test(a_sealed_file_of_another_journal_is_a_problem),
		cmocka_unit_test(a_sealed_file_of_a_shorter_journal_is_a_problem),
		cmocka_unit_test(a_journal_of_a_newer_program_is_no_damage),
		cmocka_unit_test(a_check_tells_how_far_it_is_and_can_be_interrupted),
		cmocka_unit_test(a_sealed_segment_is_counted_without_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
