/*
 * listen.h - the sockets that a server listens on. Prefix: listen_, server_ (server_is_loopback() of server.h)
 *
 * Threads: pure.
 */
#ifndef WIRE_LISTEN_H
#define WIRE_LISTEN_H

#include "wire/server.h"

#define LISTEN_MAX 8 /* addresses that one host's name may have */

struct listen {
	int fd[LISTEN_MAX];
	size_t count;
	uint16_t port;
	char *socket; /* its path, removed by listen_close(); or NULL */
};

/* Open them, not blocking. ERR_IO, ERR_BUSY, ERR_INVALID. */
MUST_CHECK int listen_open(const struct server_listen *where, struct listen *ret, struct error *e);
void listen_close(struct listen *l);

/* The next connection that waits at `fd`: its descriptor and where it comes from; -1: none, errno tells why. */
int listen_accept(int fd, char ret_remote[SERVER_REMOTE_LEN]);

#endif
