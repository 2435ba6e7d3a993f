#include "oplog/stream_tail.h"
#include "tests/harness/test_store.h"

#include <fcntl.h>
#include <unistd.h>

#include "oplog/stream_internal.h"
#include "oplog/stream_repair.h"
#include "store/condemned.h"
#include "tests/unit/oplog/stream_model.h"

#define COUNT STREAM_MODEL_COUNT

/* A tail: what it has appended, and with what. */
struct tail {
	struct store *store;
	struct stream_model model;
	struct journal_writer *writer;
	uint64_t number;
	uint32_t next;
};

static void begin(struct tail *tail)
{
	OWNED(buf_release) struct buf doc = {0};
	struct segment_link prev = {0};
	struct error e = {0};

	if (tail->next > 0) {
		stream_model_entry(&doc, tail->next - 1);
		prev = (struct segment_link){
			true, {stream_model_ts(tail->next - 1), 1}, test_store_id(buf_bytes(&doc))};
	}
	ASSERT_OK(stream_tail_begin(tail->store, &prev, &tail->writer, &e));
	tail->number = journal_written(tail->writer)->number;
}

static void append(struct tail *tail, uint32_t count)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};
	uint32_t first = tail->next;
	bool proven = first > 0 && tail->model.has[first - 1];

	if (count == 0)
		return;
	for (; tail->next < first + count; tail->next++)
		stream_model_entry(&docs, tail->next);
	ASSERT_OK(journal_append(tail->writer, buf_bytes(&docs), &e));
	stream_model_learn(&tail->model, first - proven, tail->next);
}

static void end(struct tail *tail)
{
	journal_close(TAKE(tail->writer));
}

static uint64_t seal(struct tail *tail, bool all)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct stream_added added = {0};
	struct error e = {0};

	ASSERT_OK(store_writer_begin(tail->store, &writer, &e));
	if (all)
		return (uint64_t)ASSERT_OK(stream_tail_seal_all(writer, &e));
	ASSERT_OK(stream_tail_seal(writer, tail->number, &added, &e));
	return added.entries;
}

static void a_journal_is_a_part_of_the_stream_before_and_after_it_is_sealed(void **state UNUSED)
{
	struct tail tail = {.store = stream_model_store(NULL)};
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *name = stream_model_name(tail.store);
	struct error e = {0};

	begin(&tail);
	append(&tail, 10);
	stream_model_check(tail.store, &tail.model);
	append(&tail, 20);
	stream_model_check(tail.store, &tail.model);
	ASSERT_OK(stream_open(tail.store, &stream, NULL, &e));
	assert_string_equal(stream_name(stream), name);
	end(&tail);
	assert_int_equal(seal(&tail, false), 30);
	stream_model_check(tail.store, &tail.model);
	/* What was open before still reads its journal. */
	assert_int_equal(stream_range(stream, 0)->entries, 30);
	assert_int_equal(seal(&tail, true), 0);
	begin(&tail);
	append(&tail, 5);
	stream_model_check(tail.store, &tail.model);
	end(&tail);
	assert_int_equal(seal(&tail, true), 1);
	stream_model_check(tail.store, &tail.model);
	assert_int_equal(seal(&tail, true), 0);
	store_close(tail.store);
}

/* Copies of the store that came together could not be read, when each had begun its oplog in another way. */
static void a_stream_has_one_name_whoever_begins_it(void **state UNUSED)
{
	const char *dir;
	struct store *store = stream_model_store(&dir);
	OWNED(free) char *name = stream_model_name(store);
	OWNED(free) char *folder = xprintf("%s/oplog/%s", dir, name);
	OWNED(free) char *aside = xprintf("%s/aside", dir);
	struct tail tail = {.store = store};
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 10, NULL, &e));
	assert_int_equal(access(folder, F_OK), 0);
	assert_int_equal(rename(folder, aside), 0);
	begin(&tail);
	assert_int_equal(access(folder, F_OK), 0);
	end(&tail);
	store_close(store);
}

