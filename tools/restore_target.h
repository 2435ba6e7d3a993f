/*
 * restore_target.h - the deployment that is written to: its primary, by a pool of connections.
 *
 * The one place of Yesterfs that writes to a server, for the verbs restore and drill. Commands wait for elections and
 * come again after lost connections, up to RESTORE_TARGET_PATIENCE; so each must be one that may be done twice.
 *
 * Threads: the target itself any; a client belongs to one thread at a time.
 */
#ifndef TOOLS_RESTORE_TARGET_H
#define TOOLS_RESTORE_TARGET_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/progress.h"
#include "tools/live_uri.h"

#define RESTORE_TARGET_PATIENCE 120 /* seconds without a primary, after which a command fails */

/* Codes of mongod that are met here. base/error_codes.yml. */
enum restore_target_code {
	RESTORE_TARGET_NO_NAMESPACE = 26,
	RESTORE_TARGET_EXISTS = 48,
	RESTORE_TARGET_IMMUTABLE = 66,
	RESTORE_TARGET_BAD_INDEX = 197, /* InvalidIndexSpecificationOption */
	RESTORE_TARGET_DUPLICATE = 11000,
};

struct restore_target {
	const struct live_uri *uri;
	mongoc_client_pool_t *pool;
	mongoc_client_pool_t *patient;	 /* the same, without a limit to how long an answer takes */
	atomic_bool abandoned;		 /* restore_long_run() was interrupted */
	const struct progress *progress; /* whether to go on waiting; may be NULL */
	char name[300]; /* for people and for the file of --resume: the set, or the host */
	char version[32];
	/* The names of storage engines that it knows, each with a 0 behind it; empty: it does not tell. */
	struct buf engines;
	unsigned major, minor;
	bool is_replica_set;
	uint64_t
		began; /* of a replica set: the timestamp of its last write when it was connected to */
};

/*
 * Connect; `uri` must outlive it. ERR_REFUSED: a mongos, a config server, no primary, or it does not let us
 * in. ERR_REMOTE: nobody answers.
 */
MUST_CHECK int restore_target_open(const struct live_uri *uri, unsigned clients,
				   struct restore_target **ret, struct error *e);
void restore_target_close(struct restore_target *target);
DEFINE_OWNED(struct restore_target *, restore_target_close);

/* A connection of the pool, given back by restore_target_give(). */
mongoc_client_t *restore_target_take(struct restore_target *target);
void restore_target_give(struct restore_target *target, mongoc_client_t *client);

/* Is the server at least this version? */
bool restore_target_is(const struct restore_target *target, unsigned major, unsigned minor);

/* Does the server know this storage engine? Yes, where it does not tell. */
bool restore_target_has_engine(const struct restore_target *target, struct bytes name);

/* ERR_REMOTE, or ERR_REFUSED when it does not let us in: `what` and the driver's text without secrets. */
int restore_target_error(const struct restore_target *target, const bson_error_t *why,
			 const char *what, struct error *e);

/* Does the error pass (an election, a lost connection)? */
bool restore_target_passes(const bson_error_t *why);

/*
 * Run a command on the primary, once. 1 and the reply; 0 the server said no (code and errmsg are in the
 * reply); ERR_BUSY: it may work later, and maybe was done; ERR_REMOTE, ERR_REFUSED.
 */
MUST_CHECK int restore_target_try(struct restore_target *target, mongoc_client_t *client,
				  const char *db, struct bytes command, struct buf *ret_reply,
				  struct error *e);

/*
 * The same, again and again until it is no longer ERR_BUSY; *ret_again (may be NULL): was it sent more than once?
 * ERR_REMOTE after RESTORE_TARGET_PATIENCE, ERR_CANCELLED.
 */
MUST_CHECK int restore_target_run(struct restore_target *target, mongoc_client_t *client,
				  const char *db, struct bytes command, struct buf *ret_reply,
				  bool *ret_again, struct error *e);

/* After an ERR_BUSY: wait a little. *since: when that began (0: now). ERR_REMOTE: too long; ERR_CANCELLED. */
MUST_CHECK int restore_target_wait(struct restore_target *target, uint64_t *since, struct error *e);

/* The code of a reply that says no, or of an error of one write; 0 when there is none. */
int restore_target_code(struct bytes reply);
/* Its errmsg, escaped by nobody: valid as long as the reply. "" when there is none. */
struct bytes restore_target_text(struct bytes reply);

/* The array cursor.firstBatch of a reply, valid as long as it: 1. ERR_REMOTE: it has none; ERR_CORRUPT. */
MUST_CHECK int restore_target_batch(struct bytes reply, struct bytes *ret, struct error *e);

/* ERR_REMOTE with `what` and the server's words. */
int restore_target_refused(struct bytes reply, const char *what, struct error *e);

/* Append {w: 1} as the field writeConcern: of one of many writes that are waited for together (from 5.0 on each one would be). */
void restore_target_primary(struct buf *command);

/* Append {w: "majority"} as the field writeConcern. */
void restore_target_majority(struct buf *command);

#endif
