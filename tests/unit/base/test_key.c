#include "base/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/compare_values.h"
#include "tests/unit/base/key_vectors.h"
#include "tests/unit/base/make_bson.h"

static void assert_key(const struct key_vector *vector, struct buf *key)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf want = {0};
	struct error e = {0};
	int got;

	make_hex(&doc, vector->document);
	make_hex(&want, vector->key);
	ASSERT_OK(got = key_of_document(buf_bytes(&doc), key, &e));
	assert_int_equal(got, 1);
	if (!bytes_equal(buf_bytes(key), buf_bytes(&want)))
		fail_msg("wrong key of %.100s", vector->document);
}

static void frozen_keys_come_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(key_others); i++) {
		OWNED(buf_release) struct buf key = {0};

		assert_key(&key_others[i], &key);
	}
}

static void keys_stand_in_the_order_of_a_mongod(void **state)
{
	OWNED(buf_release) struct buf last = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(key_order); i++) {
		OWNED(buf_release) struct buf key = {0};

		assert_key(&key_order[i], &key);
		assert_true(bytes_compare(buf_bytes(&last), buf_bytes(&key)) < 0);
		buf_reset(&last);
		buf_add_bytes(&last, buf_bytes(&key));
	}
}

static void random_values_order_as_their_keys(void **state)
{
	const uint64_t seed = 20240723;
	uint64_t random = seed;
	struct bson_field field[2];
	struct buf value[2] = {{0}}, key[2] = {{0}};
	struct error e = {0};

	(void)state;
	for (int round = 0; round < 200000; round++) {
		int want, got;

		for (int i = 0; i < 2; i++) {
			buf_reset(&value[i]);
			buf_reset(&key[i]);
			field[i].type = make_random_value(&value[i], &random, 0);
			field[i].value = buf_bytes(&value[i]);
			ASSERT_OK(key_of_value(field[i].type, field[i].value, &key[i], &e));
		}
		want = compare_values(&field[0], &field[1]);
		got = sign_of(bytes_compare(buf_bytes(&key[0]), buf_bytes(&key[1])));
		if (want != got)
			fail_msg("round %d of seed %llu: types %02x and %02x order %d, keys %d",
				 round, (unsigned long long)seed, field[0].type, field[1].type,
				 want, got);
	}
	for (int i = 0; i < 2; i++) {
		buf_release(&value[i]);
		buf_release(&key[i]);
	}
}

static void random_numbers_order_as_their_keys(void **state)
{
	static const uint8_t types[] = {BSON_KIND_DOUBLE, BSON_KIND_INT32, BSON_KIND_INT64,
					BSON_KIND_DECIMAL};
	const uint64_t seed = 42;
	uint64_t random = seed;
	struct error e = {0};

	(void)state;
	for (int round = 0; round < 100000; round++) {
		uint8_t payload[2][16], type[2];
		struct buf key[2] = {{0}};
		struct bson_field field[2];
		double near = (double)(int64_t)make_below(&random, 4000) / 4 - 500;

		for (int i = 0; i < 2; i++) {
			type[i] = types[make_below(&random, COUNT_OF(types))];
			memset(payload[i], 0, 16);
			if (type[i] == BSON_KIND_DECIMAL) {
				put_le64(payload[i], (uint64_t)(near * near * 4));
				put_le64(payload[i] + 8, (uint64_t)6176 << 49);
			} else if (type[i] == BSON_KIND_DOUBLE) {
				memcpy(payload[i], &near, 8);
			} else {
				put_le64(payload[i], (uint64_t)(int64_t)near);
			}
			field[i].type = type[i];
			field[i].value = bytes_of(payload[i], type[i] == BSON_KIND_DECIMAL ? 16
							      : type[i] == BSON_KIND_INT32 ? 4
											   : 8);
			ASSERT_OK(key_of_value(type[i], field[i].value, &key[i], &e));
		}
		if (compare_values(&field[0], &field[1]) !=
		    sign_of(bytes_compare(buf_bytes(&key[0]), buf_bytes(&key[1]))))
			fail_msg("round %d of seed %llu", round, (unsigned long long)seed);
		buf_release(&key[0]);
		buf_release(&key[1]);
	}
}

/* The key of {_id: value} for a payload in hex. */
static void key_of_hex(uint8_t type, const char *hex, struct buf *key)
{
	OWNED(buf_release) struct buf value = {0};
	struct error e = {0};

	make_hex(&value, hex);
	ASSERT_OK(key_of_value(type, buf_bytes(&value), key, &e));
}

struct typed {
	uint8_t type;
	const char *hex;
};

static void assert_one_class(const struct typed *values, size_t count)
{
	OWNED(buf_release) struct buf first = {0};

	key_of_hex(values[0].type, values[0].hex, &first);
	for (size_t i = 1; i < count; i++) {
		OWNED(buf_release) struct buf key = {0};

		key_of_hex(values[i].type, values[i].hex, &key);
		assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&key)));
	}
}

