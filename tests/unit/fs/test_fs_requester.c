#include "fs/fs_requester.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static bool is_ending(const char *own, const char *shared, const char *blocked)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "Name:\tcat\nState:\tD (disk sleep)\nSigQ:\t1/95\nSigPnd:\t%s\nShdPnd:\t%s\n"
		 "SigBlk:\t%s\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n",
		 own, shared, blocked);
	return fs_requester_is_ending(bytes_str(text));
}

#define NONE "0000000000000000"

static void who_is_killed_or_asked_to_end_has_given_up(void **state)
{
	(void)state;
	assert_true(is_ending("0000000000000100", NONE, NONE)); /* SIGKILL */
	assert_true(is_ending(NONE, "0000000000000002", NONE)); /* SIGINT */
	assert_true(is_ending(NONE, "0000000000004000", NONE)); /* SIGTERM */
	assert_true(is_ending(NONE, "0000000000002000", NONE)); /* SIGALRM */
	assert_true(is_ending("0000000000000100", "0000000000010000",
			      NONE)); /* killed, and a child ended */
}

static void who_is_stopped_or_told_something_has_not(void **state)
{
	(void)state;
	assert_false(is_ending(NONE, NONE, NONE));		 /* continued already, or traced */
	assert_false(is_ending(NONE, "0000000000040000", NONE)); /* SIGSTOP */
	assert_false(is_ending(NONE, "0000000000080000", NONE)); /* SIGTSTP */
	assert_false(is_ending(NONE, "0000000000020000", NONE)); /* SIGCONT */
	assert_false(is_ending(NONE, "0000000000010000", NONE)); /* SIGCHLD */
	assert_false(
		is_ending("0000000000400000", "0000000008000000", NONE)); /* SIGURG, SIGWINCH */
	assert_false(is_ending(NONE, "0000000000000002", "0000000000000002")); /* not now */
}

static void of_whom_nothing_can_be_told_has_given_up(void **state)
{
	pid_t gone = fork();

	(void)state;
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	assert_true(fs_requester_gave_up(gone));
	assert_true(fs_requester_gave_up(0)); /* of another PID namespace */
	assert_true(fs_requester_is_ending(bytes_str("")));
	assert_true(fs_requester_is_ending(bytes_str("\nSigPnd:\t\nShdPnd:\t0\nSigBlk:\t0\n")));
	assert_false(fs_requester_gave_up(getpid()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_killed_or_asked_to_end_has_given_up),
		cmocka_unit_test(who_is_stopped_or_told_something_has_not),
		cmocka_unit_test(of_whom_nothing_can_be_told_has_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
