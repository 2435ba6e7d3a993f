#include "store/tmp_lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#define NAME "lock"

enum {
	WRITERS, /* bytes of the file */
	FILES,
};

static int open_lock(const char *tmp, int flags)
{
	OWNED(free) char *path = xprintf("%s/" NAME, tmp);

	return open(path, O_RDWR | O_CLOEXEC | flags, 0600);
}

void tmp_lock_make(const char *tmp)
{
	OWNED(fd_close) int fd = open_lock(tmp, O_CREAT);
}

static int remove_all(const char *tmp, struct error *e)
{
	DIR *dir = opendir(tmp);
	struct dirent *entry;
	int code = 0;

	if (dir == NULL)
		return error_sys(e, "open folder %s", tmp);
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		OWNED(free) char *path = xprintf("%s/%s", tmp, entry->d_name);

		if (entry->d_name[0] != '.' && strcmp(entry->d_name, NAME) != 0)
			code = file_remove_tree(path, e);
	}
	closedir(dir);
	return code;
}

/* Not waited for: who can't have it alone leaves the cleaning to others. */
static bool is_alone(int fd, unsigned byte)
{
	struct error ignored;

	return file_lock(fd, NAME, byte, FILE_LOCK_EXCLUSIVE, false, &ignored) == 1;
}

int tmp_lock_writer(const char *tmp, int *ret_fd, struct error *e)
{
	OWNED(fd_close) int fd = open_lock(tmp, O_CREAT);

	if (fd < 0)
		return error_sys(e, "open %s/" NAME, tmp);
	if (is_alone(fd, WRITERS) && is_alone(fd, FILES) && remove_all(tmp, e) < 0)
		return e->code;
	file_unlock(fd, FILES);
	if (file_lock(fd, tmp, WRITERS, FILE_LOCK_SHARED, true, e) < 0)
		return e->code;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

bool tmp_lock_has_writer(const char *tmp)
{
	OWNED(fd_close) int fd = open_lock(tmp, O_CREAT);

	return fd < 0 || !is_alone(fd, WRITERS);
}

int tmp_lock_files(const char *tmp, int *ret_fd, struct error *e)
{
	OWNED(fd_close) int fd = open_lock(tmp, 0);

	*ret_fd = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_sys(e, "open %s/" NAME, tmp);
	if (file_lock(fd, tmp, FILES, FILE_LOCK_SHARED, true, e) < 0)
		return e->code;
	*ret_fd = fd;
	fd = -1;
	return 1;
}
