#include "store/config.h"

#include "tests/harness/harness.h"

static struct store_params sample(void)
{
	struct store_params params = {.leaf_target = 32768};

	for (uint8_t i = 0; i < 16; i++) {
		params.id[i] = (uint8_t)(i * 17);
		params.seed[i] = (uint8_t)(255 - i);
	}
	return params;
}

static void what_is_written_is_parsed(void **state)
{
	struct error e = {0};

	(void)state;
	for (uint32_t target = 4096; target <= 1048576; target *= 2) {
		struct store_params params, found;
		OWNED(buf_release) struct buf text = {0};

		ASSERT_OK(store_params_default(&params, &e));
		params.leaf_target = target;
		store_config_write(&params, &text);
		ASSERT_OK(store_config_parse(buf_bytes(&text), &found, &e));
		assert_memory_equal(found.id, params.id, sizeof(params.id));
		assert_memory_equal(found.seed, params.seed, sizeof(params.seed));
		assert_int_equal(found.leaf_target, target);
	}
}

static void two_new_stores_differ(void **state)
{
	struct store_params a, b;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_params_default(&a, &e));
	ASSERT_OK(store_params_default(&b, &e));
	assert_memory_not_equal(a.id, b.id, sizeof(a.id));
	assert_memory_not_equal(a.seed, b.seed, sizeof(a.seed));
	assert_int_equal(a.leaf_target, STORE_LEAF_TARGET_DEFAULT);
}

/* Frozen: a store of format 1 must open for ever. */
static const char golden[] =
	"yesterfs store 1\n"
	"id 00112233445566778899aabbccddeeff\n"
	"hash sha256\n"
	"seed fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\n"
	"leaf-target 32768\n"
	"sha256 a13ccdb88e0648b3394605702fffd225ec68fc7dd77ca90509c9f0c7d3734b7b\n";

static void a_config_of_format_1_is_read_for_ever(void **state)
{
	const struct store_params params = sample();
	struct store_params found;
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};

	(void)state;
	store_config_write(&params, &text);
	ASSERT_BYTES(buf_bytes(&text), bytes_str(golden));
	ASSERT_OK(store_config_parse(bytes_str(golden), &found, &e));
	assert_memory_equal(found.id, params.id, sizeof(params.id));
	assert_memory_equal(found.seed, params.seed, sizeof(params.seed));
	assert_int_equal(found.leaf_target, params.leaf_target);
}

