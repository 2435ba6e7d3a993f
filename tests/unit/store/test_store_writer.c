#include "store/store_writer.h"
#include "tests/harness/test_store.h"

#include <fcntl.h>

#include "base/file.h"
#include "tests/unit/store/store_model.h"

#define THREADS 6
#define CHUNKS 300

static void plain_of(unsigned number, struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(2110 + number);

	store_model_leaf(ret, (int32_t)number * 10, 2 + number % 3, 300, &rng);
}

struct crowd {
	struct store_writer *writer;
	struct chunk_id ids[CHUNKS];
	unsigned first;
	int failed;
};

/* Each thread puts all chunks, in another order. */
static void *put_all(void *ctx)
{
	struct crowd *crowd = ctx;
	unsigned first = __atomic_add_fetch(&crowd->first, CHUNKS / THREADS, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < CHUNKS; i++) {
		unsigned number = (first + i) % CHUNKS;
		struct store_put put = {.kind = CHUNK_LEAF};
		struct error e = {0};

		plain_of(number, &put.plain);
		if (i % 2) {
			store_writer_submit(crowd->writer, &put);
			if (store_writer_wait(crowd->writer, &put, &e) < 0)
				__atomic_store_n(&crowd->failed, 1, __ATOMIC_RELAXED);
		} else if (store_writer_put(crowd->writer, &put, &e) < 0) {
			__atomic_store_n(&crowd->failed, 1, __ATOMIC_RELAXED);
		}
		if (put.facts.documents != 2 + number % 3 || put.facts.renderer == 0)
			__atomic_store_n(&crowd->failed, 2, __ATOMIC_RELAXED);
		buf_release(&put.plain);
	}
	return NULL;
}

static void check_all(struct store *store)
{
	for (unsigned i = 0; i < CHUNKS; i++) {
		OWNED(chunk_release) struct chunk *chunk = NULL;
		OWNED(buf_release) struct buf plain = {0};
		struct chunk_id id;
		struct error e = {0};

		plain_of(i, &plain);
		id = test_store_id(buf_bytes(&plain));
		ASSERT_OK(store_get(store, &id, &chunk, &e));
		ASSERT_BYTES(chunk->plain, buf_bytes(&plain));
	}
}

static void run_crowd(struct store_writer *writer, struct store_writer_counts *ret)
{
	struct crowd crowd = {.writer = writer};
	pthread_t thread[THREADS];
	struct error e = {0};

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, put_all, &crowd), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(crowd.failed, 0);
	ASSERT_OK(store_writer_flush(writer, &e));
	store_writer_counts(writer, ret);
}

static void threads_that_put_the_same_chunks_store_each_once(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *writer = NULL;
	struct store_writer_counts counts;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	run_crowd(writer, &counts);
	assert_int_equal(counts.new_chunks, CHUNKS);
	assert_int_equal(counts.reused_chunks, CHUNKS * (THREADS - 1));
	assert_true(counts.stored_bytes > 0);
	check_all(store);
	/* And once more: nothing new. */
	run_crowd(writer, &counts);
	assert_int_equal(counts.new_chunks, CHUNKS);
	store_writer_end(writer);
	store_close(store);
	store = store_model_open(dir);
	check_all(store);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	run_crowd(writer, &counts);
	assert_int_equal(counts.new_chunks, 0);
	assert_int_equal(counts.stored_bytes, 0);
	store_writer_end(writer);
	store_close(store);
}

/* All put the same large chunk at the same time: who comes while it is encoded waits for that. */
struct rush {
	struct store_writer *writer;
	pthread_barrier_t start;
	struct bytes plain;
	enum chunk_kind kind;
	unsigned reused, failed;
};

static void *put_one(void *ctx)
{
	struct rush *rush = ctx;
	struct store_put put = {.kind = rush->kind};
	struct error e = {0};

	buf_add_bytes(&put.plain, rush->plain);
	pthread_barrier_wait(&rush->start);
	if (store_writer_put(rush->writer, &put, &e) < 0)
		__atomic_add_fetch(&rush->failed, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&rush->reused, put.reused, __ATOMIC_RELAXED);
	buf_release(&put.plain);
	return NULL;
}

static void run_rush(struct rush *rush)
{
	pthread_t thread[THREADS];

	rush->reused = rush->failed = 0;
	assert_int_equal(pthread_barrier_init(&rush->start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, put_one, rush), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&rush->start);
}

