#include "wire/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "wire/connection.h"
#include "wire/listen.h"

#define TICK 200	/* milliseconds */
#define TICK_DELAYED 10 /* while a reply waits for its time */
#define LONG_RUN 400	/* milliseconds after which a client is asked whether it is still there */
#define STALLED                                                                                    \
	1000 /* a reply of which nobody read anything for so long goes when memory is short */
#define STALLED_SHARE 8 /* of the memory: so much of them goes at a time, the oldest first */
#define ACCEPT_AT_ONCE 64
#define SPARE_FILES 64

struct server {
	struct listen listen;
	struct tls *tls;
	struct memory *memory;
	struct spare spare;
	const struct server_ops *ops;
	int epoll; /* of the connections */
	int wake;  /* an eventfd in it: readable when all is over */
	atomic_bool stopping;
	atomic_size_t delayed; /* connections whose reply waits for its time */

	pthread_mutex_t lock; /* of all below */
	struct connection *first;
	uint64_t count, ever;
	size_t limit;			     /* connections */
	struct connection *line, **line_end; /* requests that wait for a thread */
	pthread_t threads[SERVER_THREADS_MAX];
	size_t thread_count;
	size_t idle; /* threads that listen */
};

static void *thread_main(void *arg);

uint16_t server_port(const struct server *server)
{
	return server->listen.port;
}

void server_counts(const struct server *server, uint64_t *ret_now, uint64_t *ret_ever)
{
	struct server *s = (struct server *)(uintptr_t)server;

	pthread_mutex_lock(&s->lock);
	*ret_now = s->count;
	*ret_ever = s->ever;
	pthread_mutex_unlock(&s->lock);
}

/* As many files as the system lets us have; how many connections that makes. */
static size_t raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 512;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 2 * SPARE_FILES
		       ? (size_t)MIN_OF(limit.rlim_cur, (rlim_t)1000000) - SPARE_FILES
		       : SPARE_FILES;
}

int server_open(const struct server_listen *where, struct tls *tls, struct memory *memory,
		const struct server_ops *ops, struct server **ret, struct error *e)
{
	OWNED(server_free) struct server *server = xcalloc(1, sizeof(*server));
	struct epoll_event event = {.events = EPOLLIN};

	server->tls = tls;
	server->memory = memory;
	spare_init(&server->spare, memory);
	server->ops = ops;
	server->line_end = &server->line;
	server->epoll = server->wake = -1;
	pthread_mutex_init(&server->lock, NULL);
	server->limit = raise_limit();
	if (listen_open(where, &server->listen, e) < 0)
		return e->code;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->epoll < 0 || server->wake < 0 ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wake, &event) != 0)
		return error_sys(e, "epoll");
	*ret = TAKE(server);
	return 0;
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	listen_close(&server->listen);
	if (server->epoll >= 0)
		close(server->epoll);
	if (server->wake >= 0)
		close(server->wake);
	spare_release(&server->spare);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

/* ---- one connection, by the thread that has it */

/* Have epoll give it to a thread again, when what it wants is there. */
static void arm(struct server *server, struct connection *c, uint32_t events)
{
	struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = c};
	int fd = c->channel.fd;

	/* The kernel orders the two threads as well, but C does not know that. From here on `c` is another's. */
	atomic_fetch_add(&c->handed, 1);
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, fd, &event);
}

static void end_connection(struct server *server, struct connection *c)
{
	pthread_mutex_lock(&server->lock);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		server->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	server->count--;
	/*
	 * Out of epoll first. While a thread in epoll_wait() looks at it (Linux 6.9 and later hold the file meanwhile) a close would
	 * not be the last one, and the connection stay open until that thread has something to do: the other side waits for ever.
	 */
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, c->channel.fd, NULL);
	channel_close(&c->channel); /* under lock: who walks the list looks at its number */
	pthread_mutex_unlock(&server->lock);
	server->ops->close(server->ops->ctx, c->client);
	connection_free(c);
}

/* Under lock: one thread more, if there may be one. */
static bool add_thread(struct server *server)
{
	if (server->thread_count == SERVER_THREADS_MAX || atomic_load(&server->stopping) ||
	    pthread_create(&server->threads[server->thread_count], NULL, thread_main, server) != 0)
		return false;
	server->thread_count++;
	server->idle++; /* it will be */
	return true;
}

/* May this thread begin what takes long? Else the connection waits in line. */
static bool may_run(struct server *server, struct connection *c)
{
	bool may;

	pthread_mutex_lock(&server->lock);
	may = server->idle > 0 || add_thread(server);
	if (!may) {
		c->later = NULL;
		*server->line_end = c;
		server->line_end = &c->later;
	}
	pthread_mutex_unlock(&server->lock);
	return may;
}

