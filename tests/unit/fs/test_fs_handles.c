/* What the kernel does not release is closed with the list. */
#include "fs/fs_handles.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/harness/harness.h"

#define THREADS 4
#define EACH 2000

static atomic_uint closed;

static void count_closed(struct fs_handle *handle)
{
	atomic_fetch_add(&closed, 1);
	free(handle);
}

static struct fs_handle *add(struct fs_handles *handles)
{
	struct fs_handle *handle = xcalloc(1, sizeof(*handle));

	fs_handles_add(handles, handle, count_closed);
	return handle;
}

static void what_is_left_open_is_closed_at_the_end(void **state)
{
	struct fs_handles *handles = fs_handles_new();
	struct fs_handle *handle[5];

	(void)state;
	atomic_store(&closed, 0);
	for (size_t i = 0; i < COUNT_OF(handle); i++)
		handle[i] = add(handles);
	fs_handles_close(handles, handle[4]);
	fs_handles_close(handles, handle[0]);
	fs_handles_close(handles, handle[2]);
	assert_int_equal(atomic_load(&closed), 3);
	fs_handles_free(handles);
	assert_int_equal(atomic_load(&closed), 5);
	fs_handles_free(NULL);
}

static void *open_and_close(void *ctx)
{
	struct fs_handle *before = NULL;

	for (unsigned i = 0; i < EACH; i++) {
		struct fs_handle *handle = add(ctx);

		if (before != NULL)
			fs_handles_close(ctx, before);
		before = handle;
	}
	return NULL; /* one stays open */
}

static void threads_open_and_close_at_once(void **state)
{
	struct fs_handles *handles = fs_handles_new();
	pthread_t threads[THREADS];

	(void)state;
	atomic_store(&closed, 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, handles), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&closed), THREADS * (EACH - 1));
	fs_handles_free(handles);
	assert_int_equal(atomic_load(&closed), THREADS * EACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_open_is_closed_at_the_end),
		cmocka_unit_test(threads_open_and_close_at_once),
	};

	return cmocka_run_group_tests_name("fs_handles", tests, NULL, NULL);
}
