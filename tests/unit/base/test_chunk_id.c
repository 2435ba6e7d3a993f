#include "base/chunk_id.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void assert_hex(struct chunk_id id, const char *want)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(&id, hex);
	assert_string_equal(hex, want);
}

static void the_vectors_of_the_standard_come_out(void **state)
{
	(void)state;
	assert_hex(chunk_id_of(bytes_str("abc")), ABC);
	assert_hex(chunk_id_of(bytes_of(NULL, 0)), NOTHING);
}

static void parts_give_the_id_of_the_whole_and_the_hash_starts_anew(void **state)
{
	OWNED(sha256_free) struct sha256 *hash = sha256_new();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		static const char hundred[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

		sha256_add(hash, bytes_str(hundred));
	}
	assert_hex(sha256_end(hash), MILLION);
	assert_hex(sha256_end(hash), NOTHING);
	sha256_add(hash, bytes_str("a"));
	sha256_add(hash, bytes_of(NULL, 0));
	sha256_add(hash, bytes_str("bc"));
	assert_hex(sha256_end(hash), ABC);
}

static void hex_comes_back_and_nothing_else_parses(void **state)
{
	struct chunk_id id = chunk_id_of(bytes_str("abc")), back;
	char hex[CHUNK_ID_HEX + 2];

	(void)state;
	assert_true(chunk_id_parse(bytes_str(ABC), &back));
	assert_true(chunk_id_equal(&id, &back));
	assert_false(chunk_id_parse(bytes_of(ABC, CHUNK_ID_HEX - 1), &back));
	assert_false(chunk_id_parse(bytes_str(ABC "0"), &back));
	assert_false(chunk_id_parse(bytes_str(""), &back));
	for (size_t at = 0; at < CHUNK_ID_HEX; at++) {
		static const char bad[] = "AFgG/:`@ \n";

		for (size_t i = 0; i < sizeof(bad); i++) {
			memcpy(hex, ABC, CHUNK_ID_HEX + 1);
			hex[at] = bad[i];
			assert_false(chunk_id_parse(bytes_of(hex, CHUNK_ID_HEX), &back));
		}
	}
	assert_true(chunk_id_equal(&id, &back));
}

static void only_zero_is_zero(void **state)
{
	struct chunk_id id = {{0}};

	(void)state;
	assert_true(chunk_id_is_zero(&id));
	for (size_t i = 0; i < CHUNK_ID_LEN; i++) {
		id.at[i] = 1;
		assert_false(chunk_id_is_zero(&id));
		id.at[i] = 0;
	}
}

static void md5_is_that_of_the_rfc(void **state)
{
	OWNED(md5_free) struct md5 *hash = md5_new();
	char hex[MD5_HEX + 1];

	(void)state;
	md5_add(hash, bytes_str("message "));
	md5_add(hash, bytes_str("digest"));
	md5_end(hash, hex);
	assert_string_equal(hex, "f96b697d7cb7938d525a2f31aaf161d0");
	md5_end(hash, hex);
	assert_string_equal(hex, "d41d8cd98f00b204e9800998ecf8427e");
}

static void *hash_many(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		struct chunk_id id = chunk_id_of(bytes_str("abc"));
		struct chunk_id want;

		if (!chunk_id_parse(bytes_str(ABC), &want) || !chunk_id_equal(&id, &want))
			*(bool *)arg = false;
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	bool good[4] = {true, true, true, true};
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &good[i]), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_true(good[i]);
	}
}

static void nothing_can_be_freed(void **state)
{
	(void)state;
	sha256_free(NULL);
	md5_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_standard_come_out),
		cmocka_unit_test(parts_give_the_id_of_the_whole_and_the_hash_starts_anew),
		cmocka_unit_test(hex_comes_back_and_nothing_else_parses),
		cmocka_unit_test(only_zero_is_zero),
		cmocka_unit_test(md5_is_that_of_the_rfc),
		cmocka_unit_test(threads_do_not_disturb_each_other),
		cmocka_unit_test(nothing_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
