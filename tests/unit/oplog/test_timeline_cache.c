/* The cache of visited moments can be shared, damaged and deleted: moments stay what they are. */
#include "oplog/timeline_visit.h"
#include "tests/harness/test_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store_internal.h"
#include "store/tree/tree_cursor.h"
#include "tests/unit/oplog/history_model.h"

#define ENTRIES 1600 /* more than one look at `cancelled` */
#define NS "b.c1"

/* Another program on the same store. */
struct reader {
	struct store *store;
	struct timeline *timeline;
};

static void reader_close(struct reader *r)
{
	timeline_close(r->timeline);
	store_close(r->store);
	*r = (struct reader){0};
}
DEFINE_OWNED_STRUCT(struct reader, reader_close);

static struct reader reader_open(const char *dir)
{
	const struct store_options options = {.threads = 2};
	struct reader r = {0};
	struct error e = {0};

	ASSERT_OK(test_store_open(dir, &options, &r.store, &e));
	ASSERT_OK(timeline_open(r.store, &r.timeline, &e));
	return r;
}

/* A store with inserts of _id 1 to ENTRIES - 1 at the same increments behind the base; its folder. */
static const char *make_store(void)
{
	const struct history history = {.server = "6.0.5"};
	OWNED(store_close) struct store *store = NULL;
	OWNED(buf_release) struct buf docs = {0};
	const char *dir;
	uint8_t uuid[16];
	struct error e = {0};

	store = stream_model_store(&dir);
	history_commit_base(store, &history);
	stream_model_uuid(1, uuid);
	for (uint32_t n = 0; n < ENTRIES; n++)
		stream_model_insert(&docs, entry_ts(HISTORY_SECOND, n + 1), NS, uuid, (int32_t)n);
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
	return dir;
}

/* Open the moment after `n` inserts. */
static int open_moment(struct reader *r, uint32_t n, const struct progress *progress,
		       struct moment **ret, struct error *e)
{
	struct timeline_point point;
	char when[40];

	snprintf(when, sizeof(when), "%u.%u", HISTORY_SECOND, n + 1);
	if (timeline_find(r->timeline, when, HISTORY_SECOND, &point, e) < 0)
		return e->code;
	return timeline_moment(r->timeline, &point, progress, ret, e);
}

/* Read all its documents. */
static int count_documents(struct moment *moment, uint64_t *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bytes doc;
	int found;

	if (moment_find(moment, bytes_str(NS), NULL, &entry, e) < 0 ||
	    moment_resolve(moment, &entry, e) < 0)
		return e->code;
	*ret = 0;
	cursor = tree_cursor_new(moment_store(moment), &entry.root);
	while ((found = tree_cursor_next(cursor, &doc, e)) == 1)
		++*ret;
	return found;
}

static int read_moment(struct reader *r, uint32_t n, const struct progress *progress, uint64_t *ret,
		       struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;

	if (open_moment(r, n, progress, &moment, e) < 0)
		return e->code;
	return count_documents(moment, ret, e);
}

static void check_moment(struct reader *r, uint32_t n)
{
	uint64_t count = 0;
	struct error e = {0};

	ASSERT_OK(read_moment(r, n, NULL, &count, &e));
	assert_int_equal(count, n);
}

struct meanwhile {
	struct reader *other;
	uint32_t n;
	unsigned done;
};

static bool visit_meanwhile(void *ctx)
{
	struct meanwhile *m = ctx;

	if (m->done++ == 0)
		check_moment(m->other, m->n);
	return false;
}

static void a_moment_that_another_program_makes_at_the_same_time_is_shared(void **state)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader a = reader_open(dir);
	OWNED(reader_close) struct reader b = reader_open(dir);
	struct meanwhile m = {.other = &b, .n = 1500};
	const struct progress progress = {.cancelled = visit_meanwhile, .ctx = &m};
	uint64_t count;
	struct error e = {0};

	(void)state;
	ASSERT_OK(read_moment(&a, 1500, &progress, &count, &e));
	assert_true(m.done > 0);
	assert_int_equal(count, 1500);
}

static char *cache_of(const struct reader *r)
{
	return xprintf("%s/cache", r->store->local);
}

/* Paths of the files below a folder, each with its NUL. */
static void list_files(const char *dir, struct buf *ret)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		OWNED(free) char *path = xprintf("%s/%s", dir, entry->d_name);
		struct stat st;

		if (entry->d_name[0] == '.' || lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			list_files(path, ret);
		else
			buf_add(ret, path, strlen(path) + 1);
	}
	closedir(d);
}

