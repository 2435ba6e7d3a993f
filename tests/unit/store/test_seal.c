#include "store/crypt/seal.h"

#include "tests/harness/harness.h"

static const uint8_t magic[4] = {'T', 'E', 'S', 'T'};

static struct store_keys *keys_of(uint8_t byte)
{
	uint8_t master[STORE_MASTER_LEN];

	memset(master, byte, sizeof(master));
	return store_keys_new(master);
}

static void a_sealed_frame_opens_and_every_change_is_found(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(1);
	uint8_t key[STORE_KEY_LEN], plain[100], sealed[100 + SEAL_TAG_LEN], tried[sizeof(sealed)];
	uint8_t about[7] = "header";
	struct error e = {0};

	harness_rng_fill(&rng, key, sizeof(key));
	for (size_t len = 0; len <= sizeof(plain); len += 50) {
		size_t all = len + SEAL_TAG_LEN;

		harness_rng_fill(&rng, plain, len);
		memcpy(sealed, plain, len);
		seal_frame(key, 5, bytes_of(about, sizeof(about)), sealed, len);
		for (size_t bit = 0; bit < 8 * all; bit++) {
			memcpy(tried, sealed, all);
			tried[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ASSERT_ERROR(
				seal_open(key, 5, bytes_of(about, sizeof(about)), tried, all, &e),
				ERR_CORRUPT);
		}
		for (size_t cut = 0; cut < all; cut++) {
			memcpy(tried, sealed, all);
			ASSERT_ERROR(
				seal_open(key, 5, bytes_of(about, sizeof(about)), tried, cut, &e),
				ERR_CORRUPT);
		}
		memcpy(tried, sealed, all);
		ASSERT_ERROR(seal_open(key, 6, bytes_of(about, sizeof(about)), tried, all, &e),
			     ERR_CORRUPT);
		memcpy(tried, sealed, all);
		ASSERT_ERROR(seal_open(key, 5, bytes_of(about, 6), tried, all, &e), ERR_CORRUPT);
		memcpy(tried, sealed, all);
		key[31] ^= 1;
		ASSERT_ERROR(seal_open(key, 5, bytes_of(about, sizeof(about)), tried, all, &e),
			     ERR_CORRUPT);
		key[31] ^= 1;
		memcpy(tried, sealed, all);
		ASSERT_OK(seal_open(key, 5, bytes_of(about, sizeof(about)), tried, all, &e));
		assert_memory_equal(tried, plain, len);
	}
}

static void a_sealed_file_opens_with_its_key_alone(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	OWNED(store_keys_free) struct store_keys *others = keys_of(2);
	OWNED(buf_release) struct buf file = {0}, again = {0}, other = {0}, doc = {0};
	struct bytes text = bytes_str("a planted text");
	struct error e = {0};

	seal_file(keys, magic, 1, text, &file);
	seal_file(keys, magic, 1, text, &again);
	seal_file(keys, magic, 1, bytes_str("a planted tex"), &other);
	ASSERT_BYTES(buf_bytes(&file), buf_bytes(&again));
	/* Another content has another salt. */
	assert_memory_not_equal(file.at + SEAL_FILE_HEADER_LEN, other.at + SEAL_FILE_HEADER_LEN,
				STORE_SALT_LEN);
	assert_int_equal(file.len, SEAL_FILE_HEADER_LEN + text.len + SEAL_FILE_MORE);
	assert_null(memmem(file.at, file.len, "plant", 5));
	ASSERT_ERROR(seal_file_open(others, buf_bytes(&file), &doc, &e), ERR_CORRUPT);
	assert_int_equal(seal_file_open(NULL, buf_bytes(&file), &doc, &e), ERR_WRONG_KEY);
	assert_string_not_equal(e.hint, "");
	for (size_t len = 0; len < file.len; len++)
		ASSERT_ERROR(seal_file_open(keys, bytes_of(file.at, len), &doc, &e), ERR_CORRUPT);
	assert_int_equal(doc.len, 0);
	ASSERT_OK(seal_file_open(keys, buf_bytes(&file), &doc, &e));
	ASSERT_BYTES(buf_bytes(&doc), text);
}

static void a_plain_file_is_as_it_was_and_is_refused_where_all_is_sealed(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	OWNED(buf_release) struct buf file = {0}, doc = {0};
	struct error e = {0};

	seal_file(NULL, magic, 1, bytes_str("text"), &file);
	ASSERT_BYTES(buf_bytes(&file), bytes_of("TEST\x01\0\0\0text", 12));
	ASSERT_ERROR_TEXT(seal_file_open(keys, buf_bytes(&file), &doc, &e), ERR_CORRUPT,
			  "not encrypted");
	ASSERT_OK(seal_file_open(NULL, buf_bytes(&file), &doc, &e));
	ASSERT_BYTES(buf_bytes(&doc), bytes_str("text"));
	file.at[5] = 2;
	ASSERT_ERROR_TEXT(seal_file_open(keys, buf_bytes(&file), &doc, &e), ERR_UNSUPPORTED,
			  "cipher 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_frame_opens_and_every_change_is_found),
		cmocka_unit_test(a_sealed_file_opens_with_its_key_alone),
		cmocka_unit_test(a_plain_file_is_as_it_was_and_is_refused_where_all_is_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
