/* The cache of visited moments is emptied when it holds too much, by who opens it alone. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "store/snapshot/closure.h"
#include "tests/unit/store/snapshot_model.h"
#include "tests/unit/store/store_model.h"

static struct store *open_cache(struct store *store)
{
	struct store *cache = NULL;
	struct error e = {0};

	ASSERT_OK(store_open_cache(store, &cache, &e));
	return cache;
}

/* As many names as visits would leave. */
static void add_visits(struct store *store, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		OWNED(free) char *path = xprintf("%s/cache/snapshots/visit-%u", store->local, n);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		assert_int_equal(fclose(file), 0);
	}
}

static bool can_read(struct store *cache, const struct snapshot *s)
{
	struct chunk *chunk = NULL;
	struct error e = {0};
	int code = store_get(cache, &s->catalog.id, &chunk, &e);

	chunk_release(chunk);
	return code == 0;
}

static bool has(struct store *cache, const struct snapshot *s)
{
	struct error e = {0};

	/* A decoded one may be in memory still. */
	return ASSERT_OK(store_lists(cache, &s->catalog.id, &e)) == 1;
}

static void it_is_emptied_by_who_opens_it_alone(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store),
		     *second;
	OWNED(snapshot_release) struct snapshot s = {0};

	snapshot_model_commit(cache, "visited", 1795254067, 1, &s);
	add_visits(store, STORE_CACHE_MOMENTS);
	second = open_cache(store);
	assert_true(has(second, &s)); /* `cache` has it open */
	store_close(second);
	store_close(cache);
	cache = open_cache(store);
	assert_false(has(cache, &s));
	store_close(cache);
	store_close(store);
}

/* Elsewhere it would share a folder with what lies under it, whose index is not its own. */
static void its_own_folder_is_in_it_and_nowhere_else(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store);
	const char *home = harness_tmpdir();
	OWNED(free) char *local = xstrdup(cache->local);
	OWNED(free) char *folder = xprintf("%s/cache/local", store->local);
	struct model_files files;
	struct error e = {0};
	FILE *file;

	assert_int_equal(strncmp(local, folder, strlen(folder)), 0);
	store_close(cache);
	cache = NULL;
	setenv("XDG_CACHE_HOME", home, 1);
	ASSERT_OK(file_remove_tree(folder, &e));
	file = fopen(folder, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	ASSERT_ERROR(store_open_cache(store, &cache, &e), ERR_IO);
	assert_null(cache);
	store_model_files(home, &files);
	assert_int_equal(files.count, 0);
	store_model_files_release(&files);
	assert_int_equal(unlink(folder), 0);
	cache = open_cache(store);
	store_close(cache);
	store_close(store);
}

/* A cache that is another store's, or encrypted when this one is not, is none of this one. */
static void a_cache_of_another_store_is_made_anew(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()),
		     *other = store_model_open(store_model_init()), *cache = open_cache(other);
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(free) char *from = xprintf("%s/cache", other->local);
	OWNED(free) char *to = xprintf("%s/cache", store->local);

	snapshot_model_commit(cache, "visited", 1795254067, 1, &s);
	store_close(cache);
	store_close(other);
	assert_int_equal(rename(from, to), 0);
	cache = open_cache(store);
	assert_memory_equal(cache->params.id, store->params.id, sizeof(cache->params.id));
	assert_false(has(cache, &s));
	store_close(cache);
	store_close(store);
}

static unsigned syncs;

/* In place of the C library's, to count them. */
int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

static void nothing_in_it_waits_for_the_disk(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store);
	OWNED(snapshot_release) struct snapshot a = {0}, b = {0};

	syncs = 0;
	snapshot_model_commit(store, "stored", 1795254067, 1, &a);
	assert_true(syncs > 0);
	syncs = 0;
	snapshot_model_commit(cache, "visited", 1795254067, 2, &b);
	assert_int_equal(syncs, 0);
	assert_true(has(cache, &b));
	store_close(cache);
	store_close(store);
}

/* So a power cut may have taken parts of it. */
static void a_cache_of_before_the_machine_came_up_is_made_anew(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store);
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(free) char *run = xprintf("%s/cache/run", store->local);

	snapshot_model_commit(cache, "visited", 1795254067, 1, &s);
	store_close(cache);
	/* One that an older program made has none, and what it wrote is on the disk. */
	assert_int_equal(unlink(run), 0);
	cache = open_cache(store);
	assert_true(has(cache, &s));
	store_close(cache);
	cache = open_cache(store);
	assert_true(has(cache, &s));
	store_close(cache);
	assert_int_equal(chmod(run, 0600), 0);
	store_model_flip(run, 3, 1);
	cache = open_cache(store);
	assert_false(has(cache, &s));
	store_close(cache);
	store_close(store);
}

