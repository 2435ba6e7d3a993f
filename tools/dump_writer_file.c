#include "tools/dump_writer_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/file.h"

#define HELD_MAX (256 * KIB)
#define GZIP_WINDOW (15 + 16) /* of deflateInit2: with a gzip header */
#define MEMORY_LEVEL 8	      /* of deflateInit2: its default */

struct dump_writer_file {
	int fd;
	bool owns_fd;
	bool gzip;
	bool finished;
	char *name;
	z_stream z;
	uint8_t *held; /* HELD_MAX bytes, of which `len` are in use: output that is not written */
	size_t len;
};

void dump_writer_file_free(struct dump_writer_file *file)
{
	if (file == NULL)
		return;
	if (file->gzip)
		deflateEnd(&file->z);
	if (file->owns_fd)
		close(file->fd);
	free(file->held);
	free(file->name);
	free(file);
}

int dump_writer_file_from_fd(int fd, const char *name, bool gzip, struct dump_writer_file **ret,
			     struct error *e)
{
	OWNED(dump_writer_file_free) struct dump_writer_file *file = xcalloc(1, sizeof(*file));

	file->fd = fd;
	file->name = xstrdup(name);
	file->held = xmalloc(HELD_MAX);
	if (gzip && deflateInit2(&file->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
				 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return error_nomem(e, HELD_MAX);
	file->gzip = gzip;
	*ret = TAKE(file);
	return 0;
}

int dump_writer_file_open(const char *path, bool gzip, struct dump_writer_file **ret,
			  struct error *e)
{
	OWNED(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0 && errno == EEXIST)
		return error_set(e, ERR_EXISTS, "%s: expected no such file, found one", path);
	if (fd < 0)
		return error_sys(e, "create %s", path);
	r = dump_writer_file_from_fd(fd, path, gzip, ret, e);
	if (r < 0)
		return r;
	(*ret)->owns_fd = true;
	fd = -1;
	return 0;
}

/* Write what is held. */
static int flush(struct dump_writer_file *file, struct error *e)
{
	int r = file_write(file->fd, file->name, bytes_of(file->held, file->len), e);

	file->len = 0;
	return r;
}

/* Compress `from`; with Z_FINISH to the end of the gzip member. */
static int deflate_bytes(struct dump_writer_file *file, struct bytes from, int how, struct error *e)
{
	z_stream *z = &file->z;
	int status = Z_OK;

	do {
		uInt part = (uInt)MIN_OF(from.len, (size_t)INT_MAX);
		int r;

		z->next_in = (uint8_t *)(uintptr_t)from.at;
		z->avail_in = part;
		z->next_out = file->held + file->len;
		z->avail_out = (uInt)(HELD_MAX - file->len);
		status = deflate(z, how);
		assert(status != Z_STREAM_ERROR);
		file->len = HELD_MAX - z->avail_out;
		from = bytes_of(from.at + (part - z->avail_in), from.len - (part - z->avail_in));
		if (file->len == HELD_MAX) {
			r = flush(file, e);
			if (r < 0)
				return r;
		}
	} while (from.len > 0 || (how == Z_FINISH && status != Z_STREAM_END));
	return 0;
}

int dump_writer_file_add(struct dump_writer_file *file, struct bytes from, struct error *e)
{
	int r = 0;

	assert(!file->finished);
	if (from.len == 0)
		return 0;
	if (file->gzip)
		return deflate_bytes(file, from, Z_NO_FLUSH, e);
	if (from.len > HELD_MAX - file->len)
		r = flush(file, e);
	if (r >= 0 && from.len > HELD_MAX)
		return file_write(file->fd, file->name, from, e);
	if (r < 0)
		return r;
	memcpy(file->held + file->len, from.at, from.len);
	file->len += from.len;
	return 0;
}

int dump_writer_file_finish(struct dump_writer_file *file, struct error *e)
{
	int r = 0;

	assert(!file->finished);
	file->finished = true;
	if (file->gzip)
		r = deflate_bytes(file, bytes_of("", 0), Z_FINISH, e);
	return r < 0 ? r : flush(file, e);
}
