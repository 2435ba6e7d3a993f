/*
 * test_store.h - making and opening the stores of unit tests; with YESTER_TEST_ENCRYPTED set they are encrypted.
 *
 * So that what is tested over a plain store can be tested over an encrypted one: `make check-encrypted`. The master key is fixed and
 * not in a file: that scrypt makes keys slowly is tested elsewhere.
 */
#ifndef HARNESS_TEST_STORE_H
#define HARNESS_TEST_STORE_H

#include <stdlib.h>

#include "store/store_internal.h"

static inline bool test_store_is_encrypted(void)
{
	return getenv("YESTER_TEST_ENCRYPTED") != NULL;
}

/* As long as the process lives: a store may be closed after its test's end. NULL: plain. */
static inline struct store_keys *test_store_keys(void)
{
	static const uint8_t master[STORE_MASTER_LEN] = "the master key of all tests";
	static struct store_keys *keys;

	if (keys == NULL && test_store_is_encrypted())
		keys = store_keys_new(master);
	return keys;
}

/* What a chunk or an entry is called in these stores. */
static inline struct chunk_id test_store_id(struct bytes plain)
{
	return store_keys_id(test_store_keys(), plain);
}

MUST_CHECK static inline int test_store_init(const char *path, const struct store_params *params,
					     struct error *e)
{
	struct store_params made = *params;

	made.encrypted = test_store_is_encrypted();
	return store_init_cache(path, &made, e);
}

MUST_CHECK static inline int test_store_open(const char *path, const struct store_options *options,
					     struct store **ret, struct error *e)
{
	return store_open_with(path, options, test_store_keys(), ret, e);
}

#endif
