#include "store/chunk_cache.h"

#include <malloc.h>
#include <pthread.h>

#include "tests/harness/harness.h"

#define THREADS 8

static struct chunk_id id_of(uint64_t number)
{
	return chunk_id_of(bytes_of(&number, sizeof(number)));
}

struct source {
	unsigned loads;	 /* atomic */
	unsigned inside; /* atomic: loaders at work */
	unsigned most;	 /* atomic: most at once */
	size_t len;	 /* bytes of each chunk */
	bool fails;
	pthread_barrier_t *gate; /* the loader waits here when there is one */
};

/* A chunk's bytes are its id, over and over. */
static int load(void *ctx, const struct chunk_id *id, struct buf *ret, struct error *e)
{
	struct source *source = ctx;
	unsigned inside = __atomic_add_fetch(&source->inside, 1, __ATOMIC_SEQ_CST);

	__atomic_add_fetch(&source->loads, 1, __ATOMIC_SEQ_CST);
	if (inside > __atomic_load_n(&source->most, __ATOMIC_SEQ_CST))
		__atomic_store_n(&source->most, inside, __ATOMIC_SEQ_CST);
	if (source->gate != NULL)
		pthread_barrier_wait(source->gate);
	__atomic_sub_fetch(&source->inside, 1, __ATOMIC_SEQ_CST);
	if (source->fails)
		return error_set(e, ERR_CORRUPT, "it fails by intent");
	while (ret->len < source->len)
		buf_add(ret, id->at, CHUNK_ID_LEN);
	return 0;
}

static void a_chunk_is_loaded_once_and_shared(void **state)
{
	struct chunk_cache *cache = chunk_cache_new(MIB);
	struct source source = {.len = 100};
	struct chunk_id id = id_of(1);
	struct chunk *first = NULL, *second = NULL;
	struct error e = {0};

	(void)state;
	assert_false(chunk_cache_has(cache, &id));
	ASSERT_OK(chunk_cache_get(cache, &id, load, &source, &first, &e));
	ASSERT_OK(chunk_cache_get(cache, &id, load, &source, &second, &e));
	assert_ptr_equal(first, second);
	assert_int_equal(source.loads, 1);
	assert_true(chunk_cache_has(cache, &id));
	assert_true(chunk_id_equal(&first->id, &id));
	assert_memory_equal(first->plain.at, id.at, CHUNK_ID_LEN);
	assert_ptr_equal(chunk_hold(first), first);
	chunk_release(first);
	chunk_release(first);
	chunk_release(second);
	chunk_release(NULL);
	assert_true(chunk_cache_has(cache, &id));
	chunk_cache_free(cache);
	chunk_cache_free(NULL);
}

static void what_is_held_stays_and_the_least_recently_used_goes(void **state)
{
	struct chunk_cache *cache = chunk_cache_new(10 * 4096);
	struct source source = {.len = 4000};
	struct chunk *held[20];
	struct error e = {0};

	(void)state;
	/* Twice the bound is held: all stay. */
	for (uint64_t i = 0; i < 20; i++) {
		struct chunk_id id = id_of(i);

		ASSERT_OK(chunk_cache_get(cache, &id, load, &source, &held[i], &e));
	}
	for (uint64_t i = 0; i < 20; i++) {
		struct chunk_id id = id_of(i);

		assert_true(chunk_cache_has(cache, &id));
		assert_memory_equal(held[i]->plain.at, id.at, CHUNK_ID_LEN);
	}
	for (uint64_t i = 0; i < 20; i++)
		chunk_release(held[i]);
	/* The bound holds again: the first ones went. */
	for (uint64_t i = 0; i < 20; i++) {
		struct chunk_id id = id_of(i);

		assert_true(chunk_cache_has(cache, &id) == (i >= 11) ||
			    (i >= 8 && i <= 12)); /* the capacity of a buffer is its own affair */
	}
	/* A use makes 19 the newest but one, and 12 remains only if it is used. */
	for (uint64_t i = 100; i < 108; i++) {
		struct chunk_id id = id_of(i), used = id_of(19);
		struct chunk *chunk = NULL;

		ASSERT_OK(chunk_cache_get(cache, &used, load, &source, &chunk, &e));
		chunk_release(chunk);
		ASSERT_OK(chunk_cache_get(cache, &id, load, &source, &chunk, &e));
		chunk_release(chunk);
	}
	assert_int_equal(source.loads, 28);
	{
		struct chunk_id used = id_of(19), unused = id_of(12);

		assert_true(chunk_cache_has(cache, &used));
		assert_false(chunk_cache_has(cache, &unused));
	}
	chunk_cache_free(cache);
}

static void a_cache_of_no_bytes_keeps_only_what_is_held(void **state)
{
	struct chunk_cache *cache = chunk_cache_new(0);
	struct source source = {.len = 10};
	struct chunk_id id = id_of(1);
	struct chunk *chunk = NULL;
	struct error e = {0};

	(void)state;
	for (unsigned i = 1; i < 4; i++) {
		ASSERT_OK(chunk_cache_get(cache, &id, load, &source, &chunk, &e));
		assert_int_equal(source.loads, i);
		assert_true(chunk_cache_has(cache, &id));
		chunk_release(chunk);
		assert_false(chunk_cache_has(cache, &id));
	}
	chunk_cache_free(cache);
}

