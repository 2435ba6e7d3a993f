#include "tools/input_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <zlib.h>

#include "tools/term_progress.h"

#define RAW_LEN (256 * KIB)
#define GZIP_WINDOW (15 + 16) /* of inflateInit2: a gzip header is wanted */
#define GZIP_FIRST 0x1f
#define GZIP_SECOND 0x8b
#define GZIP_DEFLATE 8
#define GZIP_HEADER_LEN 10
#define GZIP_FLAGS_AT 3
#define GZIP_FLAGS_MAX 0x1f /* the other bits are reserved */
#define GZIP_EXTRA_AT 8	    /* how hard was tried: 0, 2 or 4 */
#define GZIP_SYSTEM_AT 9
#define GZIP_SYSTEM_MAX 13 /* of those that have a number; 255: not known */

#define LOOK_EVERY_MS 500 /* whether somebody has enough, while nothing comes */

struct input_stream {
	int fd;
	bool owns_fd;
	bool gzip;
	bool in_member; /* a gzip member has begun and not ended */
	bool ended;	/* read() said so */
	char *name;
	uint64_t total;
	uint64_t mtime;
	uint64_t done; /* bytes got from fd */
	z_stream z;    /* set up when `gzip` is */
	uint8_t *raw;  /* RAW_LEN bytes; raw_at to raw_end are not used up */
	size_t raw_at;
	size_t raw_end;
	struct buf back; /* was given back; what is before back_at was read again */
	size_t back_at;
};

void input_stream_close(struct input_stream *in)
{
	if (in == NULL)
		return;
	if (in->gzip)
		inflateEnd(&in->z);
	buf_release(&in->back);
	if (in->owns_fd)
		close(in->fd);
	free(in->raw);
	free(in->name);
	free(in);
}

/* Was it a signal that is to end the verb? Then it must not be tried again: from a pipe that stands still nothing may ever come. */
static bool is_over(void)
{
	return errno == EINTR && term_progress_interrupted();
}

static int interrupted(const char *name, struct error *e)
{
	return error_set(e, ERR_CANCELLED, "%s: interrupted", name);
}

/*
 * Until something can be read, or somebody has enough: false. A signal that comes just before the call, or that a thread takes which
 * begins just then, interrupts nothing here: it is looked for, too.
 */
static bool wait_for(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	int ready = 0;

	while (!term_progress_interrupted() && (ready == 0 || (ready < 0 && errno == EINTR)))
		ready = poll(&wanted, 1, LOOK_EVERY_MS);
	return !term_progress_interrupted();
}

/* read() into `ret`: the number of bytes, 0 at the end. */
static int64_t read_some(struct input_stream *in, uint8_t *ret, size_t len, struct error *e)
{
	ssize_t got;

	if (in->ended)
		return 0;
	do
		if (!wait_for(in->fd))
			return interrupted(in->name, e);
	while ((got = read(in->fd, ret, len)) < 0 && errno == EINTR);
	if (got < 0)
		return error_sys(e, "%s: read at offset %" PRIu64, in->name, in->done);
	in->ended = got == 0;
	in->done += (uint64_t)got;
	return got;
}

/* Have at least `want` bytes in `raw`, or what there is until the end. */
static int fill(struct input_stream *in, size_t want, struct error *e)
{
	if (in->raw_end - in->raw_at >= want)
		return 0;
	memmove(in->raw, in->raw + in->raw_at, in->raw_end - in->raw_at);
	in->raw_end -= in->raw_at;
	in->raw_at = 0;
	while (in->raw_end < want) {
		int64_t got = read_some(in, in->raw + in->raw_end, RAW_LEN - in->raw_end, e);

		if (got <= 0)
			return (int)got;
		in->raw_end += (size_t)got;
	}
	return 0;
}

/* Offset in the file of the first byte that is not used up. */
static uint64_t raw_offset(const struct input_stream *in)
{
	return in->done - (in->raw_end - in->raw_at);
}

