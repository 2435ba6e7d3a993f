#include "store/crypt/store_keys.h"

#include <sys/prctl.h>

#include "tests/harness/harness.h"

static struct store_keys *counting_keys(void)
{
	uint8_t master[STORE_MASTER_LEN];

	for (uint8_t i = 0; i < sizeof(master); i++)
		master[i] = i;
	return store_keys_new(master);
}

static void has_hex(const uint8_t *at, size_t len, const char *expected)
{
	OWNED(buf_release) struct buf hex = {0};

	for (size_t i = 0; i < len; i++)
		buf_printf(&hex, "%02x", at[i]);
	assert_string_equal(buf_text(&hex), expected);
}

/* Made by another implementation of HKDF and HMAC, from docs/format/keys.md. A change here makes stores unreadable. */
static void the_keys_are_those_of_the_format(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = counting_keys();
	uint8_t salt[STORE_SALT_LEN], key[STORE_KEY_LEN], seed[STORE_KEYS_SEED_LEN];
	struct chunk_id id = store_keys_id(keys, bytes_str("a document"));

	for (uint8_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)(100 + i);
	has_hex(id.at, sizeof(id.at),
		"a55c842e72086315b13d2846e32fa1b6c84e2358392f1a3d748415ad4acea344");
	store_keys_seed(keys, seed);
	has_hex(seed, sizeof(seed), "187150100a09058ed409759114f235e5");
	store_keys_object(keys, STORE_KEY_PACK, salt, key);
	has_hex(key, sizeof(key),
		"418aa5a6bfecb02ac1b583698efa7711ebb9415779c29186e8c3f2f7d2d4a945");
	store_keys_object(keys, STORE_KEY_JOURNAL, salt, key);
	has_hex(key, sizeof(key),
		"62b46376783aaa0bf1fa7058f921fb426d79f1176c4e20696617cc2b239ec9d3");
	store_keys_salt_of(keys, bytes_str("head"), bytes_str("doc"), salt);
	has_hex(salt, sizeof(salt), "20b1484841a1b68d778ecd3c49a865d3");
}

static void without_keys_a_name_is_the_hash(void **state UNUSED)
{
	struct chunk_id id = store_keys_id(NULL, bytes_str("a document"));
	struct chunk_id hash = chunk_id_of(bytes_str("a document"));

	assert_true(chunk_id_equal(&id, &hash));
}

static void salts_differ(void **state UNUSED)
{
	uint8_t a[STORE_SALT_LEN], b[STORE_SALT_LEN];

	store_keys_salt(a);
	store_keys_salt(b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void a_process_with_keys_leaves_no_core_dump(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = counting_keys();

	assert_non_null(keys);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_are_those_of_the_format),
		cmocka_unit_test(without_keys_a_name_is_the_hash),
		cmocka_unit_test(salts_differ),
		cmocka_unit_test(a_process_with_keys_leaves_no_core_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
