#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_buf_is_all_zero_and_released_twice(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_release(&b);
	buf_add_str(&b, "x");
	buf_release(&b);
	buf_release(&b);
	assert_null(b.at);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
}

static void what_is_added_stands_in_order(void **state)
{
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	buf_add_u8(&b, 0xab);
	buf_add_le32(&b, 0x01020304);
	buf_add_le64(&b, 0x1112131415161718);
	buf_add_varint(&b, 300);
	buf_add_str(&b, "abc");
	buf_printf(&b, "%d-%s", 7, "z");
	buf_add(&b, NULL, 0);
	buf_add_bytes(&b, bytes_of("\0q", 2));
	assert_int_equal(b.len, 1 + 4 + 8 + 2 + 3 + 3 + 2);
	assert_memory_equal(b.at,
			    "\xab\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11\xac\x02"
			    "abc7-z\0q",
			    b.len);
}

static void text_has_a_nul_that_does_not_count(void **state)
{
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	assert_string_equal(buf_text(&b), "");
	for (size_t i = 0; i < 1000; i++) {
		buf_add_u8(&b, 'a');
		assert_int_equal(strlen(buf_text(&b)), i + 1);
		assert_int_equal(b.len, i + 1);
	}
}

static void room_and_reserve_keep_the_content(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		if (i & 1)
			assert_int_equal(buf_reserve(&b, i, 1 << 24, &e), 0);
		else
			buf_room(&b, i);
		assert_true(b.cap - b.len >= i);
		buf_add_u8(&b, (uint8_t)i);
	}
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(b.at[i], (uint8_t)i);
}

static void a_reserve_over_the_limit_changes_nothing(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};
	size_t cap;

	(void)state;
	assert_int_equal(buf_reserve(&b, 10, 10, &e), 0);
	buf_add_str(&b, "0123456789");
	cap = b.cap;
	assert_int_equal(cap, 10);
	assert_int_equal(buf_reserve(&b, 0, 10, &e), 0);
	assert_int_equal(buf_reserve(&b, 1, 10, &e), ERR_LIMIT);
	assert_string_equal(e.text, "size 11 is over the limit of 10 bytes");
	assert_int_equal(buf_reserve(&b, SIZE_MAX, 10, &e), ERR_LIMIT);
	assert_int_equal(buf_reserve(&b, 0, 5, &e), ERR_LIMIT);
	assert_int_equal(b.cap, cap);
	assert_memory_equal(b.at, "0123456789", 10);
}

static void memory_that_cannot_be_had_is_an_error_of_reserve(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* it aborts instead */
#endif
	buf_add_str(&b, "kept");
	assert_int_equal(buf_reserve(&b, (size_t)1 << 62, SIZE_MAX / 2, &e), ERR_NOMEM);
	assert_memory_equal(b.at, "kept", 4);
}

static void reset_keeps_the_memory(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	const uint8_t *at;

	(void)state;
	buf_add_str(&b, "x");
	at = b.at;
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_ptr_equal(b.at, at);
	assert_int_equal(buf_bytes(&b).len, 0);
}

static void copies_of_strings_are_whole(void **state)
{
	OWNED(free) char *whole = xstrdup("abc");
	OWNED(free) char *part = xstrndup("abcdef", 3);
	OWNED(free) char *printed = xprintf("%s%d", "a", 5);

	(void)state;
	assert_string_equal(whole, "abc");
	assert_string_equal(part, "abc");
	assert_string_equal(printed, "a5");
}

static void sizes_of_zero_can_be_had(void **state)
{
	OWNED(free) void *a = xmalloc(0);
	OWNED(free) uint8_t *b = xcalloc(3, 2);

	(void)state;
	assert_non_null(a);
	assert_memory_equal(b, "\0\0\0\0\0\0", 6);
	b = xrealloc(b, 0);
	assert_non_null(b);
}

