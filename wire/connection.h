/*
 * connection.h - one client's connection: bytes until a message is whole, its reply until it is sent.
 *
 * For server.c. Threads: one at a time, but for what is atomic.
 */
#ifndef WIRE_CONNECTION_H
#define WIRE_CONNECTION_H

#include "wire/channel.h"
#include "wire/server.h"
#include "wire/spare.h"

enum connection_state {
	CONNECTION_READING, /* waits for bytes */
	CONNECTION_RUNNING, /* a request is being handled, or waits in line */
	CONNECTION_DELAYED, /* a reply waits for its time */
	CONNECTION_WRITING, /* a reply waits for the other side */
};

struct connection {
	struct channel channel;
	void *client;
	uint64_t id;
	struct buf in; /* bytes that came; a message begins at in_at */
	size_t in_at;
	struct buf out; /* bytes that are to be sent, from out_at on */
	size_t out_at;
	struct buf unpacked; /* the content of a compressed message */
	struct message request;
	struct memory *memory;
	struct spare *spare;
	size_t charged; /* bytes of `in` and `out` that are counted in memory */

	atomic_size_t unread; /* bytes that are held for the reply, of WRITING */
	bool is_cut;	      /* it was shut down: it ends (the server's lock) */
	atomic_uint handed;   /* from thread to thread: what one wrote, the next one sees */
	_Atomic enum connection_state state;
	_Atomic int64_t
		since; /* monotonic milliseconds: when it came to this state, or something moved */
	int64_t due;   /* of DELAYED */
	struct connection *prev, *next; /* the server's list */
	struct connection *later;	/* the next one in line */
};

struct connection *connection_new(int fd, struct tls *tls, uint64_t id, struct memory *memory,
				  struct spare *spare);
void connection_free(struct connection *c);

int64_t connection_now(void);
void connection_set(struct connection *c, enum connection_state state);

enum connection_step {
	CONNECTION_REQUEST, /* c->request is whole */
	CONNECTION_WAIT,    /* wait for c->channel.wants */
	CONNECTION_OVER,
};
/* Go on until a request is whole; reads only when there is none yet. One of more than `limit` bytes, packed or not, is the end. */
enum connection_step connection_receive(struct connection *c, uint32_t limit);
/* So much is held for a reply that nobody reads now. */
void connection_set_unread(struct connection *c, size_t bytes);
/* A reply is to be put into c->out, which may be a long one. */
void connection_replies(struct connection *c);
/* A reply was put into c->out: count it. */
void connection_replied(struct connection *c);
/* The request was handled: forget it. */
void connection_done(struct connection *c);
/* Send what there is: CONNECTION_REQUEST when all is sent. */
enum connection_step connection_send(struct connection *c);
/* Is there something received that may hold the next request? */
bool connection_has_more(const struct connection *c);

#endif