bool input_stream_is_gzip(struct bytes begin)
{
	const uint8_t *at = begin.at;

	if (begin.len < GZIP_HEADER_LEN || at[0] != GZIP_FIRST || at[1] != GZIP_SECOND ||
	    at[2] != GZIP_DEFLATE || at[GZIP_FLAGS_AT] > GZIP_FLAGS_MAX)
		return false;
	if (at[GZIP_SYSTEM_AT] > GZIP_SYSTEM_MAX && at[GZIP_SYSTEM_AT] != UINT8_MAX)
		return false;
	return at[GZIP_EXTRA_AT] == 0 || at[GZIP_EXTRA_AT] == 2 || at[GZIP_EXTRA_AT] == 4;
}

/* Look at the first bytes, and decide what it is. */
static int detect(struct input_stream *in, enum input_stream_form form, struct error *e)
{
	const uint8_t *at = in->raw;
	int r;

	if (form == INPUT_STREAM_PLAIN)
		return 0;
	r = fill(in, form == INPUT_STREAM_AUTO ? GZIP_HEADER_LEN : 2, e);
	if (r < 0)
		return r;
	in->gzip = form == INPUT_STREAM_AUTO
			   ? input_stream_is_gzip(bytes_of(in->raw, in->raw_end))
			   : in->raw_end >= 2 && at[0] == GZIP_FIRST && at[1] == GZIP_SECOND;
	if (in->gzip && inflateInit2(&in->z, GZIP_WINDOW) != Z_OK) {
		in->gzip = false;
		return error_nomem(e, RAW_LEN);
	}
	if (in->gzip || form == INPUT_STREAM_AUTO)
		return 0;
	if (in->raw_end < 2)
		return error_set(e, ERR_CORRUPT, "%s: expected gzip, the file has %zu bytes",
				 in->name, in->raw_end);
	return error_set(e, ERR_CORRUPT,
			 "%s: expected gzip (1f 8b), the file begins with %02x %02x", in->name,
			 at[0], at[1]);
}

int input_stream_from_fd(int fd, const char *name, enum input_stream_form form,
			 struct input_stream **ret, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = xcalloc(1, sizeof(*in));
	struct stat st;
	int r;

	in->fd = fd;
	in->name = xstrdup(name);
	in->raw = xmalloc(RAW_LEN);
	if (fstat(fd, &st) != 0)
		return error_sys(e, "stat %s", name);
	if (S_ISREG(st.st_mode)) {
		in->total = (uint64_t)st.st_size;
		in->mtime = st.st_mtime > 0 ? (uint64_t)st.st_mtime : 0;
	}
	r = detect(in, form, e);
	if (r < 0)
		return r;
	*ret = TAKE(in);
	return 0;
}

int input_stream_open(const char *path, enum input_stream_form form, struct input_stream **ret,
		      struct error *e)
{
	OWNED(fd_close) int fd = -1;
	int r;

	if (strcmp(path, "-") == 0)
		return input_stream_from_fd(STDIN_FILENO, "standard input", form, ret, e);
	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR && !is_over());
	if (fd < 0 && is_over())
		return interrupted(path, e);
	if (fd < 0)
		return error_sys(e, "open %s", path);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	r = input_stream_from_fd(fd, path, form, ret, e);
	if (r < 0)
		return r;
	(*ret)->owns_fd = true;
	fd = -1;
	return 0;
}

/* Inflate what is in `raw` into `ret`: the number of bytes made, which may be 0. */
static int64_t inflate_some(struct input_stream *in, uint8_t *ret, size_t len, struct error *e)
{
	z_stream *z = &in->z;
	uInt room = (uInt)MIN_OF(len, (size_t)INT_MAX);
	int status;

	z->next_in = in->raw + in->raw_at;
	z->avail_in = (uInt)(in->raw_end - in->raw_at);
	z->next_out = ret;
	z->avail_out = room;
	status = inflate(z, Z_NO_FLUSH);
	in->raw_at = in->raw_end - z->avail_in;
	if (status == Z_STREAM_END) {
		in->in_member = false;
		if (inflateReset(z) != Z_OK)
			return error_set(e, ERR_CORRUPT, "%s: zlib could not begin anew", in->name);
	} else if (status == Z_MEM_ERROR) {
		return error_nomem(e, RAW_LEN);
	} else if (status != Z_OK && status != Z_BUF_ERROR) {
		return error_set(
			e, ERR_CORRUPT,
			"%s: damaged gzip near offset %" PRIu64 " of the compressed file: %s",
			in->name, raw_offset(in), z->msg != NULL ? z->msg : "unexpected data");
	}
	return room - z->avail_out;
}

