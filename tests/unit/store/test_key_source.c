#include "store/crypt/key_source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/crypt/keyring.h"
#include "tests/harness/harness.h"

static const char secret[] = "a secret of more than sixteen bytes";

static const char *file_with(struct bytes content, mode_t mode)
{
	const char *path = harness_path(harness_tmpdir(), "key");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.at, content.len), content.len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static int read_from(const char *file, const char *command, struct buf *ret, struct error *e)
{
	const struct key_source source = {.file = file, .command = command};

	key_source_wipe(ret);
	return key_source_read(&source, ret, e);
}

static void a_file_gives_its_bytes_less_one_newline(void **state)
{
	OWNED(key_source_wipe) struct buf found = {0};
	static const char binary[] = "\0\1\2\3\4\5\6\7\n\n\r\xff\xfe#$%\n";
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(read_from(file_with(bytes_str(secret), 0600), NULL, &found, &e)),
			 1);
	ASSERT_BYTES(buf_bytes(&found), bytes_str(secret));
	ASSERT_OK(read_from(file_with(bytes_str("a secret of more than sixteen bytes\n"), 0400),
			    NULL, &found, &e));
	ASSERT_BYTES(buf_bytes(&found), bytes_str(secret));
	ASSERT_OK(read_from(file_with(bytes_str("a secret of more than sixteen bytes\n\n"), 0400),
			    NULL, &found, &e));
	assert_int_equal(found.len, strlen(secret) + 1);
	ASSERT_OK(
		read_from(file_with(bytes_of(binary, sizeof(binary) - 1), 0600), NULL, &found, &e));
	ASSERT_BYTES(buf_bytes(&found), bytes_of(binary, sizeof(binary) - 2));
}

static void a_file_that_others_can_read_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0644, 0660, 0666};
	OWNED(key_source_wipe) struct buf found = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		ASSERT_ERROR_TEXT(
			read_from(file_with(bytes_str(secret), modes[i]), NULL, &found, &e),
			ERR_REFUSED, "may be read by others");
}

static void what_is_no_key_is_said(void **state)
{
	OWNED(key_source_wipe) struct buf found = {0};
	OWNED(buf_release) struct buf many = {0};
	struct error e = {0};

	(void)state;
	memset(buf_room(&many, KEYRING_SECRET_MAX + 2), 'k', KEYRING_SECRET_MAX + 2);
	ASSERT_OK(read_from(file_with(bytes_of(many.at, KEYRING_SECRET_MAX), 0600), NULL, &found,
			    &e));
	assert_int_equal(found.len, KEYRING_SECRET_MAX);
	ASSERT_ERROR(read_from(file_with(bytes_of(many.at, KEYRING_SECRET_MAX + 1), 0600), NULL,
			       &found, &e),
		     ERR_LIMIT);
	ASSERT_ERROR(read_from("/dev/zero", NULL, &found, &e), ERR_LIMIT);
	ASSERT_ERROR(read_from(file_with(bytes_str("fifteen bytes !\n"), 0600), NULL, &found, &e),
		     ERR_WRONG_KEY);
	ASSERT_ERROR(read_from(file_with(bytes_str(""), 0600), NULL, &found, &e), ERR_WRONG_KEY);
	ASSERT_ERROR(read_from("/nowhere/at/all", NULL, &found, &e), ERR_IO);
	ASSERT_ERROR(read_from(harness_tmpdir(), NULL, &found, &e), ERR_IO);
	ASSERT_ERROR(read_from("/dev/null", "true", &found, &e), ERR_INVALID);
}

static void a_command_gives_what_it_prints(void **state)
{
	OWNED(key_source_wipe) struct buf found = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(read_from(NULL, "echo a secret of more than sixteen bytes", &found, &e));
	ASSERT_BYTES(buf_bytes(&found), bytes_str(secret));
	ASSERT_OK(read_from(NULL, "printf 'a secret of '; printf 'more than sixteen bytes'", &found,
			    &e));
	ASSERT_BYTES(buf_bytes(&found), bytes_str(secret));
}

