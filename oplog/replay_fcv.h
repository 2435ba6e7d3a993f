/*
 * replay_fcv.h - which version's behaviour a replay has to show now.
 *
 * What decides is the feature compatibility version (a document of admin.system.version), which changes
 * in the middle of a log. Where neither it nor the base's server is known, the entries tell.
 *
 * Source: reference of the oplog, 1.1, 2.6 and 3.1; entries of 4.2.6 to 6.0.27.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_FCV_H
#define OPLOG_REPLAY_FCV_H

#include "base/buf.h"
#include "oplog/entry.h"

struct replay_fcv {
	int server;	/* version of the base's server, as `version`; 0: not known */
	int version;	/* 404 for "4.4"; 0: not known */
	int inferred;	/* the oldest version that writes such entries */
	struct buf doc; /* of the feature compatibility version; empty: there is none */
	bool told;	/* entries changed it */
};

void replay_fcv_release(struct replay_fcv *fcv);
DEFINE_OWNED_STRUCT(struct replay_fcv, replay_fcv_release);

/* `server_version` "6.0.5" and `version` "6.0", or NULL. */
void replay_fcv_begin(struct replay_fcv *fcv, const char *server_version, const char *version);

/* Look at an insert, update or delete, of any collection. */
void replay_fcv_see(struct replay_fcv *fcv, const struct entry *op);

/* An insert, update or delete of admin.system.version. ERR_CORRUPT, ERR_UNSUPPORTED. */
MUST_CHECK int replay_fcv_document(struct replay_fcv *fcv, const struct entry *op, struct error *e);

/* The newest of base, version and entries: 4 to 99. 4 when nothing says more. */
int replay_fcv_major(const struct replay_fcv *fcv);

/* The same as 402 for 4.2; what nothing tells from 4.4 is 404. */
int replay_fcv_newest(const struct replay_fcv *fcv);

/* Is it what base and server said, and entries neither changed nor told it? */
bool replay_fcv_is_steady(const struct replay_fcv *fcv);

/* Do capped collections evict by themselves? Up to 4.4; later servers log what goes. */
bool replay_fcv_evicts(const struct replay_fcv *fcv);

/* Do servers list the namespace in each index's spec? Up to 4.2. */
bool replay_fcv_lists_ns(const struct replay_fcv *fcv);

#endif
