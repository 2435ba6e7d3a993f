#include "store/store_stream.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "store/prune.h"
#include "tests/unit/store/store_model.h"

static int try_lock(void *ctx)
{
	struct store *store = store_model_open(ctx);
	struct error e = {0};
	int fd = -1, code = store_stream_lock(store, STORE_STREAM_ADD, &fd, &e);

	store_close(store);
	return code == ERR_BUSY ? 7 : code == 0 ? 0 : 1;
}

static void a_lock_excludes_this_process_and_others_until_it_is_closed(void **state UNUSED)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct error e = {0};
	int fd = -1, other = -1;

	ASSERT_OK(store_stream_lock(store, STORE_STREAM_ADD, &fd, &e));
	ASSERT_ERROR(store_stream_lock(store, STORE_STREAM_ADD, &other, &e), ERR_BUSY);
	assert_int_equal(store_model_in_child(try_lock, (void *)(uintptr_t)dir), 7);
	ASSERT_OK(store_stream_lock(store, STORE_STREAM_TAIL, &other, &e));
	close(other);
	close(fd);
	assert_int_equal(store_model_in_child(try_lock, (void *)(uintptr_t)dir), 0);
	ASSERT_OK(store_stream_lock(store, STORE_STREAM_ADD, &fd, &e));
	close(fd);
	store_close(store);
}

static void trees_are_whole_when_their_chunks_are_there(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init());
	struct harness_rng rng = harness_rng_of(1);
	OWNED(buf_release) struct buf leaf = {0};
	struct tree_root empty = {0}, there = {.count = 3}, missing = {.count = 3};
	const struct tree_root *good[] = {&empty, &there}, *bad[] = {&there, &missing};
	struct chunk_id id = {{1}}, other = {{2}};
	struct error e = {0};

	store_model_leaf(&leaf, 1, 3, 50, &rng);
	there.bytes = missing.bytes = leaf.len;
	there.id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf), NULL, NULL);
	missing.id = other;
	assert_int_equal(ASSERT_OK(store_stream_is_whole(store, &id, bad, 2, &e)), 0);
	assert_int_equal(ASSERT_OK(store_stream_is_whole(store, &id, good, 2, &e)), 1);
	/* It was noted. */
	assert_int_equal(ASSERT_OK(store_stream_is_whole(store, &id, bad, 2, &e)), 1);
	assert_int_equal(ASSERT_OK(store_stream_is_whole(store, &other, bad, 2, &e)), 0);
	store_close(store);
}

struct published {
	struct store *store;
	struct chunk_id id;
	int code;
	unsigned times;
};

/* In the midst of a commit: nobody else commits, and what the file needs is safe. */
static int publish(void *ctx, struct error *e)
{
	struct published *published = ctx;

	published->times++;
	return published->code < 0 ? error_set(e, published->code, "as told") : 0;
}

/* Is a place of the chunk in another pack than this one? */
static bool is_elsewhere(struct store *store, const struct chunk_id *id, uint32_t pack)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct error e = {0};
	int count = ASSERT_OK(chunk_index_get(store->index, id, places, &e));
	bool found = false;

	for (int i = 0; i < count; i++)
		found = found || places[i].pack != pack;
	return found;
}