/* Sealed, but the process died before it could say so; or only some of the segments are there. */
static void a_journal_that_is_sealed_in_part_is_read_once(void **state UNUSED)
{
	struct tail tail = {.store = stream_model_store(NULL)};
	struct error e = {0};

	begin(&tail);
	append(&tail, 60);
	end(&tail);
	/* Segments 0..19 and 40..59 of it, as slices with what is before. */
	{
		OWNED(store_writer_end) struct store_writer *writer = NULL;
		OWNED(stream_add_free) struct stream_add *add = NULL;
		OWNED(buf_release) struct buf docs = {0};
		struct stream_added added;

		ASSERT_OK(store_writer_begin(tail.store, &writer, &e));
		ASSERT_OK(stream_add_begin_without(writer, tail.number, &add, &e));
		for (uint32_t n = 0; n < 20; n++)
			stream_model_entry(&docs, n);
		ASSERT_OK(stream_model_push(add, buf_bytes(&docs), &e));
		buf_reset(&docs);
		for (uint32_t n = 40; n < 60; n++)
			stream_model_entry(&docs, n);
		ASSERT_OK(stream_model_push(add, buf_bytes(&docs), &e));
		ASSERT_OK(stream_add_finish(add, &added, &e));
		assert_int_equal(added.entries, 40);
	}
	stream_model_check(tail.store, &tail.model);
	assert_int_equal(seal(&tail, true), 1);
	stream_model_check(tail.store, &tail.model);
	store_close(tail.store);
}

/* The file that says so may come before the segments that it names: rsync. */
static void a_sealed_journal_is_read_while_its_segments_are_not_there(void **state UNUSED)
{
	const char *dir;
	struct tail tail = {.store = stream_model_store(&dir)};
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *path = NULL;
	struct error e = {0};
	size_t skipped;

	begin(&tail);
	append(&tail, 60);
	end(&tail);
	assert_int_equal(seal(&tail, false), 60);
	ASSERT_OK(stream_open(tail.store, &stream, NULL, &e));
	path = stream_file_segment(stream_name(stream), &stream_segment(stream, 0)->id);
	assert_int_equal(unlink(harness_path(dir, path)), 0);
	stream_model_check(tail.store, &tail.model);
	/* A damaged one is counted, and the journal is read. */
	{
		OWNED(fd_close)
		int fd = open(harness_path(dir, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(write(fd, "x", 1), 1);
	}
	stream_close(TAKE(stream));
	ASSERT_OK(stream_open(tail.store, &stream, &skipped, &e));
	assert_int_equal(skipped, 1);
	assert_int_equal(stream_range(stream, 0)->entries, 60);
	store_close(tail.store);
}

static void what_is_before_the_damage_in_a_journal_is_kept(void **state UNUSED)
{
	const char *dir;
	struct tail tail = {.store = stream_model_store(&dir)};
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(free) char *name = NULL;
	OWNED(free) char *folder = NULL;
	OWNED(free) char *path = NULL;
	struct stream_model good = {0};
	struct error e = {0};
	size_t skipped;

	begin(&tail);
	append(&tail, 10);
	append(&tail, 10);
	append(&tail, 10);
	end(&tail);
	name = stream_model_name(tail.store);
	folder = xprintf("%s/oplog/%s", dir, name);
	path = journal_path(folder, tail.number);
	{
		OWNED(journal_release) struct journal *journal = NULL;
		OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);

		ASSERT_OK(journal_open(path, test_store_keys(), &journal, &e));
		harness_flip(fd, journal->frames[2].at - 5);
	}
	ASSERT_OK(stream_open(tail.store, &stream, &skipped, &e));
	assert_int_equal(skipped, 1);
	assert_int_equal(stream_range(stream, 0)->entries, 20);
	/* The tail goes on behind what is good, and both can be sealed. */
	tail.next = 20;
	tail.model = good;
	stream_model_learn(&tail.model, 0, 20);
	begin(&tail);
	append(&tail, 15);
	end(&tail);
	assert_int_equal(seal(&tail, true), 2);
	stream_model_check(tail.store, &tail.model);
	store_close(tail.store);
}

/* Ten entries a frame; the payload of one is damaged. Returns the journal's name below the store; the model lacks what is lost. */
static char *damage_frame(struct tail *tail, const char *dir, uint32_t frames, uint32_t lost)
{
	OWNED(free) char *name = stream_model_name(tail->store);
	OWNED(free) char *folder = xprintf("%s/oplog/%s", dir, name);
	OWNED(free) char *path = NULL;
	OWNED(journal_release) struct journal *journal = NULL;
	OWNED(fd_close) int fd = -1;
	const struct stream_model none = {0};
	struct error e = {0};

	begin(tail);
	for (uint32_t i = 0; i < frames; i++)
		append(tail, 10);
	end(tail);
	path = journal_path(folder, tail->number);
	ASSERT_OK(journal_open(path, test_store_keys(), &journal, &e));
	fd = open(path, O_RDWR | O_CLOEXEC);
	harness_flip(fd, journal->frames[lost].at + 7);
	tail->model = none;
	if (lost > 0)
		stream_model_learn(&tail->model, 0, lost * 10);
	if (lost + 1 < frames)
		stream_model_learn(&tail->model, lost * 10 + 10, frames * 10);
	return xstrdup(path + strlen(dir) + 1);
}

static bool is_sealed(const struct store *store, const char *dir, uint64_t number)
{
	OWNED(free) char *name = stream_model_name(store);
	OWNED(free) char *sealed = stream_file_sealed(name, number);

	return access(harness_path(dir, sealed), F_OK) == 0;
}

/* All that is sound is there, and it is told that something is left out. */
static void check_rest(struct tail *tail, uint64_t entries)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct error e = {0};
	uint64_t found = 0;
	size_t skipped;

	ASSERT_OK(stream_open(tail->store, &stream, &skipped, &e));
	for (size_t i = 0; i < stream_range_count(stream); i++)
		found += stream_range(stream, i)->entries;
	assert_int_equal(found, entries);
	assert_int_equal(skipped, 1);
}

