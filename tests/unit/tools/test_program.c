#include "tools/program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static char *make_file(const char *folder, const char *name, mode_t mode)
{
	char *path = xprintf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, mode);

	assert_true(fd >= 0);
	close(fd);
	return path;
}

static void assert_found(const char *name, const char *expected)
{
	OWNED(free) char *found = program_find(name);

	if (expected == NULL)
		assert_null(found);
	else
		assert_string_equal(found == NULL ? "(none)" : found, expected);
}

/* Takes `path`. */
static void set_path(char *path)
{
	assert_int_equal(setenv("PATH", path, 1), 0);
	free(path);
}

static void a_name_with_a_slash_is_itself(void **state)
{
	(void)state;
	set_path(xstrdup("/nowhere"));
	assert_found("/bin/none", "/bin/none");
	assert_found("./mongod", "./mongod");
}

static void the_first_that_can_be_run_is_found(void **state)
{
	const char *first = harness_path(harness_tmpdir(), "first");
	const char *second = harness_path(harness_tmpdir(), "second");
	OWNED(free) char *folder = xprintf("%s/a-folder", first);
	OWNED(free) char *both = NULL;
	OWNED(free) char *text = NULL;
	OWNED(free) char *only = NULL;
	OWNED(free) char *hidden = NULL;

	(void)state;
	assert_int_equal(mkdir(first, 0700) | mkdir(second, 0700) | mkdir(folder, 0700), 0);
	both = make_file(first, "both", 0700);
	text = make_file(first, "only", 0600);
	only = make_file(second, "only", 0700);
	hidden = make_file(second, "both", 0700);
	set_path(xprintf("%s/none:%s:%s", first, first, second));
	assert_found("both", both);
	assert_found("only", only);
	assert_found("a-folder", NULL);
	assert_found("none", NULL);
	assert_found("", NULL);
	set_path(xprintf("%s:", first));
	assert_found("only", NULL);
	assert_int_equal(chdir(second), 0);
	assert_found("only", "./only");
	assert_int_equal(unsetenv("PATH"), 0);
	assert_found("both", NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_with_a_slash_is_itself),
		cmocka_unit_test(the_first_that_can_be_run_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
