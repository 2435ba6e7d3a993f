#include "wire/connection.h"

#include <time.h>

#include <sys/epoll.h>

#include "base/clock.h"
#include "wire/compress.h"

#define READ_SIZE (16 * KIB)
#define GROW_MAX (1 * MIB)  /* of the room for a long message, which grows as it comes */
#define KEEP_MAX (64 * KIB) /* bytes of buffers that an idle connection keeps */
#define SEND_MAX (256 * KIB)

struct connection *connection_new(int fd, struct tls *tls, uint64_t id, struct memory *memory,
				  struct spare *spare)
{
	struct connection *c = xcalloc(1, sizeof(*c));
	struct error ignored;

	c->channel = (struct channel){.fd = fd, .wants = EPOLLIN};
	c->id = id;
	c->memory = memory;
	c->spare = spare;
	if (tls != NULL && tls_accept(tls, fd, &c->channel.ssl, &ignored) < 0) {
		free(c);
		return NULL;
	}
	connection_set(c, CONNECTION_READING);
	return c;
}

void connection_set_unread(struct connection *c, size_t bytes)
{
	size_t before = atomic_exchange(&c->unread, bytes);

	atomic_fetch_add(&c->memory->unread, bytes - before); /* modulo 2^64 */
}

void connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	connection_set_unread(c, 0);
	channel_close(&c->channel);
	buf_release(&c->in);
	buf_release(&c->out);
	buf_release(&c->unpacked);
	memory_give(c->memory, c->charged);
	free(c);
}

int64_t connection_now(void)
{
	return (int64_t)clock_tick_ms();
}

void connection_set(struct connection *c, enum connection_state state)
{
	atomic_store(&c->since, connection_now());
	atomic_store(&c->state, state);
}

/* Count what the buffers hold now. False: there is too much in the whole server. */
static bool charge(struct connection *c, bool anyway)
{
	size_t now = c->in.cap + c->out.cap + c->unpacked.cap;

	if (now > c->charged && anyway)
		memory_take_anyway(c->memory, now - c->charged);
	else if (now > c->charged && !memory_take(c->memory, now - c->charged))
		return false;
	if (now < c->charged)
		memory_give(c->memory, c->charged - now);
	c->charged = now;
	return true;
}

/* Is a message whole? Its header is checked as soon as it is there. */
static enum connection_step look(struct connection *c, uint32_t limit, size_t *ret_missing)
{
	struct bytes have = bytes_of(c->in.at + c->in_at, c->in.len - c->in_at);
	struct message_header header;
	struct bytes content;
	struct error e;
	int compressor = -1;

	*ret_missing = READ_SIZE;
	if (have.len < MESSAGE_HEADER)
		return CONNECTION_WAIT;
	if (message_header_read(have, &header, &e) < 0 || header.len > limit)
		return CONNECTION_OVER;
	*ret_missing = header.len - MIN_OF(have.len, header.len);
	if (*ret_missing > 0)
		return CONNECTION_WAIT;
	content = bytes_of(have.at + MESSAGE_HEADER, header.len - MESSAGE_HEADER);
	if (header.op == MESSAGE_COMPRESSED) {
		if (compress_size(content) > limit ||
		    compress_unpack(&header, content, &c->unpacked, &compressor, &e) < 0 ||
		    !charge(c, false))
			return CONNECTION_OVER;
		content = buf_bytes(&c->unpacked);
	}
	if (message_parse(&header, content, &c->request, &e) < 0)
		return CONNECTION_OVER;
	c->request.compressor = compressor;
	return CONNECTION_REQUEST;
}

/* Bytes that the message at in_at has as it lies there. */
static size_t message_len(const struct connection *c)
{
	return get_le32(c->in.at + c->in_at);
}

/* Not after each message: of many that came at once each would move all that follow. */
static void to_front(struct connection *c)
{
	if (c->in_at == 0)
		return;
	memmove(c->in.at, c->in.at + c->in_at, c->in.len - c->in_at);
	c->in.len -= c->in_at;
	c->in_at = 0;
}

enum connection_step connection_receive(struct connection *c, uint32_t limit)
{
	for (;;) {
		size_t missing = READ_SIZE, got = 0;
		enum connection_step step = look(c, limit, &missing);
		enum channel_result result;
		struct error e;

		if (step != CONNECTION_WAIT)
			return step;
		to_front(c);
		if (buf_reserve(&c->in, MIN_OF(MAX_OF(missing, READ_SIZE), GROW_MAX), SIZE_MAX,
				&e) < 0 ||
		    !charge(c, c->in.cap <= KEEP_MAX))
			return CONNECTION_OVER;
		result = channel_read(&c->channel, c->in.at + c->in.len, c->in.cap - c->in.len,
				      &got);
		if (result != CHANNEL_OK)
			return result == CHANNEL_AGAIN ? CONNECTION_WAIT : CONNECTION_OVER;
		c->in.len += got;
	}
}

void connection_replies(struct connection *c)
{
	spare_take(c->spare, &c->out);
}

void connection_replied(struct connection *c)
{
	charge(c, true);
}

void connection_done(struct connection *c)
{
	c->in_at += message_len(c);
	if (c->in_at == c->in.len) {
		c->in_at = c->in.len = 0;
		if (c->in.cap > KEEP_MAX)
			buf_release(&c->in);
	}
	if (c->unpacked.cap > KEEP_MAX)
		buf_release(&c->unpacked);
	charge(c, true);
}

enum connection_step connection_send(struct connection *c)
{
	while (c->out_at < c->out.len) {
		size_t put = 0, left = MIN_OF(c->out.len - c->out_at, SEND_MAX);
		enum channel_result result =
			channel_write(&c->channel, bytes_of(c->out.at + c->out_at, left), &put);

		if (result != CHANNEL_OK)
			return result == CHANNEL_AGAIN ? CONNECTION_WAIT : CONNECTION_OVER;
		c->out_at += put;
		atomic_store(&c->since, connection_now());
	}
	c->out_at = c->out.len = 0;
	if (c->out.cap > KEEP_MAX)
		spare_give(c->spare, &c->out);
	charge(c, true);
	return CONNECTION_REQUEST;
}

bool connection_has_more(const struct connection *c)
{
	return c->in.len > c->in_at || channel_has_more(&c->channel);
}
