/*
 * command.h - Prefix: query_
 *
 * The commands that read: find, aggregate, count, distinct and explain of them. BSON in, documents out; no sockets.
 *
 * The rules, codes and texts are mongod 6.0.27's (reference/query.md 1.5, 2.5, 2.7). The command document is as it came (with `$db`,
 * `lsid`, `$readPreference`, `$clusterTime`, which are ignored here); it has passed bson_check().
 *
 * Threads: one command or cursor belongs to one thread at a time.
 */
#ifndef QUERY_COMMAND_H
#define QUERY_COMMAND_H

#include "query/context.h"

struct query_request {
	struct moment *moment; /* held by what is made from the request as long as it needs it */
	struct bytes db;       /* the database as the moment knows it (without a suffix @WHEN) */
	struct bytes cmd; /* the command's document; its first field names command and collection */
	size_t memory;	  /* bytes that its blocking stages may hold; 0: QUERY_MEMORY_DEFAULT */
	bool with_users;  /* may admin.system.users and the like be read? Else they are empty */
	const char *
		host; /* "name:port" of the server, for who is told; NULL: none, the machine's name stands for it */
	uint64_t
		cluster_time; /* of a replica set: the moment's timestamp, which $$CLUSTER_TIME tells; else 0 */
	const atomic_bool *killed;
};

/* Where mongod takes no UUID for a collection's name. */
#define QUERY_NO_UUID_HERE "Collection name must be provided. UUID is not valid in this context"

/*
 * The name of the request's collection that has this UUID (the payload of a binary of that subtype). Errors: 26 none has it, 207 it is
 * no UUID. A dump does not tell those of views and buckets.
 */
MUST_CHECK int command_name_of_uuid(const struct query_request *request, struct bytes payload,
				    struct buf *ret, struct error *e);

struct query_cursor; /* opaque: an open result */

/* Parse and open; nothing is drawn yet. The batch size of the first batch is query_cursor_first(). */
MUST_CHECK int query_find(const struct query_request *request, struct query_cursor **ret,
			  struct error *e);
/* Are the fields of an aggregate, of an explain, those that it takes? Needs only the request's db and cmd. */
MUST_CHECK int query_check_aggregate(const struct query_request *request, struct error *e);
MUST_CHECK int query_check_explain(const struct query_request *request, struct error *e);
MUST_CHECK int query_aggregate(const struct query_request *request, struct query_cursor **ret,
			       struct error *e);
MUST_CHECK int query_count(const struct query_request *request, int64_t *ret, struct error *e);
/* The values as a BSON array, appended to `ret`. */
MUST_CHECK int query_distinct(const struct query_request *request, struct buf *ret,
			      struct error *e);
/* The whole reply of {explain: {...}}, or of {aggregate: .., explain: true}, without `ok`; appended to the document that is being
 * built in `ret`. */
MUST_CHECK int query_explain(const struct query_request *request, struct buf *ret, struct error *e);

/* "db.coll", as replies name it. */
struct bytes query_cursor_ns(const struct query_cursor *cursor);
/* The batchSize that the command gave for its first batch (101 when it gave none). */
int64_t query_cursor_first(const struct query_cursor *cursor);
/* tailable: when it runs dry it stays open. singleBatch, limit: handled inside. */
bool query_cursor_is_tailable(const struct query_cursor *cursor);

/* Does its collection not exist? (mongod's reply to such a find has its fields in another order: id, ns, firstBatch.) */
bool query_cursor_is_missing(const struct query_cursor *cursor);

#define QUERY_BATCH_ALL INT64_MAX
/*
 * Append up to `most` documents, at most 16 MiB of them but at least one, as elements to the BSON array that is being built in `ret`, numbered
 * from 0. `most` 0: of an empty first batch. *ret_done: the cursor is at its end by the rules of reference/query.md 1.5 (id 0).
 */
MUST_CHECK int query_cursor_batch(struct query_cursor *cursor, int64_t most, struct buf *ret,
				  int64_t *ret_count, bool *ret_done, struct error *e);
/* From now on batches of about `room` bytes (0: 16 MiB, which is the most): less than was asked for may come at any time. */
void query_cursor_set_room(struct query_cursor *cursor, size_t room);
/* The same for who looks at the documents itself: `ret` is emptied, and becomes the array. */
MUST_CHECK int query_cursor_array(struct query_cursor *cursor, int64_t most, struct buf *ret,
				  bool *ret_done, struct error *e);
/* Bytes that it holds: for --max-memory. */
size_t query_cursor_memory(const struct query_cursor *cursor);
void query_cursor_free(struct query_cursor *cursor);
DEFINE_OWNED(struct query_cursor *, query_cursor_free);

/* The views, `system.` names and databases that listCollections, find and others hide unless with_users. */
bool query_is_hidden(struct bytes db, struct bytes coll, bool with_users);

#endif
