#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

/* Append all of `fd`; `guess` is how much that may be. */
static int read_all(int fd, const char *path, size_t guess, size_t limit, struct buf *ret,
		    struct error *e)
{
	size_t start = ret->len;

	for (;;) {
		ssize_t got;

		/* One byte more than expected, to see the end without another buffer. */
		(void)buf_room(ret, MIN_OF(guess, limit) + 1);
		got = read(fd, ret->at + ret->len, ret->cap - ret->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_sys(e, "read %s", path);
		if (got == 0)
			return 1;
		ret->len += (size_t)got;
		if (ret->len - start > limit)
			return error_set(e, ERR_LIMIT, "%s: over the limit of %zu bytes", path,
					 limit);
		guess = 65536;
	}
}

int file_read(const char *path, size_t limit, struct buf *ret, struct error *e)
{
	OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t start = ret->len;
	struct stat st;
	int code;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(e, "open %s", path);
	if (fstat(fd, &st) != 0)
		return error_sys(e, "stat %s", path);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return error_sys(e, "read %s", path);
	}
	code = read_all(fd, path, st.st_size > 0 ? (size_t)st.st_size : 0, limit, ret, e);
	if (code < 0)
		ret->len = start;
	return code;
}

int file_pread(int fd, const char *path, uint64_t offset, void *ret, size_t len, struct error *e)
{
	size_t have = 0;

	while (have < len) {
		ssize_t got = pread(fd, (uint8_t *)ret + have, len - have, (off_t)(offset + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_sys(e, "read %s at offset %" PRIu64, path, offset);
		if (got == 0)
			return error_set(e, ERR_CORRUPT,
					 "%s: %zu bytes expected at offset %" PRIu64
					 ", the file ends after %zu",
					 path, len, offset, have);
		have += (size_t)got;
	}
	return 0;
}

int file_write(int fd, const char *path, struct bytes from, struct error *e)
{
	while (from.len > 0) {
		ssize_t put = write(fd, from.at, from.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_sys(e, "write %s", path);
		from.at += put;
		from.len -= (size_t)put;
	}
	return 0;
}

int file_sync_dir(const char *path, struct error *e)
{
	OWNED(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(e, "open folder %s", path);
	if (fsync(fd) != 0)
		return error_sys(e, "fsync folder %s", path);
	return 0;
}

/* Cut the last name off: what is left is the folder that it is in. false when there is none in the text. */
static bool cut_name(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	path[len] = '\0';
	if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0 || len == 0)
		return false;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0)
		path[len++] = '.';
	path[len] = '\0';
	return true;
}

int file_sync_above(const char *path, unsigned levels, struct error *e)
{
	OWNED(free) char *above = xstrdup(path);
	struct error tried;

	for (; levels > 0 && cut_name(above); levels--) {
		if (file_sync_dir(above, &tried) >= 0 || tried.sys == EACCES)
			continue;
		*e = tried;
		return e->code;
	}
	return 0;
}

static int put_contents(const char *tmp, const char *path, struct bytes content, bool durably,
			struct error *e)
{
	OWNED(fd_close) int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(e, "create %s", tmp);
	if (file_write(fd, tmp, content, e) < 0)
		return e->code;
	if (durably && fsync(fd) != 0)
		return error_sys(e, "fsync %s", tmp);
	if (rename(tmp, path) != 0)
		return error_sys(e, "rename %s to %s", tmp, path);
	return 0;
}

static int put_file(const char *path, const char *tmp_dir, struct bytes content, bool durably,
		    struct error *e)
{
	static unsigned counter;
	unsigned number = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
	OWNED(free) char *tmp = xprintf("%s/put-%d-%u.tmp", tmp_dir, (int)getpid(), number);

	/* A number can come again after a crash of a process with our pid: its file is garbage. */
	unlink(tmp);
	if (put_contents(tmp, path, content, durably, e) < 0) {
		unlink(tmp);
		return e->code;
	}
	return durably ? file_sync_above(path, 1, e) : 0;
}

int file_put(const char *path, const char *tmp_dir, struct bytes content, struct error *e)
{
	return put_file(path, tmp_dir, content, true, e);
}

int file_put_loose(const char *path, const char *tmp_dir, struct bytes content, struct error *e)
{
	return put_file(path, tmp_dir, content, false, e);
}

int file_make_dirs(const char *path, struct error *e)
{
	OWNED(free) char *part = xstrdup(path);

	for (char *slash = part + (*part == '/');; slash++) {
		slash = strchrnul(slash, '/');
		bool last = *slash == '\0';

		*slash = '\0';
		if (*part != '\0' && mkdir(part, 0700) != 0 && errno != EEXIST)
			return error_sys(e, "create folder %s", part);
		if (last)
			return 0;
		*slash = '/';
	}
}

static int remove_entries(int fd, const char *path, struct error *e)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int code = 0;

	if (dir == NULL) {
		close(fd);
		return error_sys(e, "open folder %s", path);
	}
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		OWNED(free) char *child = xprintf("%s/%s", path, entry->d_name);

		code = file_remove_tree(child, e);
	}
	closedir(dir);
	return code;
}

int file_remove_tree(const char *path, struct error *e)
{
	int fd;

	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_sys(e, "remove %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, "open folder %s", path);
	if (remove_entries(fd, path, e) < 0)
		return e->code;
	if (rmdir(path) != 0 && errno != ENOENT)
		return error_sys(e, "remove folder %s", path);
	return 0;
}

int file_open_unnamed(const char *dir, int *ret_fd, struct error *e)
{
	OWNED(free) char *name = NULL;
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0) {
		/* Not every file system has O_TMPFILE. */
		name = xprintf("%s/spill-XXXXXX", dir);
		fd = mkostemp(name, O_CLOEXEC);
		if (fd < 0)
			return error_sys(e, "create a temporary file in %s", dir);
		unlink(name);
	}
	*ret_fd = fd;
	return 0;
}

int file_lock(int fd, const char *path, uint64_t byte, enum file_lock_mode mode, bool wait,
	      struct error *e)
{
	struct flock lock = {
		.l_type = mode == FILE_LOCK_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)byte,
		.l_len = 1,
	};

	while (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) != 0) {
		if (errno == EINTR)
			continue;
		if (!wait && (errno == EAGAIN || errno == EACCES))
			return 0;
		return error_sys(e, "lock %s", path);
	}
	return 1;
}

void file_unlock(int fd, uint64_t byte)
{
	struct flock lock = {
		.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};

	(void)fcntl(fd, F_OFD_SETLK, &lock);
}