static void varints_come_back_at_every_length(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		for (int near = -1; near <= 1; near++) {
			uint64_t want = ((uint64_t)1 << bit) + (uint64_t)(int64_t)near, got = 0;
			uint8_t at[VARINT_MAX];
			size_t len = put_varint(at, want);
			struct bytes from = bytes_of(at, len), cut = bytes_of(at, len - 1);

			assert_true(get_varint(&from, &got));
			assert_true(got == want);
			assert_int_equal(from.len, 0);
			assert_false(get_varint(&cut, &got));
			assert_int_equal(cut.len, len - 1);
		}
	}
}

static void varints_of_two_forms_are_refused(void **state)
{
	static const struct {
		const char *at;
		size_t len;
	} bad[] = {
		{"\x80\x00", 2},				      /* 0 in two bytes */
		{"\xff\x00", 2},				      /* 127 in two */
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},     /* over 64 bits */
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* too long */
		{"", 0},
	};
	uint64_t value = 5;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct bytes from = bytes_of(bad[i].at, bad[i].len);

		assert_false(get_varint(&from, &value));
		assert_true(value == 5);
		assert_int_equal(from.len, bad[i].len);
	}
}

static void integers_at_odd_offsets_come_back(void **state)
{
	uint8_t at[16] = {0};

	(void)state;
	put_le16(at + 1, 0x0102);
	assert_memory_equal(at + 1, "\x02\x01", 2);
	assert_int_equal(get_le16(at + 1), 0x0102);
	put_be16(at + 1, 0x0102);
	assert_memory_equal(at + 1, "\x01\x02", 2);
	put_le32(at + 1, 0xfedcba98);
	assert_memory_equal(at + 1, "\x98\xba\xdc\xfe", 4);
	assert_true(get_le32(at + 1) == 0xfedcba98);
	assert_true(get_be32(at + 1) == 0x98badcfe);
	put_be32(at + 1, 0x01020304);
	assert_memory_equal(at + 1, "\1\2\3\4", 4);
	put_le64(at + 1, 0xfedcba9876543210);
	assert_true(get_le64(at + 1) == 0xfedcba9876543210);
	assert_true(get_be64(at + 1) == 0x1032547698badcfe);
	put_be64(at + 1, 0x0102030405060708);
	assert_memory_equal(at + 1, "\1\2\3\4\5\6\7\10", 8);
}

static void slices_order_as_memory_and_the_shorter_first(void **state)
{
	(void)state;
	assert_true(bytes_compare(bytes_str("a"), bytes_str("b")) < 0);
	assert_true(bytes_compare(bytes_str("b"), bytes_str("ab")) > 0);
	assert_true(bytes_compare(bytes_str("a"), bytes_str("ab")) < 0);
	assert_true(bytes_compare(bytes_str("ab"), bytes_str("a")) > 0);
	assert_true(bytes_compare(bytes_of("\xff", 1), bytes_of("\x01", 1)) > 0);
	assert_int_equal(bytes_compare(bytes_of(NULL, 0), bytes_of("", 0)), 0);
	assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of("", 0)));
	assert_true(bytes_equal(bytes_str("ab"), bytes_str("ab")));
	assert_false(bytes_equal(bytes_str("ab"), bytes_str("a")));
	assert_false(bytes_equal(bytes_str("ab"), bytes_str("ac")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buf_is_all_zero_and_released_twice),
		cmocka_unit_test(what_is_added_stands_in_order),
		cmocka_unit_test(text_has_a_nul_that_does_not_count),
		cmocka_unit_test(room_and_reserve_keep_the_content),
		cmocka_unit_test(a_reserve_over_the_limit_changes_nothing),
		cmocka_unit_test(memory_that_cannot_be_had_is_an_error_of_reserve),
		cmocka_unit_test(reset_keeps_the_memory),
		cmocka_unit_test(copies_of_strings_are_whole),
		cmocka_unit_test(sizes_of_zero_can_be_had),
		cmocka_unit_test(varints_come_back_at_every_length),
		cmocka_unit_test(varints_of_two_forms_are_refused),
		cmocka_unit_test(integers_at_odd_offsets_come_back),
		cmocka_unit_test(slices_order_as_memory_and_the_shorter_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
