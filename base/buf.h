/*
 * buf.h - a growable byte buffer that its holder owns.
 *
 * `struct buf b = {0};` is an empty one; buf_release() frees it. Growth that depends
 * on outside data goes through buf_reserve(), which has a limit and can fail; the
 * others are for small sizes that we choose and end the process when memory is out.
 *
 * Threads: one at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

struct buf {
	uint8_t *at; /* NULL while cap is 0 */
	size_t len;  /* bytes in use */
	size_t cap;  /* bytes allocated */
};

/* Make room for `more` bytes after len. ERR_LIMIT when len + more > limit, ERR_NOMEM. */
MUST_CHECK int buf_reserve(struct buf *b, size_t more, size_t limit, struct error *e);

/* Room for `more` bytes after len, returned; aborts when memory is out. */
uint8_t *buf_room(struct buf *b, size_t more);

/* Append; aborts when memory is out. */
void buf_add(struct buf *b, const void *from, size_t len);
void buf_add_bytes(struct buf *b, struct bytes from);
void buf_add_u8(struct buf *b, uint8_t value);
void buf_add_le32(struct buf *b, uint32_t value);
void buf_add_le64(struct buf *b, uint64_t value);
void buf_add_varint(struct buf *b, uint64_t value);
void buf_add_str(struct buf *b, const char *text); /* without the NUL */
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* A NUL after the content (not counted in len), so that it can be read as text. */
const char *buf_text(struct buf *b);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return bytes_of(b->at, b->len);
}

/* Forget the content, keep the memory. */
static inline void buf_reset(struct buf *b)
{
	b->len = 0;
}

/* Free the memory; the buf is empty and can be used again. */
void buf_release(struct buf *b);
DEFINE_OWNED_STRUCT(struct buf, buf_release);

/*
 * Memory is out, and there is no way on: says so on standard error and ends the process at once with
 * EXIT_CODE_FAILED. What a store holds is as after any other kill. For libraries that fail for this reason only, too.
 */
void xnomem(void) NORETURN COLD;

/* malloc and realloc for sizes that we choose: xnomem() when memory is out. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xprintf(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
