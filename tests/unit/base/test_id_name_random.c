#include "base/id_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/check_id_name.h"

static uint64_t test_seed(void)
{
	const char *text = getenv("YESTER_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 20261121;

	return seed != 0 ? seed : 1;
}

/* Equal keys, and only those, have equal names; and each leads back. */
static void names_of_random_values_are_a_bijection(void **state)
{
	uint64_t seed = test_seed(), random = seed;
	struct buf key[2] = {{0}}, name[2] = {{0}};

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 200000; round++) {
		OWNED(buf_release) struct buf value = {0};
		int i = round & 1;
		uint8_t type = make_random_value(&value, &random, 0);

		buf_reset(&key[i]);
		buf_reset(&name[i]);
		key_of(type, buf_bytes(&value), &key[i]);
		id_name_of_key(buf_bytes(&key[i]), &name[i]);
		assert_there_and_back(buf_bytes(&key[i]));
		assert_int_equal(bytes_equal(buf_bytes(&key[0]), buf_bytes(&key[1])),
				 bytes_equal(buf_bytes(&name[0]), buf_bytes(&name[1])));
	}
	for (int i = 0; i < 2; i++) {
		buf_release(&key[i]);
		buf_release(&name[i]);
	}
}

/* What is found for a changed name has that name: no two spellings of one value. */
static void changed_names_mean_what_they_say_or_nothing(void **state)
{
	static const char bytes[] = "0123456789abcdefABCDEF%,:{}[]-+.eTZ~/ \n\xff\xc3";
	uint64_t seed = test_seed(), random = seed;
	unsigned found_keys = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 200000; round++) {
		OWNED(buf_release) struct buf value = {0};
		OWNED(buf_release) struct buf key = {0};
		OWNED(buf_release) struct buf name = {0};
		OWNED(buf_release) struct buf back = {0};
		uint8_t type = make_random_value(&value, &random, 0);
		uint64_t rank;

		key_of(type, buf_bytes(&value), &key);
		id_name_of_key(buf_bytes(&key), &name);
		for (unsigned n = 1 + make_below(&random, 3); n > 0; n--)
			name.at[make_below(&random, (unsigned)name.len)] =
				(uint8_t)bytes[make_below(&random, sizeof(bytes))];
		if (id_name_parse(buf_bytes(&name), &back, &rank) != ID_NAME_KEY)
			continue;
		found_keys++;
		buf_reset(&key);
		id_name_of_key(buf_bytes(&back), &key);
		ASSERT_SAME(buf_bytes(&key), buf_bytes(&name));
	}
	assert_true(found_keys > 1000);
}

static void object_ids_and_uuids_sort_as_their_keys(void **state)
{
	uint64_t seed = test_seed(), random = seed;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 20000; round++) {
		struct buf key[2] = {{0}}, name[2] = {{0}};
		bool uuid = make_below(&random, 2);

		for (int i = 0; i < 2; i++) {
			uint8_t value[21] = {16, 0, 0, 0, 4};

			put_le64(value + 5, make_random(&random) >> (make_below(&random, 8) * 8));
			put_le64(value + 13, make_random(&random));
			if (uuid)
				key_of(BSON_KIND_BINARY, bytes_of(value, 21), &key[i]);
			else
				key_of(BSON_KIND_OBJECT_ID, bytes_of(value + 5, 12), &key[i]);
			id_name_of_key(buf_bytes(&key[i]), &name[i]);
		}
		assert_int_equal(bytes_compare(buf_bytes(&key[0]), buf_bytes(&key[1])) < 0,
				 bytes_compare(buf_bytes(&name[0]), buf_bytes(&name[1])) < 0);
		for (int i = 0; i < 2; i++) {
			buf_release(&key[i]);
			buf_release(&name[i]);
		}
	}
}

/* Bytes that are no key have a name all the same. */
static void anything_has_a_valid_name(void **state)
{
	uint64_t seed = test_seed(), random = seed;
	uint8_t bytes[300];

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 50000; round++) {
		OWNED(buf_release) struct buf name = {0};
		size_t len = make_below(&random, sizeof(bytes));

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(make_below(&random, 40) * 10);
		id_name_of_key(bytes_of(bytes, len), &name);
		assert_valid(buf_bytes(&name));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_random_values_are_a_bijection),
		cmocka_unit_test(changed_names_mean_what_they_say_or_nothing),
		cmocka_unit_test(object_ids_and_uuids_sort_as_their_keys),
		cmocka_unit_test(anything_has_a_valid_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
