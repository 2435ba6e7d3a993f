#include "store/prefetch.h"

#include <pthread.h>
#include <semaphore.h>

#include "tests/harness/harness.h"

static struct chunk_id id_of(uint64_t number)
{
	return chunk_id_of(bytes_of(&number, sizeof(number)));
}

#define WISHES 1000
struct seen {
	sem_t ran;     /* posted after each run */
	sem_t *may;    /* waited for in each run, when there is one */
	uint64_t last; /* atomic: number of wishes that were granted */
	bool ok[WISHES];
};

static void run(void *ctx, const struct chunk_id *id)
{
	struct seen *seen = ctx;
	uint64_t number = 0;

	if (seen->may != NULL)
		sem_wait(seen->may);
	for (uint64_t i = 0; i < WISHES; i++) {
		struct chunk_id wish = id_of(i);

		if (chunk_id_equal(&wish, id))
			number = i;
	}
	__atomic_add_fetch(&seen->last, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&seen->ok[number], true, __ATOMIC_SEQ_CST);
	sem_post(&seen->ran);
}

static void a_wish_is_granted(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads < 5; threads++) {
		struct seen seen = {0};
		struct prefetch *prefetch = prefetch_new(threads, run, &seen);

		sem_init(&seen.ran, 0, 0);
		for (uint64_t i = 0; i < 50; i++) {
			struct chunk_id id = id_of(i);

			prefetch_add(prefetch, &id);
			if (i % 10 == 9)
				for (int k = 0; k < 10; k++)
					sem_wait(&seen.ran);
		}
		prefetch_free(prefetch);
		for (size_t i = 0; i < 50; i++)
			assert_true(seen.ok[i]);
		assert_int_equal(seen.last, 50);
		sem_destroy(&seen.ran);
	}
}

/* The threads are held up while 1000 wishes come: the oldest are forgotten, the last ones granted. */
static void the_oldest_wishes_are_forgotten(void **state)
{
	struct seen seen = {0};
	sem_t may;
	struct prefetch *prefetch;

	(void)state;
	sem_init(&may, 0, 0);
	sem_init(&seen.ran, 0, 0);
	seen.may = &may;
	prefetch = prefetch_new(1, run, &seen);
	for (uint64_t i = 0; i < WISHES; i++) {
		struct chunk_id id = id_of(i);

		prefetch_add(prefetch, &id);
	}
	for (int i = 0; i < WISHES; i++)
		sem_post(&may);
	/* The last wish is among them; the thread may have taken one before. */
	while (!__atomic_load_n(&seen.ok[WISHES - 1], __ATOMIC_SEQ_CST))
		sem_wait(&seen.ran);
	prefetch_free(prefetch);
	assert_true(seen.last >= PREFETCH_WISHES && seen.last <= PREFETCH_WISHES + 1);
	sem_destroy(&may);
	sem_destroy(&seen.ran);
}

static void it_ends_with_wishes_left_or_without_any(void **state)
{
	struct seen seen = {0};

	(void)state;
	sem_init(&seen.ran, 0, 0);
	for (int round = 0; round < 50; round++) {
		struct prefetch *prefetch = prefetch_new(3, run, &seen);

		for (uint64_t i = 0; i < (uint64_t)round; i++) {
			struct chunk_id id = id_of(i);

			prefetch_add(prefetch, &id);
		}
		prefetch_free(prefetch);
	}
	prefetch_free(NULL);
	sem_destroy(&seen.ran);
}

static void wishes_that_come_together_are_granted_each_once(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads < 5; threads++) {
		struct seen seen = {0};
		struct prefetch *prefetch = prefetch_new(threads, run, &seen);
		struct chunk_id ids[50];

		sem_init(&seen.ran, 0, 0);
		for (uint64_t i = 0; i < COUNT_OF(ids); i++)
			ids[i] = id_of(i);
		for (size_t i = 0, some = 0; i < COUNT_OF(ids); i += some) {
			some = MIN_OF(1 + i % 9, COUNT_OF(ids) - i);
			prefetch_add_several(prefetch, ids + i, some);
		}
		prefetch_add_several(prefetch, ids, 0);
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			sem_wait(&seen.ran);
		prefetch_free(prefetch);
		assert_int_equal(seen.last, COUNT_OF(ids));
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			assert_true(seen.ok[i]);
		sem_destroy(&seen.ran);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wish_is_granted),
		cmocka_unit_test(the_oldest_wishes_are_forgotten),
		cmocka_unit_test(wishes_that_come_together_are_granted_each_once),
		cmocka_unit_test(it_ends_with_wishes_left_or_without_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
