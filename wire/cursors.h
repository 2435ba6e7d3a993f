/*
 * cursors.h - the results that clients left open: numbered at random, bound to the user and the session, and forgotten when
 * nobody asked for them in ten minutes.
 *
 * Rules: reference/query.md 1.5; cursor_manager.cpp of mongod 6.0.
 * Threads: any; a cursor that was taken belongs to one thread until it is given back.
 */
#ifndef WIRE_CURSORS_H
#define WIRE_CURSORS_H

#include "query/command.h"
#include "wire/client.h"

#define CURSORS_IDLE_MS (10 * 60 * 1000)
#define CURSORS_LSID_LEN 16

struct cursor {
	int64_t id;
	struct query_cursor *query; /* of a query, or NULL: */
	struct buf list;	    /* documents that were all made at once, back to back */
	size_t list_at;
	struct buf ns; /* "db.coll" as the client named it */
	struct buf user;
	bool has_lsid;
	uint8_t lsid[CURSORS_LSID_LEN];
	bool is_await;	 /* tailable, and getMore is to wait */
	bool never_late; /* noCursorTimeout */
	bool snapshot;	 /* its replies tell atClusterTime: */
	uint64_t at_ts;
	struct kill_switch *kill;
	size_t charged; /* bytes that are counted for it */

	bool taken; /* under the registry's lock */
	int64_t used_ms;
	struct cursor *next; /* of its bucket */
};

struct cursor *cursor_new(struct kill_switch *kill);
/* Frees it; gives its memory back to `memory`. */
void cursor_free(struct cursor *cursor, struct memory *memory);

struct cursors; /* opaque */

struct cursors *cursors_new(struct memory *memory);
void cursors_free(struct cursors *cursors);

/* Keep a cursor: it gets its number. Taken. ERR_IO: no random bytes. */
MUST_CHECK int cursors_add(struct cursors *cursors, struct cursor *cursor, struct error *e);
/* Take the cursor `id`: error 43 CursorNotFound, or CursorInUse. */
MUST_CHECK int cursors_take(struct cursors *cursors, int64_t id, struct cursor **ret,
			    struct error *e);
/* Give it back: kept for the next getMore, or freed when it was killed meanwhile, or `over`. */
void cursors_give(struct cursors *cursors, struct cursor *cursor, bool over);

/* May this client see a cursor? Copies of what it is bound to, for checks. */
enum cursors_kill_result { CURSORS_KILLED, CURSORS_NOT_FOUND, CURSORS_NOT_YOURS };
enum cursors_kill_result cursors_kill(struct cursors *cursors, int64_t id, struct bytes user);
/* Kill all that this user has in a session. */
void cursors_kill_session(struct cursors *cursors, struct bytes user,
			  const uint8_t lsid[CURSORS_LSID_LEN]);
/* Free those that nobody asked for in CURSORS_IDLE_MS. */
void cursors_expire(struct cursors *cursors);
/* Free the one that was not asked for for the longest time. False: there is none that could be. */
bool cursors_evict(struct cursors *cursors);

struct cursors_counts {
	uint64_t open, pinned, no_timeout, opened, timed_out;
};
struct cursors_counts cursors_count(struct cursors *cursors);

#endif
