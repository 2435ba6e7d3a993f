#include "store/rekey.h"

#include "base/file.h"
#include "store/store_internal.h"
#include "tests/harness/harness.h"

static const char first[] = "the first secret of this store";
static const char second[] = "the second secret of this store";

static const char *made(const char *secret)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	const struct store_secret with = {.secret = bytes_str(secret == NULL ? "" : secret)};
	struct store_params params;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(store_create(dir, &params, secret == NULL ? NULL : &with, &e));
	return dir;
}

static int open_with(const char *dir, const char *secret, struct store **ret, struct error *e)
{
	const struct store_secret with = {.secret = bytes_str(secret)};
	const struct store_options options = {.secret = &with};

	return store_open(dir, &options, ret, e);
}

static int rekey(struct store *store, struct keyring_change *ret, struct error *e)
{
	return rekey_run(store, bytes_str(first), bytes_str(second), false, ret, e);
}

static void afterwards_the_new_secret_opens_the_store_and_its_keys_are_the_same(void **state)
{
	const char *dir = made(first);
	OWNED(store_close) struct store *store = NULL;
	OWNED(store_close) struct store *again = NULL;
	struct keyring_change change;
	struct chunk_id before, after;
	struct error e = {0};

	(void)state;
	ASSERT_OK(open_with(dir, first, &store, &e));
	before = store_keys_id(store_keys(store), bytes_str("some bytes"));
	ASSERT_OK(rekey(store, &change, &e));
	assert_int_equal(change.added, 1);
	assert_int_equal(change.removed, 1);
	ASSERT_ERROR(open_with(dir, first, &again, &e), ERR_WRONG_KEY);
	ASSERT_OK(open_with(dir, second, &again, &e));
	after = store_keys_id(store_keys(again), bytes_str("some bytes"));
	assert_true(chunk_id_equal(&before, &after));
	assert_memory_equal(store_params(store)->seed, store_params(again)->seed, STORE_SEED_LEN);
}

static void a_plain_store_has_no_key_to_change(void **state)
{
	OWNED(store_close) struct store *store = NULL;
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_open(made(NULL), NULL, &store, &e));
	ASSERT_ERROR(rekey(store, &change, &e), ERR_REFUSED);
}

static void of_a_store_that_cant_be_written_to_it_is_told(void **state)
{
	OWNED(store_close) struct store *store = NULL;
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	ASSERT_OK(open_with(made(first), first, &store, &e));
	store->writable = false; /* as on a read-only file system */
	ASSERT_ERROR_TEXT(rekey(store, &change, &e), ERR_UNSUPPORTED, "open for reading only");
}

static void two_at_once_are_refused(void **state)
{
	const char *dir = made(first);
	OWNED(store_close) struct store *store = NULL;
	OWNED(store_close) struct store *other = NULL;
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	ASSERT_OK(open_with(dir, first, &store, &e));
	ASSERT_OK(open_with(dir, first, &other, &e));
	assert_int_equal(ASSERT_OK(file_lock(other->config_fd, dir, STORE_LOCK_KEYS,
					     FILE_LOCK_EXCLUSIVE, false, &e)),
			 1);
	ASSERT_ERROR(rekey(store, &change, &e), ERR_BUSY);
	file_unlock(other->config_fd, STORE_LOCK_KEYS);
	ASSERT_OK(rekey(store, &change, &e));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			afterwards_the_new_secret_opens_the_store_and_its_keys_are_the_same),
		cmocka_unit_test(a_plain_store_has_no_key_to_change),
		cmocka_unit_test(of_a_store_that_cant_be_written_to_it_is_told),
		cmocka_unit_test(two_at_once_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
