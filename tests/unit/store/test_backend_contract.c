/* One suite over every back end: what backend.h promises. */
#include <pthread.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/backend/backend_dir.h"
#include "store/backend/backend_mem.h"
#include "tests/harness/harness.h"

/* Makes a new, empty back end; state points to one of these. */
typedef struct backend *(*maker)(void);

static struct backend *make_dir(void)
{
	const char *root = harness_tmpdir();

	return backend_dir_new(root, harness_tmpdir());
}

static struct backend *make_mem(void)
{
	return backend_mem_new();
}

static const maker makers[] = {make_dir, make_mem};

static struct backend *make(void **state)
{
	return (*(const maker *)*state)();
}

static int put(struct backend *b, const char *name, const char *text)
{
	struct error e = {0};

	return ASSERT_OK(b->ops->put(b, name, bytes_str(text), &e));
}

static void is(struct backend *b, const char *name, const char *text)
{
	struct error e = {0};
	uint8_t room[100];
	uint64_t size = 0;

	assert_int_equal(ASSERT_OK(b->ops->size(b, name, &size, &e)), 1);
	assert_int_equal(size, strlen(text));
	assert_int_equal(ASSERT_OK(b->ops->get(b, name, 0, room, size, &e)), 1);
	assert_memory_equal(room, text, size);
}

static void a_file_is_put_once_and_never_changes(void **state)
{
	struct backend *b = make(state);

	assert_int_equal(put(b, "chunks/ab/one", "first"), 1);
	is(b, "chunks/ab/one", "first");
	assert_int_equal(put(b, "chunks/ab/one", "second, longer"), 0);
	is(b, "chunks/ab/one", "first");
	assert_int_equal(put(b, "empty", ""), 1);
	is(b, "empty", "");
	backend_free(b);
	backend_free(NULL);
}

static void what_is_not_there_is_absent_not_an_error(void **state)
{
	struct backend *b = make(state);
	uint8_t byte;
	uint64_t size;
	struct error e = {0};

	assert_int_equal(ASSERT_OK(b->ops->get(b, "no/such", 0, &byte, 1, &e)), 0);
	assert_int_equal(ASSERT_OK(b->ops->size(b, "no/such", &size, &e)), 0);
	assert_int_equal(ASSERT_OK(b->ops->remove(b, "no/such", &e)), 0);
	backend_free(b);
}

static void any_range_is_read_and_none_beyond_the_end(void **state)
{
	struct backend *b = make(state);
	static const char text[] = "0123456789";
	uint8_t room[20];
	struct error e = {0};

	put(b, "file", text);
	for (uint64_t offset = 0; offset <= 12; offset++) {
		for (size_t len = 0; len <= 12; len++) {
			if (offset + len <= 10) {
				assert_int_equal(
					ASSERT_OK(b->ops->get(b, "file", offset, room, len, &e)),
					1);
				assert_memory_equal(room, text + offset, len);
			} else if (len > 0) {
				ASSERT_ERROR(b->ops->get(b, "file", offset, room, len, &e),
					     ERR_CORRUPT);
			}
		}
	}
	if (b->ops->get(b, "file", UINT64_MAX - 5, room, 10, &e) >= 0)
		fail_msg("a range that overflows was read");
	backend_free(b);
}

static void a_file_over_the_limit_is_refused(void **state)
{
	struct backend *b = make(state);
	uint8_t *large = xcalloc(BACKEND_FILE_MAX + 1, 1);
	uint64_t size;
	struct error e = {0};

	ASSERT_ERROR(b->ops->put(b, "large", bytes_of(large, BACKEND_FILE_MAX + 1), &e), ERR_LIMIT);
	assert_int_equal(ASSERT_OK(b->ops->size(b, "large", &size, &e)), 0);
	assert_int_equal(ASSERT_OK(b->ops->put(b, "large", bytes_of(large, BACKEND_FILE_MAX), &e)),
			 1);
	assert_int_equal(ASSERT_OK(b->ops->size(b, "large", &size, &e)), 1);
	assert_int_equal(size, BACKEND_FILE_MAX);
	free(large);
	backend_free(b);
}

struct listed {
	size_t count;
	uint64_t bytes;
	struct buf names;
	size_t stop_after;
};

static int note(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct listed *listed = ctx;

	buf_add_str(&listed->names, name);
	buf_add_str(&listed->names, " ");
	listed->bytes += size;
	if (++listed->count == listed->stop_after)
		return error_set(e, ERR_CANCELLED, "that is enough");
	return 0;
}

