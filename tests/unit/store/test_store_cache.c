/* The cache of visited moments is emptied when it holds too much, by who opens it alone. */
#include <stdio.h>

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

static bool has(struct store *cache, const struct snapshot *s)
{
	struct chunk *chunk = NULL;
	struct error e = {0};
	int code = store_get(cache, &s->catalog.id, &chunk, &e);

	chunk_release(chunk);
	return code == 0;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_emptied_by_who_opens_it_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