/* Who follows goes on, and fetches it again. A sound journal of another copy would not be read where this one is called sealed. */
static void a_damaged_frame_is_a_gap_until_somebody_brings_it(void **state UNUSED)
{
	for (uint32_t lost = 0; lost < 4; lost++) {
		const char *dir;
		struct tail tail = {.store = stream_model_store(&dir)};
		OWNED(free) char *name = damage_frame(&tail, dir, 4, lost);
		uint64_t number = tail.number;
		struct error e = {0};

		assert_int_equal(seal(&tail, false), 30);
		assert_false(is_sealed(tail.store, dir, number));
		check_rest(&tail, 30);
		begin(&tail);
		append(&tail, 5);
		end(&tail);
		assert_int_equal(seal(&tail, true), 2);
		check_rest(&tail, 35);
		ASSERT_OK(stream_model_add_range(tail.store, lost * 10 - (lost > 0), 45, NULL, &e));
		stream_model_learn(&tail.model, lost * 10 - (lost > 0), 45);
		assert_int_equal(seal(&tail, true), 1);
		assert_true(is_sealed(tail.store, dir, number));
		stream_model_check(tail.store, &tail.model);
		store_close(tail.store);
	}
}

/* As `yester copy` does, of a journal that is not sealed yet. */
static void what_is_sound_around_a_damaged_frame_can_be_read(void **state UNUSED)
{
	for (uint32_t bad = 1; bad < 3; bad++) {
		const char *dir;
		struct tail tail = {.store = stream_model_store(&dir)};
		OWNED(free) char *name = damage_frame(&tail, dir, 4, bad);
		OWNED(stream_close) struct stream *stream = NULL;
		OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
		uint64_t read = 0, lost = 0;
		struct error e = {0};
		struct bytes doc;
		int found;

		ASSERT_OK(stream_open(tail.store, &stream, NULL, &e));
		cursor = stream_cursor_new(stream, NULL);
		while ((found = stream_cursor_next(cursor, &doc, &e)) != 0) {
			OWNED(free) char *file = NULL;

			if (found == 1) {
				read++;
				continue;
			}
			assert_int_equal(found, ERR_CORRUPT);
			assert_int_equal(read, bad * 10);
			file = stream_cursor_pass(cursor, &lost);
			assert_string_equal(file, name);
		}
		assert_int_equal(lost, 10);
		assert_int_equal(read, 30);
		store_close(tail.store);
	}
}

