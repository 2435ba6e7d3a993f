#include "base/key_number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void assert_key(const uint8_t *at, size_t len, const char *hex)
{
	OWNED(buf_release) struct buf want = {0};

	make_hex(&want, hex);
	assert_true(len <= KEY_NUMBER_MAX);
	assert_true(bytes_equal(bytes_of(at, len), buf_bytes(&want)));
}

static void integers_have_the_keys_of_the_format(void **state)
{
	uint8_t at[KEY_NUMBER_MAX];

	(void)state;
	assert_key(at, key_number_int(at, 0), "21");
	assert_key(at, key_number_int(at, 1), "2280010b00");
	assert_key(at, key_number_int(at, -5), "207ffeccff");
	assert_key(at, key_number_int(at, 100), "2280030b00");
	assert_key(at, key_number_int(at, 123456789), "2280090d23394f5b00");
	assert_key(at, key_number_int(at, INT64_MAX), "2280135d1826152556304c514700");
}

static void doubles_have_the_keys_of_the_format(void **state)
{
	uint8_t at[KEY_NUMBER_MAX];

	(void)state;
	assert_key(at, key_number_double(at, -0.0), "21");
	assert_key(at, key_number_double(at, 1), "2280010b00");
	assert_key(at, key_number_double(at, 0.1),
		   "2280000b0101010101010106380c100d201a4f1c030c523b2305370b103f3300");
	assert_key(at, key_number_double(at, __builtin_inf()), "23");
	assert_key(at, key_number_double(at, -__builtin_inf()), "1f");
	assert_key(at, key_number_double(at, __builtin_nan("")), "1e");
}

static void the_longest_double_fits(void **state)
{
	uint8_t at[KEY_NUMBER_MAX + 1];
	size_t len;

	(void)state;
	at[KEY_NUMBER_MAX] = 0x5a;
	/* The largest subnormal has the most digits, 767. */
	len = key_number_double(at, -0x0.fffffffffffffp-1022);
	assert_int_equal(len, KEY_NUMBER_MAX);
	assert_int_equal(at[KEY_NUMBER_MAX], 0x5a);
	len = key_number_double(at, 0x1.fffffffffffffp-1022);
	assert_int_equal(len, KEY_NUMBER_MAX);
}

static void integral_doubles_have_the_keys_of_their_integers(void **state)
{
	uint64_t random = 17;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		int64_t value = (int64_t)make_random(&random) >> (11 + make_below(&random, 50));
		uint8_t a[KEY_NUMBER_MAX], b[KEY_NUMBER_MAX];
		size_t len = key_number_int(a, value);

		assert_int_equal(key_number_double(b, (double)value), len);
		assert_memory_equal(a, b, len);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_have_the_keys_of_the_format),
		cmocka_unit_test(doubles_have_the_keys_of_the_format),
		cmocka_unit_test(the_longest_double_fits),
		cmocka_unit_test(integral_doubles_have_the_keys_of_their_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