static void a_folder_is_listed_with_all_below_it_and_nothing_else(void **state)
{
	struct backend *b = make(state);
	static const char *const names[] = {"chunks/aa/1",  "chunks/aa/22", "chunks/bb/333",
					    "chunks2/aa/x", "snapshots/y",  "config"};
	struct listed listed = {0};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		put(b, names[i], names[i]);
	ASSERT_OK(b->ops->list(b, "chunks", note, &listed, &e));
	assert_int_equal(listed.count, 3);
	assert_int_equal(listed.bytes, 11 + 12 + 13);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(buf_text(&listed.names), names[i]));
	listed.count = 0;
	ASSERT_OK(b->ops->list(b, "chunks/aa", note, &listed, &e));
	assert_int_equal(listed.count, 2);
	listed.count = 0;
	buf_reset(&listed.names);
	ASSERT_OK(b->ops->names(b, "chunks", note, &listed, &e));
	assert_int_equal(listed.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(buf_text(&listed.names), names[i]));
	listed.count = 0;
	ASSERT_OK(b->ops->list(b, "nothing", note, &listed, &e));
	assert_int_equal(listed.count, 0);
	listed.stop_after = 2;
	ASSERT_ERROR(b->ops->list(b, "chunks", note, &listed, &e), ERR_CANCELLED);
	assert_int_equal(listed.count, 2);
	buf_release(&listed.names);
	backend_free(b);
}

static void a_removed_file_is_gone_and_can_be_put_anew(void **state)
{
	struct backend *b = make(state);
	uint8_t byte;
	struct error e = {0};

	put(b, "a/b", "old");
	is(b, "a/b", "old");
	assert_int_equal(ASSERT_OK(b->ops->remove(b, "a/b", &e)), 1);
	assert_int_equal(ASSERT_OK(b->ops->get(b, "a/b", 0, &byte, 1, &e)), 0);
	assert_int_equal(ASSERT_OK(b->ops->remove(b, "a/b", &e)), 0);
	ASSERT_OK(b->ops->sync(b, &e));
	assert_int_equal(put(b, "a/b", "newer"), 1);
	ASSERT_OK(b->ops->sync(b, &e));
	is(b, "a/b", "newer");
	backend_free(b);
}

/* More files than any implementation keeps open. */
static void a_file_is_replaced_by_another(void **state)
{
	struct backend *b = make(state);
	struct error e = {0};

	put(b, "chunks/ab/one", "damaged");
	is(b, "chunks/ab/one", "damaged");
	assert_int_equal(ASSERT_OK(b->ops->replace(b, "chunks/ab/one", bytes_str("sound"), &e)), 1);
	is(b, "chunks/ab/one", "sound");
	assert_int_equal(ASSERT_OK(b->ops->replace(b, "chunks/cd/two", bytes_str("new"), &e)), 1);
	is(b, "chunks/cd/two", "new");
	backend_free(b);
}

#define BUSY_SIZE 300000

struct busy {
	struct backend *b;
	int ended; /* atomic */
};

static void *read_on(void *ctx)
{
	struct busy *busy = ctx;
	uint8_t *room = xmalloc(BUSY_SIZE);

	while (!__atomic_load_n(&busy->ended, __ATOMIC_ACQUIRE)) {
		struct error e = {0};
		int code = busy->b->ops->get(busy->b, "chunks/ab/one", 0, room, BUSY_SIZE, &e);

		assert_true(code == 0 || (code == 1 && room[0] == room[BUSY_SIZE - 1]));
	}
	free(room);
	return NULL;
}

/* Nobody reads the old file under that name once it was replaced or removed, whoever else was reading it then. */
static void a_file_is_replaced_while_others_read_it(void **state)
{
	struct busy busy = {.b = make(state)};
	const struct backend_ops *ops = busy.b->ops;
	uint8_t *room = xmalloc(BUSY_SIZE), first;
	struct error e = {0};
	pthread_t threads[3];

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &busy), 0);
	for (int round = 0; round < 200; round++) {
		struct bytes content = bytes_of(room, BUSY_SIZE);

		memset(room, round, BUSY_SIZE);
		ASSERT_OK(ops->replace(busy.b, "chunks/ab/one", content, &e));
		assert_int_equal(ASSERT_OK(ops->get(busy.b, "chunks/ab/one", 0, &first, 1, &e)), 1);
		assert_int_equal(first, room[0]);
		if (round % 5 != 0)
			continue;
		assert_int_equal(ASSERT_OK(ops->remove(busy.b, "chunks/ab/one", &e)), 1);
		assert_int_equal(ASSERT_OK(ops->get(busy.b, "chunks/ab/one", 0, &first, 1, &e)), 0);
	}
	__atomic_store_n(&busy.ended, 1, __ATOMIC_RELEASE);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	free(room);
	backend_free(busy.b);
}

/* A full disk, say: what is there may be damaged, but it is more than nothing. */
static void what_can_not_be_replaced_stays(void **state)
{
	const char *root = harness_tmpdir(), *tmp = harness_tmpdir();
	struct backend *b = backend_dir_new(root, tmp);
	struct error e = {0};

	(void)state;
	put(b, "chunks/ab/one", "damaged");
	assert_int_equal(rmdir(tmp), 0);
	ASSERT_ERROR(b->ops->replace(b, "chunks/ab/one", bytes_str("sound"), &e), ERR_IO);
	is(b, "chunks/ab/one", "damaged");
	backend_free(b);
}

