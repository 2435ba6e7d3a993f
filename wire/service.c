#include "wire/service.h"

#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "wire/dispatch.h"

#define BEFORE_LOGIN_MAX ((uint32_t)(256 * KIB)) /* bytes of a message */
#define EXPIRE_EVERY 50 /* ticks between two looks for cursors that nobody asks for */

static void *open_client(void *ctx, uint64_t id, const char *remote)
{
	struct service *service = ctx;
	struct client *client = client_new(id, remote);

	pthread_mutex_lock(&service->lock);
	client->next = service->clients;
	if (client->next != NULL)
		client->next->prev = client;
	service->clients = client;
	pthread_mutex_unlock(&service->lock);
	return client;
}

static void close_client(void *ctx, void *arg)
{
	struct service *service = ctx;
	struct client *client = arg;

	pthread_mutex_lock(&service->lock);
	if (client->prev != NULL)
		client->prev->next = client->next;
	else
		service->clients = client->next;
	if (client->next != NULL)
		client->next->prev = client->prev;
	pthread_mutex_unlock(&service->lock);
	client_free(client);
}

static bool is_quick(void *ctx, const struct message *request)
{
	(void)ctx;
	return dispatch_is_quick(request);
}

static int handle(void *ctx, void *client, const struct message *request, struct buf *reply,
		  unsigned *ret_delay)
{
	return dispatch(ctx, client, request, reply, ret_delay);
}

/* Who is not logged in has nothing to say that is long. */
static uint32_t limit(void *ctx, void *client)
{
	const struct service *service = ctx;

	return service->options.auth && !client_is_known(client) ? BEFORE_LOGIN_MAX : MESSAGE_MAX;
}

static void gone(void *ctx, void *client)
{
	(void)ctx;
	client_kill(client, 0);
}

void service_each(struct service *service, bool (*each)(struct client *client, void *arg),
		  void *arg)
{
	pthread_mutex_lock(&service->lock);
	for (struct client *c = service->clients; c != NULL && each(c, arg); c = c->next)
		;
	pthread_mutex_unlock(&service->lock);
}

static bool kill_client(struct client *client, void *arg)
{
	(void)arg;
	client_kill(client, 0);
	return true;
}

static void tick(void *ctx, bool stop)
{
	struct service *service = ctx;

	if (stop) {
		atomic_store(&service->stopping, true);
		moments_stop(service->moments);
		service_each(service, kill_client, NULL);
	} else if (service->ticks++ % EXPIRE_EVERY == 0) {
		cursors_expire(service->cursors);
	}
}

int service_new(struct store *store, const char *at, const struct service_options *options,
		struct users *users, struct service **ret, struct error *e)
{
	OWNED(service_free) struct service *service = xcalloc(1, sizeof(*service));

	service->options = *options;
	service->store = store;
	service->users = users;
	service->memory.limit = options->max_memory;
	service->cursors = cursors_new(&service->memory);
	pthread_mutex_init(&service->lock, NULL);
	service->began_us = (int64_t)clock_wall_us();
	if (getrandom(service->secret, sizeof(service->secret), 0) != sizeof(service->secret) ||
	    getrandom(service->process, sizeof(service->process), 0) != sizeof(service->process))
		return error_sys(e, "no random bytes");
	put_be32(service->process, (uint32_t)(service->began_us / 1000000));
	if (moments_open(store, at, &service->moments, e) < 0)
		return e->code;
	*ret = TAKE(service);
	return 0;
}

void service_free(struct service *service)
{
	if (service == NULL)
		return;
	cursors_free(service->cursors); /* they hold moments */
	moments_close(service->moments);
	users_free(service->users);
	pthread_mutex_destroy(&service->lock);
	free(service);
}

const struct server_ops *service_ops(struct service *service)
{
	service->ops = (struct server_ops){
		.ctx = service,
		.open = open_client,
		.close = close_client,
		.is_quick = is_quick,
		.handle = handle,
		.limit = limit,
		.gone = gone,
		.tick = tick,
	};
	return &service->ops;
}
