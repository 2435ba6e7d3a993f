#include "base/error.h"

#include <errno.h>

#include "tests/harness/harness.h"

static void a_set_error_has_its_code_and_text_and_no_hint(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(error_set(&e, ERR_LIMIT, "%d of %d", 3, 2), ERR_LIMIT);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.text, "3 of 2");
	assert_string_equal(e.hint, "");
	assert_int_equal(e.sys, 0);
}

static void a_system_error_keeps_errno_and_says_it(void **state)
{
	struct error e;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(error_sys(&e, "write %s", "x"), ERR_IO);
	assert_int_equal(e.sys, ENOSPC);
	assert_string_equal(e.text, "write x: No space left on device");
}

static void wrapping_puts_context_in_front_and_keeps_the_rest(void **state)
{
	struct error e;

	(void)state;
	error_set(&e, ERR_CORRUPT, "inner");
	error_hint(&e, "do %s", "this");
	assert_int_equal(error_wrap(&e, "outer %d", 1), ERR_CORRUPT);
	assert_string_equal(e.text, "outer 1: inner");
	assert_string_equal(e.hint, "do this");
}

static void a_text_that_is_too_long_is_cut_not_overrun(void **state)
{
	struct error e;
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&e, ERR_INVALID, "%s", text);
	error_wrap(&e, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

static void the_reason_is_told_behind_a_path_that_is_too_long(void **state)
{
	struct error e;
	char path[4000];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	errno = ENOSPC;
	error_sys(&e, "write %s", path);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_string_equal(strchr(e.text, '.'), "...: No space left on device");
	error_set(&e, ERR_CORRUPT, "inner");
	error_wrap(&e, "%s", path);
	assert_string_equal(strchr(e.text, '.'), "...: inner");
	/* Both are: half of each. */
	error_set(&e, ERR_CORRUPT, "%s", path);
	error_wrap(&e, "%s", path);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(strchr(e.text, ':') - e.text, sizeof(e.text) / 2 - 1);
}

static void what_this_machine_lacks_is_told_from_what_is_wrong(void **state)
{
	static const int lacks[] = {ENOMEM, EMFILE, ENFILE};
	struct error e;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lacks); i++) {
		errno = lacks[i];
		error_sys(&e, "open");
		assert_true(error_is_lack(&e));
	}
	error_nomem(&e, 1);
	assert_true(error_is_lack(&e));
	errno = EIO;
	error_sys(&e, "read");
	assert_false(error_is_lack(&e));
	assert_false(error_is_no_damage(&e));
	error_set(&e, ERR_CORRUPT, "x");
	assert_false(error_is_lack(&e));
	assert_false(error_is_no_damage(&e));
	errno = EACCES;
	error_sys(&e, "open");
	assert_false(error_is_lack(&e));
	assert_true(error_is_no_damage(&e));
	errno = ENOMEM;
	error_sys(&e, "open");
	assert_true(error_is_no_damage(&e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_error_has_its_code_and_text_and_no_hint),
		cmocka_unit_test(a_system_error_keeps_errno_and_says_it),
		cmocka_unit_test(wrapping_puts_context_in_front_and_keeps_the_rest),
		cmocka_unit_test(a_text_that_is_too_long_is_cut_not_overrun),
		cmocka_unit_test(the_reason_is_told_behind_a_path_that_is_too_long),
		cmocka_unit_test(what_this_machine_lacks_is_told_from_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
