#include "tools/status_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX (64 * KIB)

/* local/<machine>/status: beside the folder of spills. */
static char *folder_of(struct store *store)
{
	const char *tmp = store_tmp(store);
	const char *slash = strrchr(tmp, '/');

	return xprintf("%.*s/status", slash == NULL ? 0 : (int)(slash - tmp), tmp);
}

int status_file_replace(const char *path, struct bytes content, struct error *e)
{
	OWNED(free) char *fresh = xprintf("%s.%ld.new", path, (long)getpid());
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int code;

	if (fd < 0)
		return error_sys(e, "%s", fresh);
	code = file_write(fd, fresh, content, e);
	if (close(fd) != 0 && code >= 0)
		code = error_sys(e, "%s", fresh);
	if (code >= 0 && rename(fresh, path) != 0)
		code = error_sys(e, "%s", path);
	if (code < 0)
		(void)unlink(fresh);
	return code;
}

int status_file_put(struct store *store, const char *name, struct bytes content, struct error *e)
{
	OWNED(free) char *folder = folder_of(store);
	OWNED(free) char *path = xprintf("%s/%s", folder, name);

	if (file_make_dirs(folder, e) < 0)
		return e->code;
	return status_file_replace(path, content, e);
}

int status_file_get(struct store *store, const char *name, struct buf *ret, struct error *e)
{
	OWNED(free) char *folder = folder_of(store);
	OWNED(free) char *path = xprintf("%s/%s", folder, name);

	return file_read(path, FILE_MAX, ret, e);
}