/* Before a member: 1 when there is another one, 0 at the end of the file. */
static int begin_member(struct input_stream *in, struct error *e)
{
	const uint8_t *at;
	int r = fill(in, 2, e);

	if (r < 0)
		return r;
	at = in->raw + in->raw_at;
	if (in->raw_end == in->raw_at)
		return 0;
	if (in->raw_end - in->raw_at < 2 || at[0] != GZIP_FIRST || at[1] != GZIP_SECOND)
		return error_set(e, ERR_CORRUPT,
				 "%s: expected the end or another gzip member at offset %" PRIu64
				 ", found byte 0x%02x",
				 in->name, raw_offset(in), at[0]);
	in->in_member = true;
	return 1;
}

/* The next bytes of gzip'd input. */
static int64_t read_gzip(struct input_stream *in, uint8_t *ret, size_t len, struct error *e)
{
	for (;;) {
		int64_t made;
		int r;

		if (!in->in_member) {
			r = begin_member(in, e);
			if (r <= 0)
				return r;
		}
		made = inflate_some(in, ret, len, e);
		if (made != 0)
			return made;
		if (!in->in_member)
			continue;
		r = fill(in, 1, e);
		if (r < 0)
			return r;
		if (in->raw_at != in->raw_end)
			continue;
		error_set(e, ERR_CORRUPT,
			  "%s: the gzip data is cut off: expected more at offset %" PRIu64
			  " of the compressed file, found its end",
			  in->name, in->done);
		return error_hint(e, "it is truncated; what it lacks can't be recovered from it");
	}
}

int64_t input_stream_read(struct input_stream *in, void *ret, size_t len, struct error *e)
{
	size_t held = MIN_OF(in->raw_end - in->raw_at, len);

	if (len == 0)
		return 0;
	if (in->back_at < in->back.len) {
		len = MIN_OF(in->back.len - in->back_at, len);
		memcpy(ret, in->back.at + in->back_at, len);
		in->back_at += len;
		return (int64_t)len;
	}
	if (in->gzip)
		return read_gzip(in, ret, len, e);
	if (held == 0)
		return read_some(in, ret, len, e);
	memcpy(ret, in->raw + in->raw_at, held);
	in->raw_at += held;
	return (int64_t)held;
}

void input_stream_unread(struct input_stream *in, struct bytes back)
{
	assert(in->back_at == in->back.len);
	buf_reset(&in->back);
	in->back_at = 0;
	buf_add_bytes(&in->back, back);
}

int input_stream_read_all(struct input_stream *in, size_t limit, struct buf *ret, struct error *e)
{
	size_t start = ret->len;

	for (;;) {
		int64_t got;
		int r = buf_reserve(ret, 1, start + limit + 1, e);

		if (r == 0 && ret->cap - ret->len < 4 * KIB)
			r = buf_reserve(ret, MIN_OF(64 * KIB, start + limit + 1 - ret->len),
					start + limit + 1, e);
		if (r < 0)
			return error_wrap(e, "%s", in->name);
		got = input_stream_read(in, ret->at + ret->len, ret->cap - ret->len, e);
		if (got <= 0)
			return (int)got;
		ret->len += (size_t)got;
		if (ret->len - start > limit)
			return error_set(e, ERR_LIMIT, "%s: over the limit of %zu bytes", in->name,
					 limit);
	}
}

const char *input_stream_name(const struct input_stream *in)
{
	return in->name;
}

uint64_t input_stream_done(const struct input_stream *in)
{
	return in->done;
}

uint64_t input_stream_total(const struct input_stream *in)
{
	return in->total;
}

uint64_t input_stream_mtime(const struct input_stream *in)
{
	return in->mtime;
}
