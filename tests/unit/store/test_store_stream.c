#include "store/store_stream.h"

#include <unistd.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_excludes_this_process_and_others_until_it_is_closed),
		cmocka_unit_test(trees_are_whole_when_their_chunks_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
