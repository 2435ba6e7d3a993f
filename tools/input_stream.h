/*
 * input_stream.h - bytes from a file or descriptor, one after the other, gzip'd or not.
 *
 * Knows nothing of what the bytes are. Several gzip members after each other read as one.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_INPUT_STREAM_H
#define TOOLS_INPUT_STREAM_H

#include "base/buf.h"
#include "base/error.h"

struct input_stream; /* opaque */

enum input_stream_form {
	INPUT_STREAM_AUTO,  /* gzip when input_stream_is_gzip() says so of its beginning */
	INPUT_STREAM_PLAIN, /* as it is */
	INPUT_STREAM_GZIP,  /* ERR_CORRUPT when it is not */
};

/*
 * Is this beginning of a file a gzip header? Not by 1f 8b alone: the length of each 65,536th document is written
 * so, and what begins with it is no gzip file for that.
 */
bool input_stream_is_gzip(struct bytes begin);

/* Open the file at `path`; "-" is standard input, which is not closed in the end. */
MUST_CHECK int input_stream_open(const char *path, enum input_stream_form form,
				 struct input_stream **ret, struct error *e);
/* Read from `fd`, which stays the caller's; `name` is for messages, and copied. */
MUST_CHECK int input_stream_from_fd(int fd, const char *name, enum input_stream_form form,
				    struct input_stream **ret, struct error *e);
void input_stream_close(struct input_stream *in);
DEFINE_OWNED(struct input_stream *, input_stream_close);

/*
 * Read up to `len` bytes, at least one unless the input ends: their number, 0 at the end. ERR_IO, ERR_CANCELLED (by a signal),
 * ERR_CORRUPT (damaged or truncated gzip; with the offset in the compressed file), ERR_NOMEM.
 */
MUST_CHECK int64_t input_stream_read(struct input_stream *in, void *ret, size_t len,
				     struct error *e);

/* Give back what was read last; it is read once more. Not before what was given back earlier is read. */
void input_stream_unread(struct input_stream *in, struct bytes back);

/* Append the whole rest to *ret; ERR_LIMIT above `limit` bytes. */
MUST_CHECK int input_stream_read_all(struct input_stream *in, size_t limit, struct buf *ret,
				     struct error *e);

/* What messages call it: its path, or "standard input". */
const char *input_stream_name(const struct input_stream *in);
/* Bytes that were read of the file, for progress. */
uint64_t input_stream_done(const struct input_stream *in);
/* Size of the file in bytes; 0 when it is no regular file. */
uint64_t input_stream_total(const struct input_stream *in);
/* Time of the file's last change, seconds since 1970; 0 when it is no regular file. */
uint64_t input_stream_mtime(const struct input_stream *in);

#endif