static void equal_numbers_of_all_types_have_one_key(void **state)
{
	static const struct typed one[] = {
		{16, "01000000"},
		{18, "0100000000000000"},
		{1, "000000000000f03f"},
		{19, "01000000000000000000000000004030"},
		{19, "64000000000000000000000000003c30"}, /* 1.00 */
	};
	static const struct typed big[] = {
		{18, "0000000000000040"}, /* 2^62 */
		{1, "000000000000d043"},
		{19, "00000000000000400000000000004030"},
	};
	static const struct typed half[] = {
		{1, "000000000000e03f"},
		{19, "05000000000000000000000000003e30"},
		{19, "f4010000000000000000000000003a30"},
	};

	(void)state;
	assert_one_class(one, COUNT_OF(one));
	assert_one_class(big, COUNT_OF(big));
	assert_one_class(half, COUNT_OF(half));
}

static void all_zeros_have_one_key(void **state)
{
	static const struct typed zeros[] = {
		{16, "00000000"},
		{18, "0000000000000000"},
		{1, "0000000000000000"},
		{1, "0000000000000080"},
		{19, "00000000000000000000000000004030"},
		{19, "000000000000000000000000000040b0"}, /* -0 */
		{19, "0000000000000000000000000000fe5f"}, /* 0E+6111 */
		{19, "ffffffffffffffffffffffffffff0160"}, /* the coefficient is 2^113 or more */
		{19, "010000000000000000000000000010ec"},
	};

	(void)state;
	assert_one_class(zeros, COUNT_OF(zeros));
}

static void a_coefficient_of_35_digits_means_zero(void **state)
{
	OWNED(buf_release) struct buf value = {0};
	OWNED(buf_release) struct buf key = {0};
	unsigned __int128 coefficient = 1;
	struct error e = {0};

	(void)state;
	for (int i = 0; i < 34; i++)
		coefficient *= 10;
	buf_add_le64(&value, (uint64_t)coefficient);
	buf_add_le64(&value, (uint64_t)(coefficient >> 64) | (uint64_t)6176 << 49);
	ASSERT_OK(key_of_value(BSON_KIND_DECIMAL, buf_bytes(&value), &key, &e));
	assert_int_equal(key.len, 1);
	assert_int_equal(key.at[0], 33);
}

static void all_nans_have_one_key(void **state)
{
	static const struct typed nans[] = {
		{1, "000000000000f87f"},
		{1, "000000000000f8ff"},
	};
	static const struct typed others[] = {
		{1, "010000000000f07f"},
		{19, "0000000000000000000000000000007c"},
		{19, "000000000000000000000000000000fc"},
		{19, "0000000000000000000000000000007e"},
		{19, "1234000000000000000000000000007f"},
	};

	(void)state;
	assert_one_class(nans, COUNT_OF(nans));
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct typed pair[2] = {nans[0], others[i]};

		assert_one_class(pair, 2);
	}
}

static void infinities_of_both_types_have_one_key(void **state)
{
	static const struct typed above[] = {
		{1, "000000000000f07f"},
		{19, "00000000000000000000000000000078"},
		{19, "0100000000000000000000000000ff7b"},
	};
	static const struct typed below[] = {
		{1, "000000000000f0ff"},
		{19, "000000000000000000000000000000f8"},
	};

	(void)state;
	assert_one_class(above, COUNT_OF(above));
	assert_one_class(below, COUNT_OF(below));
}

static void a_symbol_has_the_key_of_its_string(void **state)
{
	static const struct typed texts[] = {{2, "0400000061626300"}, {14, "0400000061626300"}};

	(void)state;
	assert_one_class(texts, COUNT_OF(texts));
}

static void types_that_are_no_id_for_mongod_have_keys_too(void **state)
{
	static const struct typed values[] = {
		{6, ""}, {11, "6162006900"}, {12, "020000006100000102030405060708090a0b"}};
	static const char *const keys[] = {"0f", "8c6162006900",
					   "960000000161000102030405060708090a0b"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		OWNED(buf_release) struct buf key = {0};
		OWNED(buf_release) struct buf want = {0};

		key_of_hex(values[i].type, values[i].hex, &key);
		make_hex(&want, keys[i]);
		assert_true(bytes_equal(buf_bytes(&key), buf_bytes(&want)));
	}
}

static void the_first_id_counts_wherever_it_stands(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};
	size_t start = make_begin(&doc);

	(void)state;
	make_head(&doc, BSON_KIND_NULL, "_i");
	make_head(&doc, BSON_KIND_NULL, "_id2");
	make_head(&doc, BSON_KIND_BOOL, "_id");
	buf_add_u8(&doc, 1);
	make_head(&doc, BSON_KIND_NULL, "_id");
	make_end(&doc, start);
	buf_add_str(&key, "before");
	assert_int_equal(key_of_document(buf_bytes(&doc), &key, &e), 1);
	assert_int_equal(key.len, 7);
	assert_memory_equal(key.at, "before\x6f", 7);
}

