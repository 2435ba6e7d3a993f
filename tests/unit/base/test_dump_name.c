#include "base/dump_name.h"

#include "tests/harness/harness.h"

/* The file name of `name`. Valid until the program exits; leaks, as tests may. */
static const char *escaped(struct bytes name)
{
	static struct buf b;

	buf_reset(&b);
	dump_name_escape(name, &b);
	return buf_text(&b);
}

static void bytes_are_escaped_as_go_does(void **state UNUSED)
{
	assert_string_equal(escaped(bytes_str("orders")), "orders");
	assert_string_equal(escaped(bytes_str("a.b-c_d~e09AZ")), "a.b-c_d~e09AZ");
	assert_string_equal(escaped(bytes_str("two words")), "two+words");
	assert_string_equal(escaped(bytes_str("a/b%c$d+e*f")), "a%2Fb%25c%24d%2Be%2Af");
	assert_string_equal(escaped(bytes_str("caf\xc3\xa9")), "caf%C3%A9");
	assert_string_equal(escaped(bytes_of("\x01\x7f\xff", 3)), "%01%7F%FF");
	assert_string_equal(escaped(bytes_of("", 0)), "");
}

static void names_over_238_bytes_are_hashed(void **state UNUSED)
{
	char name[300];
	char expected[300];
	OWNED(buf_release) struct buf wide = {0};

	memset(name, 'x', sizeof(name));
	memset(expected, 'x', sizeof(expected));
	expected[238] = '\0';
	assert_string_equal(escaped(bytes_of(name, 238)), expected);
	snprintf(expected + 208, 31, "%s", "%240JZQhSE9633iGdkOnsUXbdx_umM");
	assert_string_equal(escaped(bytes_of(name, 240)), expected);

	/* The cut may be in the middle of an escape. */
	for (int i = 0; i < 80; i++)
		buf_add_str(&wide, "\xe6\x96\x87");
	assert_string_equal(escaped(buf_bytes(&wide)) + 207, "%%24bVcc3XD9X1d_0ruHuCu2qx9P0KU");
	assert_int_equal(strlen(escaped(buf_bytes(&wide))), DUMP_NAME_MAX);
}

static void unescape_is_the_inverse(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(1);
	OWNED(buf_release) struct buf back = {0};
	struct error e = {0};

	for (int i = 0; i < 2000; i++) {
		uint8_t name[70];
		size_t len = harness_rng_below(&rng, sizeof(name));

		for (size_t j = 0; j < len; j++)
			name[j] = (uint8_t)(1 + harness_rng_below(&rng, 255));
		buf_reset(&back);
		assert_int_equal(ASSERT_OK(dump_name_unescape(
					 bytes_str(escaped(bytes_of(name, len))), &back, &e)),
				 1);
		ASSERT_BYTES(buf_bytes(&back), bytes_of(name, len));
	}
}

static void names_that_need_no_escape_are_taken_too(void **state UNUSED)
{
	OWNED(buf_release) struct buf back = {0};
	struct error e = {0};

	/* mongodump --dumpDbUsersAndRoles writes the $ as it is. */
	ASSERT_OK(dump_name_unescape(bytes_str("$admin.system.users"), &back, &e));
	assert_string_equal(buf_text(&back), "$admin.system.users");
	buf_reset(&back);
	ASSERT_OK(dump_name_unescape(bytes_str("%c3%A9+\xc3\xa9"), &back, &e));
	assert_string_equal(buf_text(&back), "\xc3\xa9 \xc3\xa9");
}

static void a_shortened_name_is_known_by_its_form(void **state UNUSED)
{
	OWNED(buf_release) struct buf back = {0};
	struct error e = {0};
	char name[300];

	memset(name, 'x', sizeof(name));
	memmove(name, escaped(bytes_of(name, 240)), 239);
	assert_int_equal(ASSERT_OK(dump_name_unescape(bytes_str(name), &back, &e)), 0);
	assert_int_equal(back.len, 0);

	/* As long, with %24 in another place: a name of its own. */
	memset(name, 'x', sizeof(name));
	memcpy(name + 100, "%24", 3);
	assert_int_equal(ASSERT_OK(dump_name_unescape(bytes_of(name, 238), &back, &e)), 1);
	assert_int_equal(back.len, 236);
}

static void bad_escapes_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {"%", "a%2", "a%zz", "%2x", "%00"};
	OWNED(buf_release) struct buf back = {0};
	struct error e = {0};

	buf_add_str(&back, "kept");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ASSERT_ERROR_TEXT(dump_name_unescape(bytes_str(bad[i]), &back, &e), ERR_INVALID,
				  "two hex digits");
		assert_string_equal(buf_text(&back), "kept");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_escaped_as_go_does),
		cmocka_unit_test(names_over_238_bytes_are_hashed),
		cmocka_unit_test(unescape_is_the_inverse),
		cmocka_unit_test(names_that_need_no_escape_are_taken_too),
		cmocka_unit_test(a_shortened_name_is_known_by_its_form),
		cmocka_unit_test(bad_escapes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
