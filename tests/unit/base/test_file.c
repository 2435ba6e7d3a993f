#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ASSERT_OK(call)                                                                            \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e.text);                                         \
	} while (0)

static int make_folder(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xprintf("%s/test_file-XXXXXX", tmp != NULL ? tmp : "/tmp");

	if (mkdtemp(path) == NULL)
		return -1;
	*state = path;
	return 0;
}

static int remove_folder(void **state)
{
	struct error e = {0};
	int code = file_remove_tree(*state, &e);

	free(*state);
	return code;
}

static char *in(void **state, const char *name)
{
	return xprintf("%s/%s", (const char *)*state, name);
}

static void assert_content(const char *path, const char *want)
{
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	assert_int_equal(file_read(path, 1000, &got, &e), 1);
	assert_string_equal(buf_text(&got), want);
}

static void what_is_put_is_read(void **state)
{
	OWNED(free) char *path = in(state, "a");
	struct error e = {0};
	struct stat st;

	ASSERT_OK(file_put(path, *state, bytes_str("one"), &e));
	assert_content(path, "one");
	ASSERT_OK(file_put(path, *state, bytes_str("two, longer"), &e));
	assert_content(path, "two, longer");
	ASSERT_OK(file_put(path, *state, bytes_of(NULL, 0), &e));
	assert_content(path, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

static void a_put_that_fails_leaves_the_old_and_no_garbage(void **state)
{
	OWNED(free) char *folder = in(state, "folder");
	OWNED(free) char *path = in(state, "folder/a");
	struct error e = {0};

	ASSERT_OK(file_make_dirs(path, &e));
	/* A folder cannot be replaced by a file. */
	assert_int_equal(file_put(path, *state, bytes_str("x"), &e), ERR_IO);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(file_put(path, *state, bytes_str("x"), &e), ERR_IO);
	assert_int_equal(e.sys, ENOENT);
	/* Only an empty folder can be removed. */
	assert_int_equal(rmdir(*state), 0);
	assert_int_equal(mkdir(*state, 0700), 0);
}

static void a_file_that_is_not_there_is_0(void **state)
{
	OWNED(free) char *path = in(state, "absent");
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	assert_int_equal(file_read(path, 1000, &got, &e), 0);
	assert_int_equal(got.len, 0);
	assert_int_equal(file_read(*state, 1000, &got, &e), ERR_IO);
	assert_int_equal(e.sys, EISDIR);
}

static void reading_appends_and_has_a_limit(void **state)
{
	OWNED(free) char *path = in(state, "a");
	OWNED(buf_release) struct buf got = {0};
	OWNED(buf_release) struct buf big = {0};
	struct error e = {0};

	ASSERT_OK(file_put(path, *state, bytes_str("12345"), &e));
	assert_int_equal(file_read(path, 5, &got, &e), 1);
	assert_int_equal(got.len, 5);
	buf_reset(&got);
	assert_int_equal(file_read(path, 4, &got, &e), ERR_LIMIT);
	assert_non_null(strstr(e.text, path));
	memset(buf_room(&big, 300000), 'x', 300000);
	big.len = 300000;
	ASSERT_OK(file_put(path, *state, buf_bytes(&big), &e));
	buf_reset(&got);
	assert_int_equal(file_read(path, 1000000, &got, &e), 1);
	assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&big)));
}

static void a_read_behind_the_end_is_damage(void **state)
{
	OWNED(free) char *path = in(state, "a");
	OWNED(free)
	char *want = xprintf("%s: 4 bytes expected at offset 2, the file ends after 3", path);
	OWNED(fd_close) int fd = -1;
	struct error e = {0};
	char at[8] = {0};

	ASSERT_OK(file_put(path, *state, bytes_str("01234"), &e));
	fd = open(path, O_RDONLY);
	ASSERT_OK(file_pread(fd, path, 1, at, 4, &e));
	assert_string_equal(at, "1234");
	assert_int_equal(file_pread(fd, path, 2, at, 4, &e), ERR_CORRUPT);
	assert_string_equal(e.text, want);
	ASSERT_OK(file_pread(fd, path, 5, at, 0, &e));
}

static void writes_go_through(void **state)
{
	OWNED(free) char *path = in(state, "a");
	OWNED(fd_close) int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct error e = {0};

	ASSERT_OK(file_write(fd, path, bytes_str("ab"), &e));
	ASSERT_OK(file_write(fd, path, bytes_of(NULL, 0), &e));
	ASSERT_OK(file_write(fd, path, bytes_str("c"), &e));
	assert_content(path, "abc");
	assert_int_equal(file_write(-1, path, bytes_str("c"), &e), ERR_IO);
	assert_int_equal(e.sys, EBADF);
}

