/*
 * server.h - many connections on few threads: sockets, whole messages in, whole messages out. Knows no commands.
 *
 * Each connection is with one thread at a time: the one that epoll gave it to reads, has the message handled and
 * writes, never waiting for the other side. What can't be written stays with the connection (one reply, at most) until the other side
 * has read. A thread that begins what may take long leaves another one behind that listens; when there are as
 * many threads as there may be, such messages wait in line, and quick ones are still answered.
 *
 * Threads: server_run() returns when all of its own have ended.
 */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include "base/progress.h"
#include "wire/memory.h"
#include "wire/message.h"
#include "wire/tls.h"

#define SERVER_THREADS_MAX 48
#define SERVER_REMOTE_LEN 64

/* What the server is to do with what it hears. */
struct server_ops {
	void *ctx;
	/* A new connection from `remote` ("127.0.0.1:4711"), number `id`; what it returns is passed on as `client`. */
	void *(*open)(void *ctx, uint64_t id, const char *remote);
	void (*close)(void *ctx, void *client);
	/* Is the request answered at once, whatever else is going on? */
	bool (*is_quick)(void *ctx, const struct message *request);
	/*
	 * Handle a request: append the whole reply message to `reply`, or nothing when none is wanted. *ret_delay: milliseconds
	 * to wait before it is sent. Negative: the connection is closed.
	 */
	int (*handle)(void *ctx, void *client, const struct message *request, struct buf *reply,
		      unsigned *ret_delay);
	/* The longest message, with its header, that is taken from this client now. */
	uint32_t (*limit)(void *ctx, void *client);
	/* The client of a request that is being handled has gone. Any thread. */
	void (*gone)(void *ctx, void *client);
	/* Called a few times a second, and with `stop` when the server ends: what is running should end, too. */
	void (*tick)(void *ctx, bool stop);
};

struct server_listen {
	const char *bind;   /* an address or a host's name; NULL: socket */
	uint16_t port;	    /* 0: any that is free */
	const char *socket; /* path of a Unix socket, or NULL */
};

struct server; /* opaque */

/* Is every address that `bind` means one of this machine only? ERR_INVALID: it means none. */
MUST_CHECK int server_is_loopback(const char *bind, bool *ret, struct error *e);

/*
 * Listen, but answer nobody yet. `tls` (NULL: plain), `memory` and `ops` are borrowed. ERR_IO; ERR_BUSY: somebody else
 * listens there.
 */
MUST_CHECK int server_open(const struct server_listen *where, struct tls *tls,
			   struct memory *memory, const struct server_ops *ops, struct server **ret,
			   struct error *e);
void server_free(struct server *server);
DEFINE_OWNED(struct server *, server_free);

/* The port that is listened on; 0 for a Unix socket. */
uint16_t server_port(const struct server *server);

/*
 * Keep the signals that end a server for server_run(): before any thread is made, so that none is killed by them, and before others are
 * told that it is ready.
 */
void server_hold_signals(void);

/* Serve until SIGTERM or SIGINT comes. */
MUST_CHECK int server_run(struct server *server, struct error *e);

/* How many connections there are, and were. Any thread. */
void server_counts(const struct server *server, uint64_t *ret_now, uint64_t *ret_ever);

#endif
