#include "fs/fs_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent: wait for the code, end with it. */
static void wait_and_exit(int fd, pid_t child)
{
	unsigned char code = 1;
	ssize_t got;
	int status;

	do
		got = read(fd, &code, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(code);
	/* It ended without a word. */
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
		fprintf(stderr, "yesterfs: killed by signal %d before the mount was live\n",
			WTERMSIG(status));
	else
		fprintf(stderr, "yesterfs: ended before the mount was live\n");
	_exit(1);
}

int fs_daemon_start(struct fs_daemon *ret, struct error *e)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(e, "a pipe could not be made");
	fflush(NULL);
	child = fork();
	if (child < 0) {
		(void)error_sys(e, "fork");
		close(ends[0]);
		close(ends[1]);
		return e->code;
	}
	if (child > 0) {
		close(ends[1]);
		wait_and_exit(ends[0], child);
	}
	close(ends[0]);
	setsid();
	ret->ready_fd = ends[1];
	return 0;
}

/* The terminal and the pipes of who started us are no longer ours. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

void fs_daemon_tell(struct fs_daemon *daemon, int exit_code)
{
	unsigned char code = (unsigned char)exit_code;
	ssize_t put;

	if (daemon->ready_fd < 0)
		return;
	if (exit_code == 0) {
		leave_terminal();
		if (chdir("/") < 0)
			code = 1;
	}
	do
		put = write(daemon->ready_fd, &code, 1);
	while (put < 0 && errno == EINTR);
	close(daemon->ready_fd);
	daemon->ready_fd = -1;
}