struct reader {
	struct chunk_cache *cache;
	struct source *source;
	uint64_t seed;
	pthread_barrier_t *start;
	int code;
};

static void *get_one(void *ctx)
{
	struct reader *reader = ctx;
	struct chunk_id id = id_of(5);
	struct chunk *chunk = NULL;
	struct error e = {0};

	pthread_barrier_wait(reader->start);
	reader->code = chunk_cache_get(reader->cache, &id, load, reader->source, &chunk, &e);
	if (reader->code < 0 && (e.code != reader->code || e.text[0] == '\0'))
		reader->code = 1;
	chunk_release(chunk);
	return NULL;
}

/* All threads ask at once for one chunk: one loads, the others wait for it; so they do when it fails. */
static void small_chunks_are_counted_with_all_that_is_kept_of_them(void **state)
{
	struct chunk_cache *cache = chunk_cache_new(MIB);
	struct source source = {.len = 32};
	size_t before = mallinfo2().uordblks, after;
	struct error e = {0};

	(void)state;
	for (uint64_t i = 0; i < 50000; i++) {
		struct chunk_id id = id_of(i);
		struct chunk *chunk = NULL;

		ASSERT_OK(chunk_cache_get(cache, &id, load, &source, &chunk, &e));
		chunk_release(chunk);
	}
	after = mallinfo2().uordblks; /* a sanitizer's heap has no number */
	assert_in_range(after - MIN_OF(before, after), 0, 3 * MIB / 2);
	chunk_cache_free(cache);
}

static void threads_that_want_one_chunk_load_it_once(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct chunk_cache *cache = chunk_cache_new(MIB);
		struct source source = {.len = 100, .fails = round % 2 == 1};
		struct reader readers[THREADS];
		pthread_t thread[THREADS];
		pthread_barrier_t start;
		struct chunk_id id = id_of(5);

		pthread_barrier_init(&start, NULL, THREADS);
		for (size_t i = 0; i < THREADS; i++) {
			readers[i] = (struct reader){cache, &source, i, &start, 0};
			assert_int_equal(pthread_create(&thread[i], NULL, get_one, &readers[i]), 0);
		}
		for (size_t i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
		for (size_t i = 0; i < THREADS; i++)
			assert_int_equal(readers[i].code, source.fails ? ERR_CORRUPT : 0);
		/* One at a time, always; once in all when it succeeds. */
		assert_int_equal(source.most, 1);
		assert_true(source.fails || source.loads == 1);
		assert_true(chunk_cache_has(cache, &id) == !source.fails);
		pthread_barrier_destroy(&start);
		chunk_cache_free(cache);
	}
}

/* Two chunks load side by side: neither waits for the other, or this would hang. */
static void *get_own(void *ctx)
{
	struct reader *reader = ctx;
	struct chunk_id id = id_of(reader->seed);
	struct chunk *chunk = NULL;
	struct error e = {0};

	reader->code = chunk_cache_get(reader->cache, &id, load, reader->source, &chunk, &e);
	chunk_release(chunk);
	return NULL;
}

static void different_chunks_load_side_by_side(void **state)
{
	struct chunk_cache *cache = chunk_cache_new(MIB);
	pthread_barrier_t gate;
	struct source source = {.len = 100, .gate = &gate};
	struct reader readers[THREADS];
	pthread_t thread[THREADS];

	(void)state;
	pthread_barrier_init(&gate, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){cache, &source, i, NULL, 0};
		assert_int_equal(pthread_create(&thread[i], NULL, get_own, &readers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(readers[i].code, 0);
	}
	assert_int_equal(source.most, THREADS);
	pthread_barrier_destroy(&gate);
	chunk_cache_free(cache);
}

static void *get_many(void *ctx)
{
	struct reader *reader = ctx;
	struct harness_rng rng = {reader->seed};
	struct chunk *held = NULL;

	for (int i = 0; i < 4000; i++) {
		struct chunk_id id = id_of(harness_rng_below(&rng, 40));
		struct chunk *chunk = NULL;
		struct error e = {0};

		if (chunk_cache_get(reader->cache, &id, load, reader->source, &chunk, &e) < 0 ||
		    memcmp(chunk->plain.at, id.at, CHUNK_ID_LEN) != 0)
			reader->code = 1;
		if (i % 7 == 0) {
			chunk_release(held);
			held = chunk_hold(chunk);
		}
		chunk_release(chunk);
	}
	chunk_release(held);
	return NULL;
}

static void a_small_cache_under_many_threads_gives_right_bytes(void **state)
{
	struct chunk_cache *cache = chunk_cache_new(3000);
	struct source source = {.len = 500};
	struct reader readers[THREADS];
	pthread_t thread[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){cache, &source, harness_seed() + i, NULL, 0};
		assert_int_equal(pthread_create(&thread[i], NULL, get_many, &readers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(readers[i].code, 0);
	}
	chunk_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_is_loaded_once_and_shared),
		cmocka_unit_test(what_is_held_stays_and_the_least_recently_used_goes),
		cmocka_unit_test(a_cache_of_no_bytes_keeps_only_what_is_held),
		cmocka_unit_test(small_chunks_are_counted_with_all_that_is_kept_of_them),
		cmocka_unit_test(threads_that_want_one_chunk_load_it_once),
		cmocka_unit_test(different_chunks_load_side_by_side),
		cmocka_unit_test(a_small_cache_under_many_threads_gives_right_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