static void folders_are_made_all_the_way(void **state)
{
	OWNED(free) char *path = in(state, "x/y//z/");
	OWNED(free) char *file = in(state, "x/file");
	OWNED(free) char *under = in(state, "x/file/z");
	struct error e = {0};
	struct stat st;

	ASSERT_OK(file_make_dirs(path, &e));
	ASSERT_OK(file_make_dirs(path, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	ASSERT_OK(file_put(file, *state, bytes_str(""), &e));
	assert_int_equal(file_make_dirs(under, &e), ERR_IO);
	ASSERT_OK(file_sync_dir(path, &e));
	assert_int_equal(file_sync_dir(file, &e), ERR_IO);
}

static void a_tree_is_removed_without_following_links(void **state)
{
	OWNED(free) char *outside = in(state, "outside");
	OWNED(free) char *kept = in(state, "outside/kept");
	OWNED(free) char *tree = in(state, "tree");
	OWNED(free) char *deep = in(state, "tree/a/b/c");
	OWNED(free) char *link = in(state, "tree/a/link");
	struct error e = {0};
	struct stat st;

	ASSERT_OK(file_make_dirs(outside, &e));
	ASSERT_OK(file_put(kept, *state, bytes_str("k"), &e));
	ASSERT_OK(file_make_dirs(deep, &e));
	assert_int_equal(symlink(outside, link), 0);
	ASSERT_OK(file_remove_tree(tree, &e));
	assert_int_equal(stat(tree, &st), -1);
	assert_content(kept, "k");
	ASSERT_OK(file_remove_tree(tree, &e));
	ASSERT_OK(file_remove_tree(kept, &e));
	assert_int_equal(stat(kept, &st), -1);
}

static void an_unnamed_file_leaves_no_name(void **state)
{
	OWNED(free) char *folder = in(state, "spill");
	OWNED(fd_close) int fd = -1;
	struct error e = {0};
	char at[3] = {0};

	ASSERT_OK(file_make_dirs(folder, &e));
	ASSERT_OK(file_open_unnamed(folder, &fd, &e));
	ASSERT_OK(file_write(fd, "spill", bytes_str("ab"), &e));
	ASSERT_OK(file_pread(fd, "spill", 0, at, 2, &e));
	assert_string_equal(at, "ab");
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(file_open_unnamed(folder, &fd, &e), ERR_IO);
}

static void a_lock_excludes_other_descriptions_of_one_byte(void **state)
{
	OWNED(free) char *path = in(state, "lock");
	struct error e = {0};
	OWNED(fd_close) int one = open(path, O_RDWR | O_CREAT, 0600);
	OWNED(fd_close) int two = open(path, O_RDWR);

	assert_int_equal(file_lock(one, path, 0, FILE_LOCK_EXCLUSIVE, false, &e), 1);
	assert_int_equal(file_lock(two, path, 0, FILE_LOCK_SHARED, false, &e), 0);
	assert_int_equal(file_lock(two, path, 1, FILE_LOCK_EXCLUSIVE, false, &e), 1);
	file_unlock(one, 0);
	assert_int_equal(file_lock(two, path, 0, FILE_LOCK_SHARED, true, &e), 1);
	assert_int_equal(file_lock(one, path, 0, FILE_LOCK_SHARED, false, &e), 1);
	assert_int_equal(file_lock(one, path, 0, FILE_LOCK_EXCLUSIVE, false, &e), 0);
	close(two);
	two = -1;
	assert_int_equal(file_lock(one, path, 0, FILE_LOCK_EXCLUSIVE, false, &e), 1);
	assert_int_equal(file_lock(-1, path, 0, FILE_LOCK_SHARED, false, &e), ERR_IO);
}

static void the_folders_above_are_synced_up_to_where_the_text_ends(void **state)
{
	static const char *const fine[] = {"/",	    "//", "/bin",   "/bin/", "//bin", "here",
					   "here/", ".",  "./here", "",	     NULL};
	OWNED(free) char *one = in(state, "one");
	OWNED(free) char *file = in(state, "one/two");
	OWNED(free) char *deep = in(state, "none/two/");
	OWNED(free) char *not_a_folder = in(state, "one/two/three");
	struct error e = {0};

	for (size_t i = 0; fine[i] != NULL; i++)
		ASSERT_OK(file_sync_above(fine[i], 9, &e));
	/* The name itself need not exist: it may have been taken away. The folder has to. */
	ASSERT_OK(file_sync_above("/none", 1, &e));
	assert_int_equal(file_sync_above("no/..", 1, &e), ERR_IO);
	assert_string_equal(e.text, "open folder no: No such file or directory");
	assert_int_equal(file_sync_above(deep, 1, &e), ERR_IO);
	assert_int_equal(file_sync_above(deep, 0, &e), 0);
	ASSERT_OK(file_make_dirs(one, &e));
	ASSERT_OK(file_put(file, one, bytes_str("x"), &e));
	ASSERT_OK(file_sync_above(file, 2, &e));
	assert_int_equal(file_sync_above(not_a_folder, 1, &e), ERR_IO);
	assert_non_null(strstr(e.text, "one/two: Not a directory"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IN_FOLDER(what_is_put_is_read),
		IN_FOLDER(a_put_that_fails_leaves_the_old_and_no_garbage),
		IN_FOLDER(a_file_that_is_not_there_is_0),
		IN_FOLDER(reading_appends_and_has_a_limit),
		IN_FOLDER(a_read_behind_the_end_is_damage),
		IN_FOLDER(writes_go_through),
		IN_FOLDER(folders_are_made_all_the_way),
		IN_FOLDER(the_folders_above_are_synced_up_to_where_the_text_ends),
		IN_FOLDER(a_tree_is_removed_without_following_links),
		IN_FOLDER(an_unnamed_file_leaves_no_name),
		IN_FOLDER(a_lock_excludes_other_descriptions_of_one_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