/* The reply waits for its time; tick() sends it then. */
static void delay(struct server *server, struct connection *c, unsigned milliseconds)
{
	c->due = connection_now() + milliseconds;
	pthread_mutex_lock(&server->lock);
	atomic_fetch_add(&server->delayed, 1);
	connection_set(c, CONNECTION_DELAYED);
	pthread_mutex_unlock(&server->lock);
}

/* Handle c->request. False: the connection is no longer this thread's. */
static bool handle(struct server *server, struct connection *c)
{
	unsigned delay_ms = 0;
	int code;

	if (!server->ops->is_quick(server->ops->ctx, &c->request))
		connection_replies(c);
	code = server->ops->handle(server->ops->ctx, c->client, &c->request, &c->out, &delay_ms);
	connection_replied(c);
	connection_done(c);
	if (code < 0) {
		end_connection(server, c);
		return false;
	}
	if (delay_ms > 0 && c->out.len > 0) {
		delay(server, c, delay_ms);
		return false;
	}
	connection_set(c, CONNECTION_READING);
	return true;
}

/* Send what there is. False: the connection is no longer this thread's. */
static bool send_rest(struct server *server, struct connection *c)
{
	enum connection_step step;

	connection_set_unread(c, 0);
	step = connection_send(c);
	if (step == CONNECTION_OVER) {
		end_connection(server, c);
		return false;
	}
	if (step == CONNECTION_WAIT) {
		connection_set_unread(c, c->out.cap);
		connection_set(c, CONNECTION_WRITING);
		arm(server, c, c->channel.wants);
		return false;
	}
	connection_set(c, CONNECTION_READING);
	return true;
}

/* Go on with a connection whose request, when it has one (`run`), may begin now. */
static void go_on(struct server *server, struct connection *c, bool run)
{
	for (bool first = true;; first = false) {
		enum connection_step step;

		if (run && !handle(server, c))
			return;
		if (!send_rest(server, c))
			return;
		/* After a reply there is mostly nothing: the client has not read it yet. */
		if (!connection_has_more(c) && !(first && !run)) {
			arm(server, c, EPOLLIN);
			return;
		}
		step = connection_receive(c, server->ops->limit(server->ops->ctx, c->client));
		if (step == CONNECTION_OVER) {
			end_connection(server, c);
			return;
		}
		if (step == CONNECTION_WAIT) {
			arm(server, c, c->channel.wants);
			return;
		}
		connection_set(c, CONNECTION_RUNNING);
		if (!server->ops->is_quick(server->ops->ctx, &c->request) && !may_run(server, c))
			return;
		run = true;
	}
}

/* The first connection that waits in line, or NULL. */
static struct connection *take_line(struct server *server)
{
	struct connection *c;

	pthread_mutex_lock(&server->lock);
	c = server->line;
	if (c != NULL) {
		server->line = c->later;
		if (server->line == NULL)
			server->line_end = &server->line;
	}
	pthread_mutex_unlock(&server->lock);
	return c;
}

static void count_idle(struct server *server, bool up)
{
	pthread_mutex_lock(&server->lock);
	server->idle = up ? server->idle + 1 : server->idle - 1;
	pthread_mutex_unlock(&server->lock);
}

static void *thread_main(void *arg)
{
	struct server *server = arg;
	struct connection *c;

	/* Counted as idle by who made it. */
	for (;;) {
		struct epoll_event event;
		int got = epoll_wait(server->epoll, &event, 1, -1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || event.data.ptr == NULL)
			break;
		c = event.data.ptr;
		atomic_load(&c->handed);
		count_idle(server, false);
		go_on(server, c, false);
		while ((c = take_line(server)) != NULL)
			go_on(server, c, true);
		count_idle(server, true);
	}
	return NULL;
}

/* ---- the thread that server_run() is called on */

static void accept_one(struct server *server, int fd, const char *remote)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
	struct connection *c = NULL;
	bool added;

	pthread_mutex_lock(&server->lock);
	if (server->count < server->limit)
		c = connection_new(fd, server->tls, ++server->ever, server->memory, &server->spare);
	if (c == NULL) {
		pthread_mutex_unlock(&server->lock);
		close(fd);
		return;
	}
	c->client = server->ops->open(server->ops->ctx, c->id, remote);
	c->next = server->first;
	if (c->next != NULL)
		c->next->prev = c;
	server->first = c;
	server->count++;
	event.data.ptr = c;
	added = epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
	pthread_mutex_unlock(&server->lock);
	if (!added) /* no thread can have it */
		end_connection(server, c);
}

