/*
 * channel.h - the bytes of one connection that never blocks, plain or through TLS.
 *
 * Threads: one at a time.
 */
#ifndef WIRE_CHANNEL_H
#define WIRE_CHANNEL_H

#include "base/bytes.h"

struct ssl_st;

struct channel {
	int fd;
	struct ssl_st *ssl; /* NULL: plain */
	uint32_t wants;	    /* EPOLLIN or EPOLLOUT: what to wait for after CHANNEL_AGAIN */
};

enum channel_result {
	CHANNEL_OK,
	CHANNEL_AGAIN, /* nothing now */
	CHANNEL_END,   /* the other side ended, or it broke */
};

/* Read at most `len` bytes; *ret_len of them came. */
MUST_CHECK enum channel_result channel_read(struct channel *s, void *ret, size_t len,
					    size_t *ret_len);
/* Write what can be written without waiting. */
MUST_CHECK enum channel_result channel_write(struct channel *s, struct bytes from, size_t *ret_len);
/* Are there bytes that were received and not read, which no epoll tells of? */
bool channel_has_more(const struct channel *s);
void channel_close(struct channel *s);

#endif
