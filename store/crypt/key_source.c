#include "store/crypt/key_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/crypto.h>

#include "store/crypt/keyring.h"

#define HANDED_DOWN "/proc/self/fd/"

void key_source_wipe(struct buf *secret)
{
	if (secret->at != NULL)
		OPENSSL_cleanse(secret->at, secret->cap);
	buf_release(secret);
}

/* All that `fd` gives. The buffer never moves, so that nothing is left behind. */
static int read_all(int fd, const char *what, struct buf *ret, struct error *e)
{
	const size_t room = KEYRING_SECRET_MAX + 2;

	buf_room(ret, room);
	while (ret->len < room) {
		ssize_t got = read(fd, ret->at + ret->len, room - ret->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_sys(e, "read %s", what);
		if (got == 0)
			break;
		ret->len += (size_t)got;
	}
	if (ret->len > 0 && ret->at[ret->len - 1] == '\n')
		ret->len--;
	if (ret->len > KEYRING_SECRET_MAX)
		return error_set(e, ERR_LIMIT, "%s: a key has at most %zu bytes", what,
				 KEYRING_SECRET_MAX);
	if (ret->len < KEYRING_SECRET_MIN)
		return error_set(e, ERR_WRONG_KEY, "%s: a key has at least %d bytes, this is %zu",
				 what, KEYRING_SECRET_MIN, ret->len);
	return 0;
}

/* What our parent handed down is for us, not for our children. */
static void close_handed_down(const char *path)
{
	if (strncmp(path, HANDED_DOWN, strlen(HANDED_DOWN)) != 0)
		return;
	close((int)strtol(path + strlen(HANDED_DOWN), NULL, 10));
	unsetenv(KEY_SOURCE_ENVIRONMENT);
}

static int read_file(const char *path, struct buf *ret, struct error *e)
{
	OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		error_sys(e, "open key file %s", path);
		return e->sys != ENOENT ? e->code
					: error_hint(e, "is what the key is kept on mounted? "
							"Nothing else opens the store");
	}
	if (fstat(fd, &st) != 0)
		return error_sys(e, "stat key file %s", path);
	if ((st.st_mode & (S_IRGRP | S_IROTH)) != 0 && S_ISREG(st.st_mode)) {
		error_set(e, ERR_REFUSED, "key file %s may be read by others (its mode is %04o)",
			  path, st.st_mode & 07777);
		return error_hint(e, "chmod 600 %s", path);
	}
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return error_sys(e, "read key file %s", path);
	}
	return read_all(fd, path, ret, e);
}

/* Standard error and input stay ours: the command may ask for a passphrase. */
static void become(const char *command, int out)
{
	if (dup2(out, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int read_command(const char *command, struct buf *ret, struct error *e)
{
	static const char what[] = "the key command";
	int ends[2], status = 0, code;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(e, "pipe");
	child = fork();
	if (child == 0)
		become(command, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return error_sys(e, "fork");
	}
	code = read_all(ends[0], what, ret, e);
	close(ends[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status) && code != ERR_LIMIT)
		return error_set(e, ERR_WRONG_KEY, "%s was killed by signal %d", what,
				 WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && code != ERR_LIMIT)
		return error_set(e, ERR_WRONG_KEY, "%s ended with %d", what, WEXITSTATUS(status));
	return code;
}

int key_source_read(const struct key_source *source, struct buf *ret, struct error *e)
{
	const char *path = source->file;
	bool said = source->file != NULL || source->command != NULL;

	if (source->file != NULL && source->command != NULL)
		return error_set(e, ERR_INVALID,
				 "a key file and a key command: only one can be given");
	if (!said && !source->no_environment)
		path = getenv(KEY_SOURCE_ENVIRONMENT);
	if (source->command != NULL)
		return read_command(source->command, ret, e) < 0 ? e->code : 1;
	if (path == NULL || (!said && *path == '\0'))
		return 0;
	if (read_file(path, ret, e) < 0)
		return e->code;
	if (!said)
		close_handed_down(path);
	return 1;
}

int key_source_hand_down(struct bytes secret, struct error *e)
{
	char path[64];
	int fd;

	unsetenv(KEY_SOURCE_ENVIRONMENT);
	if (secret.len == 0)
		return 0;
	fd = memfd_create("key", 0);
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, secret.at, secret.len) != (ssize_t)secret.len)
		return error_sys(e, "hand down the key");
	/* A newline at its end would be cut off. */
	if (write(fd, "\n", 1) != 1)
		return error_sys(e, "hand down the key");
	snprintf(path, sizeof(path), HANDED_DOWN "%d", fd);
	return setenv(KEY_SOURCE_ENVIRONMENT, path, 1) == 0 ? 0 : error_sys(e, "setenv");
}