static void very_many_files_are_fine(void **state)
{
	struct backend *b = make(state);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			char name[40], text[40];

			snprintf(name, sizeof(name), "d%d/f%d", i % 9, i);
			snprintf(text, sizeof(text), "content %d", i * 7);
			if (round == 0)
				put(b, name, text);
			is(b, name, text);
		}
	}
	backend_free(b);
}

struct race {
	struct backend *b;
	unsigned written; /* atomic */
	unsigned failed;  /* atomic */
};

static void *race_run(void *ctx)
{
	struct race *race = ctx;

	for (int i = 0; i < 100; i++) {
		char name[40];
		uint8_t room[8];
		struct error e = {0};
		int code;

		snprintf(name, sizeof(name), "race/%d", i);
		code = race->b->ops->put(race->b, name, bytes_str("the same"), &e);
		if (code < 0)
			__atomic_add_fetch(&race->failed, 1, __ATOMIC_RELAXED);
		else
			__atomic_add_fetch(&race->written, (unsigned)code, __ATOMIC_RELAXED);
		code = race->b->ops->get(race->b, name, 0, room, sizeof(room), &e);
		if (code != 1 || memcmp(room, "the same", 8) != 0)
			__atomic_add_fetch(&race->failed, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void threads_may_put_and_get_the_same_files(void **state)
{
	struct race race = {.b = make(state)};
	pthread_t thread[6];

	for (size_t i = 0; i < COUNT_OF(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, race_run, &race), 0);
	for (size_t i = 0; i < COUNT_OF(thread); i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(race.failed, 0);
	assert_true(race.written >= 100);
	backend_free(race.b);
}

static void a_folder_without_a_place_for_new_files_can_only_be_read(void **state)
{
	const char *root = harness_tmpdir();
	struct backend *writer = backend_dir_new(root, harness_tmpdir());
	struct backend *reader = backend_dir_new(root, NULL);
	struct error e = {0};

	(void)state;
	put(writer, "a", "text");
	is(reader, "a", "text");
	ASSERT_ERROR(reader->ops->put(reader, "b", bytes_str("x"), &e), ERR_UNSUPPORTED);
	backend_free(writer);
	backend_free(reader);
}

static void links_and_folders_are_not_listed_as_files(void **state)
{
	const char *root = harness_tmpdir();
	struct backend *b = backend_dir_new(root, harness_tmpdir());
	struct listed listed = {0};
	struct error e = {0};

	(void)state;
	put(b, "c/real", "text");
	assert_int_equal(symlink("real", harness_path(root, "c/link")), 0);
	assert_int_equal(mkdir(harness_path(root, "c/folder"), 0700), 0);
	assert_int_equal(mkfifo(harness_path(root, "c/pipe"), 0600), 0);
	assert_int_equal(symlink("c", harness_path(root, "loop")), 0);
	ASSERT_OK(b->ops->list(b, "c", note, &listed, &e));
	assert_string_equal(buf_text(&listed.names), "c/real ");
	buf_reset(&listed.names);
	ASSERT_OK(b->ops->names(b, "c", note, &listed, &e));
	assert_string_equal(buf_text(&listed.names), "c/real ");
	buf_release(&listed.names);
	backend_free(b);
}

static void a_folder_that_changed_just_now_has_no_version(void **state)
{
	struct backend *old = backend_dir_new("/", NULL); /* of which no test changes anything */
	struct backend *b = backend_dir_new(harness_tmpdir(), harness_tmpdir());

	(void)state;
	put(b, "c/1", "text");
	assert_true(b->ops->version(b, "c") == 0);
	assert_true(b->ops->version(b, "absent") == 0);
	assert_true(old->ops->version(old, "usr") != 0);
	assert_true(old->ops->version(old, "usr") == old->ops->version(old, "usr"));
	assert_true(old->ops->version(old, "usr") != old->ops->version(old, "var"));
	backend_free(b);
	backend_free(old);
}

#define CONTRACT(test)                                                                             \
	{"dir: " #test, test, NULL, NULL, (void *)(uintptr_t)&makers[0]},                          \
	{                                                                                          \
		"mem: " #test, test, NULL, NULL, (void *)(uintptr_t)&makers[1]                     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(a_file_is_put_once_and_never_changes),
		CONTRACT(what_is_not_there_is_absent_not_an_error),
		CONTRACT(any_range_is_read_and_none_beyond_the_end),
		CONTRACT(a_file_over_the_limit_is_refused),
		CONTRACT(a_folder_is_listed_with_all_below_it_and_nothing_else),
		CONTRACT(a_removed_file_is_gone_and_can_be_put_anew),
		CONTRACT(a_file_is_replaced_by_another),
		CONTRACT(a_file_is_replaced_while_others_read_it),
		CONTRACT(very_many_files_are_fine),
		CONTRACT(threads_may_put_and_get_the_same_files),
		cmocka_unit_test(a_folder_without_a_place_for_new_files_can_only_be_read),
		cmocka_unit_test(what_can_not_be_replaced_stays),
		cmocka_unit_test(links_and_folders_are_not_listed_as_files),
		cmocka_unit_test(a_folder_that_changed_just_now_has_no_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