static void a_command_that_fails_gives_no_key_and_is_not_quoted(void **state)
{
	OWNED(key_source_wipe) struct buf found = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(
		read_from(NULL, "echo a secret of more than sixteen bytes; exit 3", &found, &e),
		ERR_WRONG_KEY);
	assert_string_equal(e.text, "the key command ended with 3");
	ASSERT_ERROR_TEXT(read_from(NULL, "kill -9 $$", &found, &e), ERR_WRONG_KEY, "signal 9");
	ASSERT_ERROR_TEXT(read_from(NULL, "true", &found, &e), ERR_WRONG_KEY, "at least 16 bytes");
	ASSERT_ERROR(read_from(NULL, "cat /dev/zero", &found, &e), ERR_LIMIT);
}

static void the_environment_names_a_file_when_nothing_else_does(void **state)
{
	OWNED(key_source_wipe) struct buf found = {0};
	struct key_source none = {.no_environment = true};
	struct error e = {0};

	(void)state;
	unsetenv(KEY_SOURCE_ENVIRONMENT);
	assert_int_equal(ASSERT_OK(read_from(NULL, NULL, &found, &e)), 0);
	setenv(KEY_SOURCE_ENVIRONMENT, "", 1);
	assert_int_equal(ASSERT_OK(read_from(NULL, NULL, &found, &e)), 0);
	setenv(KEY_SOURCE_ENVIRONMENT, file_with(bytes_str(secret), 0600), 1);
	assert_int_equal(ASSERT_OK(read_from(NULL, NULL, &found, &e)), 1);
	ASSERT_BYTES(buf_bytes(&found), bytes_str(secret));
	key_source_wipe(&found);
	assert_int_equal(ASSERT_OK(key_source_read(&none, &found, &e)), 0);
	ASSERT_OK(read_from(NULL, "echo another secret that is long", &found, &e));
	ASSERT_BYTES(buf_bytes(&found), bytes_str("another secret that is long"));
	unsetenv(KEY_SOURCE_ENVIRONMENT);
}

/* The child's exit code: 0 it found the secret and nothing was left of it for its own children. */
static void child(void)
{
	struct buf found = {0};
	struct error e = {0};
	struct bytes given = bytes_of("sixteen and more bytes\n", 23);
	int fd;

	if (key_source_hand_down(given, &e) < 0)
		_exit(1);
	fd = (int)strtol(strrchr(getenv(KEY_SOURCE_ENVIRONMENT), '/') + 1, NULL, 10);
	if (read_from(NULL, NULL, &found, &e) != 1 || !bytes_equal(buf_bytes(&found), given))
		_exit(2);
	if (fcntl(fd, F_GETFD) >= 0 || getenv(KEY_SOURCE_ENVIRONMENT) != NULL)
		_exit(3);
	if (key_source_hand_down(bytes_of(NULL, 0), &e) < 0 ||
	    getenv(KEY_SOURCE_ENVIRONMENT) != NULL)
		_exit(4);
	key_source_wipe(&found);
	_exit(0);
}

static void a_child_finds_what_was_handed_down_and_takes_it_away(void **state)
{
	pid_t pid = fork();
	int status = -1;

	(void)state;
	if (pid == 0)
		child();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gives_its_bytes_less_one_newline),
		cmocka_unit_test(a_file_that_others_can_read_is_refused),
		cmocka_unit_test(what_is_no_key_is_said),
		cmocka_unit_test(a_command_gives_what_it_prints),
		cmocka_unit_test(a_command_that_fails_gives_no_key_and_is_not_quoted),
		cmocka_unit_test(the_environment_names_a_file_when_nothing_else_does),
		cmocka_unit_test(a_child_finds_what_was_handed_down_and_takes_it_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
