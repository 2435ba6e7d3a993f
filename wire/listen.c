#include "wire/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 1024

static int resolve(const char *bind_to, struct addrinfo **ret, struct error *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	int code = getaddrinfo(bind_to, "0", &hints, ret);

	if (code != 0)
		return error_set(e, ERR_INVALID, "%s is no address of this machine: %s", bind_to,
				 gai_strerror(code));
	return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)
				     ->sin_addr.s_addr) >>
			       24 ==
		       127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

int server_is_loopback(const char *bind_to, bool *ret, struct error *e)
{
	struct addrinfo *all;
	bool loopback = true;

	if (resolve(bind_to, &all, e) < 0)
		return e->code;
	for (const struct addrinfo *a = all; a != NULL; a = a->ai_next)
		loopback = loopback && is_loopback(a->ai_addr);
	freeaddrinfo(all);
	*ret = loopback;
	return 0;
}

static void set_port(struct sockaddr *address, uint16_t port)
{
	if (address->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
}

static int listen_on(const struct addrinfo *a, const char *name, struct listen *l, struct error *e)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : error_sys(e, "%s", name);
	set_port(a->ai_addr, l->port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		error_sys(e, "%s port %u", name, l->port);
		if (saved != EADDRINUSE)
			return e->code;
		error_set(e, ERR_BUSY, "%s port %u is used by another program", name, l->port);
		return error_hint(e, "--port 0 takes one that is free");
	}
	l->fd[l->count++] = fd;
	if (l->port == 0)
		l->port = port_of(fd);
	return 0;
}

static int listen_tcp(const struct server_listen *where, struct listen *l, struct error *e)
{
	struct addrinfo *all;
	int code = resolve(where->bind, &all, e);

	if (code < 0)
		return code;
	l->port = where->port;
	for (const struct addrinfo *a = all; a != NULL && code == 0 && l->count < LISTEN_MAX;
	     a = a->ai_next)
		if (a->ai_family == AF_INET || a->ai_family == AF_INET6)
			code = listen_on(a, where->bind, l, e);
	freeaddrinfo(all);
	if (code == 0 && l->count == 0)
		return error_set(e, ERR_INVALID, "%s is no address of this machine", where->bind);
	return code;
}

/* A socket that nobody listens on any more was left by a program that was killed. */
static int remove_stale(const struct sockaddr_un *address, struct error *e)
{
	struct stat st;
	int fd, why;

	if (lstat(address->sun_path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return error_set(e, ERR_EXISTS, "%s is there and is no socket", address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(e, "%s", address->sun_path);
	why = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	close(fd);
	/* Not what it is when many wait for it (EAGAIN), when it is of another kind or somebody else's. */
	if (why != ECONNREFUSED)
		return error_set(e, ERR_BUSY, "%s is used by another program", address->sun_path);
	return unlink(address->sun_path) == 0 || errno == ENOENT
		       ? 0
		       : error_sys(e, "%s", address->sun_path);
}

static int listen_unix(const char *path, struct listen *l, struct error *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, code;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(e, ERR_INVALID, "%s is too long for a socket: at most %zu bytes",
				 path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (remove_stale(&address, e) < 0)
		return e->code;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(e, "%s", path);
	l->fd[l->count++] = fd;
	mask = umask(0177); /* it must never be there with other rights */
	code = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (code != 0)
		return error_sys(e, "%s", path);
	l->socket = xstrdup(path);
	return listen(fd, BACKLOG) == 0 ? 0 : error_sys(e, "%s", path);
}

int listen_open(const struct server_listen *where, struct listen *ret, struct error *e)
{
	struct listen l = {0};
	int code = where->socket != NULL ? listen_unix(where->socket, &l, e)
					 : listen_tcp(where, &l, e);

	if (code < 0) {
		listen_close(&l);
		return code;
	}
	*ret = l;
	return 0;
}

void listen_close(struct listen *l)
{
	for (size_t i = 0; i < l->count; i++)
		close(l->fd[i]);
	if (l->socket != NULL)
		unlink(l->socket);
	free(l->socket);
	*l = (struct listen){0};
}

int listen_accept(int fd, char ret_remote[SERVER_REMOTE_LEN])
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	char text[INET6_ADDRSTRLEN] = "";
	int got = accept4(fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int on = 1;

	if (got < 0)
		return -1;
	if (address.ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;

		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		snprintf(ret_remote, SERVER_REMOTE_LEN, "%s:%u", text, ntohs(v4->sin_port));
	} else if (address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;

		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		snprintf(ret_remote, SERVER_REMOTE_LEN, "[%s]:%u", text, ntohs(v6->sin6_port));
	} else {
		snprintf(ret_remote, SERVER_REMOTE_LEN, "anonymous unix socket");
		return got;
	}
	setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(got, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return got;
}