static void who_puts_what_another_one_encodes_waits_for_it(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct harness_rng rng = harness_rng_of(99);
	OWNED(buf_release) struct buf leaf = {0};
	struct rush rush = {.kind = CHUNK_LEAF};
	struct store_writer_counts counts;
	struct error e = {0};

	(void)state;
	store_model_leaf(&leaf, 0, 4000, 900, &rng);
	rush.plain = buf_bytes(&leaf);
	ASSERT_OK(store_writer_begin(store, &rush.writer, &e));
	run_rush(&rush);
	assert_int_equal(rush.failed, 0);
	assert_int_equal(rush.reused, THREADS - 1);
	store_writer_counts(rush.writer, &counts);
	assert_int_equal(counts.new_chunks, 1);
	/* Where it fails each one that waited tries, and is told. */
	rush.plain = bytes_of(leaf.at, leaf.len - 1);
	run_rush(&rush);
	assert_int_equal(rush.failed, THREADS);
	store_writer_counts(rush.writer, &counts);
	assert_int_equal(counts.new_chunks, 1);
	ASSERT_OK(store_writer_flush(rush.writer, &e));
	store_writer_end(rush.writer);
	store_close(store);
}

/* Where much will be written again no time is spent on making it small. */
static void what_is_expected_to_be_much_is_not_encoded_thoroughly(void **state)
{
	(void)state;
	for (int much = 0; much < 2; much++) {
		struct store *store = store_model_open(store_model_init());
		struct harness_rng rng = harness_rng_of(98);
		struct store_writer *writer = NULL;
		OWNED(buf_release) struct buf leaf = {0};
		struct store_put put = {.kind = CHUNK_LEAF, .has_hint = true};
		struct error e = {0};

		store_model_leaf(&leaf, 0, 20, 150, &rng);
		put.hint = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf), NULL, NULL);
		leaf.at[9] ^= 1;
		buf_add_bytes(&put.plain, buf_bytes(&leaf));
		ASSERT_OK(store_writer_begin(store, &writer, &e));
		if (much)
			store_writer_expect_much(writer);
		ASSERT_OK(store_writer_put(writer, &put, &e));
		assert_int_equal(put.thorough, !much);
		buf_release(&put.plain);
		store_writer_end(writer);
		store_close(store);
	}
}

static size_t pack_count(const char *dir)
{
	struct model_files packs;
	size_t count;

	store_model_files(harness_path(dir, "chunks"), &packs);
	count = packs.count;
	store_model_files_release(&packs);
	return count;
}