static void what_a_commit_needs_of_condemned_packs_is_stored_anew_before(void **state UNUSED)
{
	struct store *store = store_model_open(store_model_init());
	struct harness_rng rng = harness_rng_of(1);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf leaf = {0};
	struct tree_root root = {.count = 3};
	const struct tree_root missing = {.count = 3, .id = {{9}}};
	const struct tree_root *good[] = {&root}, *bad[] = {&missing};
	struct prune_forget what = {.pack_count = 1, .now_us = 1795254067000000};
	struct published published = {.store = store};
	struct chunk_pack pack;
	uint32_t number;
	struct error e = {0};

	store_model_leaf(&leaf, 1, 3, 50, &rng);
	root.bytes = leaf.len;
	root.id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf), NULL, NULL);
	number = store_model_place(store, &root.id).pack;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	/* Nothing is condemned: nothing is looked at. */
	ASSERT_OK(store_stream_commit(writer, bad, 1, publish, &published, &e));
	assert_int_equal(published.times, 1);
	assert_false(is_elsewhere(store, &root.id, number));
	assert_int_equal(ASSERT_OK(chunk_index_pack(store->index, number, &pack, &e)), 1);
	what.packs = &pack.id;
	ASSERT_OK(prune_forget(store, &what, &e));
	ASSERT_OK(store_stream_commit(writer, good, 1, publish, &published, &e));
	assert_int_equal(published.times, 2);
	assert_true(is_elsewhere(store, &root.id, number));
	/* What can't be had is not published; nor is what could not be written, and the next one can. */
	ASSERT_ERROR_TEXT(store_stream_commit(writer, bad, 1, publish, &published, &e), ERR_CORRUPT,
			  "in no pack");
	assert_int_equal(published.times, 2);
	published.code = ERR_IO;
	ASSERT_ERROR_TEXT(store_stream_commit(writer, good, 1, publish, &published, &e), ERR_IO,
			  "as told");
	published.code = 0;
	ASSERT_OK(store_stream_commit(writer, good, 1, publish, &published, &e));
	assert_int_equal(published.times, 4);
	store_writer_end(TAKE(writer));
	store_close(store);
}

/* On media that can't be written to local/ is in the user's cache folder, wherever that is. */
static void a_store_that_can_not_be_written_has_its_local_folder_elsewhere(void **state UNUSED)
{
	const char *dir = store_model_init(), *xdg = harness_tmpdir(), *home = harness_tmpdir();
	OWNED(free)
	char *old_xdg = getenv("XDG_CACHE_HOME") == NULL ? NULL : xstrdup(getenv("XDG_CACHE_HOME"));
	OWNED(free) char *old_home = getenv("HOME") == NULL ? NULL : xstrdup(getenv("HOME"));
	const struct {
		const char *xdg, *home, *begin;
	} cases[] = {
		{xdg, home, xdg},
		{"relative", home, home},
		{NULL, home, home},
		{NULL, "relative", "/tmp/yesterfs-"},
		{NULL, NULL, "/tmp/yesterfs-"},
		/* A system's user may have a home that can't be made. */
		{NULL, "/dev/null/home", "/tmp/yesterfs-"},
		{"/proc/nothing", home, "/tmp/yesterfs-"},
	};
	struct error e = {0};

	/* A file in the place of local/: nothing can be made in there. */
	ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
	ASSERT_OK(file_put(harness_path(dir, "local"), harness_tmpdir(), bytes_str(""), &e));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_writer *writer = NULL;
		struct store *store = NULL;
		int fd = -1;

		(void)(cases[i].xdg == NULL ? unsetenv("XDG_CACHE_HOME")
					    : setenv("XDG_CACHE_HOME", cases[i].xdg, 1));
		(void)(cases[i].home == NULL ? unsetenv("HOME") : setenv("HOME", cases[i].home, 1));
		store = store_model_open(dir);
		assert_int_equal(strncmp(store->local, cases[i].begin, strlen(cases[i].begin)), 0);
		ASSERT_ERROR(store_writer_begin(store, &writer, &e), ERR_UNSUPPORTED);
		ASSERT_ERROR_TEXT(store_stream_lock(store, STORE_STREAM_ADD, &fd, &e),
				  ERR_UNSUPPORTED, "open for reading only");
		if (i >= 3) {
			*strrchr(store->local, '/') = '\0';
			ASSERT_OK(file_remove_tree(store->local, &e));
			*strrchr(store->local, '/') = '\0';
			(void)rmdir(store->local); /* unless others use it */
		}
		store_close(store);
	}
	(void)(old_xdg == NULL ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", old_xdg, 1));
	(void)(old_home == NULL ? unsetenv("HOME") : setenv("HOME", old_home, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_excludes_this_process_and_others_until_it_is_closed),
		cmocka_unit_test(trees_are_whole_when_their_chunks_are_there),
		cmocka_unit_test(what_a_commit_needs_of_condemned_packs_is_stored_anew_before),
		cmocka_unit_test(a_store_that_can_not_be_written_has_its_local_folder_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
