#include "wire/channel.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* What OpenSSL's result means; `wants` is set. */
static enum channel_result tls_result(struct channel *s, int result)
{
	int error = SSL_get_error(s->ssl, result);

	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		s->wants = error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT;
		return CHANNEL_AGAIN;
	}
	return CHANNEL_END;
}

static enum channel_result plain_result(struct channel *s, uint32_t wants)
{
	s->wants = wants;
	return errno == EAGAIN || errno == EWOULDBLOCK ? CHANNEL_AGAIN : CHANNEL_END;
}

enum channel_result channel_read(struct channel *s, void *ret, size_t len, size_t *ret_len)
{
	ssize_t got;

	if (s->ssl != NULL) {
		int result = SSL_read_ex(s->ssl, ret, len, ret_len);

		return result == 1 ? CHANNEL_OK : tls_result(s, result);
	}
	do
		got = recv(s->fd, ret, len, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return plain_result(s, EPOLLIN);
	*ret_len = (size_t)got;
	return got == 0 ? CHANNEL_END : CHANNEL_OK;
}

enum channel_result channel_write(struct channel *s, struct bytes from, size_t *ret_len)
{
	ssize_t put;

	if (s->ssl != NULL) {
		int result = SSL_write_ex(s->ssl, from.at, from.len, ret_len);

		return result == 1 ? CHANNEL_OK : tls_result(s, result);
	}
	do
		put = send(s->fd, from.at, from.len, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put < 0)
		return plain_result(s, EPOLLOUT);
	*ret_len = (size_t)put;
	return CHANNEL_OK;
}

bool channel_has_more(const struct channel *s)
{
	return s->ssl != NULL && SSL_has_pending(s->ssl);
}

void channel_close(struct channel *s)
{
	if (s->ssl != NULL) {
		SSL_shutdown(
			s->ssl); /* tells the other side; whether it arrives is not waited for */
		SSL_free(s->ssl);
		ERR_clear_error();
	}
	if (s->fd >= 0)
		close(s->fd);
	s->ssl = NULL;
	s->fd = -1;
}
