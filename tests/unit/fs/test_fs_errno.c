#include "fs/fs_errno.h"

#include <errno.h>

#include "tests/harness/harness.h"

static int errno_of(int code, int sys)
{
	struct error e = {.code = code, .sys = sys};

	return fs_errno_of(&e);
}

static void damage_is_an_input_output_error(void **state)
{
	(void)state;
	assert_int_equal(errno_of(ERR_CORRUPT, 0), EIO);
}

static void what_happened_to_a_pack_did_not_happen_to_the_file(void **state)
{
	(void)state;
	assert_int_equal(errno_of(ERR_IO, ENOENT), EIO);
	assert_int_equal(errno_of(ERR_IO, EACCES), EIO);
	assert_int_equal(errno_of(ERR_IO, 0), EIO);
	assert_int_equal(errno_of(ERR_IO, ENOMEM), ENOMEM);
	assert_int_equal(errno_of(ERR_IO, EMFILE), EMFILE);
}

static void absence_is_enoent(void **state)
{
	(void)state;
	assert_int_equal(errno_of(ERR_NOT_FOUND, 0), ENOENT);
	assert_int_equal(errno_of(ERR_NO_TIME, 0), ENOENT);
}

static void no_code_is_success(void **state)
{
	(void)state;
	for (int code = -20; code <= 1; code++)
		assert_true(errno_of(code, 0) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_an_input_output_error),
		cmocka_unit_test(what_happened_to_a_pack_did_not_happen_to_the_file),
		cmocka_unit_test(absence_is_enoent),
		cmocka_unit_test(no_code_is_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
