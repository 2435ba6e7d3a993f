/*
 * replay_strangers.h - collections that a fuzzy base lacks although its oplog writes to them.
 *
 * While a base is copied that is to be expected of what is dropped before it is listed: then the drop is in the oplog, too. Without a drop it
 * is a collection that was made after the collections had been listed, and before the oplog begins: mongodump does it in
 * this order. Nothing tells what else was in it.
 *
 * Prefix: replay_strangers_. Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_STRANGERS_H
#define OPLOG_REPLAY_STRANGERS_H

#include "base/buf.h"

struct replay_stranger {
	uint8_t uuid[16];
	char *ns;      /* "db.coll", as that write has it */
	size_t db_len; /* of the database in it */
};

struct replay_strangers {
	struct replay_stranger *at;
	size_t count;
};

void replay_strangers_release(struct replay_strangers *strangers);

/* A write to `ns`, which has a database. */
void replay_strangers_add(struct replay_strangers *strangers, struct bytes ns, const uint8_t *uuid);

/* It was dropped. `uuid` NULL: nothing was. */
void replay_strangers_drop(struct replay_strangers *strangers, const uint8_t *uuid);

/* Its database was. */
void replay_strangers_drop_db(struct replay_strangers *strangers, struct bytes db);

#endif