enum harm { HARM_FLIP, HARM_CUT, HARM_EMPTY, HARM_DELETE, HARMS };

static void do_harm(const char *path, enum harm harm, struct harness_rng *rng)
{
	struct stat st;
	uint8_t byte;
	int fd;

	if (harm == HARM_DELETE) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (unsigned i = 0; harm == HARM_FLIP && st.st_size > 0 && i < 20; i++) {
		off_t at = (off_t)harness_rng_below(rng, (uint64_t)st.st_size);

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1u << harness_rng_below(rng, 8));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	if (harm == HARM_CUT)
		assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
	if (harm == HARM_EMPTY)
		assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
}

/* What a reader finds in a damaged cache is right, at the second look at the latest. */
static void check_healed(const char *dir, uint32_t n, const char *path, enum harm harm)
{
	uint64_t count = 0;
	struct error e = {0};
	int code = -1;

	for (unsigned tries = 0; tries < 2 && code < 0; tries++) {
		OWNED(reader_close) struct reader r = reader_open(dir);

		code = read_moment(&r, n, NULL, &count, &e);
		if (code == 0 && count != n)
			fail_msg("%s, harm %d: %" PRIu64 " documents", path, (int)harm, count);
	}
	if (code < 0)
		fail_msg("%s, harm %d: %s", path, (int)harm, e.text);
}

static void a_damaged_cache_is_made_anew(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	const char *dir = make_store();
	unsigned harmed = 0;

	(void)state;
	for (unsigned harm = 0; harm < HARMS; harm++) {
		for (unsigned which = 0;; which++) {
			OWNED(buf_release) struct buf files = {0};
			OWNED(free) char *cache = NULL;
			const char *path;

			{
				OWNED(reader_close) struct reader r = reader_open(dir);

				cache = cache_of(&r);
				check_moment(&r, 300);
				check_moment(&r, 700);
			}
			list_files(cache, &files);
			path = (const char *)files.at;
			for (unsigned i = 0; i < which && path < (const char *)files.at + files.len;
			     i++)
				path += strlen(path) + 1;
			if (path == (const char *)files.at + files.len)
				break;
			do_harm(path, (enum harm)harm, &rng);
			check_healed(dir, 700, path, (enum harm)harm);
			check_healed(dir, 300, path, (enum harm)harm);
			harmed++;
		}
	}
	assert_true(harmed > 4 * HARMS);
}

static void a_cache_that_is_deleted_while_it_is_open_is_made_anew(void **state)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader r = reader_open(dir);
	OWNED(free) char *cache = cache_of(&r);
	struct error e = {0};

	(void)state;
	check_moment(&r, 300);
	ASSERT_OK(file_remove_tree(cache, &e));
	check_moment(&r, 300);
	check_moment(&r, 700);
	check_moment(&r, 300);
}

static void two_readers_share_a_cache_that_one_finds_damaged(void **state)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader a = reader_open(dir);
	OWNED(reader_close) struct reader b = reader_open(dir);
	OWNED(free) char *config = NULL;
	OWNED(free) char *cache = cache_of(&a);

	(void)state;
	config = xprintf("%s/config", cache);
	check_moment(&a, 300);
	assert_int_equal(unlink(config), 0);
	check_moment(&b, 300);
	check_moment(&a, 700);
	check_moment(&b, 700);
}

static void *visit_many(void *ctx)
{
	for (uint32_t n = 1500; n > 0; n -= 100)
		check_moment(ctx, n);
	return NULL;
}

