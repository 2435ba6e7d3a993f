#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/exit_code.h"

void xnomem(void)
{
	static const char text[] = "yester: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	_exit(EXIT_CODE_FAILED);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size == 0 ? 1 : size);

	if (p == NULL)
		xnomem();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (p == NULL)
		xnomem();
	return p;
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size == 0 ? 1 : size);

	if (p == NULL)
		xnomem();
	return p;
}

char *xstrndup(const char *text, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len > 0) /* `text` may be NULL then */
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		xnomem();
	va_end(args);
	return text;
}

static size_t grown(size_t cap, size_t need)
{
	size_t next = cap + cap / 2;

	return MAX_OF(MAX_OF(next, need), (size_t)64);
}

int buf_reserve(struct buf *b, size_t more, size_t limit, struct error *e)
{
	uint8_t *at;
	size_t cap;

	if (b->len > limit || more > limit - b->len)
		return error_set(e, ERR_LIMIT, "size %zu is over the limit of %zu bytes",
				 b->len + more, limit);
	if (b->cap - b->len >= more)
		return 0;
	cap = MIN_OF(grown(b->cap, b->len + more), limit);
	at = realloc(b->at, cap);
	if (at == NULL)
		return error_nomem(e, cap);
	b->at = at;
	b->cap = cap;
	return 0;
}

uint8_t *buf_room(struct buf *b, size_t more)
{
	if (b->cap - b->len < more) {
		b->cap = grown(b->cap, b->len + more);
		b->at = xrealloc(b->at, b->cap);
	}
	return b->at + b->len;
}

void buf_add(struct buf *b, const void *from, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_room(b, len), from, len);
	b->len += len;
}

void buf_add_bytes(struct buf *b, struct bytes from)
{
	buf_add(b, from.at, from.len);
}

void buf_add_u8(struct buf *b, uint8_t value)
{
	*buf_room(b, 1) = value;
	b->len++;
}

void buf_add_le32(struct buf *b, uint32_t value)
{
	put_le32(buf_room(b, 4), value);
	b->len += 4;
}

void buf_add_le64(struct buf *b, uint64_t value)
{
	put_le64(buf_room(b, 8), value);
	b->len += 8;
}

void buf_add_varint(struct buf *b, uint64_t value)
{
	b->len += put_varint(buf_room(b, VARINT_MAX), value);
}

void buf_add_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len > 0) {
		vsnprintf((char *)buf_room(b, (size_t)len + 1), (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

const char *buf_text(struct buf *b)
{
	*buf_room(b, 1) = 0;
	return (const char *)b->at;
}

void buf_release(struct buf *b)
{
	free(b->at);
	*b = (struct buf){0};
}