/* False: there is no room for more now, so that asking again at once would be of no use. */
static bool accept_all(struct server *server, int fd)
{
	char remote[SERVER_REMOTE_LEN];

	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int got = listen_accept(fd, remote);

		if (got >= 0)
			accept_one(server, got, remote);
		else if (errno != EINTR && errno != ECONNABORTED)
			return errno == EAGAIN;
	}
	return true;
}

static bool has_gone(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLRDHUP};

	return poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Lock held. The connection whose reply is unread for the longest time; NULL: for none it is too long. */
static struct connection *most_stalled(const struct server *server, int64_t now)
{
	struct connection *found = NULL;
	int64_t oldest = now - STALLED;

	for (struct connection *c = server->first; c != NULL; c = c->next) {
		int64_t since = atomic_load(&c->since);

		if (atomic_load(&c->state) != CONNECTION_WRITING || c->is_cut || since >= oldest)
			continue;
		oldest = since;
		found = c;
	}
	return found;
}

/* Lock held. Who does not read must not keep the memory that others need. */
static void cut_stalled(struct server *server, int64_t now)
{
	size_t freed = 0;
	struct connection *c;

	while (freed < server->memory->limit / STALLED_SHARE &&
	       (c = most_stalled(server, now)) != NULL) {
		freed += atomic_load(&c->unread);
		c->is_cut = true;
		shutdown(c->channel.fd, SHUT_RDWR);
	}
}

/* Look at all connections: whose time has come, who has gone, who blocks others. */
static void look_around(struct server *server)
{
	int64_t now = connection_now();
	bool is_short = memory_was_short(server->memory);

	pthread_mutex_lock(&server->lock);
	for (struct connection *c = server->first; c != NULL; c = c->next) {
		enum connection_state state = atomic_load(&c->state);
		int64_t age = now - atomic_load(&c->since);

		if (state == CONNECTION_DELAYED && c->due <= now) {
			atomic_fetch_sub(&server->delayed, 1);
			connection_set(c, CONNECTION_WRITING);
			arm(server, c, EPOLLOUT);
		} else if (state == CONNECTION_RUNNING && age > LONG_RUN &&
			   has_gone(c->channel.fd)) {
			server->ops->gone(server->ops->ctx, c->client);
		}
	}
	if (is_short)
		cut_stalled(server, now);
	pthread_mutex_unlock(&server->lock);
}

/* All threads end, then all connections. */
static void stop(struct server *server)
{
	uint64_t one = 1;
	size_t count;

	atomic_store(&server->stopping, true);
	server->ops->tick(server->ops->ctx, true);
	while (write(server->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&server->lock);
	count = server->thread_count;
	pthread_mutex_unlock(&server->lock);
	for (size_t i = 0; i < count; i++) {
		struct timespec until;

		/* What begins now has to be told again. */
		for (;;) {
			until = clock_deadline(CLOCK_REALTIME, 50);
			if (pthread_timedjoin_np(server->threads[i], NULL, &until) != ETIMEDOUT)
				break;
			server->ops->tick(server->ops->ctx, true);
		}
	}
	while (server->first != NULL)
		end_connection(server, server->first);
}

static void ending_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGHUP);
}

void server_hold_signals(void)
{
	sigset_t set;

	ending_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The signals that end us, as a descriptor. */
static int signals_open(struct error *e)
{
	sigset_t set;
	int fd;

	server_hold_signals();
	ending_signals(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : error_sys(e, "signalfd");
}

static void serve(struct server *server, int signals)
{
	struct pollfd wait[LISTEN_MAX + 1];
	bool room = true;
	int64_t looked = 0;

	for (;;) {
		int tick = atomic_load(&server->delayed) > 0 ? TICK_DELAYED : TICK;
		nfds_t count = 0;

		wait[count++] = (struct pollfd){.fd = signals, .events = POLLIN};
		for (size_t i = 0; i < server->listen.count && room; i++)
			wait[count++] =
				(struct pollfd){.fd = server->listen.fd[i], .events = POLLIN};
		poll(wait, count, tick);
		if (wait[0].revents != 0)
			return;
		room = true;
		for (nfds_t i = 1; i < count; i++)
			if (wait[i].revents != 0)
				room = accept_all(server, wait[i].fd) && room;
		if (connection_now() - looked < tick)
			continue;
		looked = connection_now();
		look_around(server);
		server->ops->tick(server->ops->ctx, false);
	}
}

int server_run(struct server *server, struct error *e)
{
	int signals = signals_open(e);
	bool began;

	if (signals < 0)
		return signals;
	pthread_mutex_lock(&server->lock);
	began = add_thread(server) && add_thread(server);
	pthread_mutex_unlock(&server->lock);
	if (began)
		serve(server, signals);
	else
		error_set(e, ERR_NOMEM, "no thread could be started");
	stop(server);
	close(signals);
	return began ? 0 : e->code;
}
