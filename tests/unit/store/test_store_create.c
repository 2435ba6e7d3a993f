#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/crypt/keyring.h"
#include "tests/unit/store/store_model.h"

static const struct store_params params = {.leaf_target = 4096};

static void touch(const char *dir, const char *name, size_t size)
{
	OWNED(free) char *path = xprintf("%s/%s", dir, name);
	OWNED(free) char *above = xstrdup(path);
	OWNED(fd_close) int fd = -1;
	struct error e = {0};

	*strrchr(above, '/') = '\0';
	ASSERT_OK(file_make_dirs(above, &e));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static const char *fresh(void)
{
	return harness_path(harness_tmpdir(), "store");
}

static void what_an_init_left_that_died_is_taken_over(void **state UNUSED)
{
	const char *dir = fresh(),
		   *key = "keys/"
			  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct store *store;
	struct stat st;
	struct error e = {0};

	touch(dir, "local/put-17-1.tmp", 0);
	touch(dir, "put-17-2.tmp", 100);
	touch(dir, key, KEYRING_FILE_LEN);
	assert_int_equal(mkdir(harness_path(dir, "chunks"), 0700), 0);
	assert_int_equal(mkdir(harness_path(dir, "lost+found"), 0), 0);
	ASSERT_OK(store_init(dir, &params, &e));
	assert_int_equal(stat(harness_path(dir, "lost+found"), &st), 0);
	/* A key that opens nothing would be tried for ever. */
	assert_int_equal(stat(harness_path(dir, key), &st), -1);
	assert_int_equal(stat(harness_path(dir, "put-17-2.tmp"), &st), -1);
	store = store_model_open(dir);
	store_close(store);
	ASSERT_ERROR(store_init(dir, &params, &e), ERR_EXISTS);
}

static void a_folder_with_anything_else_is_left_alone(void **state UNUSED)
{
	static const struct {
		const char *name;
		size_t size;
	} cases[] = {
		{"letter", 1},
		{"chunks/ab/x.pack", 1},
		{"snapshots/x", 1},
		{"local/0123456789abcdef/tmp/lock", 0},
		{"put-17-1.tmp/letter", 1},
		{"keys/letter", KEYRING_FILE_LEN},
		{"keys/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 7},
		{".hidden", 1},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *dir = fresh();
		struct stat st;
		struct error e = {0};

		touch(dir, "local/put-17-1.tmp", 0);
		touch(dir, cases[i].name, cases[i].size);
		ASSERT_ERROR(store_init(dir, &params, &e), ERR_EXISTS);
		assert_int_equal(stat(harness_path(dir, cases[i].name), &st), 0);
		assert_int_equal(stat(harness_path(dir, "local/put-17-1.tmp"), &st), 0);
		assert_int_equal(stat(harness_path(dir, "config"), &st), -1);
	}
}

static void an_init_that_works_is_not_disturbed(void **state UNUSED)
{
	const char *dir = fresh();
	int fd;
	struct error e = {0};

	touch(dir, "put-17-2.tmp", 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	ASSERT_ERROR_TEXT(store_init(dir, &params, &e), ERR_EXISTS, "another init");
	close(fd);
	ASSERT_OK(store_init(dir, &params, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_init_left_that_died_is_taken_over),
		cmocka_unit_test(a_folder_with_anything_else_is_left_alone),
		cmocka_unit_test(an_init_that_works_is_not_disturbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