static void what_is_not_flushed_is_given_up(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf plain = {0};
	struct chunk_id id;
	struct error e = {0};

	(void)state;
	plain_of(1, &plain);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	id = store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
	assert_false(store_knows(store, &id));
	store_writer_end(writer);
	store_writer_end(NULL);
	assert_int_equal(pack_count(dir), 0);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	/* A flush of nothing, and one of something. */
	ASSERT_OK(store_writer_flush(writer, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_int_equal(pack_count(dir), 0);
	store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_true(store_knows(store, &id));
	assert_int_equal(pack_count(dir), 1);
	store_writer_end(writer);
	store_close(store);
}

static void leaves_and_nodes_go_to_packs_of_their_own(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf plain = {0};
	struct chunk_id leaf, node;
	struct error e = {0};

	(void)state;
	plain_of(1, &plain);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	leaf = store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
	node = store_model_put(writer, CHUNK_NODE, bytes_str("the bytes of a node"), NULL, NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_int_not_equal(store_model_place(store, &leaf).pack,
			     store_model_place(store, &node).pack);
	assert_int_equal(pack_count(dir), 2);
	store_writer_end(writer);
	store_close(store);
}

/* Many packs: more than one is full before the flush. */
static void many_packs_are_finished_and_known(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *writer = NULL;
	struct harness_rng rng = harness_rng_of(212);
	struct chunk_id ids[24];
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (int32_t i = 0; i < (int32_t)COUNT_OF(ids); i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, i, 4 * MIB, &rng);
		ids[i] = store_model_put(writer, CHUNK_LEAF, buf_bytes(&doc), NULL, NULL);
	}
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_true(pack_count(dir) > 4);
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		OWNED(chunk_release) struct chunk *chunk = NULL;

		assert_true(store_knows(store, &ids[i]));
		ASSERT_OK(store_get(store, &ids[i], &chunk, &e));
	}
	store_writer_end(writer);
	store_close(store);
}

/* What is no BSON fails alone; the writer goes on, and a later try of the same bytes fails, too. */
static void a_leaf_that_can_not_be_measured_fails_alone(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf plain = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (int i = 0; i < 2; i++) {
		struct store_put put = {.kind = CHUNK_LEAF};

		buf_add_str(&put.plain, "this is no document");
		ASSERT_ERROR(store_writer_put(writer, &put, &e), ERR_CORRUPT);
		buf_release(&put.plain);
	}
	plain_of(1, &plain);
	store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	store_writer_end(writer);
	store_close(store);
}

/* A chunk too large to be read back must not be taken: it would make its whole pack unreadable. */
static void a_chunk_over_the_limit_is_refused(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *writer = NULL;
	struct store_put put = {.kind = CHUNK_NODE};
	OWNED(buf_release) struct buf plain = {0};
	struct chunk_id id;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	memset(buf_room(&put.plain, CHUNK_PLAIN_MAX + 1), 0, CHUNK_PLAIN_MAX + 1);
	put.plain.len = CHUNK_PLAIN_MAX + 1;
	ASSERT_ERROR(store_writer_put(writer, &put, &e), ERR_LIMIT);
	put.plain.len--;
	ASSERT_OK(store_writer_put(writer, &put, &e));
	buf_release(&put.plain);
	plain_of(1, &plain);
	id = store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	store_writer_end(writer);
	store_close(store);
	ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
	store = store_model_open(dir);
	assert_true(store_knows(store, &id));
	assert_true(store_knows(store, &put.id));
	store_close(store);
}

static int put_many_in_child(void *ctx)
{
	struct store *store = store_model_open(ctx);
	struct store_writer *writer = NULL;
	struct error e = {0};

	if (store_writer_begin(store, &writer, &e) < 0)
		return 1;
	for (unsigned i = 0; i < CHUNKS; i++) {
		OWNED(buf_release) struct buf plain = {0};

		plain_of(i, &plain);
		store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
		if (i % 20 == 0 && store_writer_flush(writer, &e) < 0)
			return 2;
	}
	if (store_writer_flush(writer, &e) < 0)
		return 3;
	store_writer_end(writer);
	store_close(store);
	return 0;
}

static void processes_that_write_at_once_both_succeed(void **state)
{
	const char *dir = store_model_init();
	pid_t child[3];
	struct store *store;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(child); i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0) {
			alarm(100);
			_exit(put_many_in_child((void *)(uintptr_t)dir));
		}
	}
	for (size_t i = 0; i < COUNT_OF(child); i++)
		assert_int_equal(store_model_wait(child[i]), 0);
	store = store_model_open(dir);
	check_all(store);
	store_close(store);
}

/* Files that a killed writer left are removed by the next that is alone, not while another works. */
static void what_dead_writers_left_is_removed(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *one = NULL, *two = NULL;
	OWNED(free) char *left = xprintf("%s/left.123", store->tmp);
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &one, &e));
	store_model_write_file(left, bytes_str("half a pack"));
	ASSERT_OK(store_writer_begin(store, &two, &e));
	assert_int_equal(access(left, F_OK), 0);
	store_writer_end(one);
	store_writer_end(two);
	ASSERT_OK(store_writer_begin(store, &one, &e));
	assert_int_not_equal(access(left, F_OK), 0);
	store_writer_end(one);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_that_put_the_same_chunks_store_each_once),
		cmocka_unit_test(who_puts_what_another_one_encodes_waits_for_it),
		cmocka_unit_test(what_is_expected_to_be_much_is_not_encoded_thoroughly),
		cmocka_unit_test(what_is_not_flushed_is_given_up),
		cmocka_unit_test(leaves_and_nodes_go_to_packs_of_their_own),
		cmocka_unit_test(many_packs_are_finished_and_known),
		cmocka_unit_test(a_leaf_that_can_not_be_measured_fails_alone),
		cmocka_unit_test(a_chunk_over_the_limit_is_refused),
		cmocka_unit_test(processes_that_write_at_once_both_succeed),
		cmocka_unit_test(what_dead_writers_left_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
