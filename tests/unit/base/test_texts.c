#include "base/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void texts_are_read_in_the_order_they_were_added(void **state)
{
	static const char *const added[] = {"a", "", "chunks/1", "a"};
	OWNED(buf_release) struct buf texts = {0};
	size_t at = 0;

	(void)state;
	assert_null(texts_next(&texts, &at));
	for (size_t i = 0; i < 4; i++)
		texts_add(&texts, added[i]);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(texts_next(&texts, &at), added[i]);
	assert_null(texts_next(&texts, &at));
	assert_null(texts_next(&texts, &at));
}

static void texts_are_counted_by_how_they_begin(void **state)
{
	OWNED(buf_release) struct buf texts = {0};

	(void)state;
	assert_int_equal(texts_count(&texts, ""), 0);
	texts_add(&texts, "chunks/1");
	texts_add(&texts, "chunk");
	texts_add(&texts, "");
	texts_add(&texts, "chunks/2");
	assert_int_equal(texts_count(&texts, ""), 4);
	assert_int_equal(texts_count(&texts, "chunks/"), 2);
}

static void only_a_whole_text_is_one_of_them(void **state)
{
	OWNED(buf_release) struct buf texts = {0};

	(void)state;
	assert_false(texts_has(&texts, ""));
	texts_add(&texts, "ab");
	texts_add(&texts, "c");
	assert_true(texts_has(&texts, "ab"));
	assert_true(texts_has(&texts, "c"));
	assert_false(texts_has(&texts, "a"));
	assert_false(texts_has(&texts, "b"));
	assert_false(texts_has(&texts, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_in_the_order_they_were_added),
		cmocka_unit_test(texts_are_counted_by_how_they_begin),
		cmocka_unit_test(only_a_whole_text_is_one_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
