#include "tools/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "tools/status_file.h"

#define EVERY_MS 500
#define GATHER_MS                                                                                  \
	15000 /* how old what is known of the store may be when nothing is said to have changed */
#define REQUEST_MAX 4096
#define REQUEST_MS 1000

struct metrics {
	struct metrics_options options;
	char *file;
	int listener, wake;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* over these: */
	struct status_tail tail;
	bool changed, stop;
	/* Of the thread: */
	struct status status;
	bool gathered;
	uint64_t gathered_ms;
};

/* What is known of the store, as new as it has to be. */
static void gather(struct metrics *m, bool changed)
{
	struct status fresh = {0};
	struct error ignored;

	if (m->gathered && !changed && clock_ms() - m->gathered_ms < GATHER_MS)
		return;
	if (status_gather(m->options.store, &fresh, &ignored) < 0)
		return;
	status_release(&m->status);
	m->status = fresh;
	m->gathered = true;
	m->gathered_ms = clock_ms();
}

/* The text of now; false when there is nothing to say yet. */
static bool render(struct metrics *m, struct buf *ret)
{
	struct status_tail tail;
	bool changed;

	pthread_mutex_lock(&m->lock);
	tail = m->tail;
	changed = m->changed;
	m->changed = false;
	pthread_mutex_unlock(&m->lock);
	if (m->file != NULL || m->listener >= 0)
		gather(m, changed);
	m->status.now = (uint64_t)time(NULL);
	m->status.tail = tail;
	if (tail.last_ts > m->status.last_ts)
		m->status.last_ts = tail.last_ts;
	if (m->gathered)
		status_metrics(&m->status, ret);
	return m->gathered;
}

static void put_tail(struct metrics *m)
{
	OWNED(buf_release) struct buf text = {0};
	struct error ignored;

	pthread_mutex_lock(&m->lock);
	m->tail.time = m->stop ? 0 : (uint64_t)time(NULL);
	m->tail.known = !m->stop;
	status_tail_json(&m->tail, &text);
	pthread_mutex_unlock(&m->lock);
	(void)!status_file_put(m->options.store, "tail.json", buf_bytes(&text), &ignored);
}

static void put_file(struct metrics *m)
{
	OWNED(buf_release) struct buf text = {0};
	struct error ignored;

	if (m->file != NULL && render(m, &text))
		(void)!status_file_replace(m->file, buf_bytes(&text), &ignored);
}

static void send_all(int fd, struct bytes text)
{
	while (text.len > 0) {
		ssize_t done = send(fd, text.at, text.len, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		text.at += done;
		text.len -= (size_t)done;
	}
}

/* One request: whatever is asked for, but by GET. Nobody may keep us waiting. */
static void answer(struct metrics *m)
{
	const struct timeval patience = {.tv_sec = REQUEST_MS / 1000};
	OWNED(fd_close)
	int fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC);
	OWNED(buf_release) struct buf body = {0};
	OWNED(buf_release) struct buf head = {0};
	char request[REQUEST_MAX];
	ssize_t got;

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	got = recv(fd, request, sizeof(request) - 1, 0);
	if (got < 4)
		return;
	request[got] = '\0';
	if (strncmp(request, "GET ", 4) != 0) {
		send_all(fd, bytes_str("HTTP/1.0 405 Method Not Allowed\r\n\r\n"));
		return;
	}
	if (strncmp(request + 4, "/metrics", 8) != 0 && strncmp(request + 4, "/ ", 2) != 0) {
		send_all(fd, bytes_str("HTTP/1.0 404 Not Found\r\n\r\n"));
		return;
	}
	(void)render(m, &body);
	buf_printf(&head,
		   "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
		   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
		   body.len);
	buf_add_bytes(&head, buf_bytes(&body));
	send_all(fd, buf_bytes(&head));
}

static bool stopped(struct metrics *m)
{
	bool stop;

	pthread_mutex_lock(&m->lock);
	stop = m->stop;
	pthread_mutex_unlock(&m->lock);
	return stop;
}

static void *run(void *ctx)
{
	struct metrics *m = ctx;
	uint64_t next = 0;

	while (!stopped(m)) {
		struct pollfd wait[2] = {{.fd = m->wake, .events = POLLIN},
					 {.fd = m->listener, .events = POLLIN}};
		uint64_t now = clock_ms();

		if (now >= next) {
			put_tail(m);
			put_file(m);
			next = now + EVERY_MS;
		}
		if (poll(wait, 2, (int)(next > clock_ms() ? next - clock_ms() : 0)) < 1)
			continue;
		if ((wait[1].revents & POLLIN) != 0)
			answer(m);
		if ((wait[0].revents & POLLIN) != 0) {
			uint64_t count;

			(void)!read(m->wake, &count, sizeof(count));
			next = 0;
		}
	}
	put_tail(m);
	put_file(m);
	return NULL;
}

static int listen_on(struct metrics *m, struct error *e)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)m->options.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int on = 1;

	m->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->listener < 0)
		return error_sys(e, "socket");
	(void)setsockopt(m->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(m->listener, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    listen(m->listener, 8) != 0)
		return error_sys(e, "127.0.0.1:%u can't be listened on", m->options.port);
	return 0;
}

int metrics_start(const struct metrics_options *options, struct metrics **ret, struct error *e)
{
	OWNED(metrics_end) struct metrics *m = xcalloc(1, sizeof(*m));

	m->options = *options;
	m->listener = -1;
	m->file = options->file == NULL ? NULL : xstrdup(options->file);
	pthread_mutex_init(&m->lock, NULL);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake < 0)
		return error_sys(e, "eventfd");
	if (options->port != 0 && listen_on(m, e) < 0)
		return e->code;
	/* A file that can't be written is told now. */
	if (m->file != NULL && status_file_replace(m->file, bytes_of("", 0), e) < 0)
		return e->code;
	if (pthread_create(&m->thread, NULL, run, m) != 0)
		return error_set(e, ERR_NOMEM, "no thread could be started");
	m->running = true;
	*ret = TAKE(m);
	return 0;
}

static void wake(struct metrics *m)
{
	const uint64_t one = 1;

	(void)!write(m->wake, &one, sizeof(one));
}

void metrics_tell(struct metrics *m, const struct status_tail *tail, bool changed)
{
	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	m->tail = *tail;
	m->tail.known = true;
	m->changed |= changed;
	pthread_mutex_unlock(&m->lock);
	if (changed)
		wake(m);
}

void metrics_end(struct metrics *m)
{
	if (m == NULL)
		return;
	if (m->running) {
		pthread_mutex_lock(&m->lock);
		m->stop = true;
		m->changed = true;
		pthread_mutex_unlock(&m->lock);
		wake(m);
		pthread_join(m->thread, NULL);
	}
	if (m->listener >= 0)
		close(m->listener);
	if (m->wake >= 0)
		close(m->wake);
	status_release(&m->status);
	pthread_mutex_destroy(&m->lock);
	free(m->file);
	free(m);
}
