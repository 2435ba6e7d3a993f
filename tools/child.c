#include "tools/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT_MAX (64 * MIB)
#define ERR_KEPT (16 * KIB)
#define POLL_MS 200

void child_add(struct child_words *words, const char *word)
{
	words->at = xrealloc(words->at, (words->count + 2) * sizeof(char *));
	words->at[words->count++] = xstrdup(word);
	words->at[words->count] = NULL;
}

void child_add_printf(struct child_words *words, const char *format, ...)
{
	OWNED(free) char *word = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&word, format, args) < 0)
		xnomem();
	va_end(args);
	child_add(words, word);
}

void child_words_release(struct child_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->at[i]);
	free(words->at);
	*words = (struct child_words){0};
}

struct child {
	pid_t pid;
	int out, err, failed; /* pipes; failed: tells the errno of an exec that did not work */
};

static void child_end(struct child *child)
{
	if (child->out >= 0)
		close(child->out);
	if (child->err >= 0)
		close(child->err);
	if (child->failed >= 0)
		close(child->failed);
	if (child->pid > 0) {
		kill(child->pid, SIGTERM);
		waitpid(child->pid, NULL, 0);
	}
}
DEFINE_OWNED_STRUCT(struct child, child_end);

static void become(const struct child_words *words, int out, int err, int failed)
{
	int why;

	setenv("LC_ALL", "C", 1);
	if (dup2(out, STDOUT_FILENO) >= 0 && (err < 0 || dup2(err, STDERR_FILENO) >= 0))
		execvp(words->at[0], words->at);
	why = errno;
	(void)(write(failed, &why, sizeof(why)) < 0);
	_exit(127);
}

static int start(const struct child_words *words, bool shows_err, struct child *ret,
		 struct error *e)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, failed[2] = {-1, -1};

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(failed, O_CLOEXEC) < 0 ||
	    (!shows_err && pipe2(err, O_CLOEXEC) < 0))
		return error_sys(e, "pipe");
	ret->out = out[0];
	ret->err = err[0];
	ret->failed = failed[0];
	ret->pid = fork();
	if (ret->pid == 0)
		become(words, out[1], err[1], failed[1]);
	close(out[1]);
	close(failed[1]);
	if (err[1] >= 0)
		close(err[1]);
	return ret->pid < 0 ? error_sys(e, "fork") : 0;
}

/* Read what is there: 1 more may come, 0 the end. */
static int take(int *fd, struct buf *ret, size_t kept)
{
	uint8_t piece[16 * KIB];
	ssize_t got = read(*fd, piece, sizeof(piece));

	if (got <= 0) {
		close(*fd);
		*fd = -1;
		return 0;
	}
	buf_add(ret, piece, (size_t)got);
	if (ret->len > kept) {
		memmove(ret->at, ret->at + ret->len - kept, kept);
		ret->len = kept;
	}
	return 1;
}

static int read_all(struct child *child, const struct progress *p, struct buf *out, struct buf *err,
		    struct error *e)
{
	while (child->out >= 0 || child->err >= 0) {
		struct pollfd fds[] = {{.fd = child->out, .events = POLLIN},
				       {.fd = child->err, .events = POLLIN}};

		if (poll(fds, COUNT_OF(fds), POLL_MS) < 0 && errno != EINTR)
			return error_sys(e, "poll");
		if (progress_cancelled(p))
			return error_set(e, ERR_CANCELLED, "interrupted");
		if (fds[0].revents != 0)
			take(&child->out, out, OUT_MAX);
		if (fds[1].revents != 0)
			take(&child->err, err, ERR_KEPT);
	}
	return 0;
}

int child_run(const struct child_words *words, bool shows_err, const struct progress *progress,
	      struct buf *ret_out, struct buf *ret_err, struct error *e)
{
	OWNED(child_end) struct child child = {.out = -1, .err = -1, .failed = -1};
	int status, why;

	fflush(stdout);
	if (start(words, shows_err, &child, e) < 0 ||
	    read_all(&child, progress, ret_out, ret_err, e) < 0)
		return e->code;
	while (waitpid(child.pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(e, "wait for %s", words->at[0]);
	child.pid = 0;
	if (read(child.failed, &why, sizeof(why)) == sizeof(why)) {
		errno = why;
		error_sys(e, "%s can't be run", words->at[0]);
		e->code = ERR_INVALID;
		return e->code;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
