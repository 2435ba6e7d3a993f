/*
 * verify_live.h - reads of a live member for verification: a range of a collection at a cluster time, one document now.
 *
 * Threads: as struct live.
 */
#ifndef TOOLS_VERIFY_LIVE_H
#define TOOLS_VERIFY_LIVE_H

#include "tools/live.h"

/* A connection, and the session that all its reads share: a server ties cursors to one. */
struct verify_live {
	struct live *live;		  /* borrowed */
	mongoc_client_session_t *session; /* NULL: the server has none */
};

void verify_live_begin(struct live *live, struct verify_live *ret);
void verify_live_end(struct verify_live *from);
DEFINE_OWNED_STRUCT(struct verify_live, verify_live_end);

/* Why a read at a cluster time is no longer, or never, possible. */
enum verify_live_answer {
	VERIFY_LIVE_OK = 1,
	VERIFY_LIVE_TOO_OLD = 2, /* SnapshotTooOld: the member keeps history for minutes only */
	VERIFY_LIVE_UNAVAILABLE =
		3, /* not of this collection, or not by this version: read it as it is now */
};

/*
 * Open a cursor over a collection. `fields`: further fields of the find command, without a frame (hint, min, max, filter).
 * `at`: the cluster time; 0: as it is now, majority-committed. An enum verify_live_answer; with OK *ret is the caller's to
 * mongoc_cursor_destroy(). ERR_REMOTE, ERR_REFUSED.
 */
MUST_CHECK int verify_live_open(struct verify_live *from, const char *db, const char *coll,
				struct bytes fields, uint64_t at, mongoc_cursor_t **ret,
				struct error *e);

/* What the error of such a cursor means: an enum verify_live_answer, or an error. */
MUST_CHECK int verify_live_judge(struct verify_live *from, const bson_error_t *why,
				 const char *what, struct error *e);

/* The document with the _id of `doc` as it is now: 1 and it appended, 0 none. ERR_REMOTE. */
MUST_CHECK int verify_live_document(struct verify_live *from, const char *db, const char *coll,
				    struct bytes doc, struct buf *ret, struct error *e);

/* Does this version answer reads at a cluster time outside of transactions? 5.0 and newer. */
bool verify_live_knows_history(const struct live *live);

#endif
