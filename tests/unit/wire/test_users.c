#include "wire/users.h"

#include <sys/stat.h>

#include "base/file.h"
#include "tests/harness/harness.h"

static void users_are_the_same_after_a_file(void **state)
{
	static const char *const names[] = {"ada", "a b", "comma,=%", "\xc3\xa9\n", "#x"};
	OWNED(users_free) struct users *users = users_new();
	OWNED(users_free) struct users *back = NULL;
	const char *path = harness_path(harness_tmpdir(), "users");
	struct scram_credentials c;
	struct error e = {0};
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		scram_credentials_fake(bytes_str("s"), bytes_str(names[i]), &c);
		users_put(users, bytes_str(names[i]), &c);
	}
	users_put(users, bytes_str(names[0]), &c);
	ASSERT_OK(users_write(users, path, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ASSERT_OK(users_read(path, &back, &e));
	assert_int_equal(users_count(back), COUNT_OF(names));
	assert_memory_equal(users_find(back, bytes_str("ada")), &c, sizeof(c));
	assert_null(users_find(back, bytes_str("eve")));
}

static void others_may_not_read_the_file(void **state)
{
	OWNED(users_free) struct users *users = users_new();
	OWNED(users_free) struct users *back = NULL;
	const char *path = harness_path(harness_tmpdir(), "users");
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(users_read(path, &back, &e), ERR_IO);
	ASSERT_OK(users_write(users, path, &e));
	assert_int_equal(chmod(path, 0640), 0);
	ASSERT_ERROR(users_read(path, &back, &e), ERR_REFUSED);
}

static void a_bad_line_is_named_and_comments_stay(void **state)
{
	static const char *const bad[] = {"ada", "ada SCRAM-SHA-1 1 2 3", "a%2 SCRAM-SHA-256 x",
					  "ada SCRAM-SHA-256 15000 a b c"};
	const char *dir = harness_tmpdir(), *path = harness_path(dir, "users");
	OWNED(users_free) struct users *users = NULL;
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		buf_reset(&text);
		buf_printf(&text, "# mine\n\n%s\n", bad[i]);
		ASSERT_OK(file_put(path, dir, buf_bytes(&text), &e));
		ASSERT_ERROR_TEXT(users_read(path, &users, &e), ERR_INVALID, "line 3");
	}
	ASSERT_OK(file_put(path, dir, bytes_str("# mine\n"), &e));
	ASSERT_OK(users_read(path, &users, &e));
	ASSERT_OK(users_write(users, path, &e));
	buf_reset(&text);
	assert_int_equal(ASSERT_OK(file_read(path, 1000, &text, &e)), 1);
	ASSERT_BYTES(buf_bytes(&text), bytes_str("# mine\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_the_same_after_a_file),
		cmocka_unit_test(others_may_not_read_the_file),
		cmocka_unit_test(a_bad_line_is_named_and_comments_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