static void threads_share_a_timeline(void **state)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader r = reader_open(dir);
	pthread_t threads[3];

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, visit_many, &r), 0);
	for (unsigned i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static size_t count_files(const struct reader *r, const char *folder, uint64_t *ret_size)
{
	OWNED(free) char *path = xprintf("%s/cache/%s", r->store->local, folder);
	OWNED(buf_release) struct buf files = {0};
	size_t count = 0;

	*ret_size = 0;
	list_files(path, &files);
	for (const char *at = (const char *)files.at; at < (const char *)files.at + files.len;
	     at += strlen(at) + 1) {
		struct stat st;

		assert_int_equal(stat(at, &st), 0);
		*ret_size += (uint64_t)st.st_size;
		count++;
	}
	return count;
}

static void check_held(struct moment *moment, uint32_t n)
{
	uint64_t count = 0;
	struct error e = {0};

	ASSERT_OK(count_documents(moment, &count, &e));
	assert_int_equal(count, n);
}

#define HELD_OWN 40
#define HELD_OTHER 50
#define WALK 80

/* Walk from moment to moment, while one is held here and another one elsewhere that nobody has read yet. */
static void walk_with_limits(uint64_t size_limit, size_t moments_limit, size_t most_moments,
			     uint64_t most_bytes)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader a = reader_open(dir);
	OWNED(reader_close) struct reader b = reader_open(dir);
	OWNED(moment_release) struct moment *own = NULL;
	OWNED(moment_release) struct moment *other = NULL;
	size_t most = 0;
	uint64_t size;
	struct error e = {0};

	check_moment(&a, HELD_OTHER);
	ASSERT_OK(open_moment(&a, HELD_OWN, NULL, &own, &e));
	ASSERT_OK(open_moment(&b, HELD_OTHER, NULL, &other, &e));
	a.timeline->cache->size_limit = size_limit;
	a.timeline->cache->moments_limit = moments_limit;
	for (uint32_t n = 1; n <= WALK; n++) {
		check_moment(&a, n);
		most = MAX_OF(most, count_files(&a, "snapshots", &size));
		(void)count_files(&a, "chunks", &size);
		assert_in_range(size, 1, most_bytes);
	}
	assert_in_range(most, 1, most_moments);
	check_held(own, HELD_OWN);
	check_held(other, HELD_OTHER);
	for (uint32_t n = 1; n <= WALK; n += 7) {
		check_moment(&a, n);
		check_moment(&b, WALK + 1 - n);
	}
}

/* How much WALK visits leave when nothing is taken away. */
static uint64_t size_of_all(void)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader r = reader_open(dir);
	uint64_t size;

	for (uint32_t n = 1; n <= WALK; n++)
		check_moment(&r, n);
	assert_int_equal(count_files(&r, "snapshots", &size), WALK);
	(void)count_files(&r, "chunks", &size);
	return size;
}

static void of_too_many_moments_those_stay_that_are_read_and_the_newest(void **state UNUSED)
{
	/* The limit, what is pinned, and the one that is being made. */
	walk_with_limits(STORE_CACHE_MAX, 12, 12 + 2 + 1, size_of_all() / 2);
}

static void of_too_many_bytes_those_stay_that_are_read_and_the_newest(void **state UNUSED)
{
	uint64_t all = size_of_all();

	walk_with_limits(all / 8, STORE_CACHE_MOMENTS, WALK / 2, all / 4);
}

struct trimming {
	struct reader *other;
	unsigned looks;
};

/* During a visit elsewhere: more than there is room for, which has to wait. */
static bool trim_meanwhile(void *ctx)
{
	struct trimming *t = ctx;
	struct error e = {0};
	uint64_t size;

	if (t->looks++ > 0)
		return false;
	for (uint32_t n = 1; n <= 10; n++)
		check_moment(t->other, n);
	t->other->timeline->cache->moments_limit = 2;
	ASSERT_OK(store_cache_trim(t->other->timeline->cache, 10, &e));
	assert_in_range(count_files(t->other, "snapshots", &size), 10, 20);
	return false;
}

static void nothing_goes_while_somebody_visits(void **state UNUSED)
{
	const char *dir = make_store();
	OWNED(reader_close) struct reader a = reader_open(dir);
	OWNED(reader_close) struct reader b = reader_open(dir);
	struct trimming t = {.other = &b};
	const struct progress progress = {.cancelled = trim_meanwhile, .ctx = &t};
	uint64_t count = 0, size;
	struct error e = {0};

	check_moment(&a, 50);
	ASSERT_OK(read_moment(&a, 1500, &progress, &count, &e));
	assert_int_equal(count, 1500);
	assert_true(t.looks > 0);
	ASSERT_OK(store_cache_trim(b.timeline->cache, 10, &e));
	assert_in_range(count_files(&b, "snapshots", &size), 1, 4);
	check_moment(&a, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_that_another_program_makes_at_the_same_time_is_shared),
		cmocka_unit_test(a_damaged_cache_is_made_anew),
		cmocka_unit_test(a_cache_that_is_deleted_while_it_is_open_is_made_anew),
		cmocka_unit_test(two_readers_share_a_cache_that_one_finds_damaged),
		cmocka_unit_test(threads_share_a_timeline),
		cmocka_unit_test(of_too_many_moments_those_stay_that_are_read_and_the_newest),
		cmocka_unit_test(of_too_many_bytes_those_stay_that_are_read_and_the_newest),
		cmocka_unit_test(nothing_goes_while_somebody_visits),
	};

	return cmocka_run_group_tests_name("timeline_cache", tests, NULL, NULL);
}
