#include "store/snapshot/commit.h"

#include "tests/unit/store/snapshot_model.h"

static size_t count_of(struct store *store, size_t *ret_skipped)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct error e = {0};

	ASSERT_OK(snapshots_read(store, &list, ret_skipped, &e));
	return list.count;
}

static void a_name_is_used_once(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "before-migration", 100, 1, NULL);
	ASSERT_ERROR(snapshot_model_try(store, "before-migration", 200, 2, NULL, NULL, &e),
		     ERR_EXISTS);
	ASSERT_ERROR(snapshot_model_try(store, "a/b", 200, 2, NULL, NULL, &e), ERR_INVALID);
	assert_int_equal(count_of(store, NULL), 1);
	for (int i = 0; i < 12; i++) {
		char expected[40], *name = NULL;

		ASSERT_OK(snapshot_model_try(store, NULL, 100, 10 + i, NULL, &name, &e));
		snprintf(expected, sizeof(expected),
			 i == 0 ? "1970-01-01T000140Z" : "1970-01-01T000140Z-%d", i + 1);
		assert_string_equal(name, expected);
		free(name);
	}
	store_close(store);
}

static void names_are_of_plain_characters(void **state)
{
	struct error e = {0};
	char name[120];

	(void)state;
	assert_true(snapshot_is_name("a"));
	assert_true(snapshot_is_name("2026-11-21T094107Z-2"));
	assert_true(snapshot_is_name("v1.0_rc-1"));
	assert_false(snapshot_is_name(""));
	assert_false(snapshot_is_name("."));
	assert_false(snapshot_is_name(".."));
	assert_false(snapshot_is_name(".hidden"));
	assert_false(snapshot_is_name("-s"));
	assert_false(snapshot_is_name("a b"));
	assert_false(snapshot_is_name("a/b"));
	assert_false(snapshot_is_name("a\nb"));
	assert_false(snapshot_is_name("\xc3\xa4"));
	memset(name, 'x', sizeof(name));
	name[100] = '\0';
	assert_true(snapshot_is_name(name));
	name[100] = 'x';
	name[101] = '\0';
	assert_false(snapshot_is_name(name));
	ASSERT_OK(snapshot_check_name("a", &e));
	ASSERT_ERROR_TEXT(snapshot_check_name("-s", &e), ERR_INVALID, "not first . or -");
}

static int commit_in_child(const char *dir, int32_t number)
{
	struct store *store = store_model_open(dir);
	struct error e = {0};

	for (int32_t i = 0; i < 5; i++)
		if (snapshot_model_try(store, NULL, 700, number * 100 + i, NULL, NULL, &e) < 0)
			return 1;
	store_close(store);
	return 0;
}

static void processes_that_commit_at_once_get_names_of_their_own(void **state)
{
	const char *dir = store_model_init();
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct store *store;
	pid_t child[3];
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < (int32_t)COUNT_OF(child); i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0) {
			alarm(100);
			_exit(commit_in_child(dir, i));
		}
	}
	for (size_t i = 0; i < COUNT_OF(child); i++)
		assert_int_equal(store_model_wait(child[i]), 0);
	store = store_model_open(dir);
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	assert_int_equal(list.count, 15);
	for (size_t i = 0; i < list.count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(list.at[i].name, list.at[k].name);
	store_close(store);
}

static void what_can_not_be_committed_leaves_no_snapshot(void **state)
{
	struct store *store = store_model_open(store_model_init());
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 1, 1, NULL);
	ASSERT_ERROR(snapshot_model_try(store, "-x", 2, 2, NULL, NULL, &e), ERR_INVALID);
	ASSERT_ERROR(snapshot_model_try(store, "one", 2, 2, NULL, NULL, &e), ERR_EXISTS);
	assert_int_equal(count_of(store, NULL), 1);
	/* And the lock is free again. */
	snapshot_model_commit(store, "two", 2, 2, NULL);
	assert_int_equal(count_of(store, NULL), 2);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_used_once),
		cmocka_unit_test(names_are_of_plain_characters),
		cmocka_unit_test(processes_that_commit_at_once_get_names_of_their_own),
		cmocka_unit_test(what_can_not_be_committed_leaves_no_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
