/*
 * service.h - what all clients of one server share: the store's moments, users, open cursors, counters.
 *
 * It is the server_ops of server.h: from a request to its reply.
 *
 * Threads: any, but for service_new() and service_free().
 */
#ifndef WIRE_SERVICE_H
#define WIRE_SERVICE_H

#include "wire/client.h"
#include "wire/cursors.h"
#include "wire/moments.h"
#include "wire/users.h"

struct service_options {
	const char *replset;	 /* the persona of a primary of this set; NULL: a standalone */
	const char *advertise;	 /* HOST:PORT of it */
	const char *host;	 /* what replies call this server: "name:27099" */
	const char *const *argv; /* of the program, ended by NULL */
	uint16_t port;
	bool auth;	 /* commands want a login */
	bool with_users; /* the deployment's users may be read */
	bool tls;
	size_t max_memory; /* bytes */
};

enum service_counter {
	SERVICE_QUERY,
	SERVICE_GETMORE,
	SERVICE_COMMAND,
	SERVICE_WRITE, /* refused */
	SERVICE_ERRORS,
	SERVICE_BYTES_IN,
	SERVICE_BYTES_OUT,
	SERVICE_REQUESTS,
	SERVICE_LOGINS,
	SERVICE_COUNTERS
};

struct server;

struct service {
	struct service_options options;
	struct store *store;
	struct moments *moments;
	struct users *users; /* empty when nobody can log in */
	struct cursors *cursors;
	struct memory memory;
	struct server *server; /* set before it runs */
	uint8_t secret[32];    /* for scram_credentials_fake() */
	uint8_t process[12];   /* an ObjectId: processId, electionId */
	int64_t began_us;      /* since 1970 */
	atomic_uint_fast32_t last_op;
	atomic_uint_fast64_t counter[SERVICE_COUNTERS];
	atomic_bool stopping;

	struct server_ops ops;
	unsigned ticks;
	pthread_mutex_t lock; /* of the list */
	struct client *clients;
};

/* Borrows the options' texts and `store`; takes `users`. Finds the default moment: errors of moments_open(). */
MUST_CHECK int service_new(struct store *store, const char *at,
			   const struct service_options *options, struct users *users,
			   struct service **ret, struct error *e);
void service_free(struct service *service);
DEFINE_OWNED(struct service *, service_free);

/* For server_open(); valid as long as the service. */
const struct server_ops *service_ops(struct service *service);

static inline void service_count(struct service *service, enum service_counter what, uint64_t by)
{
	atomic_fetch_add_explicit(&service->counter[what], by, memory_order_relaxed);
}

/* Call `each` for all clients, under the list's lock, until it gives false. */
void service_each(struct service *service, bool (*each)(struct client *client, void *arg),
		  void *arg);

#endif