/* What is found damaged goes, and is made again. */
static void a_harmed_chunk_goes_with_its_pack(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store);
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(free) char *chunks = xprintf("%s/cache/chunks", store->local);
	struct model_files files;
	unsigned harms = store_cache_harms(cache);
	size_t before;

	snapshot_model_commit(cache, "visited", 1795254067, 1, &s);
	store_close(cache);
	store_model_files(chunks, &files);
	before = files.count;
	assert_true(before > 0);
	for (size_t i = 0; i < files.count; i++)
		store_model_flip(files.path[i], 90, 0xff);
	store_model_files_release(&files);
	cache = open_cache(store);
	harms = store_cache_harms(cache);
	/* The catalog's pack; it is told, and counted. */
	assert_false(can_read(cache, &s));
	assert_true(store_cache_harms(cache) > harms);
	store_model_files(chunks, &files);
	assert_true(files.count < before);
	store_model_files_release(&files);
	store_close(cache);
	store_close(store);
}

/* What is shared with the store under it may be pruned there, by this process or another. */
static void packs_that_went_under_it_are_a_reason_to_look_again(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store),
		     *second = open_cache(store);
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(free) char *chunks = xprintf("%s/chunks", store->path);
	struct model_files files;
	struct error e = {0};
	unsigned harms, others;

	snapshot_model_commit(store, "under", 1795254067, 1, &s);
	ASSERT_OK(store_cache_follow(cache, &e));
	ASSERT_OK(store_cache_follow(second, &e));
	harms = store_cache_harms(cache);
	others = store_cache_harms(second);
	ASSERT_OK(closure_note_whole(cache, &s.id, &e));
	ASSERT_OK(store_refresh(store, &e));
	ASSERT_OK(store_cache_follow(cache, &e));
	assert_true(closure_is_noted(cache, &s.id));
	assert_int_equal(store_cache_harms(cache), harms);
	store_model_files(chunks, &files);
	assert_int_equal(unlink(files.path[0]), 0);
	store_model_files_release(&files);
	ASSERT_OK(store_refresh(store, &e));
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(store_cache_follow(cache, &e));
		ASSERT_OK(store_cache_follow(second, &e));
		assert_false(closure_is_noted(cache, &s.id));
		assert_int_equal(store_cache_harms(cache), harms + 1);
		assert_int_equal(store_cache_harms(second), others + 1);
	}
	store_close(second);
	store_close(cache);
	store_close(store);
}

/* A snapshot of the store and a moment before it may have begun a collection with the same documents: their leaves share a prefix. */
static void a_prefix_that_lies_under_it_is_kept_beside_the_leaves(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init()), *cache = open_cache(store);
	OWNED(buf_release) struct buf shared = {0};
	OWNED(buf_release) struct buf plain = {0};
	struct harness_rng rng = harness_rng_of(75);
	struct chunk *chunk = NULL;
	struct error e = {0};
	struct chunk_id id;

	store_model_leaf(&shared, 1000, 6, 250, &rng);
	buf_add_bytes(&plain, buf_bytes(&shared));
	store_model_leaf(&plain, 2000, 2, 250, &rng);
	for (int i = 0; i < 2; i++) {
		struct store *at = i == 0 ? store : cache;
		struct writer_prefix *prefix = NULL;
		struct store_writer *writer = NULL;

		ASSERT_OK(store_writer_begin(at, &writer, &e));
		ASSERT_OK(store_writer_prefix(writer, buf_bytes(&shared), &prefix, &e));
		if (at == cache)
			id = store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, prefix);
		ASSERT_OK(store_writer_flush(writer, &e));
		writer_prefix_free(prefix);
		store_writer_end(writer);
	}
	assert_int_equal(store_model_place(cache, &id).codec, CODEC_ZSTD_PREFIX);
	store_close(cache); /* what it had decoded is forgotten */
	cache = open_cache(store);
	ASSERT_OK(store_get(cache, &id, &chunk, &e));
	ASSERT_BYTES(chunk->plain, buf_bytes(&plain));
	chunk_release(chunk);
	store_close(cache);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_emptied_by_who_opens_it_alone),
		cmocka_unit_test(its_own_folder_is_in_it_and_nowhere_else),
		cmocka_unit_test(a_cache_of_another_store_is_made_anew),
		cmocka_unit_test(nothing_in_it_waits_for_the_disk),
		cmocka_unit_test(a_cache_of_before_the_machine_came_up_is_made_anew),
		cmocka_unit_test(a_harmed_chunk_goes_with_its_pack),
		cmocka_unit_test(packs_that_went_under_it_are_a_reason_to_look_again),
		cmocka_unit_test(a_prefix_that_lies_under_it_is_kept_beside_the_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
