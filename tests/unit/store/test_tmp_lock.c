#include "store/tmp_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/harness/harness.h"

static void put_left(const char *tmp)
{
	int fd = open(harness_path(tmp, "left"), O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static bool is_left(const char *tmp)
{
	return access(harness_path(tmp, "left"), F_OK) == 0;
}

static void begin_and_end(const char *tmp)
{
	OWNED(fd_close) int fd = -1;
	struct error e = {0};

	ASSERT_OK(tmp_lock_writer(tmp, &fd, &e));
}

static void a_writer_removes_what_the_dead_left(void **state UNUSED)
{
	const char *tmp = harness_tmpdir();

	put_left(tmp);
	begin_and_end(tmp);
	assert_false(is_left(tmp));
	assert_int_equal(access(harness_path(tmp, "lock"), F_OK), 0);
}

static void but_not_while_another_writer_works(void **state UNUSED)
{
	const char *tmp = harness_tmpdir();
	struct error e = {0};
	int writer;

	ASSERT_OK(tmp_lock_writer(tmp, &writer, &e));
	put_left(tmp);
	begin_and_end(tmp);
	assert_true(is_left(tmp));
	assert_true(tmp_lock_has_writer(tmp));
	close(writer);
	assert_false(tmp_lock_has_writer(tmp));
	begin_and_end(tmp);
	assert_false(is_left(tmp));
}

static void nor_while_somebody_has_a_file_there_who_is_no_writer(void **state UNUSED)
{
	const char *tmp = harness_tmpdir();
	struct error e = {0};
	int one, two;

	tmp_lock_make(tmp);
	assert_int_equal(ASSERT_OK(tmp_lock_files(tmp, &one, &e)), 1);
	assert_int_equal(ASSERT_OK(tmp_lock_files(tmp, &two, &e)), 1);
	put_left(tmp);
	begin_and_end(tmp);
	close(one);
	begin_and_end(tmp);
	assert_true(is_left(tmp));
	assert_false(tmp_lock_has_writer(tmp));
	close(two);
	begin_and_end(tmp);
	assert_false(is_left(tmp));
}

static void where_there_is_no_lock_none_is_made(void **state UNUSED)
{
	const char *tmp = harness_tmpdir();
	struct error e = {0};
	int fd = 7;

	assert_int_equal(ASSERT_OK(tmp_lock_files(tmp, &fd, &e)), 0);
	assert_int_equal(fd, -1);
	assert_int_not_equal(access(harness_path(tmp, "lock"), F_OK), 0);
	ASSERT_ERROR(tmp_lock_writer(harness_path(tmp, "nowhere"), &fd, &e), ERR_IO);
	assert_true(tmp_lock_has_writer(harness_path(tmp, "nowhere")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_removes_what_the_dead_left),
		cmocka_unit_test(but_not_while_another_writer_works),
		cmocka_unit_test(nor_while_somebody_has_a_file_there_who_is_no_writer),
		cmocka_unit_test(where_there_is_no_lock_none_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