static void keep_text(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

static uint64_t repair_journals(struct tail *tail, struct store *from, struct buf *said)
{
	const struct repair_options options = {.from = from,
					       .now_us = UINT64_C(1800000000000000),
					       .tell = keep_text,
					       .tell_ctx = said};
	uint64_t harmed;
	struct error e = {0};

	buf_reset(said);
	ASSERT_OK(stream_repair_journals(tail->store, &options, &harmed, &e));
	return harmed;
}

static void what_a_damaged_journal_lacks_comes_from_a_copy_or_is_told(void **state UNUSED)
{
	for (uint32_t lost = 0; lost < 3; lost++) {
		const char *dir;
		struct tail tail = {.store = stream_model_store(&dir)};
		struct store *copy = stream_model_store(NULL);
		OWNED(free) char *name = damage_frame(&tail, dir, 3, lost);
		OWNED(condemned_release) struct condemned list = {0};
		OWNED(buf_release) struct buf said = {0};
		struct error e = {0};

		assert_int_equal(repair_journals(&tail, NULL, &said), 1);
		assert_non_null(strstr(buf_text(&said), ": 10 entries can't be read: from "));
		check_rest(&tail, 20);
		ASSERT_OK(condemned_read(tail.store, &list, &e));
		assert_non_null(condemned_find_file(&list, name));
		ASSERT_OK(stream_model_add_range(copy, 0, 30, NULL, &e));
		assert_int_equal(repair_journals(&tail, copy, &said), 0);
		assert_non_null(strstr(buf_text(&said), ": 10 entries came from the copy"));
		assert_true(is_sealed(tail.store, dir, tail.number));
		stream_model_learn(&tail.model, 0, 30);
		stream_model_check(tail.store, &tail.model);
		store_close(copy);
		store_close(tail.store);
	}
}

/* Files of rsync and of people beside them are none of a stream. */
static void the_journals_that_there_are_can_be_listed(void **state UNUSED)
{
	struct tail tail = {.store = stream_model_store(NULL)};
	OWNED(free) char *name = stream_model_name(tail.store);
	OWNED(free) char *stray = xprintf("oplog/%s/.00000000000000000001.journal.Xy12", name);
	OWNED(buf_release) struct buf numbers = {0};
	struct backend *files = store_stream_files(tail.store);
	struct error e = {0};

	ASSERT_OK(stream_tail_numbers(tail.store, &numbers, &e));
	assert_int_equal(numbers.len, 0);
	begin(&tail);
	append(&tail, 3);
	ASSERT_OK(files->ops->put(files, stray, bytes_str("half of it"), &e));
	ASSERT_OK(stream_tail_numbers(tail.store, &numbers, &e));
	assert_int_equal(numbers.len, sizeof(uint64_t));
	assert_int_equal(((uint64_t *)(void *)numbers.at)[0], tail.number);
	end(&tail);
	/* The next one has another number, whatever the clock says. */
	begin(&tail);
	assert_true(tail.number > ((uint64_t *)(void *)numbers.at)[0]);
	end(&tail);
	store_close(tail.store);
}

/* A journal of the far future: its number is not used again. */
static void a_new_journal_comes_behind_all_that_there_are(void **state UNUSED)
{
	struct tail tail = {.store = stream_model_store(NULL)};
	OWNED(free) char *name = stream_model_name(tail.store);
	OWNED(free) char *folder = xprintf("%s/oplog/%s", store_path(tail.store), name);
	const struct segment_link none = {0};
	struct journal_writer *journal = NULL;
	struct error e = {0};

	begin(&tail);
	end(&tail);
	ASSERT_OK(journal_create(folder, UINT64_MAX / 2, &none, test_store_keys(), &journal, &e));
	journal_close(journal);
	begin(&tail);
	assert_true(tail.number == UINT64_MAX / 2 + 1);
	end(&tail);
	store_close(tail.store);
}

static void nobody_writes_a_journal_without_the_key(void **state UNUSED)
{
	static const uint8_t master[STORE_MASTER_LEN] = "of a test";
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master);
	const char *dir = harness_path(harness_tmpdir(), "sealed");
	const struct store_options keyless = {.keyless = true};
	const struct store_params params = {.leaf_target = 4096, .encrypted = true};
	const struct segment_link none = {0};
	struct journal_writer *journal = NULL;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_init_cache(dir, &params, &e));
	ASSERT_OK(store_open_with(dir, &keyless, NULL, &store, &e));
	ASSERT_ERROR(stream_tail_begin(store, &none, &journal, &e), ERR_WRONG_KEY);
	assert_null(journal);
	store_close(store);
	/* With it, it is no file of its name. */
	ASSERT_OK(store_open_with(dir, NULL, keys, &store, &e));
	ASSERT_OK(stream_tail_begin(store, &none, &journal, &e));
	journal_close(journal);
	assert_int_not_equal(access(harness_path(dir, "oplog/one"), F_OK), 0);
	store_close(store);
}

