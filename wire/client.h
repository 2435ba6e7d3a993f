/*
 * client.h - who is at the other end of a connection: the user, the conversation of a login, what is being run for it.
 *
 * Threads: the thread that handles its request; what is under `lock` any.
 */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "wire/scram.h"
#include "wire/server.h"

/* What can be told to end, and by whom it is held: a command, and the cursor that it left. */
struct kill_switch {
	atomic_uint users;
	atomic_bool on;
};
struct kill_switch *kill_switch_new(void);
struct kill_switch *kill_switch_hold(struct kill_switch *k);
void kill_switch_release(struct kill_switch *k);
DEFINE_OWNED(struct kill_switch *, kill_switch_release);

#define CLIENT_LSID_LEN 16
#define CLIENT_COMMAND_MAX 2048 /* bytes of a command that currentOp shows whole */

/* A command that is being run, for currentOp and killOp. */
struct client_op {
	bool running;
	uint32_t id;
	struct kill_switch *kill; /* held while it runs */
	struct buf ns;		  /* "db.coll" */
	struct buf command;	  /* the document; empty when it is too long */
	const char *name;	  /* of the command */
	int64_t began_us;	  /* since 1970 */
	bool has_lsid;
	uint8_t lsid[CLIENT_LSID_LEN]; /* the session that it is in */
};

struct client {
	uint64_t id;
	char remote[SERVER_REMOTE_LEN];
	struct client *prev, *next; /* the service's list */

	struct buf user; /* who logged in, to admin; empty: nobody */
	struct scram scram;
	bool in_login;	     /* saslStart came; */
	bool is_proven;	     /* the proof was right, and an empty message is still to come */
	bool skip_empty;     /* that one is left out */
	bool is_speculative; /* begun inside hello */
	int32_t conversation;
	struct buf app;		/* the `client` document of its hello: BSON, or empty */
	struct buf compressors; /* what was agreed on: a BSON array; empty: nothing was asked */

	pthread_mutex_t lock;
	struct client_op op;
};

struct client *client_new(uint64_t id, const char *remote);
void client_free(struct client *client);

static inline bool client_is_known(const struct client *client)
{
	return client->user.len > 0;
}

/* Begin and end a command: what is between can be killed by `kill`. */
void client_begin(struct client *client, uint32_t id, const char *name, struct bytes command,
		  struct kill_switch *kill);
void client_end(struct client *client);
/* The namespace is known now, or the switch of a cursor takes the place of the command's own. */
void client_op_ns(struct client *client, struct bytes ns);
void client_op_kill(struct client *client, struct kill_switch *kill);
/* It is in this session. */
void client_op_session(struct client *client, const uint8_t lsid[CLIENT_LSID_LEN]);
/* End what runs in a session of this user. */
void client_kill_session(struct client *client, struct bytes user,
			 const uint8_t lsid[CLIENT_LSID_LEN]);
/* End what runs, if it does and its number is `id` (0: any). */
bool client_kill(struct client *client, uint32_t id);

#endif