static void a_document_without_id_gives_0_and_no_bytes(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};

	(void)state;
	make_single(&doc, BSON_KIND_NULL, "a", bytes_of(NULL, 0));
	assert_int_equal(key_of_document(buf_bytes(&doc), &key, &e), 0);
	buf_reset(&doc);
	make_nested(&doc, 1);
	assert_int_equal(key_of_document(buf_bytes(&doc), &key, &e), 0);
	assert_int_equal(key.len, 0);
}

static void a_document_cut_anywhere_is_an_error_and_leaves_the_buffer(void **state)
{
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};

	(void)state;
	buf_add_str(&key, "kept");
	for (size_t i = 0; i < COUNT_OF(key_others); i++) {
		OWNED(buf_release) struct buf doc = {0};

		make_hex(&doc, key_others[i].document);
		for (size_t len = 0; len < doc.len; len++) {
			/* A copy of that size, for tools that watch bounds. */
			uint8_t *copy = xmalloc(len);
			int code;

			memcpy(copy, doc.at, len);
			if (len >= 4)
				put_le32(copy, (uint32_t)len);
			code = key_of_document(bytes_of(copy, len), &key, &e);
			/* All of the `_id` may be there, when only the end of the rest is not. */
			if (code > 0)
				key.len = 4;
			assert_true(code > 0 || code == ERR_CORRUPT);
			assert_int_equal(key.len, 4);
			free(copy);
		}
	}
}

static void nesting_has_a_limit(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};

	(void)state;
	make_nested(&doc, BSON_MAX_NESTING);
	ASSERT_OK(key_of_value(BSON_KIND_DOCUMENT, buf_bytes(&doc), &key, &e));
	assert_int_equal(key.len, 1 + 3 * (BSON_MAX_NESTING - 1) + BSON_MAX_NESTING +
					  (BSON_MAX_NESTING - 1));
	buf_reset(&doc);
	make_nested(&doc, BSON_MAX_NESTING + 1);
	buf_reset(&key);
	assert_int_equal(key_of_value(BSON_KIND_DOCUMENT, buf_bytes(&doc), &key, &e), ERR_LIMIT);
	assert_string_equal(e.text, "_id: documents nest more than 200 deep");
	assert_int_equal(key.len, 0);
}

static void a_key_over_the_limit_is_refused(void **state)
{
	OWNED(buf_release) struct buf value = {0};
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};
	size_t len = KEY_MAX_LEN / 2 + 1;

	(void)state;
	buf_add_le32(&value, (uint32_t)len + 1);
	memset(buf_room(&value, len + 1), 0, len + 1);
	value.len += len + 1;
	assert_int_equal(key_of_value(BSON_KIND_STRING, buf_bytes(&value), &key, &e), ERR_LIMIT);
	assert_int_equal(key.len, 0);
}

static void an_unknown_type_and_a_wrong_length_are_refused(void **state)
{
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(key_of_value(0x20, bytes_of("", 0), &key, &e), ERR_UNSUPPORTED);
	assert_string_equal(e.text, "_id: BSON type 0x20 is unknown");
	assert_int_equal(key_of_value(BSON_KIND_INT32, bytes_of("abc", 3), &key, &e), ERR_CORRUPT);
	assert_string_equal(e.text, "_id: value of BSON type 0x10 does not fit its 3 bytes");
	assert_int_equal(key_of_value(BSON_KIND_NULL, bytes_of("a", 1), &key, &e), ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frozen_keys_come_out),
		cmocka_unit_test(keys_stand_in_the_order_of_a_mongod),
		cmocka_unit_test(random_values_order_as_their_keys),
		cmocka_unit_test(random_numbers_order_as_their_keys),
		cmocka_unit_test(equal_numbers_of_all_types_have_one_key),
		cmocka_unit_test(all_zeros_have_one_key),
		cmocka_unit_test(a_coefficient_of_35_digits_means_zero),
		cmocka_unit_test(all_nans_have_one_key),
		cmocka_unit_test(infinities_of_both_types_have_one_key),
		cmocka_unit_test(a_symbol_has_the_key_of_its_string),
		cmocka_unit_test(types_that_are_no_id_for_mongod_have_keys_too),
		cmocka_unit_test(the_first_id_counts_wherever_it_stands),
		cmocka_unit_test(a_document_without_id_gives_0_and_no_bytes),
		cmocka_unit_test(a_document_cut_anywhere_is_an_error_and_leaves_the_buffer),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(a_key_over_the_limit_is_refused),
		cmocka_unit_test(an_unknown_type_and_a_wrong_length_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