/* One step of those that a tail and others do in any order. */
static void step(struct tail *tail, struct harness_rng *rng)
{
	uint32_t room = COUNT - tail->next;
	struct error e = {0};
	uint32_t first, last;

	switch (harness_rng_below(rng, 6)) {
	case 0:
	case 1:
	case 2:
		if (tail->writer == NULL)
			begin(tail);
		append(tail, (uint32_t)harness_rng_below(rng, MIN_OF(room, 12u) + 1));
		break;
	case 3: /* killed */
		end(tail);
		break;
	case 4:
		end(tail);
		(void)seal(tail, true);
		break;
	default: /* a slice from anywhere, also from ahead of the tail */
		first = (uint32_t)harness_rng_below(rng, COUNT - 1);
		last = first + 1 + (uint32_t)harness_rng_below(rng, 25);
		last = MIN_OF(last, (uint32_t)COUNT);
		ASSERT_OK(stream_model_add_range(tail->store, first, last, NULL, &e));
		stream_model_learn(&tail->model, first, last);
		break;
	}
}

static void a_tail_and_slices_and_crashes_in_any_order_lose_nothing(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(3);

	for (int round = 0; round < 12; round++) {
		struct tail tail = {.store = stream_model_store(NULL)};

		for (int i = 0; i < 40; i++) {
			step(&tail, &rng);
			stream_model_check(tail.store, &tail.model);
		}
		end(&tail);
		(void)seal(&tail, true);
		stream_model_check(tail.store, &tail.model);
		store_close(tail.store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_journal_is_a_part_of_the_stream_before_and_after_it_is_sealed),
		cmocka_unit_test(a_stream_has_one_name_whoever_begins_it),
		cmocka_unit_test(a_journal_that_is_sealed_in_part_is_read_once),
		cmocka_unit_test(a_sealed_journal_is_read_while_its_segments_are_not_there),
		cmocka_unit_test(what_is_before_the_damage_in_a_journal_is_kept),
		cmocka_unit_test(a_damaged_frame_is_a_gap_until_somebody_brings_it),
		cmocka_unit_test(what_a_damaged_journal_lacks_comes_from_a_copy_or_is_told),
		cmocka_unit_test(what_is_sound_around_a_damaged_frame_can_be_read),
		cmocka_unit_test(the_journals_that_there_are_can_be_listed),
		cmocka_unit_test(a_new_journal_comes_behind_all_that_there_are),
		cmocka_unit_test(nobody_writes_a_journal_without_the_key),
		cmocka_unit_test(a_tail_and_slices_and_crashes_in_any_order_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
