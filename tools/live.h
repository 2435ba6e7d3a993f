/*
 * live.h - one connection to one member of a running replica set, which is read and never written.
 *
 * The member is chosen once: what is read later comes from the same one, since two members are not equally
 * far. A secondary is preferred, unless the URI says another readPreference.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LIVE_H
#define TOOLS_LIVE_H

#include "oplog/entry.h"
#include "tools/live_uri.h"

struct live {
	const struct live_uri *uri;
	mongoc_client_t *client;
	mongoc_read_prefs_t *prefs;
	uint32_t server; /* the member's number in the driver */
	char set[64];	 /* the replica set's name */
	char member[300];
	char version[32]; /* of the server */
	/* Of its last write when it was asked; may not be majority-committed yet. */
	uint64_t top;
	bool overrun; /* an entry that was being read was cut off meanwhile */
	bool primary; /* when it was asked */
};

/*
 * Connect; `uri` must outlive it. ERR_REFUSED, with a reason: a standalone, a mongos, a config or shard
 * server, an arbiter, or it does not let us in. ERR_REMOTE: nobody answers.
 */
MUST_CHECK int live_open(const struct live_uri *uri, struct live **ret, struct error *e);
/*
 * Another connection for another thread: to the same member when it can be had; else to one that has what a
 * majority had at `at` (0: any). ERR_REMOTE when none is that far, and as above.
 */
MUST_CHECK int live_open_like(const struct live *as, uint64_t at, struct live **ret,
			      struct error *e);
/*
 * Members keep their oplogs for different times. A connection to another member of the same set, one that the URI's
 * readPreference allows, whose oplog begins at or before `ts` and has entries
 * behind `beyond`: 1; 0 there is none.
 */
MUST_CHECK int live_open_reaching(struct live *than, uint64_t ts, uint64_t beyond,
				  struct live **ret);
void live_close(struct live *live);
DEFINE_OWNED(struct live *, live_close);

/*
 * May the member's version be followed? 0; 1 it could not be tested: the caller says so once; ERR_REFUSED,
 * unless `allow`: it is newer than what this program knows of. `version` as a server says it.
 */
MUST_CHECK int live_version_check(const char *version, bool allow, struct error *e);

/*
 * The primary's last write, and how many milliseconds the member's is behind it: true; false when that can't be
 * told now (no primary, or the URI says directConnection). Sets live->primary.
 */
bool live_primary(struct live *live, uint64_t *ret_top, uint64_t *ret_lag_ms);

/* Ask again for live->top and live->primary. ERR_REMOTE. */
MUST_CHECK int live_refresh(struct live *live, struct error *e);

/* ERR_REMOTE, or ERR_REFUSED when it does not let us in, with `what` and the driver's text without secrets.
 * Notes live->overrun. */
int live_error(struct live *live, const bson_error_t *why, const char *what, struct error *e);

/*
 * Run a command that reads, on the member. 1 and *ret_reply (the caller's to bson_destroy()); 0 the server
 * said no (not allowed, not there), and *ret_reply is what it said; ERR_REMOTE.
 */
MUST_CHECK int live_command(struct live *live, const char *db, const bson_t *command,
			    bson_t *ret_reply, struct error *e);

/* Why it said no, as a text of one line: the caller's to free(). */
char *live_said(const bson_t *reply);

/* Options of a find on this member, majority-committed data only: the caller's to bson_destroy(). */
void live_find_options(const struct live *live, bson_t *ret);

/*
 * The oldest or newest majority-committed entry of the oplog: 1 and its timestamp, 0 there is none.
 * ERR_REMOTE.
 */
MUST_CHECK int live_oldest(struct live *live, uint64_t *ret, struct error *e);
MUST_CHECK int live_newest(struct live *live, uint64_t *ret, struct error *e);

/*
 * An entry at `ts`, or before it and not by much: 1 and its timestamp, 0 when the oplog begins later. ERR_REMOTE.
 */
MUST_CHECK int live_upto(struct live *live, uint64_t ts, uint64_t *ret, struct error *e);

/* The timestamp and term of an entry of the member's oplog. ERR_CORRUPT: it has no timestamp. */
MUST_CHECK int live_entry_at(const struct live *live, const bson_t *doc, struct entry_optime *ret,
			     struct error *e);

#endif
