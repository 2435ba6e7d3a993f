#include "tests/harness/harness.h"
#include "wire/spare.h"

#define LIMIT ((size_t)64 * MIB)
#define LARGE ((size_t)4 * MIB)

static struct buf filled(size_t len)
{
	struct buf b = {0};

	memset(buf_room(&b, len), 'x', len);
	b.len = len;
	return b;
}

static void what_was_given_is_taken_again_and_empty(void **state)
{
	struct memory memory = {.limit = LIMIT};
	struct spare spare;
	struct buf b = filled(LARGE), again = {0}, none = {0};
	const uint8_t *at = b.at;
	size_t cap = b.cap;

	(void)state;
	spare_init(&spare, &memory);
	spare_give(&spare, &b);
	assert_null(b.at);
	assert_int_equal(b.len, 0);
	assert_int_equal(memory.used, cap);
	spare_take(&spare, &again);
	assert_ptr_equal(again.at, at);
	assert_int_equal(again.len, 0);
	assert_int_equal(again.cap, cap);
	assert_int_equal(memory.used, 0);
	spare_take(&spare, &none);
	assert_null(none.at);
	buf_release(&again);
	spare_release(&spare);
}

static void a_buffer_in_use_is_left_alone(void **state)
{
	struct memory memory = {.limit = LIMIT};
	struct spare spare;
	struct buf b = filled(LARGE), mine = filled(10);
	const uint8_t *at = mine.at;

	(void)state;
	spare_init(&spare, &memory);
	spare_give(&spare, &b);
	spare_take(&spare, &mine);
	assert_ptr_equal(mine.at, at);
	assert_int_equal(mine.len, 10);
	buf_release(&mine);
	spare_release(&spare);
	assert_int_equal(memory.used, 0);
}

static void no_more_is_kept_than_its_share(void **state)
{
	struct memory memory = {.limit = LIMIT};
	struct spare spare;

	(void)state;
	spare_init(&spare, &memory);
	for (int i = 0; i < 3 * SPARE_COUNT; i++) {
		struct buf b = filled(LARGE);

		spare_give(&spare, &b);
		assert_null(b.at);
		assert_true(memory.used <= LIMIT / SPARE_SHARE);
	}
	assert_true(memory.used > 0);
	spare_release(&spare);
	assert_int_equal(memory.used, 0);
}

static void nothing_is_kept_when_memory_is_short(void **state)
{
	struct memory memory = {.limit = LIMIT};
	struct spare spare;
	struct buf b = filled(LARGE), other = filled(LARGE);

	(void)state;
	spare_init(&spare, &memory);
	spare_give(&spare, &other);
	assert_true(memory.used > 0);
	assert_false(memory_take(&memory, LIMIT));
	spare_give(&spare, &b);
	assert_null(b.at);
	assert_int_equal(memory.used, 0);
	spare_release(&spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_given_is_taken_again_and_empty),
		cmocka_unit_test(a_buffer_in_use_is_left_alone),
		cmocka_unit_test(no_more_is_kept_than_its_share),
		cmocka_unit_test(nothing_is_kept_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
