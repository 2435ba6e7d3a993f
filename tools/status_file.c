#include "tools/status_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/crypt/seal.h"

#define FILE_MAX (64 * KIB)
#define SEALED_VERSION 1
static const uint8_t sealed_magic[4] = {'Y', 'L', 'O', 'C'};

/* local/<machine>/status: beside the folder of spills. */
static char *folder_of(struct store *store)
{
	const char *tmp = store_tmp(store);
	const char *slash = strrchr(tmp, '/');

	return xprintf("%.*s/status", slash == NULL ? 0 : (int)(slash - tmp), tmp);
}

char *status_file_path(struct store *store, const char *name)
{
	OWNED(free) char *folder = folder_of(store);

	return xprintf("%s/%s", folder, name);
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

int status_file_put_open(struct store *store, const char *name, struct bytes content,
			 struct error *e)
{
	OWNED(free) char *folder = folder_of(store);
	OWNED(free) char *path = xprintf("%s/%s", folder, name);

	return file_make_dirs(folder, e) < 0 ? e->code : status_file_replace(path, content, e);
}

int status_file_put(struct store *store, const char *name, struct bytes content, struct error *e)
{
	OWNED(buf_release) struct buf sealed = {0};

	if (store_is_keyless(store))
		return seal_no_key(e);
	if (store_keys(store) != NULL) {
		seal_file(store_keys(store), sealed_magic, SEALED_VERSION, content, &sealed);
		content = buf_bytes(&sealed);
	}
	return status_file_put_open(store, name, content, e);
}

int status_file_get_open(struct store *store, const char *name, struct buf *ret, struct error *e)
{
	OWNED(free) char *path = status_file_path(store, name);

	return file_read(path, FILE_MAX, ret, e);
}

/* What can't be opened counts as not there: it is written again soon, and nothing depends on it. */
static int open_sealed(const struct store *store, const struct buf *file, struct buf *ret)
{
	struct error ignored;

	return store_keys(store) != NULL && file->len > sizeof(sealed_magic) &&
	       memcmp(file->at, sealed_magic, sizeof(sealed_magic)) == 0 &&
	       file->at[sizeof(sealed_magic)] == SEALED_VERSION &&
	       seal_file_open(store_keys(store), buf_bytes(file), ret, &ignored) == 0;
}

int status_file_get(struct store *store, const char *name, struct buf *ret, struct error *e)
{
	OWNED(free) char *path = status_file_path(store, name);
	OWNED(buf_release) struct buf file = {0};
	int found;

	if (!store_params(store)->encrypted)
		return status_file_get_open(store, name, ret, e);
	found = file_read(path, FILE_MAX + SEAL_FILE_HEADER_LEN + SEAL_FILE_MORE, &file, e);
	return found == 1 ? open_sealed(store, &file, ret) : found;
}