/* No bit of it can be another. */
static void check_flips(struct buf *text)
{
	struct store_params found;
	struct error e = {0};

	for (size_t bit = 0; bit < 8 * text->len; bit++) {
		int code;

		text->at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		code = store_config_parse(buf_bytes(text), &found, &e);
		/* Not a newer program's either: nobody would look for damage then. */
		if (code != ERR_CORRUPT)
			fail_msg("bit %zu: %d", bit, code);
		text->at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void every_flipped_bit_and_every_cut_is_detected(void **state)
{
	OWNED(buf_release) struct buf text = {0};
	struct store_params found;
	struct error e = {0};

	(void)state;
	buf_add_str(&text, golden);
	check_flips(&text);
	for (size_t len = 0; len < text.len; len++)
		ASSERT_ERROR(store_config_parse(bytes_of(text.at, len), &found, &e), ERR_CORRUPT);
	ASSERT_ERROR(store_config_parse(bytes_of(NULL, 0), &found, &e), ERR_CORRUPT);
	buf_add_str(&text, "\n");
	ASSERT_ERROR(store_config_parse(buf_bytes(&text), &found, &e), ERR_CORRUPT);
}

/* Frozen, too: it names no seed. */
static const char golden_encrypted[] =
	"yesterfs store 1\n"
	"id 00112233445566778899aabbccddeeff\n"
	"hash hmac-sha256\n"
	"cipher aes-256-gcm\n"
	"leaf-target 32768\n"
	"sha256 c5b5c7d6d1c0e988f6e0482a6304060c2e1b19b3a2dc6edb01bf1599f903bb42\n";

static void the_config_of_an_encrypted_store_names_no_seed(void **state)
{
	struct store_params params = sample(), found;
	OWNED(buf_release) struct buf text = {0};
	const uint8_t zero[STORE_SEED_LEN] = {0};
	struct error e = {0};

	(void)state;
	params.encrypted = true;
	store_config_write(&params, &text);
	ASSERT_BYTES(buf_bytes(&text), bytes_str(golden_encrypted));
	ASSERT_OK(store_config_parse(bytes_str(golden_encrypted), &found, &e));
	assert_true(found.encrypted);
	assert_memory_equal(found.id, params.id, sizeof(params.id));
	assert_memory_equal(found.seed, zero, sizeof(zero));
	assert_int_equal(found.leaf_target, params.leaf_target);
	check_flips(&text);
}

/* A text of these lines with a checksum that fits. */
static int parse_lines(const char *lines, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct store_params found;
	char hex[CHUNK_ID_HEX + 1];
	struct chunk_id sum = chunk_id_of(bytes_str(lines));

	chunk_id_hex(&sum, hex);
	buf_printf(&text, "%ssha256 %s\n", lines, hex);
	return store_config_parse(buf_bytes(&text), &found, e);
}

static void a_kind_of_encryption_is_all_or_nothing(void **state)
{
#define LINES(hash, second)                                                                        \
	"yesterfs store 1\nid 00112233445566778899aabbccddeeff\n"                                  \
	"hash " hash "\n" second "\nleaf-target 4096\n"
	struct error e = {0};

	(void)state;
	ASSERT_OK(parse_lines(LINES("hmac-sha256", "cipher aes-256-gcm"), &e));
	ASSERT_ERROR(parse_lines(LINES("hmac-sha256", "cipher rot13"), &e), ERR_UNSUPPORTED);
	ASSERT_ERROR(parse_lines(LINES("hmac-sha256", "seed fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0"), &e),
		     ERR_CORRUPT);
	ASSERT_ERROR(parse_lines(LINES("sha256", "cipher aes-256-gcm"), &e), ERR_CORRUPT);
	ASSERT_ERROR(parse_lines(LINES("sha256", "seed FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0"), &e),
		     ERR_CORRUPT);
	ASSERT_ERROR(parse_lines(LINES("sha256", "seed fffefdfc"), &e), ERR_CORRUPT);
#undef LINES
}

static void what_is_sound_but_not_understood_is_said(void **state)
{
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(parse_lines("yesterfs store 2\n", &e), ERR_UNSUPPORTED);
	ASSERT_ERROR(parse_lines("yesterfs store 1\n", &e), ERR_CORRUPT);
	ASSERT_ERROR(parse_lines("another file\n", &e), ERR_CORRUPT);
	ASSERT_ERROR(parse_lines("yesterfs store 1\nid 00112233445566778899aabbccddeeff\n"
				 "hash blake3\nseed fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\n"
				 "leaf-target 32768\n",
				 &e),
		     ERR_UNSUPPORTED);
	ASSERT_ERROR(parse_lines("yesterfs store 1\nid 00112233445566778899aabbccddeeff\n"
				 "hash sha256\nseed fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\n"
				 "leaf-target 5000\n",
				 &e),
		     ERR_CORRUPT);
	ASSERT_ERROR(parse_lines("yesterfs store 1\nid 0011\n"
				 "hash sha256\nseed fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\n"
				 "leaf-target 4096\n",
				 &e),
		     ERR_CORRUPT);
	assert_int_equal(parse_lines("yesterfs store 1\nid 00112233445566778899aabbccddeeff\n"
				     "hash sha256\nseed fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\n"
				     "leaf-target 4096\n",
				     &e),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_parsed),
		cmocka_unit_test(two_new_stores_differ),
		cmocka_unit_test(a_config_of_format_1_is_read_for_ever),
		cmocka_unit_test(every_flipped_bit_and_every_cut_is_detected),
		cmocka_unit_test(the_config_of_an_encrypted_store_names_no_seed),
		cmocka_unit_test(a_kind_of_encryption_is_all_or_nothing),
		cmocka_unit_test(what_is_sound_but_not_understood_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
