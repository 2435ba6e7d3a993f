/*
 * query_call.h - a command that query/ answers: its request, and the memory that it may use.
 *
 * Prefix: query_call_. Threads: one.
 */
#ifndef WIRE_QUERY_CALL_H
#define WIRE_QUERY_CALL_H

#include "wire/call.h"

/* The memory that a running query is counted with; given back by query_call_end(). */
struct query_call {
	struct call *call;
	struct query_request request;
	size_t reserved;
};

/* Fill the request of this call: its moment is found. Error 146 when other clients have all memory, and no old cursor could be freed. */
MUST_CHECK int query_call_begin(struct call *call, struct bytes cmd, struct query_call *ret,
				struct error *e);
void query_call_end(struct query_call *q);
DEFINE_OWNED_STRUCT(struct query_call, query_call_end);

/*
 * Take back enough for another command of this server; as query_call_begin(). Where replies that nobody reads have all of the memory it waits until
 * they are given up. What is reserved is also what a batch may have: what many clients do not read can't be more than there is.
 */
MUST_CHECK int query_call_reserve(struct service *service, size_t *ret, struct error *e);

/* "db.coll" of a cursor as the client names it: with the suffix that it typed. */
void query_call_ns(const struct call *call, struct bytes ns, struct buf *ret);

/*
 * Reply {cursor: {firstBatch, id, ns}} of a query; what is not drawn yet is kept. Takes `cursor`. `first_ns`: the order that a find in
 * a collection that is not there has.
 */
MUST_CHECK int query_call_reply(struct query_call *q, struct query_cursor *cursor, bool is_find,
				struct error *e);

/* The fields id, ns and atClusterTime of a cursor's reply. */
void query_call_reply_end(struct call *call, int64_t id, struct bytes ns);

#endif
