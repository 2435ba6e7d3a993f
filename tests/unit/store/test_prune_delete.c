#include "store/prune_delete.h"

#include <stdio.h>

#include "store/backend/backend_mem.h"
#include "tests/harness/harness.h"

#define MANY 200

static struct backend *make(size_t count)
{
	struct backend *b = backend_mem_new();
	struct error e = {0};
	char name[32];

	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "a/%zu", i);
		ASSERT_OK(b->ops->put(b, name, bytes_str("x"), &e));
	}
	return b;
}

static int count_one(void *ctx, const char *name UNUSED, uint64_t size UNUSED,
		     struct error *e UNUSED)
{
	++*(size_t *)ctx;
	return 0;
}

static size_t left(struct backend *b)
{
	struct error e = {0};
	size_t count = 0;

	ASSERT_OK(b->ops->list(b, "a", count_one, &count, &e));
	return count;
}

static void all_that_was_added_goes_and_nothing_else(void **state UNUSED)
{
	static const size_t counts[] = {0, 1, 8, 9, MANY};

	for (size_t n = 0; n < COUNT_OF(counts); n++) {
		OWNED(backend_free) struct backend *b = make(MANY);
		OWNED(prune_delete_free) struct prune_delete *d = prune_delete_new(b);
		struct error e = {0};
		uint64_t size;
		char name[32];

		for (size_t i = 0; i < counts[n]; i++) {
			snprintf(name, sizeof(name), "a/%zu", i);
			prune_delete_add(d, name);
		}
		prune_delete_add(d, "a/of nobody"); /* somebody was quicker */
		ASSERT_OK(prune_delete_run(d, &e));
		assert_int_equal(left(b), MANY - counts[n]);
		snprintf(name, sizeof(name), "a/%zu", counts[n]);
		assert_int_equal(ASSERT_OK(b->ops->size(b, name, &size, &e)), counts[n] < MANY);
		/* It can be used again. */
		prune_delete_add(d, "a/199");
		ASSERT_OK(prune_delete_run(d, &e));
		assert_int_equal(left(b), MANY - counts[n] - (counts[n] < MANY));
	}
}

static int refuse(struct backend *b UNUSED, const char *name, struct error *e)
{
	return error_set(e, ERR_IO, "%s: not now", name);
}

static void a_failure_is_told(void **state UNUSED)
{
	struct backend_ops ops = {.remove = refuse};
	struct backend b = {.ops = &ops};
	OWNED(prune_delete_free) struct prune_delete *d = prune_delete_new(&b);
	struct error e = {0};

	for (size_t i = 0; i < MANY; i++)
		prune_delete_add(d, "a/b");
	ASSERT_ERROR_TEXT(prune_delete_run(d, &e), ERR_IO, "a/b: not now");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_was_added_goes_and_nothing_else),
		cmocka_unit_test(a_failure_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
